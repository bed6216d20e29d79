/* SPDX-License-Identifier: ISC */
/* Packets in, a history out: what TCP and captures do to a session. */
#include <criterion/criterion.h>

#include "tests/support/lab.h"

static void tell_plainly(struct trace *trace)
{
    lab_tell(trace, 40000, 25, 1000, 5000);
}

Test(pipeline, a_session)
{
    struct lab lab;
    struct trace trace;
    tell_plainly(&trace);
    lab_run(&lab, &trace);
    lab_expect(&lab, LAB_ONLY_SHAPE, LAB_TOLD);
    lab_expect(&lab,
               "SELECT client_addr || ' ' || client_port || ' ' || server_addr || ' ' || "
               "server_port || ' ' || outcome || ' ' || packets || ' ' || bytes_client || ' ' || "
               "bytes_server || ' ' || bytes_missing || ' ' || midstream || one_sided || ' ' || "
               "helo || ' ' || errors_503 FROM sessions",
               "127.0.0.1 40000 127.0.0.2 25 quit 14 67 96 0 00 client 1");
    lab_expect(&lab,
               "SELECT reply_seq || ' ' || command_seq || ' ' || origin_seq || ' ' || cause || ' ' "
               "|| fault || ' ' || certainty FROM diagnoses",
               "8 7 6 mail_rejected client certain");
    lab_expect(&lab, "SELECT packet FROM events WHERE seq = 8", "10");
    /* The last acknowledgement comes behind the end: both sides have finished before it. */
    lab_expect(&lab, "SELECT ended_us - started_us FROM sessions", "13000");
    lab_expect(&lab, "SELECT community_id FROM sessions", "1:gNWvkUsue96Uj03PH7FTfvRns/8=");
    cr_expect_eq(lab.totals.packets, 15);
    cr_expect_eq(lab.totals.tcp_packets, 15);
    cr_expect_eq(lab.totals.connections, 1);
    cr_expect_eq(lab.totals.sessions, 1);
    cr_expect_eq(lab.totals.errors_503, 1);
    cr_expect_eq(lab.totals.diagnoses, 1);
    cr_expect_eq(lab.totals.sessions_added, 1);
    lab_remove(&lab);
}

/* --- sessions that must all be the same --- */

Test(pipeline, sequence_numbers_wrap_at_every_octet)
{
    struct lab lab;
    uint16_t port = 40000;
    lab_begin(&lab);
    for (uint32_t before = 0; before < 110; before++) {
        struct trace trace;
        lab_tell(&trace, port++, 25, 0u - before, 5000);
        lab_feed(&lab, &trace);
        lab_tell(&trace, port++, 25, 1000, 0u - before);
        lab_feed(&lab, &trace);
        lab_tell(&trace, port++, 25, 0u - before, 0u - before);
        lab_feed(&lab, &trace);
    }
    lab_expect_alike(&lab, 330);
}

Test(pipeline, duplicates_change_nothing)
{
    struct lab lab;
    struct trace trace;
    uint16_t port = 40000;
    lab_begin(&lab);
    lab_tell(&trace, port++, 25, 1000, 5000);
    lab_feed(&lab, &trace);
    size_t count = trace.count;
    for (size_t i = 0; i < count; i++) {
        lab_tell(&trace, port++, 25, 1000, 5000);
        trace_copy(&trace, i, i + 1); /* a span port that sends both sides */
        lab_feed(&lab, &trace);
        lab_tell(&trace, port++, 25, 1000, 5000);
        trace_copy(&trace, i, trace.count); /* a retransmission behind the close */
        lab_feed(&lab, &trace);
    }
    lab_expect_alike(&lab, 1 + 2 * (unsigned)count);
}

Test(pipeline, swaps_change_nothing)
{
    struct lab lab;
    struct trace trace;
    uint16_t port = 40000;
    lab_begin(&lab);
    for (size_t i = 2; i < 12; i++)
        for (size_t j = i; j < 12 && j < i + 4; j++) {
            lab_tell(&trace, port++, 25, 1000, 5000);
            int64_t start = trace.packets[0].ts_us;
            trace_move(&trace, i, j);
            trace_retime(&trace, start);
            lab_feed(&lab, &trace);
        }
    lab_expect_alike(&lab, (unsigned)(port - 40000));
}

Test(pipeline, segments_of_any_size)
{
    struct lab lab;
    struct trace trace;
    uint16_t port = 40000;
    lab_begin(&lab);
    lab_tell(&trace, port++, 25, 1000, 5000);
    lab_feed(&lab, &trace);
    for (uint32_t length = 1; length < 20; length++) {
        lab_tell(&trace, port++, 25, 1000, 5000);
        for (size_t i = 3; i < trace.count; i++)
            if (trace.packets[i].payload.len > length)
                trace_split(&trace, i, length);
        lab_feed(&lab, &trace);
    }
    lab_expect_alike(&lab, 20);
}

Test(pipeline, keep_alives_change_nothing)
{
    struct lab lab;
    struct trace trace;
    uint16_t port = 40000;
    lab_begin(&lab);
    lab_tell(&trace, port++, 25, 1000, 5000);
    lab_feed(&lab, &trace);
    for (int octets = 0; octets < 2; octets++)
        for (size_t at = 4; at < 12; at++) {
            lab_tell(&trace, port++, 25, 1000, 5000);
            /* RFC 1122 section 4.2.3.6: the octet before the next one, or no octet */
            struct trace_packet probe = trace.packets[at];
            struct trace_packet answer = trace.packets[at];
            probe.side = answer.side = trace.packets[at].side;
            probe.seq--;
            probe.flags = TCP_ACK;
            probe.payload = bytes_of("z", (size_t)octets);
            trace_copy(&trace, 0, at);
            trace.packets[at] = probe;
            lab_feed(&lab, &trace);
        }
    lab_expect_alike(&lab, 17);
}

/* Handed over after every packet, a session is the same in the end. */
Test(pipeline, chapters_change_nothing)
{
    struct lab lab;
    struct trace trace;
    lab_begin(&lab);
    lab_tell(&trace, 40000, 25, 1000, 5000);
    lab_feed(&lab, &trace);
    lab.flush = true;
    lab_tell(&trace, 40001, 25, 1000, 5000);
    lab_feed(&lab, &trace);
    lab_expect_alike(&lab, 2);
}

Test(pipeline, odd_ports_change_nothing)
{
    static const uint16_t ports[] = {25, 587, 2525, 465, 24, 2526, 10025, 30025, 80, 443};
    struct lab lab;
    lab_begin(&lab);
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++) {
        struct trace trace;
        lab_tell(&trace, (uint16_t)(40000 + i), ports[i], 1000, 5000);
        lab_feed(&lab, &trace);
    }
    lab_expect_alike(&lab, sizeof ports / sizeof *ports);
}

/* --- beginnings --- */

Test(pipeline, data_with_the_syn)
{
    struct lab lab;
    struct trace trace;
    trace_begin(&trace, 40000, 25, 1000, 5000);
    /* RFC 7413: an early talker on the SYN, a greeting on the answer to it */
    struct trace_packet *p = trace_flag(&trace, SIDE_CLIENT, TCP_SYN);
    p->payload = bytes_of_string("EHLO client\r\n");
    trace.next[SIDE_CLIENT] += 13;
    p = trace_flag(&trace, SIDE_SERVER, TCP_SYN | TCP_ACK);
    p->payload = bytes_of_string("220 localhost\r\n");
    trace.next[SIDE_SERVER] += 15;
    TRACE_LINES(&trace, "S: 250 localhost", "C: QUIT", "S: 221 bye");
    trace_close(&trace, SIDE_SERVER);
    lab_run(&lab, &trace);
    lab_expect(&lab, LAB_ONLY_SHAPE, "C:open C:EHLO S:greeting220 S:250>2 C:QUIT S:221>5 S:close");
    lab_expect(&lab, "SELECT rule FROM violations", "wait for a 220 greeting");
    lab_remove(&lab);
}

Test(pipeline, begun_before_the_capture)
{
    static const char *const shapes[] = {
        [4] = "C:open C:EHLO S:250>2 C:MAIL S:550>4 C:RCPT S:503>6 C:QUIT S:221>8 C:close",
        [6] = "C:open C:MAIL S:550>2 C:RCPT S:503>4 C:QUIT S:221>6 C:close",
        [8] = "C:open C:RCPT S:503>2 C:QUIT S:221>4 C:close",
        [10] = "C:open C:QUIT S:221>2 C:close",
    };
    for (size_t skipped = 4; skipped <= 10; skipped += 2) {
        struct lab lab;
        struct trace trace;
        tell_plainly(&trace);
        for (size_t i = 0; i < skipped; i++)
            trace_remove(&trace, 0);
        lab_run(&lab, &trace);
        lab_expect(&lab, LAB_ONLY_SHAPE, shapes[skipped]);
        lab_expect(&lab, "SELECT midstream || ' ' || client_port FROM sessions", "1 40000");
        lab_remove(&lab);
    }
}

/* Whatever the packet at which a capture begins, on a declared port or another one, the client is
 * the client, and nothing certain is said that is wrong. */
Test(pipeline, the_client_is_found_wherever_the_capture_begins)
{
    static const uint16_t ports[] = {25, 30025};
    for (size_t k = 0; k < 2; k++)
        for (size_t skipped = 1; skipped <= 11; skipped++) {
            struct lab lab;
            struct trace trace;
            lab_tell(&trace, 40000, ports[k], 1000, 5000);
            for (size_t i = 0; i < skipped; i++)
                trace_remove(&trace, 0);
            lab_run(&lab, &trace);
            lab_expect(&lab,
                       "SELECT count(*) FROM sessions WHERE client_port <> 40000 OR client_addr <> "
                       "'127.0.0.1'",
                       "0");
            lab_expect(&lab,
                       "SELECT count(*) FROM diagnoses WHERE certainty = 'certain' AND cause <> "
                       "'mail_rejected'",
                       "0");
            lab_expect(&lab,
                       "SELECT count(*) FROM events WHERE (verb NOTNULL AND side = 'S') OR (code "
                       "NOTNULL AND side = 'C')",
                       "0");
            if (ports[k] == 25)
                lab_count(&lab, "sessions", 1);
            lab_remove(&lab);
        }
}

Test(pipeline, one_side_only)
{
    for (enum side side = SIDE_CLIENT; side <= SIDE_SERVER; side++) {
        struct lab lab;
        struct trace trace;
        tell_plainly(&trace);
        trace_remove_side(&trace, side);
        lab_run(&lab, &trace);
        lab_expect(&lab, "SELECT one_sided || ' ' || client_port FROM sessions", "1 40000");
        lab_expect(&lab, "SELECT count(*) FROM diagnoses WHERE certainty = 'certain'", "0");
        lab_expect(&lab, "SELECT commands || ' ' || replies FROM sessions",
                   side == SIDE_CLIENT ? "0 5" : "4 0");
        lab_remove(&lab);
    }
}
