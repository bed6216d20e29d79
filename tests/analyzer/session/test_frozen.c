/* SPDX-License-Identifier: ISC */
/* A session that rests and wakes; that it then goes on as if nothing had been, each dialogue shows
 * (test_dialogues.c). */
#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>

#include "heloscope/session/frozen.h"
#include "tests/support/told.h"

static struct freezer *room;
static uint64_t beside[4] = {1, 0, 0, 2};

static void enter(void)
{
    room = freezer_new(NULL);
}

static void leave(void)
{
    freezer_free(room);
}

TestSuite(frozen, .init = enter, .fini = leave);

static void frozen(struct told *told)
{
    told->session =
        frozen_thaw(room, frozen_make(room, beside, sizeof beside, told->session, NULL));
}

static void expect_beside(const struct frozen *frozen, uint64_t first)
{
    uint64_t back[4];
    frozen_beside(frozen, back, sizeof back);
    cr_expect(back[0] == first && !back[1] && !back[2] && back[3] == 2);
}

/* In the middle of everything: a line, a reply of several lines, a transaction, a group. */
Test(frozen, in_the_middle_of_everything)
{
    struct told told;
    told_begin(&told, false);
    TOLD(&told, "S: 220 localhost ESMTP Postfix", "C: EHLO client.example");
    told_octets(&told, SIDE_SERVER, bytes_of_string("250-localhost\r\n250-SI"));
    frozen(&told);
    told_octets(&told, SIDE_SERVER, bytes_of_string("ZE 1000\r\n250 PIPELINING\r\n"));
    TOLD(&told, "C: MAIL FROM:<a@example.org>", "S: 250 ok");
    frozen(&told);
    TOLD(&told, "C: RCPT TO:<b@example.org>", "C+ RCPT TO:<c@example.org>");
    frozen(&told);
    TOLD(&told, "S: 250 ok");
    frozen(&told);
    told_octets(&told, SIDE_SERVER, bytes_of_string("550 n"));
    frozen(&told);
    told_octets(&told, SIDE_SERVER, bytes_of_string("o\r\n"));
    TOLD(&told, "C: DATA");
    frozen(&told);
    TOLD(&told, "S: 503 no");
    frozen(&told);
    told_end(&told);
    cr_expect_str_eq(told_shape(&told),
                     "C open S greeting 220 C EHLO S 250>3 C MAIL S 250>5 C RCPT C RCPT "
                     "S 250>7 S 550>8 C DATA S 503>11 C close");
    const struct chapter *chapter = &told.drafts[0]->chapter;
    cr_expect(bytes_equal(chapter->session.helo, bytes_of_string("client.example")));
    cr_expect(bytes_equal(chapter->session.server_software, bytes_of_string("Postfix")));
    cr_assert(chapter->diagnoses && chapter->transactions);
    cr_expect_eq(chapter->diagnoses->reply, 12);
    cr_expect(bytes_equal(chapter->transactions->mail_from, bytes_of_string("a@example.org")));
    const struct recipient *r = chapter->transactions->recipient_list;
    cr_assert(r && r->next && !r->next->next);
    cr_expect(bytes_equal(r->next->address, bytes_of_string("c@example.org")));
    cr_expect_eq(r->next->code, 550);
    told_free(&told);
}

/* What makes it worth while. */
Test(frozen, is_small)
{
    struct told told;
    told_begin(&told, false);
    TOLD(&told, "S: 220 localhost", "C: EHLO client.example", "S: 250-localhost\r\n250 SIZE 1000",
         "C: MAIL FROM:<a@example.org>", "S: 250 ok", "C: RCPT TO:<b@example.org>", "S: 250 ok");
    struct frozen *made = frozen_make(room, beside, sizeof beside, told.session, NULL);
    cr_expect_lt(made->parts + made->fields, 640);
    cr_expect_lt(made->log.length, 300);
    told.session = frozen_thaw(room, made);
    told_end(&told);
    told_free(&told);
}

Test(frozen, beside_it_and_without_it)
{
    struct told told;
    told_begin(&told, false);
    TOLD(&told, "S: 220 localhost");
    struct frozen *frozen = frozen_make(room, beside, sizeof beside, told.session, NULL);
    expect_beside(frozen, 1);
    beside[0] = 77;
    frozen = frozen_make(room, beside, sizeof beside, NULL, frozen);
    expect_beside(frozen, 77);
    cr_expect(frozen_has_session(frozen));
    told.session = frozen_thaw(room, frozen);
    told_end(&told);
    cr_expect_str_eq(told_shape(&told), "C open S greeting 220 C close");
    told_free(&told);

    frozen = frozen_make(room, beside, sizeof beside, NULL, NULL);
    cr_expect_not(frozen_has_session(frozen));
    beside[0] = 1;
    frozen = frozen_make(room, beside, sizeof beside, NULL, frozen);
    expect_beside(frozen, 1);
    cr_expect_null(frozen_thaw(room, frozen));
}

/* A line, behind which the session rests; the client does not wait for what it is answered. */
__attribute__((format(printf, 3, 4))) static void say(struct told *told, enum side side,
                                                      const char *format, ...)
{
    char line[64];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (side == SIDE_CLIENT)
        told_blindly(told, side, bytes_of_string(line), told->seen[SIDE_CLIENT]);
    else
        told_octets(told, side, bytes_of_string(line));
    frozen(told);
}

enum {
    MANY = 100 /* of what is alive; more than is packed */
};

static size_t octets_packed(struct told *told)
{
    struct frozen *made = frozen_make(room, beside, sizeof beside, told->session, NULL);
    const size_t octets = made->parts + made->fields;
    told->session = frozen_thaw(room, made);
    return octets;
}

/* What is too much to be packed for every packet stays, and is there when it is asked for. */
Test(frozen, with_much_that_waits)
{
    struct told told;
    told_begin(&told, false);
    TOLD(&told, "S: 220 localhost", "C: EHLO client.example", "S: 250 localhost",
         "C: MAIL FROM:<a@example.org>", "S: 250 ok");
    frozen(&told);
    for (int i = 0; i < MANY; i++)
        say(&told, SIDE_CLIENT, "RCPT TO:<user%d@example.org>\r\n", i);
    cr_expect_lt(octets_packed(&told), 1000);
    for (int i = 0; i < MANY; i++)
        say(&told, SIDE_SERVER, i % 2 ? "250 ok %d\r\n" : "550 no %d\r\n", i);
    cr_expect_lt(octets_packed(&told), 1000);
    TOLD(&told, "C: RSET", "S: 250 ok");
    frozen(&told);
    cr_expect_null(told.session->draft, "nothing is alive");
    told_end(&told);
    const struct chapter *chapter = &told.drafts[0]->chapter;
    cr_assert(chapter->transactions && !chapter->transactions->next);
    cr_expect_eq(chapter->transactions->recipients, MANY);
    cr_expect_eq(chapter->transactions->accepted, MANY / 2);
    int count = 0;
    for (const struct recipient *r = chapter->transactions->recipient_list; r; r = r->next) {
        char address[64];
        snprintf(address, sizeof address, "user%d@example.org", count);
        cr_expect(bytes_equal(r->address, bytes_of_string(address)));
        cr_expect_eq(r->code, count % 2 ? 250 : 550);
        cr_expect_eq(told_event(&told, r->reply)->answers, r->command);
        count++;
    }
    cr_expect_eq(count, MANY);
    told_free(&told);
}

/* What stays does so in its own memory, not in that of all that was ever said. */
Test(frozen, with_much_that_waits_for_long)
{
    struct told told;
    size_t most = 0;
    told_begin(&told, false);
    TOLD(&told, "S: 220 localhost", "C: EHLO client.example", "S: 250 localhost");
    for (int i = 0; i < MANY; i++)
        say(&told, SIDE_CLIENT, "NOOP %d\r\n", i);
    for (int i = 0; i < 20 * MANY; i++) {
        say(&told, SIDE_CLIENT, "NOOP %d\r\n", i);
        say(&told, SIDE_SERVER, "250 ok %d\r\n", i);
        if (session_chapter_is_full(told.session))
            told_chapter(&told, false);
        if (told.session->draft->arena.total > most)
            most = told.session->draft->arena.total;
    }
    cr_expect_lt(most, 64 * 1024);
    cr_expect_eq(told.session->row.replies, 2 + 20 * MANY);
    told_end(&told);
    told_free(&told);
}

/* A log that grows from rest to rest is handed over in time. */
Test(frozen, again_and_again)
{
    struct told told;
    told_begin(&told, false);
    for (int i = 0; told.chapters < 3; i++) {
        say(&told, SIDE_SERVER, "250 ok %d\r\n", i);
        cr_assert_lt(told.session->log.length, LOG_LIMIT + 1024);
        if (session_chapter_is_full(told.session))
            told_chapter(&told, false);
    }
    told_end(&told);
    told_free(&told);
}
