/* SPDX-License-Identifier: ISC */
/* Marks weighed. Several products leave the same mark: each of them is credited with it, and one is
 * named only when it leads alone. */
#include "heloscope/software/pattern.h"
#include "heloscope/software/reply_texts.h"
#include "heloscope/software/fingerprint.h"
#include "heloscope/base/limits.h"

enum {
    NO_ROW = 0xffff,
    TEXT_ROW = 0x8000, /* marks from here on are rows of reply_texts.tsv */
    LONG_TEXT = 24,    /* literal octets of a refusal that are hardly a coincidence */
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

/* Of the products in `among` the one that leads by enough to be named; 0 = none. */
static int leader_among(const struct fingerprint *who, const struct mark_table *table,
                        uint64_t among)
{
    uint16_t scores[64] = {0};
    uint64_t named = 0, greeted = 0, strong = 0;
    int best = 0, second = 0;
    for (int i = 0; i < who->count; i++) {
        struct mark_row mark = read_mark(table, who->marks[i]);
        named |= mark.products;
        if (mark.weight >= WEIGHT_NAME)
            strong |= mark.products;
        if (mark.weight >= WEIGHT_NAME && mark.place == PLACE_GREETING)
            greeted |= mark.products;
        for (uint64_t left = mark.products; left; left &= left - 1)
            scores[__builtin_ctzll(left)] += (uint16_t)mark.weight;
    }
    if (greeted & among) /* weak marks, however many, are no match for a name */
        named &= greeted | strong;
    for (named &= among; named; named &= named - 1) {
        int product = __builtin_ctzll(named);
        if (scores[product] > scores[best]) {
            second = scores[best];
            best = product;
        } else if (scores[product] > second) {
            second = scores[product];
        }
    }
    return scores[best] >= WEIGHT_ENOUGH && scores[best] > second ? best : 0;
}

/* A proxy answers first, however many marks of what stands behind it are seen as well. */
static int leader_of(const struct fingerprint *who, const struct mark_table *table)
{
    int proxy = table->proxies ? leader_among(who, table, table->proxies) : 0;
    return proxy ? proxy : leader_among(who, table, ~table->proxies);
}

static void keep(struct fingerprint *who, uint16_t number)
{
    for (int i = 0; i < who->count; i++)
        if (who->marks[i] == number)
            return;
    if (who->count == MARKS_KEPT)
        return;
    who->marks[who->count++] = number;
}

void fingerprint_keep_text(struct fingerprint *who, const struct mark_table *table, size_t row)
{
    size_t count;
    if (product_called(table, reply_texts(&count)[row].server))
        keep(who, (uint16_t)(TEXT_ROW + row));
}

bool fingerprint_ask(struct fingerprint *who, enum place place)
{
    uint32_t bit = UINT32_C(1) << place;
    bool first = !(who->asked & bit);
    who->asked |= bit;
    return first;
}

/* A version begins with a digit; what else stands there ("Debian/GNU") is none. */
static void keep_version(struct fingerprint *who, const struct mark_row *mark, struct bytes version,
                         struct arena *own)
{
    bool odd;
    if (who->version_of || !version.len || version.at[0] < '0' || version.at[0] > '9')
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
    char first = *pattern;
    if (!text.len)
        return first == '<';
    if (first != '<' && first != '\\' && text.at[0] != (uint8_t)first)
        return false;
    char last = pattern[strlen(pattern) - 1];
    return last == '>' || text.at[text.len - 1] == (uint8_t)last;
}

/* The first row of `place` that fits; NO_ROW when none does. */
static uint16_t find_row(const struct mark_table *table, enum place place, struct bytes text)
{
    for (size_t i = first_row(table, place); i < table->count && table->rows[i].place == place; i++)
        if (may_fit(table->rows[i].pattern, text) &&
            pattern_fits(table->rows[i].pattern, text, LETTERS_EXACT))
            return (uint16_t)i;
    return NO_ROW;
}

/* Places where the same texts come again and again; elsewhere stand ids, addresses and dates. */
static bool repeats(enum place place)
{
    const uint32_t changing = 1u << PLACE_MESSAGE | 1u << PLACE_REFUSAL | 1u << PLACE_SAYS_MAIL |
                              1u << PLACE_SAYS_RCPT | 1u << PLACE_SAYS_AUTH | 1u << PLACE_RECEIVED |
                              1u << PLACE_MESSAGE_ID | 1u << PLACE_CONTENT_TYPE |
                              1u << PLACE_OTHER_FIELD;
    return !(changing >> place & 1);
}

bool fingerprint_look(struct fingerprint *who, const struct mark_table *table, enum place place,
                      struct bytes text, struct arena *own)
{
    bool known = false;
    uint16_t *kept = repeats(place) ? memo_ask(who->memo, place, text, &known) : NULL;
    uint16_t row = known ? *kept : find_row(table, place, text);
    if (kept)
        *kept = row;
    if (row == NO_ROW)
        return false;
    struct bytes version;
    if (own && pattern_part(table->rows[row].pattern, text, "version", &version))
        keep_version(who, &table->rows[row], version, own);
    keep(who, row);
    return true;
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
    [PLACE_FIELDS] = "fields",
    [PLACE_GROUPS] = "groups",
    [PLACE_LEAVING] = "at the end",
    [PLACE_PIECES] = "message sent",
};

const char *fingerprint_product(const struct fingerprint *who, const struct mark_table *table)
{
    int leader = leader_of(who, table);
    return leader ? table->products[leader] : NULL;
}

/* A text that grows up to a limit. */
struct words {
    char text[EVIDENCE_LIMIT];
    size_t length;
};

static void add(struct words *words, struct bytes part)
{
    part = bytes_first(part, sizeof words->text - words->length);
    if (part.len)
        memcpy(words->text + words->length, part.at, part.len);
    words->length += part.len;
}

static void add_string(struct words *words, const char *part)
{
    add(words, bytes_of_string(part));
}

struct bytes fingerprint_name(const struct fingerprint *who, const struct mark_table *table,
                              struct arena *arena)
{
    int leader = leader_of(who, table);
    struct words words;
    words.length = 0;
    if (!leader)
        return bytes_of(NULL, 0);
    add_string(&words, table->products[leader]);
    if (who->version_of == leader) {
        add_string(&words, " ");
        add(&words, who->version);
    }
    const int behind = table->proxies >> leader & 1 ? leader_among(who, table, ~table->proxies) : 0;
    if (behind) {
        add_string(&words, " in front of ");
        add_string(&words, table->products[behind]);
    }
    return arena_copy(arena, bytes_of(words.text, words.length));
}

/* A pattern as people read it, in one line. */
static void add_pattern(struct words *words, const char *pattern)
{
    size_t n = strcspn(pattern, "\\\n");
    add(words, bytes_of(pattern, n));
    for (const char *p = pattern + n; *p; p++) {
        p += *p == '\\' && p[1] == '<';
        add(words, bytes_of(*p == '\n' ? " " : p, 1));
    }
}

static void add_mark(struct words *words, const struct mark_row *mark)
{
    size_t need = strlen(mark->pattern) + strlen(places[mark->place]) + strlen("; x \"\"");
    if (words->length + need > EVIDENCE_LIMIT)
        return;
    add_string(words, words->length ? "; " : "");
    add_string(words, places[mark->place]);
    add_string(words, " \"");
    add_pattern(words, mark->pattern);
    add_string(words, "\"");
}

struct bytes fingerprint_evidence(const struct fingerprint *who, const struct mark_table *table,
                                  struct arena *arena)
{
    int leader = leader_of(who, table);
    struct words words;
    words.length = 0;
    if (!leader)
        return bytes_of(NULL, 0);
    for (int i = 0; i < who->count; i++) {
        struct mark_row mark = read_mark(table, who->marks[i]);
        if (mark.products & UINT64_C(1) << leader)
            add_mark(&words, &mark);
    }
    return arena_copy(arena, bytes_of(words.text, words.length));
}
