/* SPDX-License-Identifier: ISC */
/* What is no SMTP is named, and not read on. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "analyzer/smtp/not_smtp.h"
#include "tests/support/told.h"

struct turn {
    enum side side;
    const char *octets;
};

#define TURNS 6

static const struct row {
    const char *name;
    struct turn turns[TURNS];
    const char *shape, *protocol, *outcome;
} rows[] = {
    {"HTTP on both sides",
     {{SIDE_CLIENT, "GET / HTTP/1.1\r\nHost: localhost\r\nX: 1\r\n\r\n"},
      {SIDE_SERVER, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"},
      {SIDE_SERVER, "220 page\n"},
      {SIDE_CLIENT, "GET /2 HTTP/1.1\r\n\r\n"},
      {SIDE_SERVER, "HTTP/1.1 404 Not Found\r\n\r\n"}},
     "C open C ? S 0>- C close",
     "HTTP",
     "not SMTP"},
    {"HTTP of which no answer was captured",
     {{SIDE_CLIENT, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"}},
     "C open C ? C close",
     "HTTP",
     "not SMTP"},
    {"a client of HTTP in front of a server of SMTP, before its greeting",
     {{SIDE_CLIENT, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"},
      {SIDE_SERVER, "220 localhost ESMTP\r\n"},
      {SIDE_SERVER, "500 what\r\n500 what\r\n500 what\r\n"}},
     "C open C ? C ? C ? S greeting 220 S 500>2 S 500>3 S 500>4 C close",
     "HTTP",
     "closed by client"},
    {"the same behind its greeting",
     {{SIDE_SERVER, "220 localhost ESMTP\r\n"},
      {SIDE_CLIENT, "GET / HTTP/1.1\r\n"},
      {SIDE_SERVER, "221 I can break rules, too. Goodbye.\r\n"}},
     "C open S greeting 220 C ? S 221>3 C close",
     "HTTP",
     "closed by client"},
    {"a server that greets as another",
     {{SIDE_SERVER, "SSH-2.0-x\r\n"}, {SIDE_CLIENT, "EHLO localhost\r\n"}, {SIDE_SERVER, "\1\2\n"}},
     "C open S 0>- C close",
     "SSH",
     "not SMTP"},
    {"SSH on both sides, the client first",
     {{SIDE_CLIENT, "SSH-2.0-y\r\n"}, {SIDE_SERVER, "SSH-2.0-x\r\n"}, {SIDE_CLIENT, "\1\2\n\n"}},
     "C open C ? S 0>- C close",
     "SSH",
     "not SMTP"},
    {"IMAP", {{SIDE_SERVER, "* OK ready\r\n"}}, "C open S 0>- C close", "IMAP", "not SMTP"},
    {"noise to a silent server",
     {{SIDE_CLIENT, "\3\1\1noise\r\n\r\n"}},
     "C open C ? C ? C close",
     "unknown",
     "not SMTP"},
    {"a server of noise",
     {{SIDE_SERVER, "a\nb\nc\nd\ne\nf\n"}},
     "C open S 0>- S 0>- S 0>- S 0>- C close",
     "unknown",
     "not SMTP"},
    {"noise to a server of SMTP",
     {{SIDE_SERVER, "220 localhost\r\n"}, {SIDE_CLIENT, "\3\1\r\n"}, {SIDE_SERVER, "500 what\r\n"}},
     "C open S greeting 220 C ? S 500>3 C close",
     "SMTP",
     "closed by client"},
    {"a client of SMTP whose server is silent",
     {{SIDE_CLIENT, "EHLO localhost\r\n"}},
     "C open C EHLO C close",
     "SMTP",
     "closed by client"},
    {"TLS from the first octet on",
     {{SIDE_CLIENT, "\x16\x03\x01"}},
     "C open C close",
     "TLS",
     "closed by client"},
};

static void play(struct told *told, const struct row *row, size_t part)
{
    told_begin(told, false);
    for (size_t i = 0; i < TURNS && row->turns[i].octets; i++) {
        struct bytes rest = bytes_of_string(row->turns[i].octets);
        for (; rest.len; rest = bytes_from(rest, part))
            told_octets(told, row->turns[i].side, bytes_first(rest, part));
    }
    told_end(told);
}

Test(foreign, named_and_not_read_on)
{
    static const size_t parts[] = {1, 2, 3, 7, SIZE_MAX};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
            struct told told;
            play(&told, &rows[i], parts[k]);
            const struct session_row *row = &told.drafts[told.chapters - 1]->chapter.session;
            cr_expect_str_eq(told_shape(&told), rows[i].shape, "%s by %zu: %s", rows[i].name,
                             parts[k], told_shape(&told));
            cr_expect_str_eq(row->protocol, rows[i].protocol, "%s: %s", rows[i].name,
                             row->protocol);
            cr_expect_str_eq(row->outcome, rows[i].outcome, "%s: %s", rows[i].name, row->outcome);
            told_free(&told);
        }
}

/* However much is sent, there is one event for each side, and no more waits than is allowed. */
Test(foreign, much_of_it)
{
    struct told told;
    told_begin(&told, false);
    told_octets(&told, SIDE_CLIENT, bytes_of_string("POST / HTTP/1.1\r\n"));
    for (int i = 0; i < 100000; i++) {
        told_octets(&told, SIDE_CLIENT, bytes_of_string("X-Header: value\r\n"));
        cr_assert_leq(told.session->direction[SIDE_CLIENT].queued, WAIT_LIMIT + 32);
    }
    cr_expect_eq(told.session->direction[SIDE_CLIENT].queued, 0);
    told_octets(&told, SIDE_SERVER, bytes_of_string("HTTP/1.1 200 OK\r\n"));
    for (int i = 0; i < 100000; i++)
        told_octets(&told, SIDE_SERVER, bytes_of_string("250 page\r\n"));
    told_end(&told);
    cr_expect_str_eq(told_shape(&told), "C open C ? C close");
    cr_expect_str_eq(told.drafts[0]->chapter.session.protocol, "HTTP");
    told_free(&told);
}
