/* SPDX-License-Identifier: ISC */
/* Octets to lines, content, chunks and records: what is read must not depend on where the octets
 * were cut, and nothing that comes may be kept without bound. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/told.h"

static const char *const session_lines[] = {
    "S: 220-mx.localhost\r\n220 ESMTP",
    "C: EHLO localhost",
    "S: 250-mx.localhost\r\n250-PIPELINING\r\n250-CHUNKING\r\n250-AUTH PLAIN LOGIN\r\n250 STARTTLS",
    "C: AUTH LOGIN",
    "S: 334 VXNlcm5hbWU6",
    "C: dXNlcg==",
    "S: 334 UGFzc3dvcmQ6",
    "C: c2VjcmV0",
    "S: 235 2.7.0 yes",
    "C: MAIL FROM:<a@localhost>",
    "C+ RCPT TO:<b@localhost>",
    "C+ DATA",
    "S: 250 2.1.0 ok",
    "S: 250 2.1.5 ok",
    "S: 354 go on",
    "C: Subject: x\r\n\r\n..dot\r\nQUIT\r\n503 no\r\n.",
    "S: 250 2.0.0 queued as ABCDEF",
    "C: MAIL FROM:<a@localhost>",
    "S: 250 ok",
    "C: RCPT TO:<b@localhost>",
    "S: 250 ok",
    "C: BDAT 7\r\nQUIT\r\n.BDAT 3 LAST\r\nabcNOOP",
    "S: 250 7 octets",
    "S: 250 10 octets",
    "S: 250 noop",
    "C: QUIT",
    "S: 221 bye",
    NULL,
};

static const char session_shape[] =
    "C open S greeting 220 C EHLO S 250>3 C AUTH S 334>5 C auth S 334>7 C auth S 235>9 C MAIL "
    "C RCPT C DATA S 250>11 S 250>12 S 354>13 C data:35 S 250>17 C MAIL S 250>19 C RCPT S 250>21 "
    "C BDAT C chunk:7 C BDAT C chunk:3 C NOOP S 250>23 S 250>25 S 250>27 C QUIT S 221>31";

Test(reader, a_whole_session)
{
    struct told told;
    told_begin(&told, false);
    told_lines(&told, session_lines);
    cr_expect_str_eq(told_shape(&told), session_shape, "%s", told_shape(&told));
    told_end(&told);
    told_free(&told);
}

/* The same octets with the same acknowledgements, cut after every `step` octets of a line. */
static void play_in_pieces(struct told *told, size_t step)
{
    uint64_t seen[2] = {0, 0};
    for (const char *const *line = session_lines; *line; line++) {
        enum side side = **line == 'C' ? SIDE_CLIENT : SIDE_SERVER;
        char text[512];
        size_t n = (size_t)snprintf(text, sizeof text, "%s\r\n", *line + 3);
        if ((*line)[1] == ':')
            seen[side] = told->sent[!side];
        for (size_t at = 0; at < n; at += step)
            told_blindly(told, side, bytes_of(text + at, n - at < step ? n - at : step),
                         seen[side]);
    }
}

Test(reader, cut_anywhere_it_reads_the_same)
{
    for (size_t step = 1; step < 60; step++) {
        struct told told;
        told_begin(&told, false);
        play_in_pieces(&told, step);
        cr_expect_str_eq(told_shape(&told), session_shape, "%zu: %s", step, told_shape(&told));
        told_end(&told);
        told_free(&told);
    }
}

/* --- lines
 * --- */

struct outcome {
    unsigned notes;
    uint64_t bytes;
    size_t text;
};

/* What becomes of a line of `length` times 'x', cut after every `step` octets. */
static struct outcome long_line(size_t length, const char *end, size_t step)
{
    size_t n = length + strlen(end);
    char *line = malloc(n + 1);
    memset(line, 'x', length);
    strcpy(line + length, end);
    struct told told;
    told_begin(&told, false);
    TOLD(&told, "S: 220 localhost");
    for (size_t at = 0; at < n; at += step)
        told_octets(&told, SIDE_CLIENT, bytes_of(line + at, n - at < step ? n - at : step));
    TOLD(&told, "C: NOOP");
    const struct event *e = told_event(&told, 3), *next = told_event(&told, 4);
    cr_assert_not_null(next, "%zu octets in steps of %zu", length, step);
    cr_expect_str_eq(next->verb, "NOOP");
    struct outcome outcome = {e->notes, e->bytes, e->text.len};
    told_free(&told);
    free(line);
    return outcome;
}

Test(reader, a_line_is_the_same_however_it_comes)
{
    static const size_t lengths[] = {
        1, 80, 81, LINE_LIMIT - 2, LINE_LIMIT - 1, LINE_LIMIT, LINE_LIMIT + 1, 3 * LINE_LIMIT};
    static const char *const ends[] = {"\r\n", "\n"};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        for (size_t k = 0; k < 2; k++) {
            struct outcome whole = long_line(lengths[i], ends[k], SIZE_MAX / 2);
            cr_expect_eq(whole.text, lengths[i] < 80 ? lengths[i] : 80);
            cr_expect_eq(whole.bytes, lengths[i] > 80 ? lengths[i] : 0, "%zu octets", lengths[i]);
            cr_expect_eq((whole.notes & NOTE_BARE_LF) != 0, k == 1, "%zu octets", lengths[i]);
            for (size_t step = 1; step < 2000; step = step * 7 + 1) {
                struct outcome cut = long_line(lengths[i], ends[k], step);
                cr_expect_eq(cut.text, whole.text, "%zu octets in %zu", lengths[i], step);
                cr_expect_eq(cut.bytes, whole.bytes, "%zu octets in %zu: %llu, not %llu",
                             lengths[i], step, (unsigned long long)cut.bytes,
                             (unsigned long long)whole.bytes);
                cr_expect_eq(cut.notes, whole.notes, "%zu octets in %zu", lengths[i], step);
            }
        }
}

Test(reader, odd_line_ends_are_noted)
{
    static const struct {
        const char *line;
        unsigned note;
        const char *text;
    } rows[] = {
        {"NOOP\r\n", 0, "NOOP"},
        {"NOOP\n", NOTE_BARE_LF, "NOOP"},
        {"NO\rOP\r\n", NOTE_BARE_CR, "NO\\x0dOP"},
        {"NOOP\r\r\n", NOTE_BARE_CR, "NOOP\\x0d"},
        {"\r\n", 0, ""},
        {"\n", NOTE_BARE_LF, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct told told;
        told_begin(&told, false);
        TOLD(&told, "S: 220 localhost");
        told_octets(&told, SIDE_CLIENT, bytes_of_string(rows[i].line));
        TOLD(&told, "S: 500 what"); /* CR LF may be the beginning of a binary PROXY header */
        const struct event *e = told_event(&told, 3);
        cr_assert_not_null(e, "row %zu: %s", i, told_shape(&told));
        cr_expect_eq(e->notes & (NOTE_BARE_LF | NOTE_BARE_CR), rows[i].note, "row %zu", i);
        cr_expect(bytes_equal(e->text, bytes_of_string(rows[i].text)), "row %zu", i);
        told_free(&told);
    }
}

Test(reader, a_line_without_an_end_takes_no_more_than_its_limit)
{
    static uint8_t octets[4096];
    memset(octets, 'x', sizeof octets);
    struct told told;
    told_begin(&told, false);
    TOLD(&told, "S: 220 localhost");
    for (int side = 0; side < 2; side++)
        for (int i = 0; i < 4096; i++) {
            told_octets(&told, (enum side)side, bytes_of(octets, sizeof octets));
            cr_assert_leq(told.session->direction[side].held_size, LINE_LIMIT);
        }
    cr_expect_eq(told.session->direction[0].skipped, 4096 * 4096 - LINE_LIMIT);
    told_end(&told);
    told_free(&told);
}

Test(reader, a_reply_of_a_million_lines)
{
    struct told told;
    told_begin(&told, false);
    TOLD(&told, "S: 220 localhost", "C: HELP");
    for (int i = 0; i < 1000 * 1000; i++)
        told_octets(&told, SIDE_SERVER, bytes_of_string("214-and so on\r\n"));
    cr_expect_leq(told.session->reply.size, 2 * REPLY_LIMIT);
    TOLD(&told, "S: 214 at last", "C: NOOP", "S: 250 ok");
    cr_expect_str_eq(told_shape(&told), "C open S greeting 220 C HELP S 214>3 C NOOP S 250>5");
    const struct event *e = told_event(&told, 4);
    cr_expect_leq(e->text.len, REPLY_LIMIT);
    cr_expect(e->notes & NOTE_LONG);
    told_end(&told);
    told_free(&told);
}

/* --- what waits for an answer
 * --- */

/* A client that does not wait for the 354: its message is read as one once the answer is there, and
 * as commands when the answer is no. */
Test(reader, the_answer_decides)
{
    static const struct {
        const char *answer, *shape;
    } rows[] = {
        {"S: 354 go on", "S 354>5 C data:9 C QUIT S 250>"},
        {"S: 451 no", "S 451>5 C ? C NOOP C ? C QUIT S 250>"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct told told;
        told_begin(&told, false);
        TOLD(&told, "S: 220 localhost", "C: MAIL FROM:<>", "C+ RCPT TO:<a>", "C+ DATA",
             "C+ x\r\nNOOP", "C+ .", "C+ QUIT", "S: 250 ok", "S: 250 ok");
        cr_expect_eq(told.session->direction[SIDE_CLIENT].queued,
                     strlen("x\r\nNOOP\r\n.\r\nQUIT\r\n"));
        TOLD(&told, rows[i].answer, "S: 250 ok");
        const char *shape = told_shape(&told);
        cr_expect_not_null(strstr(shape, rows[i].shape), "%s", shape);
        told_end(&told);
        told_free(&told);
    }
}

Test(reader, what_waits_is_bounded)
{
    static uint8_t octets[1000];
    memset(octets, 'x', sizeof octets);
    octets[998] = '\r';
    octets[999] = '\n';
    struct told told;
    told_begin(&told, false);
    TOLD(&told, "S: 220 localhost", "C: EHLO a", "S: 250 a", "C: MAIL FROM:<>", "S: 250 ok",
         "C: RCPT TO:<a>", "S: 250 ok", "C: DATA");
    for (int i = 0; i < 3000; i++) {
        told_octets(&told, SIDE_CLIENT, bytes_of(octets, sizeof octets));
        cr_assert_leq(told.session->direction[SIDE_CLIENT].queued, WAIT_LIMIT + sizeof octets);
    }
    cr_expect_eq(told.session->direction[SIDE_CLIENT].reading, READ_CONTENT,
                 "it looks like a message");
    told_end(&told);
    told_free(&told);
}

/* --- holes
 * --- */

Test(reader, a_hole_in_a_message_and_in_a_chunk)
{
    struct told told;
    told_begin(&told, false);
    TOLD(&told, "S: 220 localhost", "C: EHLO a", "S: 250-a\r\n250 CHUNKING", "C: MAIL FROM:<>",
         "S: 250 ok", "C: RCPT TO:<a>", "S: 250 ok", "C: DATA", "S: 354 go on", "C: abc",
         "G: C 100", "C: def\r\n.", "S: 250 queued", "C: MAIL FROM:<>", "S: 250 ok",
         "C: RCPT TO:<a>", "S: 250 ok", "C: BDAT 50 LAST", "C: abc", "G: C 40", "C: def",
         "S: 250 queued", "C: QUIT", "S: 221 bye");
    const char *shape = told_shape(&told);
    cr_expect_not_null(strstr(shape, "C gap:100 C data:110 S 250>"), "%s", shape);
    cr_expect_not_null(strstr(shape, "C gap:40 C chunk:50 S 250>"), "%s", shape);
    cr_expect_not_null(strstr(shape, "C QUIT S 221>"), "%s", shape);
    cr_expect_eq(told.session->row.bytes_missing, 140);
    cr_expect_eq(told.session->row.messages, 2);
    told_end(&told);
    told_free(&told);
}

Test(reader, behind_a_hole_the_first_certain_line_is_found)
{
    struct told told;
    told_begin(&told, false);
    TOLD(&told, "S: 220 localhost", "C: EHLO a", "S: 250 a", "G: C 30", "C: rest of a line MAIL",
         "C: and QUIT perhaps", "C: NOOP", "S: 250 ok");
    cr_expect_str_eq(told_shape(&told),
                     "C open S greeting 220 C EHLO S 250>3 C gap:30 C data:39 C NOOP S 250>7");
    told_end(&told);
    told_free(&told);
}

/* --- TLS
 * --- */

static void record(struct told *told, enum side side, uint8_t type, size_t length)
{
    uint8_t octets[300] = {type, 3, 3, (uint8_t)(length >> 8), (uint8_t)length};
    told_octets(told, side, bytes_of(octets, 5 + length));
}

Test(reader, records_are_counted_and_nothing_else_is_read)
{
    struct told told;
    told_begin(&told, false);
    TOLD(&told, "S: 220 localhost", "C: EHLO a", "S: 250-a\r\n250 STARTTLS", "C: STARTTLS",
         "S: 220 go on");
    for (int i = 0; i < 4; i++) {
        record(&told, SIDE_CLIENT, i ? 23 : 22, 200);
        record(&told, SIDE_SERVER, i ? 23 : 22, 10);
    }
    cr_expect_str_eq(told_shape(&told), "C open S greeting 220 C EHLO S 250>3 C STARTTLS S 220>5");
    cr_expect_eq(told.session->row.tls_records, 8);
    cr_expect_eq(told.session->row.commands, 2);
    told_end(&told);
    told_free(&told);
}

Test(reader, records_from_the_first_octet_on)
{
    struct told told;
    told_begin(&told, false);
    for (int i = 0; i < 3; i++) {
        record(&told, SIDE_CLIENT, i ? 23 : 22, 50);
        record(&told, SIDE_SERVER, i ? 23 : 22, 0);
    }
    cr_expect_eq(told.session->row.tls_records, 6);
    cr_expect_eq(told.session->row.commands + told.session->row.replies, 0);
    told_end(&told);
    told_free(&told);
}
