/* SPDX-License-Identifier: ISC */
/* The texts of refusals. A reply of any code, verb and software is looked up in the table: the row
 * that is found fits, and of the rows that fit none is better. Then its text is put into every
 * place of a session in which a product may leave a mark: who is recognised does not depend on what
 * the memo remembers, and can be shown.
 *
 * An octet for the code (400 and more), one for the verb, the software and an enhanced code, each
 * with a LF behind it; the rest is the text. */
#undef NDEBUG /* the checks are assertions */
#include <assert.h>
#include <stdlib.h>

#include "heloscope/diagnosis/claims.h"
#include "heloscope/software/identify.h"
#include "heloscope/software/pattern.h"
#include "heloscope/software/reply_texts.h"
#include "heloscope/session/session.h"
#include "heloscope/base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    LONGEST = 1 << 14,
    SESSIONS = 3,
    LINES_READ = 8,   /* of a reply; these as in reply_texts.c */
    LINE_READ = 512,  /* octets of a line */
    WHOLE_READ = 2048 /* octets of a reply of several lines */
};

/* --- the table --- */

struct question {
    const char *software; /* NULL = not known */
    int code;
    struct bytes enhanced, text;
    enum verb verb;
};

static bool is_server(const char *software, const char *server)
{
    size_t n = strlen(server);
    if (!software || strncmp(software, server, n) != 0)
        return false;
    return !software[n] || (software[n] == ' ' && software[n + 1] >= '0' && software[n + 1] <= '9');
}

/* In the order of what counts more, as reply_texts.h has it; 0 = does not fit. */
static int rank_of(const struct question *q, const struct reply_text *row, struct bytes line)
{
    bool any = q->verb == VERB_UNKNOWN || q->verb == VERB_MASKED;
    if (row->code != q->code || (!any && !(row->verbs & 1u << q->verb)) ||
        !pattern_fits(row->text, line, LETTERS_FOLDED))
        return 0;
    struct bytes enhanced = bytes_of_string(strcmp(row->enhanced, "-") == 0 ? "" : row->enhanced);
    return 8 | is_server(q->software, row->server) << 2 |
           pattern_fits(row->text, line, LETTERS_EXACT) << 1 | bytes_equal(enhanced, q->enhanced);
}

/* The rank of the best row for `line`. Each row is looked at, without the shortcuts of the lookup.
 */
static int best_rank(const struct question *q, struct bytes line)
{
    size_t count;
    const struct reply_text *rows = reply_texts(&count);
    int best = 0;
    for (size_t i = 0; i < count; i++) {
        int rank = rank_of(q, &rows[i], line);
        best = rank > best ? rank : best;
    }
    return best;
}

static struct bytes first_line(struct bytes *text)
{
    const uint8_t *lf = text->len ? memchr(text->at, '\n', text->len) : NULL;
    struct bytes line = bytes_first(*text, lf ? (size_t)(lf - text->at) : text->len);
    *text = bytes_from(*text, line.len + (lf ? 1 : 0));
    return bytes_first(line, LINE_READ);
}

static void check_found(const struct question *q, const struct reply_text *found)
{
    struct bytes rest = q->text;
    if (q->text.len && q->text.len <= WHOLE_READ && memchr(q->text.at, '\n', q->text.len)) {
        int best = best_rank(q, q->text);
        if (best) {
            assert(found && rank_of(q, found, q->text) == best);
            return;
        }
    }
    for (int i = 0; i < LINES_READ && rest.len; i++) {
        struct bytes line = first_line(&rest);
        int best = best_rank(q, line);
        if (best) {
            assert(found && rank_of(q, found, line) == best);
            return;
        }
    }
    assert(!found);
}

static const struct reply_text *find(const struct question *q)
{
    return reply_text_find(q->software, q->code, q->enhanced, q->text, q->verb);
}

/* Who says it, and in capitals or not, is no reason to find nothing. */
static void check_indifferent(const struct question *q, const struct reply_text *found)
{
    struct question other = *q;
    other.software = NULL;
    assert(!find(&other) == !found);
    uint8_t *capitals = malloc(q->text.len + 1);
    assert(capitals);
    for (size_t i = 0; i < q->text.len; i++)
        capitals[i] = ascii_upper(q->text.at[i]);
    other.text = bytes_of(capitals, q->text.len);
    assert(!find(&other) == !found);
    free(capitals);
}

/* One product alone says so. */
static void check_owned(const struct question *q)
{
    size_t count;
    const struct reply_text *rows = reply_texts(&count);
    const char *owner = NULL;
    bool shared = false;
    struct bytes rest = q->text, line = first_line(&rest);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].code != q->code || !pattern_fits(rows[i].text, line, LETTERS_EXACT))
            continue;
        shared |= strcmp(rows[i].server, "-") == 0 || (owner && strcmp(owner, rows[i].server) != 0);
        owner = rows[i].server;
    }
    const struct reply_text *owned = reply_text_owned(q->code, q->text);
    assert(!owned == (!owner || shared));
    assert(!owned || strcmp(owned->server, owner) == 0);
}

static void check_claim(const struct question *q, const struct reply_text *found)
{
    enum cause claim = claim_of_reply(q->software, q->code, q->enhanced, q->text, q->verb);
    assert(claim < CAUSE_COUNT);
    assert(claim_agrees(claim, claim));
    if (found) {
        assert(claim == found->claim);
        return;
    }
    /* Words far behind say nothing: the answer costs the same however long the reply is. */
    struct question shorter = *q;
    shorter.text = bytes_first(q->text, LINE_READ);
    if (!find(&shorter))
        assert(claim_of_reply(q->software, q->code, q->enhanced, shorter.text, q->verb) == claim);
}

static void check_table(const struct question *q)
{
    const struct reply_text *found = find(q);
    check_found(q, found);
    check_indifferent(q, found);
    check_owned(q);
    check_claim(q, found);
}

/* --- who says so --- */

static void check_text(struct bytes text)
{
    while (text.len) {
        uint8_t c = text.at[0];
        size_t n = c < 0x80 ? (c >= 0x20 && c != 0x7f) || c == '\t' : text_wellformed(text);
        assert(n > 0);
        text = bytes_from(text, n);
    }
}

/* The text as an event has it: behind a code, and printable. */
static struct event event_of(struct arena *arena, int code, struct bytes text)
{
    bool odd;
    struct bytes shown = arena_printable(arena, text, true, &odd);
    return (struct event){
        .kind = EVENT_REPLY,
        .side = SIDE_SERVER,
        .code = code,
        .text = arena_print(arena, "%d %.*s", code, (int)shown.len, (const char *)shown.at)};
}

/* A session in which the text stands wherever a mark is looked for. */
static void identify_all(struct identify *id, struct arena *arena, const struct question *q)
{
    static const struct {
        enum verb verb;
        bool content;
        int code;
    } exchanges[] = {
        {VERB_EHLO, false, 250}, {VERB_MAIL, false, 250}, {VERB_RCPT, false, 250},
        {VERB_DATA, false, 354}, {VERB_DATA, true, 250},  {VERB_RSET, false, 250},
        {VERB_AUTH, false, 235}, {VERB_BDAT, false, 250}, {VERB_QUIT, false, 221},
    };
    struct event greeting = event_of(arena, 220, q->text),
                 refusal = event_of(arena, q->code, q->text);
    refusal.enhanced = q->enhanced;
    identify_greeting(id, arena, &greeting);
    for (size_t i = 0; i < sizeof exchanges / sizeof *exchanges; i++) {
        struct event reply = event_of(arena, exchanges[i].code, q->text);
        identify_exchange(id, exchanges[i].verb, exchanges[i].content, q->text, &reply);
    }
    identify_exchange(id, q->verb, false, q->text, &refusal);
    identify_header(id, arena, q->text);
}

static void identify_with(struct memo *memo, const struct question *q, struct arena *arena,
                          struct session_row *row)
{
    struct identify id = {.server = {.memo = memo}, .client = {.memo = memo}};
    identify_all(&id, arena, q);
    *row = (struct session_row){0};
    identify_describe(&id, row, arena);
    const char *product = identify_server(&id);
    assert((product != NULL) == (row->server_software.len > 0));
    assert(!product || memcmp(row->server_software.at, product, strlen(product)) == 0);
    assert((row->server_software.len > 0) == (row->server_evidence.len > 0));
    assert((row->client_software.len > 0) == (row->client_evidence.len > 0));
    check_text(row->server_software);
    check_text(row->server_evidence);
    check_text(row->client_software);
    check_text(row->client_evidence);
}

static void check_alike(const struct session_row *a, const struct session_row *b)
{
    assert(bytes_equal(a->server_software, b->server_software));
    assert(bytes_equal(a->server_evidence, b->server_evidence));
    assert(bytes_equal(a->client_software, b->client_software));
    assert(bytes_equal(a->client_evidence, b->client_evidence));
}

/* The whole text again and again, each time less its first line: what the memo has of one must not
 * be taken for another. */
static void check_identity(const struct question *q)
{
    struct arena arena = {0};
    struct memo *memo = memo_new();
    struct question rest = *q;
    for (int i = 0; i < SESSIONS; i++) {
        struct session_row without, with;
        identify_with(NULL, &rest, &arena, &without);
        identify_with(memo, &rest, &arena, &with);
        check_alike(&with, &without);
        identify_with(memo, &rest, &arena, &with);
        check_alike(&with, &without);
        first_line(&rest.text);
        if (!rest.text.len)
            rest.text = q->text;
    }
    memo_free(memo);
    arena_free(&arena);
}

/* --- the input --- */

/* Up to the next LF, as a string. */
static char *take_string(struct cursor *in, char *out, size_t room)
{
    size_t n = 0;
    for (uint8_t c; cursor_left(in) && (c = cursor_u8(in)) != '\n';)
        if (n + 1 < room && c)
            out[n++] = (char)c;
    out[n] = '\0';
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char software[64], enhanced[16];
    if (size > LONGEST)
        return 0;
    struct cursor in = cursor_over(bytes_of(data, size));
    struct question q = {.code = 400 + cursor_u8(&in) % 200, .verb = cursor_u8(&in) % VERB_COUNT};
    take_string(&in, software, sizeof software);
    q.software = *software ? software : NULL;
    q.enhanced = bytes_of_string(take_string(&in, enhanced, sizeof enhanced));
    q.text = bytes_of(in.at, cursor_left(&in));

    check_table(&q);
    check_identity(&q);
    return 0;
}
