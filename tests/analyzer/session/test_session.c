/* SPDX-License-Identifier: ISC */
/* The timeline of a session: numbers, what each side had seen, chapters, the end. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "heloscope/smtp/decoder.h"
#include "tests/support/told.h"

Test(session, the_open_event)
{
    struct told told;
    told_begin(&told, false);
    const struct event *e = told_event(&told, 1);
    cr_expect_eq(e->kind, EVENT_OPEN);
    cr_expect_eq(e->packet, 1);
    cr_expect_eq(e->notes & NOTE_MIDSTREAM, 0);
    cr_expect(bytes_equal(e->text, bytes_of_string("127.0.0.1 port 40000 -> 127.0.0.2 port 25")));
    told_free(&told);
    told_begin(&told, true);
    cr_expect(told_event(&told, 1)->notes & NOTE_MIDSTREAM);
    told_free(&told);
}

Test(session, the_open_event_says_by_which_way)
{
    static const struct {
        struct tunnel tunnel;
        uint16_t vlan;
        const char *text;
    } rows[] = {
        {{TUNNEL_NONE, false, 0}, 7, ", VLAN 7"},
        {{TUNNEL_VXLAN, true, 0}, 0, ", VXLAN 0"},
        {{TUNNEL_GTP_U, true, UINT32_MAX}, 4094, ", VLAN 4094, GTP-U 4294967295"},
        {{TUNNEL_IP_IN_IP, false, 0}, 4094, ", VLAN 4094, in IP in IP"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct session_begin begin = {
            .client = {4, {127, 0, 0, 1}},
            .server = {4, {127, 0, 0, 2}},
            .vlan = rows[i].vlan,
            .tunnel = rows[i].tunnel,
            .source = "a.pcap",
            .mark = {.ts_us = 1, .packet = 1},
        };
        struct session *s = session_new(&begin);
        char wanted[128];
        snprintf(wanted, sizeof wanted, "127.0.0.1 port 0 -> 127.0.0.2 port 0%s", rows[i].text);
        cr_expect(bytes_equal(s->draft->chapter.events->text, bytes_of_string(wanted)), "%s",
                  wanted);
        draft_free(session_detach(s, true));
        session_free(s);
    }
}

Test(session, what_each_sender_had_seen)
{
    struct told told;
    told_begin(&told, false);
    TOLD(&told, "S: 220 localhost", "C: EHLO a", "S: 250-a\r\n250 PIPELINING", "C: MAIL FROM:<>",
         "C+ RCPT TO:<a>", "S: 250 ok", "S: 250 ok", "C: DATA");
    static const event_no saw[] = {0, 0, 2, 3, 4, 4, 6, 6, 8};
    for (event_no seq = 1; seq <= 9; seq++)
        cr_expect_eq(told_event(&told, seq)->saw, saw[seq - 1], "event %u saw %u", seq,
                     told_event(&told, seq)->saw);
    told_free(&told);
}

/* Half a reply is not a reply that was seen. */
Test(session, an_event_is_seen_with_its_last_octet)
{
    struct told told;
    told_begin(&told, false);
    session_landmark(told.session, SIDE_SERVER, 10, 4);
    session_landmark(told.session, SIDE_SERVER, 20, 6);
    cr_expect_eq(session_seen(told.session, SIDE_SERVER, 9), 0);
    cr_expect_eq(session_seen(told.session, SIDE_SERVER, 10), 4);
    cr_expect_eq(session_seen(told.session, SIDE_SERVER, 19), 4);
    cr_expect_eq(session_seen(told.session, SIDE_SERVER, 19), 4, "asking changes nothing");
    cr_expect_eq(session_seen(told.session, SIDE_SERVER, 25), 6);
    cr_expect_eq(session_seen(told.session, SIDE_CLIENT, 25), 0);
    told_free(&told);
}

Test(session, landmarks_forget_the_oldest)
{
    struct told told;
    told_begin(&told, false);
    struct landmarks *marks = &told.session->ends[SIDE_SERVER];
    for (event_no seq = 1; seq <= 100 * 1000; seq++) {
        session_landmark(told.session, SIDE_SERVER, seq, seq);
        cr_assert_leq(marks->count, PENDING_LIMIT);
        cr_assert_eq(marks->at[marks->count - 1].seq, seq, "the newest stays");
    }
    cr_expect_eq(session_seen(told.session, SIDE_SERVER, 100 * 1000), 100 * 1000);
    told_free(&told);
}

/* --- chapters
 * --- */

static const char *const long_session[] = {
    "S: 220 localhost ESMTP",
    "C: EHLO client",
    "S: 250-localhost\r\n250 PIPELINING",
    "C: MAIL FROM:<a@localhost>",
    "C+ RCPT TO:<b@localhost>",
    "C+ RCPT TO:<c@localhost>",
    "S: 250 ok",
    "S: 550 5.1.1 no",
    "S: 250 ok",
    "C: DATA",
    "S: 354 go on",
    "C: Message-ID: <1@localhost>\r\n\r\ntext\r\n.",
    "S: 250 2.0.0 queued as ABCDEF12",
    "C: RCPT TO:<d@localhost>",
    "S: 503 5.5.1 need MAIL",
    "C: QUIT",
    "S: 221 bye",
};
enum {
    LONG = sizeof long_session / sizeof *long_session
};

/* Counts what the chapters hold, and checks that each event stands in one of them. */
struct census {
    event_no events;
    uint32_t diagnoses, transactions, recipients;
    char queue_id[32], from[32], to[32];
};

static struct census count_chapters(const struct told *told)
{
    struct census census = {.events = 0};
    for (size_t i = 0; i < told->chapters; i++) {
        const struct chapter *c = &told->drafts[i]->chapter;
        cr_expect_eq(c->first, i == 0);
        cr_expect_eq(c->last, i == told->chapters - 1);
        cr_expect(bytes_equal(c->session.uid, told->drafts[0]->chapter.session.uid));
        cr_expect_gt(c->session.uid.len, 16);
        for (const struct event *e = c->events; e; e = e->next)
            cr_assert_eq(e->seq, ++census.events);
        for (const struct diagnosis *d = c->diagnoses; d; d = d->next)
            census.diagnoses++;
        for (const struct transaction *t = c->transactions; t; t = t->next) {
            census.transactions++;
            snprintf(census.queue_id, sizeof census.queue_id, "%.*s", (int)t->queue_id.len,
                     (const char *)t->queue_id.at);
            snprintf(census.from, sizeof census.from, "%.*s", (int)t->mail_from.len,
                     (const char *)t->mail_from.at);
            for (const struct recipient *r = t->recipient_list; r; r = r->next, census.recipients++)
                snprintf(census.to, sizeof census.to, "%.*s", (int)r->address.len,
                         (const char *)r->address.at);
        }
    }
    return census;
}

/* Whatever the place at which a chapter is handed over and freed, the rest goes on as before. */
Test(session, chapters_anywhere)
{
    for (size_t cut = 0; cut <= LONG; cut++) {
        struct told told;
        told_begin(&told, false);
        for (size_t i = 0; i < LONG; i++) {
            if (cut == i || cut == LONG)
                told_chapter(&told, false);
            TOLD(&told, long_session[i]);
        }
        cr_expect_eq(told.session->row.messages, 1);
        cr_expect_eq(told.session->row.errors_503, 1);
        told_end(&told);
        struct census census = count_chapters(&told);
        cr_expect_eq(census.events, 19, "%s", told_shape(&told));
        cr_expect_eq(census.diagnoses, 1);
        cr_expect_eq(census.transactions, 1);
        cr_expect_eq(census.recipients, 2);
        cr_expect_str_eq(census.queue_id, "ABCDEF12");
        cr_expect_str_eq(census.from, "a@localhost");
        cr_expect_str_eq(census.to, "c@localhost");
        told_free(&told);
    }
}

/* A chapter that was handed over is another thread's: nothing may reach into it afterwards. */
Test(session, a_chapter_can_be_freed_at_once)
{
    struct told told;
    told_begin(&told, false);
    for (size_t i = 0; i < LONG; i++) {
        TOLD(&told, long_session[i]);
        draft_free(session_detach(told.session, false));
    }
    cr_expect_eq(told.session->row.commands, 7);
    cr_expect_eq(told.session->row.replies, 9);
    told_end(&told);
    told_free(&told);
}

/* --- the end
 * --- */

Test(session, outcomes)
{
    static const struct {
        const char *lines[8];
        int ended_by;
        const char *how, *outcome;
    } rows[] = {
        {{"S: 220 a", "C: QUIT", "S: 221 b"}, SIDE_SERVER, NULL, "quit"},
        {{"S: 220 a", "C: NOOP", "S: 421 b"}, SIDE_SERVER, NULL, "421"},
        {{"S: 220 a"}, SIDE_CLIENT, NULL, "closed by client"},
        {{"S: 220 a"}, SIDE_SERVER, NULL, "closed by server"},
        {{"S: 220 a"}, SIDE_CLIENT, "reset", "reset"},
        {{"S: 220 a"}, SIDE_CLIENT, "silent", "silent"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct told told;
        struct mark mark = {.ts_us = 5, .packet = 9};
        told_begin(&told, false);
        told_lines(&told, rows[i].lines);
        session_end(told.session, &mark, rows[i].ended_by, rows[i].how);
        cr_expect_str_eq(told.session->row.outcome, rows[i].outcome, "row %zu", i);
        const struct event *e = told_event(&told, told.session->last_seq);
        cr_expect_eq(e->kind, EVENT_CLOSE);
        cr_expect_eq(e->packet, 9);
        told_free(&told);
    }
}

/* What is not complete when the connection ends is still told. */
Test(session, the_end_in_the_middle_of_things)
{
    struct told told;
    told_begin(&told, false);
    TOLD(&told, "S: 220 localhost", "C: EHLO a", "S: 250 a", "C: MAIL FROM:<>", "S: 250 ok",
         "C: RCPT TO:<a>", "S: 250 ok", "C: DATA", "S: 354 go on", "C: half a message");
    told_octets(&told, SIDE_SERVER, bytes_of_string("421-half\r\n"));
    told_end(&told);
    const char *shape = told_shape(&told);
    cr_expect_not_null(strstr(shape, "C data:16 "), "%s", shape);
    event_no data = told_find(&told, SIDE_CLIENT, EVENT_DATA, 0);
    cr_expect(told_event(&told, data)->notes & NOTE_INCOMPLETE);
    event_no reply = told_find(&told, SIDE_SERVER, EVENT_REPLY, data - 1);
    cr_assert_neq(reply, 0, "%s", shape);
    cr_expect(told_event(&told, reply)->notes & NOTE_INCOMPLETE);
    const struct transaction *t = told.drafts[0]->chapter.transactions;
    cr_expect_str_eq(t->outcome, "aborted");
    told_free(&told);
}

/* Every prefix of a session, octet by octet, ends without harm. */
Test(session, it_can_end_at_every_octet)
{
    for (size_t stop = 0;; stop++) {
        struct told told;
        size_t octets = 0;
        told_begin(&told, false);
        for (size_t i = 0; i < LONG && octets < stop; i++) {
            char text[256];
            size_t n = (size_t)snprintf(text, sizeof text, "%s\r\n", long_session[i] + 3);
            n = n < stop - octets ? n : stop - octets;
            told_octets(&told, *long_session[i] == 'C' ? SIDE_CLIENT : SIDE_SERVER,
                        bytes_of(text, n));
            octets += n;
        }
        told_end(&told);
        event_no last = count_chapters(&told).events;
        cr_expect_eq(told_event(&told, last)->kind, EVENT_CLOSE);
        told_free(&told);
        if (octets < stop)
            break;
    }
}

/* --- secrets
 * --- */

static void expect_nowhere(const struct told *told, const char *secret)
{
    for (event_no seq = 1;; seq++) {
        const struct event *e = told_event(told, seq);
        if (!e)
            break;
        cr_expect(!e->text.len || !memmem(e->text.at, e->text.len, secret, strlen(secret)),
                  "event %u tells %s: %.*s", seq, secret, (int)e->text.len,
                  (const char *)e->text.at);
    }
}

Test(session, credentials_are_stored_nowhere)
{
    static const char *const ways[][12] = {
        {"C: AUTH PLAIN AHNlY3JldC1jcmVkZW50aWFs", "S: 235 yes"},
        {"C: AUTH PLAIN", "S: 334 ", "C: AHNlY3JldC1jcmVkZW50aWFs", "S: 235 yes"},
        {"C: AUTH LOGIN", "S: 334 VXNlcm5hbWU6", "C: dXNlcg==", "S: 334 UGFzc3dvcmQ6",
         "C: AHNlY3JldC1jcmVkZW50aWFs", "S: 535 no"},
        {"C: AUTH PLAIN", "S: 503 not now", "C: AHNlY3JldC1jcmVkZW50aWFs", "S: 500 what?"},
        {"C: AUTH PLAIN", "C+ AHNlY3JldC1jcmVkZW50aWFs", "S: 503 no", "S: 500 what?"},
        {"C: AUTH PLAIN AHNlY3JldC1jcmVkZW50aWFs",
         "S: 501 5.5.2 cannot decode AHNlY3JldC1jcmVkZW50aWFs"},
        {"C: auth plain AHNlY3JldC1jcmVkZW50aWFs", "S: 235 yes"},
        {"C: X-EXPS PLAIN AHNlY3JldC1jcmVkZW50aWFs", "S: 235 yes"},
    };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        for (int midstream = 0; midstream < 2; midstream++) {
            struct told told;
            told_begin(&told, midstream);
            TOLD(&told, "S: 220 localhost", "C: EHLO a", "S: 250-a\r\n250 AUTH PLAIN LOGIN");
            told_lines(&told, ways[i]);
            TOLD(&told, "C: QUIT", "S: 221 bye");
            told_end(&told);
            expect_nowhere(&told, "AHNlY3JldC1jcmVkZW50aWFs");
            told_free(&told);
        }
}
