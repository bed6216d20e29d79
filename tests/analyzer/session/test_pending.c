/* SPDX-License-Identifier: ISC */
/* Which command a reply answers. */
#include <criterion/criterion.h>

#include "heloscope/session/pending.h"
#include "tests/support/told.h"

/* A command that ends at `end` of the client's octets, sent when `seen` of the server's had come.
 */
static struct pending *push(struct told *told, event_no seq, uint64_t end, uint64_t seen)
{
    struct pending *p = pending_push(told->session, PENDING_COMMAND);
    cr_assert_not_null(p);
    p->command.seq = seq;
    p->end = end;
    p->seen = seen;
    return p;
}

static event_no match(struct told *told, int code, uint64_t start, uint64_t seen, bool *doubtful)
{
    struct pending *p = pending_match(told->session, code, start, start + 10, seen, doubtful);
    event_no seq = p ? p->command.seq : 0;
    if (p)
        pending_pop(told->session);
    return seq;
}

Test(pairing, first_in_first_out)
{
    struct told told;
    bool doubtful;
    told_begin(&told, false);
    cr_expect_eq(match(&told, 250, 100, 100, &doubtful), 0, "nothing was asked");
    for (event_no seq = 1; seq <= 100; seq++)
        push(&told, seq, seq * 10, 5);
    for (event_no seq = 1; seq <= 100; seq++) {
        cr_expect_eq(match(&told, 250, 100 + seq * 10, 1000, &doubtful), seq);
        cr_expect_not(doubtful);
    }
    cr_expect_eq(match(&told, 250, 2000, 1000, &doubtful), 0);
    told_free(&told);
}

/* The ring grows while it is wrapped around. */
Test(pairing, the_ring_keeps_its_order_while_it_grows)
{
    struct told told;
    event_no in = 0, out = 0;
    told_begin(&told, false);
    for (int round = 0; round < 40; round++) {
        for (int i = 0; i < 7; i++, in++)
            push(&told, in + 1, in + 1, 0);
        for (int i = 0; i < 3; i++, out++) {
            cr_assert_eq(pending_at(told.session, 0)->command.seq, out + 1);
            pending_pop(told.session);
        }
        for (uint32_t i = 0; i < told.session->ring.count; i++)
            cr_assert_eq(pending_at(told.session, i)->command.seq, out + 1 + i);
        cr_assert_null(pending_at(told.session, told.session->ring.count));
    }
    while (told.session->ring.count)
        pending_pop(told.session);
    pending_pop(told.session); /* of nothing: nothing */
    cr_expect_eq(told.session->ring.count, 0);
    told_free(&told);
}

Test(pairing, a_new_entry_is_empty_whatever_stood_there)
{
    struct told told;
    told_begin(&told, false);
    for (int i = 0; i < 20; i++) {
        struct pending *p = push(&told, 7, 7, 7);
        p->doubtful = p->early = p->shaky = true;
        pending_pop(told.session);
        p = pending_push(told.session, PENDING_CONTENT);
        cr_expect_eq(p->kind, PENDING_CONTENT);
        cr_expect_not(p->doubtful || p->early || p->shaky);
        cr_expect_eq(p->command.seq, 0);
        pending_pop(told.session);
    }
    told_free(&told);
}

Test(pairing, too_many_become_a_hole)
{
    struct told told;
    told_begin(&told, false);
    for (event_no seq = 1; seq <= PENDING_LIMIT; seq++)
        push(&told, seq, seq, 0);
    for (int i = 0; i < 10; i++)
        cr_expect_null(pending_push(told.session, PENDING_COMMAND));
    cr_expect_eq(told.session->ring.count, PENDING_LIMIT);
    cr_expect_eq(pending_at(told.session, PENDING_LIMIT - 1)->kind, PENDING_HOLE);
    cr_expect_eq(pending_at(told.session, PENDING_LIMIT - 2)->kind, PENDING_COMMAND);
    told_free(&told);
}

Test(pairing, holes_one_behind_the_other_are_one)
{
    struct told told;
    told_begin(&told, false);
    pending_hole(told.session, SIDE_CLIENT);
    pending_hole(told.session, SIDE_CLIENT);
    cr_expect_eq(told.session->ring.count, 1);
    push(&told, 5, 50, 0);
    pending_hole(told.session, SIDE_CLIENT);
    cr_expect_eq(told.session->ring.count, 3);
    told_free(&told);
}

/* RFC 5321 section 3.8: a server that shuts down says so unasked. */
Test(pairing, a_farewell_answers_nothing_that_had_not_arrived)
{
    struct told told;
    bool doubtful;
    told_begin(&told, false);
    push(&told, 1, 50, 20);
    cr_expect_eq(match(&told, 421, 100, 30, &doubtful), 0);
    cr_expect_eq(told.session->ring.count, 1, "the command still waits");
    cr_expect_eq(match(&told, 421, 100, 50, &doubtful), 1);
    told_free(&told);
}

/* Behind a hole a reply of the server's may be missing: what was asked before it may be answered
 * or not. A command sent after all the earlier replies had come, and which the server had, is the
 * one. */
Test(pairing, the_place_is_found_again_by_acknowledgements)
{
    struct told told;
    bool doubtful;
    told_begin(&told, false);
    push(&told, 1, 10, 100);
    push(&told, 2, 20, 100);
    pending_hole(told.session, SIDE_SERVER);
    cr_expect(pending_at(told.session, 0)->doubtful);
    cr_expect(pending_at(told.session, 1)->doubtful);
    push(&told, 3, 30, 200);
    cr_expect_eq(match(&told, 250, 200, 30, &doubtful), 3);
    cr_expect(doubtful);
    cr_expect_eq(told.session->ring.count, 0, "what was passed over is dropped");
    told_free(&told);
}

Test(pairing, nothing_is_guessed_where_nothing_tells)
{
    struct told told;
    bool doubtful;
    told_begin(&told, false);
    push(&told, 1, 10, 100);
    pending_hole(told.session, SIDE_SERVER);
    cr_expect_eq(match(&told, 250, 200, 10, &doubtful), 0);
    cr_expect(doubtful);
    push(&told, 2, 20, 300); /* sent when this reply had already come */
    cr_expect_eq(match(&told, 250, 210, 20, &doubtful), 0);
    told_free(&told);
}

/* Of a group behind the hole the first is answered first. */
Test(pairing, a_group_behind_a_hole_is_answered_from_its_first)
{
    struct told told;
    bool doubtful;
    told_begin(&told, false);
    pending_hole(told.session, SIDE_CLIENT);
    push(&told, 2, 30, 100);
    push(&told, 3, 40, 100);
    push(&told, 4, 50, 100);
    cr_expect_eq(match(&told, 250, 100, 50, &doubtful), 2);
    cr_expect_eq(match(&told, 250, 110, 50, &doubtful), 3);
    cr_expect(doubtful, "it rests on the same guess");
    told_free(&told);
}

Test(pairing, pipelined_and_in_lock_step)
{
    struct told told;
    told_begin(&told, false);
    TOLD(&told, "S: 220 localhost", "C: EHLO a", "S: 250-a\r\n250 PIPELINING", "C: MAIL FROM:<>",
         "C+ RCPT TO:<a>", "C+ RCPT TO:<b>", "S: 250 1", "S: 550 2", "S: 250 3", "C: RSET",
         "S: 250 4", "S: 250 5");
    cr_expect_str_eq(told_shape(&told), "C open S greeting 220 C EHLO S 250>3 C MAIL C RCPT C RCPT "
                                        "S 250>5 S 550>6 S 250>7 C RSET S 250>11 S 250>-");
    cr_expect(told_event(&told, 13)->notes & NOTE_UNSOLICITED);
    cr_expect(told_event(&told, 6)->notes & NOTE_PIPELINED);
    cr_expect_not(told_event(&told, 5)->notes & NOTE_PIPELINED);
    told_end(&told);
    told_free(&told);
}

/* RFC 2033 section 4.2: one reply for each recipient that was accepted. */
Test(pairing, lmtp_answers_a_message_once_for_each_recipient)
{
    struct told told;
    told_begin(&told, false);
    TOLD(&told, "S: 220 localhost LMTP", "C: LHLO a", "S: 250 a", "C: MAIL FROM:<>", "S: 250 ok",
         "C: RCPT TO:<a>", "S: 250 ok", "C: RCPT TO:<b>", "S: 550 no", "C: RCPT TO:<c>",
         "S: 250 ok", "C: DATA", "S: 354 go on", "C: .", "S: 250 a", "S: 450 c", "C: QUIT",
         "S: 221 bye");
    const char *shape = told_shape(&told);
    cr_expect_not_null(strstr(shape, "C data:0 S 250>15 S 450>15 C QUIT S 221>18"), "%s", shape);
    told_end(&told);
    told_free(&told);
}
