/* SPDX-License-Identifier: ISC */
/* The end of a message: wherever the octets are cut, the same end, size and oddities. */
#include <criterion/criterion.h>
#include <inttypes.h>

#include "heloscope/application/smtp_content.h"
#include "tests/support/guard.h"

#define LINE  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef01234567\r\n"
#define LINES LINE LINE LINE LINE LINE

enum {
    NOT_ENDED = -1
};

static const struct row {
    const char *name;
    const char *octets;
    int length;   /* -1: of the string; rows with a NUL say it */
    int consumed; /* with the final dot line; NOT_ENDED */
    unsigned oddities;
} rows[] = {
    {"empty message", ".\r\n", -1, 3, 0},
    {"one line", "a\r\n.\r\n", -1, 6, 0},
    {"what follows is left", "a\r\n.\r\nQUIT\r\n", -1, 6, 0},
    {"two dots are stuffing", "..\r\n.\r\n", -1, 7, 0},
    {"stuffed line", "..x\r\n.\r\n", -1, 8, 0},
    {"a dot that was not stuffed", ".x\r\n.\r\n", -1, 7, 0},
    {"dot at a line's end", "a.\r\n.\r\n", -1, 7, 0},
    {"no end", "a\r\nb\r\n", -1, NOT_ENDED, 0},
    {"half an end", "a\r\n.\r", -1, NOT_ENDED, 0},
    {"empty lines", "\r\n\r\n.\r\n", -1, 7, 0},
    {"bare LF", "a\nb\r\n.\r\n", -1, 8, CONTENT_BARE_LF},
    {"bare LF first", "\n.\r\n", -1, NOT_ENDED, CONTENT_BARE_LF | CONTENT_SMUGGLE},
    {"bare CR", "a\rb\r\n.\r\n", -1, 8, CONTENT_BARE_CR},
    {"two CR", "a\r\r\n.\r\n", -1, 7, CONTENT_BARE_CR},
    {"CR before the dot", "a\r.\r\n.\r\n", -1, 8, CONTENT_BARE_CR | CONTENT_SMUGGLE},
    {"LF . LF", "a\n.\nb\r\n.\r\n", -1, 10, CONTENT_BARE_LF | CONTENT_SMUGGLE},
    {"LF . CR LF", "a\n.\r\nb\r\n.\r\n", -1, 11, CONTENT_BARE_LF | CONTENT_SMUGGLE},
    {"CR LF . LF", "a\r\n.\nb\r\n.\r\n", -1, 11, CONTENT_BARE_LF | CONTENT_SMUGGLE},
    {"CR . CR", "a\r.\rb\r\n.\r\n", -1, 10, CONTENT_BARE_CR | CONTENT_SMUGGLE},
    {"CR . LF", "a\r.\nb\r\n.\r\n", -1, 10, CONTENT_BARE_CR | CONTENT_BARE_LF | CONTENT_SMUGGLE},
    {"CR LF . CR", "a\r\n.\rb\r\n.\r\n", -1, 11, CONTENT_BARE_CR | CONTENT_SMUGGLE},
    {"CR LF . CR CR LF", "a\r\n.\r\r\nb\r\n.\r\n", -1, 13, CONTENT_BARE_CR | CONTENT_SMUGGLE},
    {"bare LF, then a text line with a dot", "a\n.b\r\n.\r\n", -1, 9, CONTENT_BARE_LF},
    {"NUL", "a\0b\r\n.\r\n", 8, 8, CONTENT_NUL},
    {"NUL before the dot", "a\r\n\0.\r\n.\r\n", 10, 10, CONTENT_NUL},
    {"NUL behind the dot", "a\r\n.\0\r\n.\r\n", 10, 10, CONTENT_NUL},
    {"blocks of lines", LINES ".\r\n", -1, 373, 0},
    {"stuffing between blocks", LINES ".." LINES ".\r\n", -1, 745, 0},
    {"bare LF between blocks", LINES "\n" LINES ".\r\n", -1, 744, CONTENT_BARE_LF},
    {"bare CR between blocks", LINES "a\rb" LINES ".\r\n", -1, 746, CONTENT_BARE_CR},
    {"NUL between blocks", LINES "\0" LINES ".\r\n", 744, 744, CONTENT_NUL},
    {"LF . LF between blocks", LINES "a\n.\n" LINES ".\r\n", -1, 747,
     CONTENT_BARE_LF | CONTENT_SMUGGLE},
    {"bare line, long, no end", "\n" LINES, -1, NOT_ENDED, CONTENT_BARE_LF},
    {"bare LF and a dot far behind", LINES "a\n" LINES ".\r\n", -1, 745, CONTENT_BARE_LF},
    {"much behind the end", LINES ".\r\n" LINES, -1, 373, 0},
    {"empty message, much behind it", ".\r\n" LINES, -1, 3, 0},
    {"commands in the message", "MAIL FROM:<a@b>\r\n.QUIT\r\n.\r\n", -1, 27, 0},
};

static struct bytes row_octets(const struct row *row)
{
    return bytes_of(row->octets, row->length < 0 ? strlen(row->octets) : (size_t)row->length);
}

static void expect(const struct row *row, const char *how, size_t consumed, bool ended,
                   const struct content_scan *scan)
{
    size_t all = row_octets(row).len;
    size_t expected = row->consumed == NOT_ENDED ? all : (size_t)row->consumed;
    size_t size = row->consumed == NOT_ENDED ? all : expected - 3;
    cr_expect_eq(ended, row->consumed != NOT_ENDED, "%s, %s: ended %d", row->name, how, ended);
    cr_expect_eq(consumed, expected, "%s, %s: consumed %zu", row->name, how, consumed);
    cr_expect_eq(scan->size, size, "%s, %s: size %zu", row->name, how, (size_t)scan->size);
    cr_expect_eq(scan->oddities, row->oddities, "%s, %s: oddities %#x", row->name, how,
                 scan->oddities);
}

/* One part after the other, each at the end of readable memory, until the message ends. */
static size_t scan_parts(struct guard *guard, struct content_scan *scan, struct bytes octets,
                         size_t first, size_t step, bool *ended)
{
    size_t consumed = 0;
    *ended = false;
    for (size_t at = 0, len = first; at < octets.len && !*ended; at += len, len = step) {
        struct bytes part = guard_place(guard, bytes_first(bytes_from(octets, at), len));
        size_t n = smtp_content_scan(scan, part, ended);
        cr_expect(*ended || n == part.len, "all is consumed until the end");
        consumed += n;
    }
    return consumed;
}

Test(smtp_content, whole)
{
    struct guard guard = guard_open(4096);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct content_scan scan = {0};
        bool ended;
        struct bytes octets = row_octets(&rows[i]);
        size_t n = scan_parts(&guard, &scan, octets, octets.len, 1, &ended);
        expect(&rows[i], "whole", n, ended, &scan);
    }
    guard_close(&guard);
}

Test(smtp_content, cut_at_every_octet)
{
    struct guard guard = guard_open(4096);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bytes octets = row_octets(&rows[i]);
        for (size_t cut = 1; cut < octets.len; cut++) {
            struct content_scan scan = {0};
            bool ended;
            size_t n = scan_parts(&guard, &scan, octets, cut, octets.len, &ended);
            expect(&rows[i], "cut in two", n, ended, &scan);
        }
    }
    guard_close(&guard);
}

Test(smtp_content, in_steps_of_every_size)
{
    struct guard guard = guard_open(4096);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bytes octets = row_octets(&rows[i]);
        for (size_t step = 1; step <= 130; step++) {
            struct content_scan scan = {0};
            bool ended;
            size_t n = scan_parts(&guard, &scan, octets, step, step, &ended);
            expect(&rows[i], "in steps", n, ended, &scan);
        }
    }
    guard_close(&guard);
}

/* Everything short that can be made of what matters, against the definition itself: read octet by
 * octet and with long plain text between, both must agree in every field. */
Test(smtp_content, every_short_sequence_alike_by_hand_and_by_blocks)
{
    static const char alphabet[] = {'\r', '\n', '.', 'a', '\0'};
    enum {
        LENGTH = 6,
        PLAIN = 150
    };
    struct guard guard = guard_open(4096);
    for (int code = 0; code < 5 * 5 * 5 * 5 * 5 * 5; code++) {
        uint8_t octets[PLAIN + LENGTH + PLAIN];
        memset(octets, 'x', sizeof octets);
        for (int i = 0, rest = code; i < LENGTH; i++, rest /= 5)
            octets[PLAIN + i] = (uint8_t)alphabet[rest % 5];
        struct content_scan by_hand = {0}, by_blocks = {0};
        bool hand_ended, block_ended;
        struct bytes all = bytes_of(octets, sizeof octets);
        size_t hand = scan_parts(&guard, &by_hand, all, 1, 1, &hand_ended);
        size_t block = scan_parts(&guard, &by_blocks, all, all.len, 1, &block_ended);
        cr_assert_eq(hand, block, "%d", code);
        cr_assert_eq(hand_ended, block_ended, "%d", code);
        cr_assert_eq(by_hand.size, by_blocks.size, "%d", code);
        cr_assert_eq(by_hand.oddities, by_blocks.oddities, "%d", code);
        cr_assert_eq(by_hand.at, by_blocks.at, "%d", code);
        cr_assert_eq(by_hand.bare_start, by_blocks.bare_start, "%d", code);
        /* The definition: the message ends at the first CR LF . CR LF, and only there. */
        const uint8_t *end = memmem(octets, sizeof octets, "\r\n.\r\n", 5);
        cr_assert_eq(block_ended, end != NULL, "%d", code);
        if (end)
            cr_assert_eq(block, (size_t)(end - octets) + 5, "%d", code);
    }
    guard_close(&guard);
}

Test(smtp_content, nothing_is_nothing)
{
    struct content_scan scan = {.at = CONTENT_DOT_CR, .size = 7};
    bool ended = true;
    cr_expect_eq(smtp_content_scan(&scan, bytes_of(NULL, 0), &ended), 0);
    cr_expect(!ended);
    cr_expect_eq(scan.size, 7);
    cr_expect_eq(scan.at, CONTENT_DOT_CR);
}

/* --- a plain model, line by line
 * -------------------------------------------------------------------- */

struct model {
    size_t consumed;
    bool ended;
    unsigned oddities;
};

/* The length of the line end at `at`; 0 when more octets have to come to know it. */
static size_t line_end(struct bytes octets, size_t at, unsigned *oddity)
{
    *oddity = 0;
    if (octets.at[at] == '\n')
        *oddity = CONTENT_BARE_LF;
    else if (at + 1 == octets.len)
        return 0;
    else if (octets.at[at + 1] != '\n')
        *oddity = CONTENT_BARE_CR;
    return *oddity ? 1 : 2;
}

/* Reads all of a message that is there, from its beginning: no state, no blocks. */
static struct model model_read(struct bytes octets)
{
    struct model m = {.consumed = octets.len};
    bool behind_crlf = true;
    for (size_t at = 0, end; at < octets.len; at = end) {
        unsigned oddity;
        for (end = at; end < octets.len && !memchr("\r\n", octets.at[end], 2); end++)
            if (!octets.at[end])
                m.oddities |= CONTENT_NUL;
        bool lone_dot = end - at == 1 && octets.at[at] == '.';
        size_t length = end < octets.len ? line_end(octets, end, &oddity) : 0;
        if (!length)
            break;
        end += length;
        m.ended = lone_dot && behind_crlf && !oddity;
        if (m.ended) {
            m.consumed = end;
            break;
        }
        m.oddities |= oddity | (lone_dot ? CONTENT_SMUGGLE : 0);
        behind_crlf = !oddity;
    }
    return m;
}

static uint64_t chance_state;

static uint32_t chance(uint32_t limit)
{
    chance_state = chance_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((chance_state >> 33) % limit);
}

/* Lines of any length, most of them plain; `oddness` in 256 pieces are odd ones. */
static size_t make_message(uint8_t *out, size_t room, uint32_t oddness)
{
    static const char *const odd[] = {"\n",   "\r",    ".",     "\r.",   "\n.", "\n.\r\n",
                                      "\r\r", "\r\n.", "\r\n.", ".\r\n", "\n\r"};
    size_t n = 0, most = chance(8) ? 90 : 3;
    while (n + 100 < room) {
        for (size_t run = chance((uint32_t)most); run; run--)
            out[n++] = (uint8_t) "abcdefgh .:"[chance(11)];
        bool strange = chance(256) < oddness;
        if (strange && chance(4) == 0)
            out[n++] = '\0';
        const char *end = strange ? odd[chance(sizeof odd / sizeof *odd)] : "\r\n";
        memcpy(out + n, end, strlen(end));
        n += strlen(end);
        if (chance(40) == 0)
            break;
    }
    return n;
}

static void expect_as_modelled(struct guard *guard, struct bytes octets, uint64_t seed)
{
    struct content_scan scan = {0};
    bool ended = false;
    size_t most = chance(4) ? 1500 : 20;
    for (size_t at = 0; at < octets.len && !ended;) {
        size_t length = 1 + chance((uint32_t)most);
        struct bytes part = guard_place(guard, bytes_first(bytes_from(octets, at), length));
        at += smtp_content_scan(&scan, part, &ended);
        struct model m = model_read(bytes_first(octets, ended ? octets.len : at));
        cr_assert_eq(ended, m.ended, "seed %" PRIu64 ": ended at %zu", seed, at);
        cr_assert_eq(at, m.consumed, "seed %" PRIu64 ": at %zu, not %zu", seed, at, m.consumed);
        cr_assert_eq(scan.oddities, m.oddities, "seed %" PRIu64 ": oddities %#x, not %#x at %zu",
                     seed, scan.oddities, m.oddities, at);
        cr_assert_eq(scan.size, m.consumed - (m.ended ? 3 : 0), "seed %" PRIu64 ": size", seed);
    }
}

Test(smtp_content, as_the_model_reads_it_wherever_it_is_cut)
{
    struct guard guard = guard_open(4096);
    static uint8_t octets[3000];
    size_t ended = 0;
    enum {
        MESSAGES = 6000
    };
    for (uint64_t seed = 1; seed <= MESSAGES; seed++) {
        chance_state = seed * UINT64_C(0x9E3779B97F4A7C15);
        struct bytes message = bytes_of(
            octets, make_message(octets, sizeof octets, seed % 3 ? (uint32_t)(seed % 64) : 0));
        expect_as_modelled(&guard, message, seed);
        ended += model_read(message).ended;
    }
    cr_expect(ended > MESSAGES / 20 && ended < MESSAGES, "%zu of them end", ended);
    guard_close(&guard);
}
