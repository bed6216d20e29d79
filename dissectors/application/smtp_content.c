/* SPDX-License-Identifier: ISC */
/* The search for the end of a message.
 *
 * Most of a message is of no interest: no line of it begins with a dot, and all lines end in CR LF.
 * That is checked for many octets at a time, each octet beside its predecessor and without a branch
 * for the line ends, in vectors that the compiler maps onto what the processor has; only a vector
 * in which something stands goes through the state machine, octet by octet. */
#include "heloscope/application/smtp_content.h"

enum {
    LANES = 32,
    BLOCK = 2 * LANES,
    DOT_LINE = 3, /* ".\r\n" */
};

/* One function for each kind of processor; which of them is called is decided when the program
 * starts. Not under the sanitizers, which are not ready that early. */
#if defined HAVE_TARGET_CLONES && !defined __SANITIZE_ADDRESS__ && !defined __SANITIZE_THREAD__
#define FOR_EACH_PROCESSOR __attribute__((target_clones("avx2", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif

typedef uint8_t lanes __attribute__((vector_size(LANES)));

/* Adds to `any`, nonzero in the lanes of `at` where something stands: a NUL; an LF without CR
 * before it or a CR without LF behind it (seen at the octet behind); a dot at the front of a line.
 * `at[-1]` must be readable. */
static inline void lanes_note(lanes *any, const uint8_t *at)
{
    lanes here, before;
    memcpy(&here, at, sizeof here);
    memcpy(&before, at - 1, sizeof before);
    const lanes lf = (lanes)(here == '\n'), after_cr = (lanes)(before == '\r');
    const lanes dot = (lanes)(here == '.') & (lanes)(before == '\n');
    *any |= (lf ^ after_cr) | dot | (lanes)(here == 0);
}

static inline bool lanes_none(const lanes *any)
{
    uint64_t words[LANES / 8], sum = 0;
    memcpy(words, any, sizeof words);
    for (size_t i = 0; i < LANES / 8; i++)
        sum |= words[i];
    return sum == 0;
}

static inline bool vector_is_plain(const uint8_t *at)
{
    lanes any = {0};
    lanes_note(&any, at);
    return lanes_none(&any);
}

static inline bool block_is_plain(const uint8_t *at)
{
    lanes any = {0};
    lanes_note(&any, at);
    lanes_note(&any, at + LANES);
    return lanes_none(&any);
}

/* Where the plain octets of `data` end that begin at `from` (at least 1), as far as whole vectors
 * tell. The last vector reaches back over octets that were read before: a segment of the usual size
 * leaves no rest to be read by hand. */
FOR_EACH_PROCESSOR
static size_t plain_end(struct bytes data, size_t from)
{
    size_t at = from;
    while (data.len - at >= BLOCK && block_is_plain(data.at + at))
        at += BLOCK;
    while (data.len - at >= LANES && vector_is_plain(data.at + at))
        at += LANES;
    size_t left = data.len - at;
    if (left && left < LANES && data.len > LANES && vector_is_plain(data.at + data.len - LANES))
        return data.len;
    return at;
}

/* Steps over plain octets in `data` from `from` on (at least 1), and returns where they end. Not
 * from within a line that has only a dot so far: how that one ends is not plain. */
static size_t skip_plain(struct content_scan *scan, struct bytes data, size_t from)
{
    if (scan->at == CONTENT_DOT || scan->at == CONTENT_DOT_CR)
        return from;
    size_t at = plain_end(data, from);
    if (at == from)
        return at;
    /* Plain octets leave no doubt about where they stop; an LF among them had its CR. */
    uint8_t last = data.at[at - 1];
    scan->dot_line = 0;
    if (scan->bare_start && memchr(data.at + from, '\n', at - from))
        scan->bare_start = false;
    scan->at = last == '\n' ? CONTENT_LINE_START : last == '\r' ? CONTENT_CR : CONTENT_IN_LINE;
    return at;
}

/* A line end that is not CR LF: what follows it begins a line only for those who take it for one.
 */
static void bare_end(struct content_scan *scan, enum content_oddity oddity)
{
    scan->oddities |= oddity;
    if (scan->at == CONTENT_DOT || scan->at == CONTENT_DOT_CR)
        scan->oddities |= CONTENT_SMUGGLE;
    scan->bare_start = true;
}

/* An LF. True when it ends the message. */
static bool take_lf(struct content_scan *scan)
{
    bool lone_dot = scan->at == CONTENT_DOT_CR;
    if (lone_dot && !scan->bare_start)
        return true;
    scan->dot_line = lone_dot ? 3 : scan->at == CONTENT_DOT ? 2 : 0;
    if (lone_dot)
        scan->oddities |= CONTENT_SMUGGLE;
    if (lone_dot || scan->at == CONTENT_CR)
        scan->bare_start = false;
    else
        bare_end(scan, CONTENT_BARE_LF);
    scan->at = CONTENT_LINE_START;
    return false;
}

/* One octet through the machine. True when it ends the message. */
static bool take(struct content_scan *scan, uint8_t octet)
{
    if (octet == '\n')
        return take_lf(scan);
    scan->dot_line = 0;
    if (scan->at == CONTENT_CR || scan->at == CONTENT_DOT_CR) {
        bare_end(scan, CONTENT_BARE_CR);
        scan->at = CONTENT_LINE_START;
    }
    if (octet == '\r')
        scan->at = scan->at == CONTENT_DOT ? CONTENT_DOT_CR : CONTENT_CR;
    else if (octet == '.' && scan->at == CONTENT_LINE_START)
        scan->at = CONTENT_DOT;
    else
        scan->at = CONTENT_IN_LINE;
    if (octet == '\0')
        scan->oddities |= CONTENT_NUL;
    return false;
}

size_t smtp_content_scan(struct content_scan *scan, struct bytes data, bool *ended)
{
    size_t at = 0;
    *ended = false;
    while (at < data.len && !*ended) {
        /* One octet at least goes by hand: a vector looks at the octet before it. A vector in which
         * something stands goes by hand as a whole. */
        size_t by_hand = at == 0 ? 1 : LANES;
        size_t stop = data.len - at < by_hand ? data.len : at + by_hand;
        while (at < stop && !*ended) {
            *ended = take(scan, data.at[at++]);
            if (scan->dot_line && !scan->lf_end) {
                scan->lf_end = scan->size + at;
                scan->lf_line = scan->dot_line;
            }
        }
        if (!*ended)
            at = skip_plain(scan, data, at);
    }
    scan->size += at;
    if (*ended)
        scan->size -= DOT_LINE;
    return at;
}
