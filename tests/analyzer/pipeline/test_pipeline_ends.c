/* SPDX-License-Identifier: ISC */
/* Packets in, a history out: how sessions end, and what is missing from them. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/support/lab.h"

static void tell_plainly(struct trace *trace)
{
    lab_tell(trace, 40000, 25, 1000, 5000);
}

Test(pipeline_ends, a_reset)
{
    struct lab lab;
    struct trace trace;
    tell_plainly(&trace);
    trace.count = 9;
    trace.next[SIDE_CLIENT] -= 7; /* QUIT was not said */
    trace.next[SIDE_SERVER] -= 34;
    trace_flag(&trace, SIDE_SERVER, TCP_RST | TCP_ACK);
    lab_run(&lab, &trace);
    lab_expect(&lab, "SELECT outcome FROM sessions", "reset");
    lab_expect(&lab, "SELECT side || kind || packet FROM events ORDER BY seq DESC LIMIT 1",
               "Sclose10");
    lab_remove(&lab);
}

/* A reply to nothing is a finding, but not what is said to a client that has left. Whether it had
 * left is told by what its FIN acknowledges, in whatever order the two were captured. */
Test(pipeline_ends, a_reply_to_nothing_and_the_client_that_left)
{
    static const struct {
        bool received, swapped;
    } rows[] = {{true, false}, {true, true}, {false, false}, {false, true}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct lab lab;
        struct trace trace;
        trace_begin(&trace, 40000, 25, 1000, 5000);
        trace_open(&trace);
        TRACE_LINES(&trace, "S: 220 localhost", "C: EHLO localhost", "S: 250 localhost");
        if (rows[i].received)
            trace_say(&trace, SIDE_SERVER, "554 Security failure\r\n");
        trace_flag(&trace, SIDE_CLIENT, TCP_FIN | TCP_ACK);
        if (!rows[i].received)
            trace_say(&trace, SIDE_SERVER, "554 Security failure\r\n");
        if (rows[i].swapped)
            trace_move(&trace, trace.count - 2, trace.count - 1);
        trace_flag(&trace, SIDE_SERVER, TCP_FIN | TCP_ACK);
        trace_retime(&trace, trace.packets[0].ts_us);
        lab_run(&lab, &trace);
        lab_count(&lab, "diagnoses", rows[i].received);
        lab_remove(&lab);
    }
}

/* Stray packets behind the end are no session of their own. */
Test(pipeline_ends, packets_behind_the_end)
{
    struct lab lab;
    struct trace trace;
    tell_plainly(&trace);
    size_t count = trace.count;
    for (size_t i = 1; i < count; i++)
        trace_copy(&trace, i, trace.count);
    trace_flag(&trace, SIDE_CLIENT, TCP_RST);
    trace_say(&trace, SIDE_CLIENT, "MAIL FROM:<stray@localhost>\r\n");
    lab_run(&lab, &trace);
    lab_count(&lab, "sessions", 1);
    lab_expect(&lab, LAB_ONLY_SHAPE, LAB_TOLD);
    cr_expect_eq(lab.totals.connections, 1);
    lab_remove(&lab);
}

Test(pipeline_ends, the_same_ports_again)
{
    struct lab lab;
    struct trace first, second;
    tell_plainly(&first);
    lab_tell(&second, 40000, 25, 900000, 800000);
    trace_retime(&second, first.now_us + 1000);
    lab_begin(&lab);
    lab_feed(&lab, &first);
    lab_feed(&lab, &second);
    lab_expect_alike(&lab, 2);
}

/* The first was never closed, as far as was captured. */
Test(pipeline_ends, the_same_ports_again_without_an_end)
{
    struct lab lab;
    struct trace first, second;
    tell_plainly(&first);
    first.count = 10;
    lab_tell(&second, 40000, 25, 900000, 800000);
    trace_retime(&second, first.now_us + 1000);
    lab_begin(&lab);
    lab_feed(&lab, &first);
    lab_feed(&lab, &second);
    lab_finish(&lab);
    lab_count(&lab, "sessions", 2);
    lab_expect(&lab, "SELECT group_concat(outcome) FROM (SELECT * FROM sessions ORDER BY 1)",
               "ports reused,quit");
    lab_expect(&lab, "SELECT " LAB_SHAPE " FROM sessions s WHERE session_id = 2", LAB_TOLD);
    lab_remove(&lab);
}

/* A card that stamps wrong once, a clock that is set for a moment: nothing is silent for that. */
Test(pipeline_ends, one_odd_time_moves_nothing)
{
    for (int sign = -1; sign <= 1; sign += 2) {
        struct lab lab;
        struct trace trace, odd;
        tell_plainly(&trace);
        trace.packets[8].ts_us += sign * INT64_C(86400) * 1000000;
        lab_tell(&odd, 50000, 25, 1, 1);
        odd.count = 1;
        odd.packets[0].ts_us = trace.packets[7].ts_us + sign * INT64_C(86400) * 1000000;
        const size_t all = trace.count;
        lab_begin(&lab);
        trace.count = 8;
        lab_feed(&lab, &trace);
        lab_feed(&lab, &odd);
        memmove(trace.packets, trace.packets + 8, (all - 8) * sizeof *trace.packets);
        trace.count = all - 8;
        lab_feed(&lab, &trace);
        lab_finish(&lab);
        lab_expect(&lab, "SELECT group_concat(outcome) FROM sessions", "quit");
        lab_remove(&lab);
    }
}

Test(pipeline_ends, silence_by_the_clock_of_the_capture)
{
    static const struct {
        int64_t minutes;
        uint64_t sessions;
    } rows[] = {{10, 0}, {29, 0}, {31, 1}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct lab lab;
        struct trace trace, later;
        tell_plainly(&trace);
        trace.count = 8;
        lab_tell(&later, 50000, 25, 1, 1);
        later.count = STEADY_PROOFS; /* one alone may be wrong */
        trace_retime(&later, trace.packets[7].ts_us + rows[i].minutes * 60 * 1000 * 1000);
        lab_begin(&lab);
        lab_feed(&lab, &trace);
        lab_feed(&lab, &later);
        pipeline_totals(lab.pipeline, &lab.totals);
        cr_expect_eq(lab.totals.sessions, rows[i].sessions, "%d minutes", (int)rows[i].minutes);
        lab_finish(&lab);
        lab_expect(&lab, "SELECT outcome FROM sessions",
                   rows[i].sessions ? "silent" : "capture ended");
        lab_remove(&lab);
    }
}

/* --- holes --- */

Test(pipeline_ends, each_packet_lost_in_turn)
{
    for (size_t lost = 3; lost < 12; lost++) {
        struct lab lab;
        struct trace trace;
        tell_plainly(&trace);
        char missing[16];
        snprintf(missing, sizeof missing, "%zu", trace.packets[lost].payload.len);
        trace_remove(&trace, lost);
        lab_run(&lab, &trace);
        lab_count(&lab, "sessions", 1);
        lab_expect(&lab, "SELECT bytes_missing FROM sessions", missing);
        lab_expect(&lab, "SELECT sum(bytes) FROM events WHERE kind = 'gap'", missing);
        lab_expect(&lab,
                   "SELECT count(*) FROM diagnoses WHERE certainty = 'certain' AND NOT (cause = "
                   "'mail_rejected')",
                   "0");
        lab_remove(&lab);
    }
}

Test(pipeline_ends, a_snap_length)
{
    struct lab lab;
    struct trace trace;
    unsigned cut = 0;
    tell_plainly(&trace);
    for (size_t i = 0; i < trace.count; i++) {
        struct trace_packet *p = &trace.packets[i];
        p->cut = p->payload.len > 10 ? (uint32_t)p->payload.len - 10 : 0;
        cut += p->cut;
    }
    char missing[16];
    snprintf(missing, sizeof missing, "%u", cut);
    lab_run(&lab, &trace);
    lab_expect(&lab, "SELECT bytes_missing FROM sessions", missing);
    lab_expect(&lab, "SELECT sum(bytes) FROM events WHERE kind = 'gap'", missing);
    lab_expect(&lab, "SELECT count(*) FROM diagnoses WHERE certainty = 'certain'", "0");
    lab_expect(&lab, "SELECT verb FROM events WHERE text = 'QUIT'", "QUIT");
    lab_remove(&lab);
}

/* Each line counts for what it shows, also where the lines before it are cut as well. */
Test(pipeline_ends, a_snap_length_within_each_path)
{
    enum {
        SEEN = 14 /* "MAIL FROM:<a@e" */
    };
    struct lab lab;
    struct trace trace;
    tell_plainly(&trace);
    for (size_t i = 0; i < trace.count; i++) {
        struct trace_packet *p = &trace.packets[i];
        p->cut = p->payload.len > SEEN ? (uint32_t)p->payload.len - SEEN : 0;
    }
    lab_run(&lab, &trace);
    lab_expect(&lab, "SELECT count(*) FROM events WHERE verb = 'MAIL' AND text LIKE 'MAIL FROM:<%'",
               "1");
    lab_expect(&lab, "SELECT count(*) FROM diagnoses WHERE certainty = 'certain'", "0");
    lab_remove(&lab);
}
