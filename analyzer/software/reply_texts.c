/* SPDX-License-Identifier: ISC */
/* The texts of refusals, looked up. A lookup is bounded: rows of one code, a few lines of the
 * reply, a limited length of each. */
#include "heloscope/software/pattern.h"
#include "heloscope/software/reply_texts.h"
#include "heloscope/base/limits.h"

#define V(verb)  (1u << VERB_##verb)
#define ANY_VERB (~0u)

static const struct reply_text rows[] = {
#include "analyzer/software/reply_texts_rows.h"
};

enum {
    ROWS = sizeof rows / sizeof *rows,
};

_Static_assert((int)VERB_COUNT <= 32, "a verb is a bit of reply_text.verbs");

const struct reply_text *reply_texts(size_t *count)
{
    *count = ROWS;
    return rows;
}

/* "Exim 4.96" is Exim; "Postfix postscreen" is not Postfix. */
static bool is_server(const char *software, const char *server)
{
    size_t n = strlen(server);
    if (!software || strncmp(software, server, n) != 0)
        return false;
    return !software[n] || (software[n] == ' ' && software[n + 1] >= '0' && software[n + 1] <= '9');
}

static bool has_enhanced(const struct reply_text *row, struct bytes enhanced)
{
    if (strcmp(row->enhanced, "-") == 0)
        return !enhanced.len;
    return bytes_equal(enhanced, bytes_of_string(row->enhanced));
}

/* Most rows differ in their first letter. */
static bool may_fit(const struct reply_text *row, struct bytes text)
{
    uint8_t first = (uint8_t)row->text[0];
    return first == '<' || first == '\\' ||
           (text.len && ascii_upper(first) == ascii_upper(text.at[0]));
}

struct question {
    const char *software;
    int code;
    struct bytes enhanced;
    enum verb verb;
};

static bool concerns(const struct reply_text *row, const struct question *q)
{
    bool any = q->verb == VERB_UNKNOWN || q->verb == VERB_MASKED;
    return row->code == q->code && (any || (row->verbs & 1u << q->verb));
}

/* How well a row fits; 0 = not at all. What weighs more is written first in reply_texts.h. */
static int fitness(const struct reply_text *row, const struct question *q, struct bytes text)
{
    if (!concerns(row, q) || !may_fit(row, text) || !pattern_fits(row->text, text, LETTERS_FOLDED))
        return 0;
    return 1 + 4 * is_server(q->software, row->server) +
           2 * pattern_fits(row->text, text, LETTERS_EXACT) + has_enhanced(row, q->enhanced);
}

static const struct reply_text *best_row(const struct question *q, struct bytes text)
{
    const struct reply_text *best = NULL;
    int most = 0;
    for (size_t i = 0; i < ROWS; i++) {
        int fit = fitness(&rows[i], q, text);
        if (fit > most) {
            most = fit;
            best = &rows[i];
        }
    }
    return best;
}

/* Cuts the first line off `text`. */
static struct bytes take_line(struct bytes *text)
{
    const uint8_t *lf = text->len ? memchr(text->at, '\n', text->len) : NULL;
    struct bytes line = bytes_first(*text, lf ? (size_t)(lf - text->at) : text->len);
    *text = bytes_from(*text, line.len + (lf ? 1 : 0));
    return bytes_first(line, TEXT_LINE_READ);
}

const struct reply_text *reply_text_find(const char *software, int code, struct bytes enhanced,
                                         struct bytes text, enum verb verb)
{
    const struct question q = {software, code, enhanced, verb};
    const struct reply_text *found = NULL;
    if (text.len <= REFUSAL_WHOLE_READ &&
        memchr(text.len ? text.at : (const uint8_t *)"", '\n', text.len))
        found = best_row(&q, text);
    for (int i = 0; i < REFUSAL_LINES_READ && text.len && !found; i++)
        found = best_row(&q, take_line(&text));
    return found;
}

const struct reply_text *reply_text_owned(int code, struct bytes text)
{
    const struct reply_text *owned = NULL;
    struct bytes line = take_line(&text);
    for (size_t i = 0; i < ROWS; i++) {
        const struct reply_text *row = &rows[i];
        if (row->code != code || !may_fit(row, line) ||
            !pattern_fits(row->text, line, LETTERS_EXACT))
            continue;
        if (strcmp(row->server, "-") == 0 || (owned && strcmp(owned->server, row->server) != 0))
            return NULL;
        owned = row;
    }
    return owned;
}
