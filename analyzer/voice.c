/* Marks weighed. Several products leave the same mark: each of them is credited with it, and one is
 * named only when it leads alone. */
#include "heloscope/pattern.h"
#include "heloscope/reply_texts.h"
#include "heloscope/voice.h"

#include <stdio.h>

enum {
    TEXT_ROW = 0x8000,   /* marks from here on are rows of reply_texts.tsv */
    LONG_TEXT = 24,      /* literal octets of a refusal that are hardly a coincidence */
    VERSION_LIMIT = 32,  /* octets */
    EVIDENCE_LIMIT = 500 /* octets */
};

static int product_called(const struct mark_table *table, const char *name)
{
    for (int i = 1; i < table->product_count; i++)
        if (strcmp(table->products[i], name) == 0)
            return i;
    return 0;
}

/* A text that one row alone has is no proof by itself: the rows are those that we know. */
static struct mark_row read_mark(const struct mark_table *table, uint16_t number)
{
    if (number < TEXT_ROW)
        return table->rows[number];
    size_t count;
    const struct reply_text *row = &reply_texts(&count)[number - TEXT_ROW];
    int product = product_called(table, row->server);
    bool telling = pattern_literals(row->text) >= LONG_TEXT;
    return (struct mark_row){.place = PLACE_REFUSAL,
                             .weight = telling ? WEIGHT_STYLE : WEIGHT_SIGN,
                             .products = product ? UINT64_C(1) << product : 0,
                             .pattern = row->text};
}

/* --- the scores
 * ------------------------------------------------------------------------------------- */

static uint8_t leader_of(const struct voice *who, const struct mark_table *table)
{
    int scores[64] = {0};
    int best = 0, second = 0;
    for (int i = 0; i < who->count; i++) {
        struct mark_row mark = read_mark(table, who->marks[i]);
        for (uint64_t left = mark.products; left; left &= left - 1)
            scores[__builtin_ctzll(left)] += mark.weight;
    }
    for (int i = 1; i < table->product_count; i++) {
        if (scores[i] > scores[best]) {
            second = scores[best];
            best = i;
        } else if (scores[i] > second) {
            second = scores[i];
        }
    }
    return scores[best] >= WEIGHT_ENOUGH && scores[best] > second ? (uint8_t)best : 0;
}

static void keep(struct voice *who, const struct mark_table *table, uint16_t number)
{
    for (int i = 0; i < who->count; i++)
        if (who->marks[i] == number)
            return;
    if (who->count == MARKS_KEPT)
        return;
    who->marks[who->count++] = number;
    who->leader = leader_of(who, table);
}

void voice_keep_text(struct voice *who, const struct mark_table *table, size_t row)
{
    size_t count;
    if (product_called(table, reply_texts(&count)[row].server))
        keep(who, table, (uint16_t)(TEXT_ROW + row));
}

bool voice_ask(struct voice *who, enum place place)
{
    uint32_t bit = UINT32_C(1) << place;
    bool first = !(who->asked & bit);
    who->asked |= bit;
    return first;
}

/* A version begins with a digit; what else stands there ("Debian/GNU") is none. */
static void keep_version(struct voice *who, const struct mark_row *mark, struct bytes version,
                         struct arena *own)
{
    bool odd;
    if (!own || who->version_of || !version.len || version.at[0] < '0' || version.at[0] > '9')
        return;
    who->version = arena_printable(own, bytes_first(version, VERSION_LIMIT), false, &odd);
    who->version_of = (uint8_t)__builtin_ctzll(mark->products);
}

/* The first row of `place`; rows of a table stand in the order of their places. */
static size_t first_row(const struct mark_table *table, enum place place)
{
    size_t low = 0, high = table->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (table->rows[middle].place < place)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Most rows differ from the text in their first or last letter already. */
static bool may_fit(const char *pattern, struct bytes text)
{
    char first = *pattern, last = pattern[strlen(pattern) - 1];
    if (!text.len)
        return first == '<';
    return (first == '<' || first == '\\' || text.at[0] == (uint8_t)first) &&
           (last == '>' || text.at[text.len - 1] == (uint8_t)last);
}

bool voice_look(struct voice *who, const struct mark_table *table, enum place place,
                struct bytes text, struct arena *own)
{
    for (size_t i = first_row(table, place); i < table->count && table->rows[i].place == place;
         i++) {
        struct bytes version;
        if (!may_fit(table->rows[i].pattern, text) ||
            !pattern_part(table->rows[i].pattern, text, "version", &version))
            continue;
        keep_version(who, &table->rows[i], version, own);
        keep(who, table, (uint16_t)i);
        return true;
    }
    return false;
}

/* --- in words
 * --------------------------------------------------------------------------------------- */

static const char *const places[PLACE_COUNT] = {
    [PLACE_GREETING] = "greeting",
    [PLACE_HELLO] = "reply to the hello",
    [PLACE_KEYWORDS] = "EHLO keywords",
    [PLACE_MAIL] = "reply to MAIL",
    [PLACE_RCPT] = "reply to RCPT",
    [PLACE_DATA] = "reply to DATA",
    [PLACE_MESSAGE] = "reply to the message",
    [PLACE_RSET] = "reply to RSET",
    [PLACE_QUIT] = "reply to QUIT",
    [PLACE_REFUSAL] = "refusal",
    [PLACE_SAYS_HELLO] = "hello",
    [PLACE_SAYS_MAIL] = "MAIL",
    [PLACE_SAYS_RCPT] = "RCPT",
    [PLACE_SAYS_DATA] = "DATA",
    [PLACE_SAYS_AUTH] = "AUTH",
    [PLACE_SAYS_QUIT] = "QUIT",
    [PLACE_RECEIVED] = "Received",
    [PLACE_MESSAGE_ID] = "Message-ID",
    [PLACE_CONTENT_TYPE] = "Content-Type",
    [PLACE_X_MAILER] = "X-Mailer",
    [PLACE_USER_AGENT] = "User-Agent",
    [PLACE_OTHER_FIELD] = "field",
};

const char *voice_product(const struct voice *who, const struct mark_table *table)
{
    return who->leader ? table->products[who->leader] : NULL;
}

struct bytes voice_name(const struct voice *who, const struct mark_table *table,
                        struct arena *arena)
{
    if (!who->leader)
        return bytes_of(NULL, 0);
    const char *product = table->products[who->leader];
    if (who->version_of != who->leader)
        return arena_print(arena, "%s", product);
    return arena_print(arena, "%s %.*s", product, (int)who->version.len,
                       (const char *)who->version.at);
}

/* Writes one mark behind the `n` octets of `out`; returns how many there are then. */
static size_t print_mark(char *out, size_t n, const struct mark_row *mark)
{
    size_t need = strlen(mark->pattern) + strlen(places[mark->place]) + strlen("; x \"\"");
    if (n + need > EVIDENCE_LIMIT)
        return n;
    n += (size_t)sprintf(out + n, "%s%s \"", n ? "; " : "", places[mark->place]);
    for (const char *p = mark->pattern; *p; p++) {
        p += *p == '\\' && p[1] == '<';
        out[n++] = *p == '\n' ? ' ' : *p;
    }
    out[n++] = '"';
    return n;
}

struct bytes voice_evidence(const struct voice *who, const struct mark_table *table,
                            struct arena *arena)
{
    char out[EVIDENCE_LIMIT + 1];
    size_t n = 0;
    if (!who->leader)
        return bytes_of(NULL, 0);
    for (int i = 0; i < who->count; i++) {
        struct mark_row mark = read_mark(table, who->marks[i]);
        if (mark.products & UINT64_C(1) << who->leader)
            n = print_mark(out, n, &mark);
    }
    return arena_copy(arena, bytes_of(out, n));
}
