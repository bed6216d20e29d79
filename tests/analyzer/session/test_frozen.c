/* A session that rests and wakes; that it then goes on as if nothing had been, each dialogue shows
 * (test_dialogues.c). */
#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>

#include "heloscope/session/frozen.h"
#include "tests/support/talk.h"

static struct rest_room *room;
static uint64_t beside[4] = {1, 0, 0, 2};

static void enter(void)
{
    room = rest_room_new(NULL);
}

static void leave(void)
{
    rest_room_free(room);
}

TestSuite(rest, .init = enter, .fini = leave);

static void rest(struct talk *talk)
{
    talk->session = rest_wake(room, rest_make(room, beside, sizeof beside, talk->session, NULL));
}

static void expect_beside(const struct rest *rest, uint64_t first)
{
    uint64_t back[4];
    rest_beside(rest, back, sizeof back);
    cr_expect(back[0] == first && !back[1] && !back[2] && back[3] == 2);
}

/* In the middle of everything: a line, a reply of several lines, a transaction, a group. */
Test(rest, in_the_middle_of_everything)
{
    struct talk talk;
    talk_begin(&talk, false);
    TALK(&talk, "S: 220 localhost ESMTP Postfix", "C: EHLO client.example");
    talk_octets(&talk, SIDE_SERVER, bytes_of_string("250-localhost\r\n250-SI"));
    rest(&talk);
    talk_octets(&talk, SIDE_SERVER, bytes_of_string("ZE 1000\r\n250 PIPELINING\r\n"));
    TALK(&talk, "C: MAIL FROM:<a@example.org>", "S: 250 ok");
    rest(&talk);
    TALK(&talk, "C: RCPT TO:<b@example.org>", "C+ RCPT TO:<c@example.org>");
    rest(&talk);
    TALK(&talk, "S: 250 ok");
    rest(&talk);
    talk_octets(&talk, SIDE_SERVER, bytes_of_string("550 n"));
    rest(&talk);
    talk_octets(&talk, SIDE_SERVER, bytes_of_string("o\r\n"));
    TALK(&talk, "C: DATA");
    rest(&talk);
    TALK(&talk, "S: 503 no");
    rest(&talk);
    talk_end(&talk);
    cr_expect_str_eq(talk_shape(&talk),
                     "C open S greeting 220 C EHLO S 250>3 C MAIL S 250>5 C RCPT C RCPT "
                     "S 250>7 S 550>8 C DATA S 503>11 C close");
    const struct chapter *chapter = &talk.drafts[0]->chapter;
    cr_expect(bytes_equal(chapter->session.helo, bytes_of_string("client.example")));
    cr_expect(bytes_equal(chapter->session.server_software, bytes_of_string("Postfix")));
    cr_assert(chapter->diagnoses && chapter->transactions);
    cr_expect_eq(chapter->diagnoses->reply, 12);
    cr_expect(bytes_equal(chapter->transactions->mail_from, bytes_of_string("a@example.org")));
    const struct recipient *r = chapter->transactions->recipient_list;
    cr_assert(r && r->next && !r->next->next);
    cr_expect(bytes_equal(r->next->address, bytes_of_string("c@example.org")));
    cr_expect_eq(r->next->code, 550);
    talk_free(&talk);
}

/* What makes it worth while. */
Test(rest, is_small)
{
    struct talk talk;
    talk_begin(&talk, false);
    TALK(&talk, "S: 220 localhost", "C: EHLO client.example", "S: 250-localhost\r\n250 SIZE 1000",
         "C: MAIL FROM:<a@example.org>", "S: 250 ok", "C: RCPT TO:<b@example.org>", "S: 250 ok");
    struct rest *made = rest_make(room, beside, sizeof beside, talk.session, NULL);
    cr_expect_lt(made->parts + made->fields, 640);
    cr_expect_lt(made->log.length, 300);
    talk.session = rest_wake(room, made);
    talk_end(&talk);
    talk_free(&talk);
}

Test(rest, beside_it_and_without_it)
{
    struct talk talk;
    talk_begin(&talk, false);
    TALK(&talk, "S: 220 localhost");
    struct rest *rest = rest_make(room, beside, sizeof beside, talk.session, NULL);
    expect_beside(rest, 1);
    beside[0] = 77;
    rest = rest_make(room, beside, sizeof beside, NULL, rest);
    expect_beside(rest, 77);
    cr_expect(rest_has_session(rest));
    talk.session = rest_wake(room, rest);
    talk_end(&talk);
    cr_expect_str_eq(talk_shape(&talk), "C open S greeting 220 C close");
    talk_free(&talk);

    rest = rest_make(room, beside, sizeof beside, NULL, NULL);
    cr_expect_not(rest_has_session(rest));
    beside[0] = 1;
    rest = rest_make(room, beside, sizeof beside, NULL, rest);
    expect_beside(rest, 1);
    cr_expect_null(rest_wake(room, rest));
}

/* A line, behind which the session rests; the client does not wait for what it is answered. */
__attribute__((format(printf, 3, 4))) static void say(struct talk *talk, enum side side,
                                                      const char *format, ...)
{
    char line[64];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (side == SIDE_CLIENT)
        talk_blindly(talk, side, bytes_of_string(line), talk->seen[SIDE_CLIENT]);
    else
        talk_octets(talk, side, bytes_of_string(line));
    rest(talk);
}

enum {
    MANY = 100 /* of what is alive; more than is packed */
};

static size_t octets_packed(struct talk *talk)
{
    struct rest *made = rest_make(room, beside, sizeof beside, talk->session, NULL);
    const size_t octets = made->parts + made->fields;
    talk->session = rest_wake(room, made);
    return octets;
}

/* What is too much to be packed for every packet stays, and is there when it is asked for. */
Test(rest, with_much_that_waits)
{
    struct talk talk;
    talk_begin(&talk, false);
    TALK(&talk, "S: 220 localhost", "C: EHLO client.example", "S: 250 localhost",
         "C: MAIL FROM:<a@example.org>", "S: 250 ok");
    rest(&talk);
    for (int i = 0; i < MANY; i++)
        say(&talk, SIDE_CLIENT, "RCPT TO:<user%d@example.org>\r\n", i);
    cr_expect_lt(octets_packed(&talk), 1000);
    for (int i = 0; i < MANY; i++)
        say(&talk, SIDE_SERVER, i % 2 ? "250 ok %d\r\n" : "550 no %d\r\n", i);
    cr_expect_lt(octets_packed(&talk), 1000);
    TALK(&talk, "C: RSET", "S: 250 ok");
    rest(&talk);
    cr_expect_null(talk.session->draft, "nothing is alive");
    talk_end(&talk);
    const struct chapter *chapter = &talk.drafts[0]->chapter;
    cr_assert(chapter->transactions && !chapter->transactions->next);
    cr_expect_eq(chapter->transactions->recipients, MANY);
    cr_expect_eq(chapter->transactions->accepted, MANY / 2);
    int count = 0;
    for (const struct recipient *r = chapter->transactions->recipient_list; r; r = r->next) {
        char address[64];
        snprintf(address, sizeof address, "user%d@example.org", count);
        cr_expect(bytes_equal(r->address, bytes_of_string(address)));
        cr_expect_eq(r->code, count % 2 ? 250 : 550);
        cr_expect_eq(talk_event(&talk, r->reply)->answers, r->command);
        count++;
    }
    cr_expect_eq(count, MANY);
    talk_free(&talk);
}

/* What stays does so in its own memory, not in that of all that was ever said. */
Test(rest, with_much_that_waits_for_long)
{
    struct talk talk;
    size_t most = 0;
    talk_begin(&talk, false);
    TALK(&talk, "S: 220 localhost", "C: EHLO client.example", "S: 250 localhost");
    for (int i = 0; i < MANY; i++)
        say(&talk, SIDE_CLIENT, "NOOP %d\r\n", i);
    for (int i = 0; i < 20 * MANY; i++) {
        say(&talk, SIDE_CLIENT, "NOOP %d\r\n", i);
        say(&talk, SIDE_SERVER, "250 ok %d\r\n", i);
        if (session_chapter_is_full(talk.session))
            talk_chapter(&talk, false);
        if (talk.session->draft->arena.total > most)
            most = talk.session->draft->arena.total;
    }
    cr_expect_lt(most, 64 * 1024);
    cr_expect_eq(talk.session->row.replies, 2 + 20 * MANY);
    talk_end(&talk);
    talk_free(&talk);
}

/* A log that grows from rest to rest is handed over in time. */
Test(rest, again_and_again)
{
    struct talk talk;
    talk_begin(&talk, false);
    for (int i = 0; talk.chapters < 3; i++) {
        say(&talk, SIDE_SERVER, "250 ok %d\r\n", i);
        cr_assert_lt(talk.session->log.length, LOG_LIMIT + 1024);
        if (session_chapter_is_full(talk.session))
            talk_chapter(&talk, false);
    }
    talk_end(&talk);
    talk_free(&talk);
}
