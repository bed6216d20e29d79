/* SPDX-License-Identifier: ISC */
/* Envelopes for the history. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/support/told.h"

#define GREETED "S: 220 localhost", "C: EHLO a", "S: 250-a\r\n250-CHUNKING\r\n250 PIPELINING"

static const struct transaction *played(struct told *told, const char *const *lines)
{
    told_begin(told, false);
    TOLD(told, GREETED);
    told_lines(told, lines);
    told_end(told);
    return told->drafts[0]->chapter.transactions;
}

static void text_is(struct bytes got, const char *wanted, const char *what)
{
    if (!wanted)
        cr_expect_null(got.at, "%s: %.*s", what, (int)got.len, (const char *)got.at);
    else
        cr_expect(got.at && bytes_equal(got, bytes_of_string(wanted)), "%s: '%.*s' is not '%s'",
                  what, (int)got.len, (const char *)got.at, wanted);
}

Test(transaction, how_it_ends)
{
    static const struct {
        const char *lines[16], *outcome;
        int code;
    } rows[] = {
        {{"C: MAIL FROM:<a>", "S: 250 ok", "C: RCPT TO:<b>", "S: 250 ok", "C: DATA", "S: 354 go",
          "C: x\r\n.", "S: 250 ok"},
         "accepted",
         250},
        {{"C: MAIL FROM:<a>", "S: 250 ok", "C: RCPT TO:<b>", "S: 250 ok", "C: DATA", "S: 354 go",
          "C: x\r\n.", "S: 554 no"},
         "refused",
         554},
        {{"C: MAIL FROM:<a>", "S: 250 ok", "C: RCPT TO:<b>", "S: 250 ok", "C: BDAT 3 LAST", "C+ x",
          "S: 250 ok"},
         "accepted",
         250},
        {{"C: MAIL FROM:<a>", "S: 550 no"}, "refused", 550},
        {{"C: MAIL FROM:<a>", "S: 221 go away"}, "refused", 221}, /* accepts QUIT alone */
        {{"C: MAIL FROM:<a>", "S: 250 ok", "C: RSET", "S: 250 ok"}, "reset", 0},
        {{"C: MAIL FROM:<a>", "S: 250 ok", "C: EHLO b", "S: 250 ok"}, "reset", 0},
        {{"C: MAIL FROM:<a>", "S: 250 ok", "C: QUIT", "S: 221 ok"}, "abandoned", 0},
        {{"C: MAIL FROM:<a>", "S: 250 ok"}, "aborted", 0},
        {{"C: MAIL FROM:<a>", "S: 250 ok", "C: RCPT TO:<b>", "S: 250 ok", "C: DATA", "S: 354 go",
          "C: x"},
         "aborted",
         0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct told told;
        const struct transaction *t = played(&told, rows[i].lines);
        cr_assert_not_null(t, "row %zu", i);
        cr_expect_str_eq(t->outcome, rows[i].outcome, "row %zu: %s", i, t->outcome);
        cr_expect_eq(t->code, rows[i].code, "row %zu: %d", i, t->code);
        cr_expect_eq(t->number, 1);
        cr_expect_eq(t->mail, 5);
        cr_expect_null(t->next, "row %zu", i);
        told_free(&told);
    }
}

Test(transaction, the_envelope)
{
    static const char *const lines[] = {"C: MAIL FROM:<a@localhost> SIZE=5",
                                        "S: 250 ok",
                                        "C: RCPT TO:<b@localhost>",
                                        "S: 250 ok",
                                        "C: RCPT TO:<\"c d\"@localhost>",
                                        "S: 550 no",
                                        "C: rcpt to:<e@localhost>",
                                        "S: 251 ok",
                                        "C: DATA",
                                        "S: 354 go",
                                        "C: Message-ID:\r\n <1@localhost>\r\n\r\nx\r\n.",
                                        "S: 250 queued as 4XyZ12",
                                        NULL};
    struct told told;
    const struct transaction *t = played(&told, lines);
    text_is(t->mail_from, "a@localhost", "from");
    text_is(t->queue_id, "4XyZ12", "queue id");
    text_is(t->message_id, "<1@localhost>", "message id");
    cr_expect_eq(t->recipients, 3);
    cr_expect_eq(t->accepted, 2);
    cr_expect_eq(t->bytes, strlen("Message-ID:\r\n <1@localhost>\r\n\r\nx\r\n"));
    static const struct {
        const char *address;
        int code;
    } to[] = {{"b@localhost", 250}, {"\"c d\"@localhost", 550}, {"e@localhost", 251}};
    const struct recipient *r = t->recipient_list;
    for (size_t i = 0; i < 3; i++, r = r->next) {
        cr_assert_not_null(r);
        text_is(r->address, to[i].address, "to");
        cr_expect_eq(r->code, to[i].code);
        cr_expect_eq(r->reply, r->command + 1);
    }
    cr_expect_null(r);
    told_free(&told);
}

Test(transaction, the_null_sender_is_not_an_absent_one)
{
    struct told told;
    const struct transaction *t =
        played(&told, (const char *const[]){"C: MAIL FROM:<>", "S: 250 ok", NULL});
    cr_expect_not_null(t->mail_from.at);
    cr_expect_eq(t->mail_from.len, 0);
    told_free(&told);
    t = played(&told, (const char *const[]){"C: RCPT TO:<a>", "S: 250 ok", NULL});
    cr_expect_null(t->mail_from.at, "its MAIL was not seen");
    told_free(&told);
}

Test(transaction, queue_ids)
{
    static const struct {
        const char *reply, *id;
    } rows[] = {
        {"250 2.0.0 Ok: queued as 4XyZ12abc", "4XyZ12abc"},
        {"250 OK id=1rABCD-00001a-2X", "1rABCD-00001a-2X"},
        {"250 2.0.0 3AB12345678901 Message accepted for delivery", "3AB12345678901"},
        {"250 ok 1700000000 qp 12345", "12345"},
        {"250 2.0.0 ok", NULL},
        {"250 accepted", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char reply[128];
        snprintf(reply, sizeof reply, "S: %s", rows[i].reply);
        const char *const lines[] = {"C: MAIL FROM:<a>", "S: 250 ok", "C: RCPT TO:<b>",
                                     "S: 250 ok",        "C: DATA",   "S: 354 go",
                                     "C: x\r\n.",        reply,       NULL};
        struct told told;
        text_is(played(&told, lines)->queue_id, rows[i].id, rows[i].reply);
        told_free(&told);
    }
}

Test(transaction, several_in_a_session)
{
    static const char *const lines[] = {
        "C: MAIL FROM:<a>", "S: 250 ok", "C: RCPT TO:<b>", "S: 250 ok",        "C: DATA",
        "S: 354 go",        "C: x\r\n.", "S: 250 ok",      "C: MAIL FROM:<c>", "S: 250 ok",
        "C: MAIL FROM:<d>", "S: 503 no", "C: RSET",        "S: 250 ok",        "C: MAIL FROM:<e>",
        "S: 250 ok",        NULL};
    static const char *const from[] = {"a", "c", "e"};
    static const char *const outcome[] = {"accepted", "reset", "aborted"};
    struct told told;
    const struct transaction *t = played(&told, lines);
    for (size_t i = 0; i < 3; i++, t = t->next) {
        cr_assert_not_null(t);
        cr_expect_eq(t->number, i + 1);
        text_is(t->mail_from, from[i], "from");
        cr_expect_str_eq(t->outcome, outcome[i]);
    }
    cr_expect_null(t, "a MAIL refused inside a transaction is none of its own");
    told_free(&told);
}

Test(transaction, of_very_many_recipients_the_first_are_kept_and_all_are_counted)
{
    struct told told;
    told_begin(&told, false);
    TOLD(&told, GREETED, "C: MAIL FROM:<a>", "S: 250 ok");
    for (int i = 0; i < 5 * RECIPIENT_LIMIT; i++)
        TOLD(&told, "C: RCPT TO:<b@localhost>", i % 2 ? "S: 250 ok" : "S: 550 no");
    cr_expect_eq(told.session->transaction->recipients, 5 * RECIPIENT_LIMIT);
    cr_expect_eq(told.session->transaction->accepted, 5 * RECIPIENT_LIMIT / 2);
    size_t kept = 0;
    for (const struct recipient *r = told.session->transaction->recipient_list; r; r = r->next)
        kept++;
    cr_expect_eq(kept, RECIPIENT_LIMIT);
    told_end(&told);
    told_free(&told);
}

Test(transaction, the_program_that_wrote_the_message)
{
    static const char *const lines[] = {
        "C: MAIL FROM:<a>",
        "S: 250 ok",
        "C: RCPT TO:<b>",
        "S: 250 ok",
        "C: DATA",
        "S: 354 go",
        "C: Subject: X-Mailer: no\r\nx-mailer: Example 1.0\r\n\r\nUser-Agent: no\r\n.",
        "S: 250 ok",
        NULL};
    struct told told;
    played(&told, lines);
    text_is(told.drafts[0]->chapter.session.client_software, "Example 1.0", "software");
    told_free(&told);
}
