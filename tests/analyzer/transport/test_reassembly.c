/* SPDX-License-Identifier: ISC */
/* Two streams delivered in the order of cause and effect. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "heloscope/transport/reassembly.h"
#include "tests/support/trace.h"

/* What was delivered, as text: "C abc|S def|C [3]|" for a hole of three octets. */
struct log {
    char text[4096];
    size_t length;
    uint64_t next[2], seen[2], peer[2];
    size_t spans, gaps;
};

static void record(void *context, enum side side, const struct span *span)
{
    struct log *log = context;
    uint64_t length = span->gap ? span->gap : span->data.len;
    cr_assert_eq(span->offset, log->next[side], "spans follow one another");
    cr_assert_gt(length, 0);
    cr_assert_eq(span->gap != 0, span->data.at == NULL);
    cr_assert_leq(span->mark.seen, log->next[!side], "nothing comes before what it acknowledges");
    log->next[side] += length;
    log->spans++;
    log->gaps += span->gap != 0;
    char *at = log->text + log->length;
    size_t room = sizeof log->text - log->length;
    int n = span->gap ? snprintf(at, room, "%c [%d]|", "CS"[side], (int)span -> gap)
                      : snprintf(at, room, "%c %.*s|", "CS"[side], (int)span -> data.len,
                                 (const char *)span->data.at);
    log->length += (size_t)n < room ? (size_t)n : 0;
}

static void push(struct reassembly *c, struct log *log, const struct trace_packet *packet,
                 uint64_t number)
{
    struct segment segment = trace_segment(packet);
    reassembly_push(c, packet->side, &segment, packet->ts_us, number, record, log);
}

static void push_all(struct reassembly *c, struct log *log, const struct trace *trace)
{
    for (size_t i = 0; i < trace->count; i++)
        push(c, log, &trace->packets[i], i + 1);
}

/* The whole trace through a new conversation, drained. */
static struct reassembly run(struct log *log, const struct trace *trace)
{
    struct reassembly c = {0};
    *log = (struct log){.length = 0};
    push_all(&c, log, trace);
    reassembly_drain(&c, record, log);
    cr_expect_not(reassembly_waits(&c));
    reassembly_free(&c);
    return c;
}

static void expect(const struct trace *trace, const char *wanted)
{
    struct log log;
    run(&log, trace);
    cr_expect_str_eq(log.text, wanted, "'%s' is not '%s'", log.text, wanted);
}

static const char plain[] = "S one|C two|S three|C four|";

/* Packets 0 to 2 open, 3 to 6 talk, 7 to 9 close. */
static void told(struct trace *trace, uint32_t client_seq, uint32_t server_seq)
{
    trace_begin(trace, 40000, 25, client_seq, server_seq);
    trace_open(trace);
    trace_say(trace, SIDE_SERVER, "one");
    trace_say(trace, SIDE_CLIENT, "two");
    trace_say(trace, SIDE_SERVER, "three");
    trace_say(trace, SIDE_CLIENT, "four");
    trace_close(trace, SIDE_CLIENT);
}

Test(reassembly, in_order)
{
    struct trace trace;
    struct log log;
    told(&trace, 1000, 5000);
    struct reassembly c = run(&log, &trace);
    cr_expect_str_eq(log.text, plain);
    cr_expect(c.from_start);
    cr_expect_eq(c.end, END_FIN);
    cr_expect_eq(c.ended_by, SIDE_CLIENT);
    cr_expect_eq(c.packets, 10);
    cr_expect_eq(log.next[SIDE_CLIENT], 7);
    cr_expect_eq(log.next[SIDE_SERVER], 8);
    cr_expect_eq(c.last.packet, 10);
}

/* A swap of two neighbours and a packet that comes twice change nothing. */
Test(reassembly, swaps_and_duplicates_change_nothing)
{
    struct trace whole, trace;
    told(&whole, 1000, 5000);
    for (size_t i = 0; i < whole.count; i++) {
        trace = whole;
        trace_copy(&trace, i, i + 1);
        expect(&trace, plain);
        trace = whole;
        trace_copy(&trace, i, trace.count);
        expect(&trace, plain);
        if (i < 3)
            continue; /* a handshake that is captured out of order is another test */
        for (size_t j = i + 1; j < whole.count; j++) {
            trace = whole;
            trace_move(&trace, i, j);
            trace_retime(&trace, whole.packets[0].ts_us);
            expect(&trace, plain);
        }
    }
}

Test(reassembly, a_handshake_captured_in_any_order)
{
    static const size_t orders[][2] = {{0, 1}, {0, 2}, {1, 2}, {2, 0}};
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        struct trace trace;
        told(&trace, 1000, 5000);
        trace_move(&trace, orders[i][0], orders[i][1]);
        expect(&trace, plain);
    }
}

Test(reassembly, sequence_numbers_wrap_at_every_octet)
{
    for (uint32_t before = 0; before < 20; before++) {
        struct trace trace;
        told(&trace, 0u - before, 5000);
        expect(&trace, plain);
        told(&trace, 1000, 0u - before);
        expect(&trace, plain);
        trace_copy(&trace, 4, 9);
        trace_move(&trace, 5, 4);
        expect(&trace, plain);
    }
}

Test(reassembly, a_lost_packet_is_a_hole_where_the_peer_says_so)
{
    struct trace trace;
    told(&trace, 1000, 5000);
    trace_remove(&trace, 4);
    expect(&trace, "S one|C [3]|S three|C four|");
    told(&trace, 1000, 5000);
    trace_remove(&trace, 3);
    expect(&trace, "S [3]|C two|S three|C four|");
    told(&trace, 1000, 5000);
    trace_remove(&trace, 6); /* nothing comes behind it but what acknowledges it */
    expect(&trace, "S one|C two|S three|C [4]|");
}

/* Lost before the capture and sent again, while the peer acknowledges only what it has. */
/* Whatever the peer has said of it, a FIN stands behind all that was sent. */
Test(reassembly, what_a_fin_stands_behind_was_sent)
{
    struct trace trace;
    told(&trace, 1000, 5000);
    trace_remove(&trace, 9);   /* the last acknowledgement */
    trace_remove(&trace, 6);   /* "four", in front of the client's FIN */
    trace.packets[7].ack -= 5; /* the server's FIN says nothing of it */
    expect(&trace, "S one|C two|S three|C [4]|");
}

Test(reassembly, a_fin_that_lies_too_far_ahead_is_not_believed)
{
    struct trace trace;
    told(&trace, 1000, 5000);
    trace.packets[7].seq += 1u << 30;
    expect(&trace, plain);
}

Test(reassembly, what_the_peer_lacks_too_is_waited_for)
{
    struct trace trace;
    struct log log = {0};
    struct reassembly c = {0};
    trace_begin(&trace, 40000, 25, 1000, 5000);
    trace_open(&trace);
    trace_say(&trace, SIDE_CLIENT, "aa");
    struct trace_packet lost = *trace_say(&trace, SIDE_CLIENT, "bb");
    trace.count--;
    for (int i = 0; i < 40; i++)
        trace_say(&trace, SIDE_CLIENT, "c");
    for (size_t i = 3; i < trace.count; i++)
        trace.packets[i].ts_us += (int64_t)i * 1000 * 1000;
    push_all(&c, &log, &trace);
    cr_expect_str_eq(log.text, "C aa|", "neither packets nor time make a hole of it");
    push(&c, &log, &lost, 99);
    cr_expect_eq(log.next[SIDE_CLIENT], 44);
    cr_expect_eq(log.gaps, 0);
    reassembly_free(&c);
}

/* A capture that brings an acknowledged packet late is given a moment: a few packets or a quarter
 * of a second. */
Test(reassembly, an_acknowledged_hole_is_waited_for_a_little)
{
    for (int late = 1; late < 40; late++) {
        struct trace trace;
        struct log log = {0};
        struct reassembly c = {0};
        trace_begin(&trace, 40000, 25, 1000, 5000);
        trace_open(&trace);
        trace_say(&trace, SIDE_CLIENT, "aa");
        for (int i = 0; i < 50; i++)
            trace_say(&trace, SIDE_SERVER, "x");
        trace_move(&trace, 3, 3 + (size_t)late);
        trace_retime(&trace, 1000);
        push_all(&c, &log, &trace);
        reassembly_drain(&c, record, &log);
        cr_expect_eq(log.next[SIDE_CLIENT], 2);
        cr_expect_eq(log.next[SIDE_SERVER], 50);
        if (late < 10)
            cr_expect_eq(log.gaps, 0, "%d packets late", late);
        if (late > 15)
            cr_expect_eq(log.gaps, 1, "%d packets late", late);
        reassembly_free(&c);
    }
}

Test(reassembly, time_ends_the_wait_too)
{
    struct trace trace;
    struct log log = {0};
    struct reassembly c = {0};
    told(&trace, 1000, 5000);
    trace_remove(&trace, 4);
    for (size_t i = 6; i < trace.count; i++)
        trace.packets[i].ts_us += 300 * 1000;
    trace.count = 7;
    push_all(&c, &log, &trace);
    cr_expect_str_eq(log.text, "S one|C [3]|S three|C four|");
    reassembly_free(&c);
}

Test(reassembly, a_side_that_was_not_captured_is_not_waited_for)
{
    for (enum side side = SIDE_CLIENT; side <= SIDE_SERVER; side++) {
        struct trace trace;
        struct log log;
        told(&trace, 1000, 5000);
        trace_remove_side(&trace, side);
        struct reassembly c = run(&log, &trace);
        /* The client's FIN cannot be told from one more octet. */
        cr_expect_str_eq(log.text, side == SIDE_CLIENT ? "S one|C [3]|S three|C [5]|"
                                                       : "S [3]|C two|S [5]|C four|");
        cr_expect_not(c.spoke[side]);
        cr_expect(c.spoke[!side]);
    }
}

Test(reassembly, without_its_handshake)
{
    struct trace trace;
    struct log log;
    for (size_t skipped = 3; skipped <= 6; skipped++) {
        static const char *const rest[] = {plain, "C two|S three|C four|", "S three|C four|",
                                           "C four|"};
        told(&trace, 1000, 5000);
        for (size_t i = 0; i < skipped; i++)
            trace_remove(&trace, 0);
        struct reassembly c = run(&log, &trace);
        cr_expect_str_eq(log.text, rest[skipped - 3]);
        cr_expect_not(c.from_start);
    }
}

Test(reassembly, data_with_the_syn)
{
    struct trace trace;
    told(&trace, 1000, 5000);
    /* RFC 7413: the first octets ride on the SYN, and on the SYN with ACK. */
    trace.packets[0].payload = bytes_of_string("early");
    for (size_t i = 1; i < trace.count; i++)
        *(trace.packets[i].side == SIDE_CLIENT ? &trace.packets[i].seq : &trace.packets[i].ack) +=
            5;
    expect(&trace, "C early|S one|C two|S three|C four|");
}

/* RFC 1122 section 4.2.3.6: an octet that was sent before, or none, with the number before. */
Test(reassembly, keep_alives_are_nothing)
{
    for (int octets = 0; octets < 2; octets++) {
        struct trace trace;
        told(&trace, 1000, 5000);
        struct trace_packet probe = trace.packets[2];
        probe.payload = bytes_of("z", (size_t)octets);
        for (size_t at = trace.count - 3; at > 2; at--) {
            bool later = at > 4;
            probe.seq = later ? 1003 : 1000;
            trace_copy(&trace, 0, at);
            trace.packets[at] = probe;
        }
        expect(&trace, plain);
    }
}

Test(reassembly, a_snap_length_leaves_holes_of_known_size)
{
    struct trace trace;
    told(&trace, 1000, 5000);
    trace.packets[5].cut = 2;
    expect(&trace, "S one|C two|S thr|S [2]|C four|");
    trace.packets[4].cut = 3;
    expect(&trace, "S one|C [3]|S thr|S [2]|C four|");
}

Test(reassembly, a_cut_packet_and_its_whole_retransmission)
{
    struct trace trace;
    told(&trace, 1000, 5000);
    trace_copy(&trace, 4, 4);
    trace_move(&trace, 3, 5); /* both copies come before what they acknowledge */
    trace.packets[3].cut = 1;
    expect(&trace, "S one|C tw|C [1]|S three|C four|");
}

/* The original was not captured, and the retransmission acknowledges what answered the original:
 * each seems to wait for the other. */
Test(reassembly, a_retransmission_that_acknowledges_more)
{
    struct trace trace;
    told(&trace, 1000, 5000);
    trace_move(&trace, 4, 5);
    trace.packets[5].ack = trace.packets[6].ack;
    trace_retime(&trace, 1000);
    expect(&trace, plain);
}

/* One segment that acknowledges what was never sent must not end the reading of a connection. */
Test(reassembly, an_acknowledgement_far_ahead)
{
    static const uint32_t ahead[] = {1u << 27, 1u << 28, 1u << 30, (1u << 31) - 100};
    for (size_t i = 0; i < sizeof ahead / sizeof *ahead; i++) {
        struct trace trace;
        told(&trace, 1000, 5000);
        trace.packets[4].ack += ahead[i];
        expect(&trace, plain);
    }
}

Test(reassembly, a_reset_ends_it)
{
    struct trace trace;
    struct log log = {0};
    struct reassembly c = {0};
    trace_begin(&trace, 40000, 25, 1000, 5000);
    trace_open(&trace);
    trace_say(&trace, SIDE_SERVER, "one");
    trace_flag(&trace, SIDE_CLIENT, TCP_RST);
    push_all(&c, &log, &trace);
    cr_expect_eq(c.end, END_RESET);
    cr_expect_eq(c.ended_by, SIDE_CLIENT);
    reassembly_free(&c);
}

Test(reassembly, a_stale_reset_does_not)
{
    struct trace trace;
    struct log log;
    told(&trace, 1000, 5000);
    trace_copy(&trace, 2, 5);
    trace.packets[5].flags = TCP_RST;
    trace.packets[5].seq += 1u << 30;
    struct reassembly c = run(&log, &trace);
    cr_expect_str_eq(log.text, plain);
    cr_expect_eq(c.end, END_FIN);
}

Test(reassembly, a_half_close_is_no_end)
{
    struct trace trace;
    struct log log = {0};
    struct reassembly c = {0};
    trace_begin(&trace, 40000, 25, 1000, 5000);
    trace_open(&trace);
    trace_say(&trace, SIDE_CLIENT, "bye");
    trace_flag(&trace, SIDE_CLIENT, TCP_FIN | TCP_ACK);
    push_all(&c, &log, &trace);
    cr_expect_eq(c.end, END_NONE);
    trace.count = 0;
    trace_say(&trace, SIDE_SERVER, "still here");
    push_all(&c, &log, &trace);
    cr_expect_eq(c.end, END_NONE);
    trace.count = 0;
    trace_flag(&trace, SIDE_SERVER, TCP_FIN | TCP_ACK);
    push_all(&c, &log, &trace);
    cr_expect_eq(c.end, END_FIN);
    cr_expect_eq(c.ended_by, SIDE_CLIENT);
    cr_expect_str_eq(log.text, "C bye|S still here|");
    reassembly_free(&c);
}

/* The FIN is there, octets before it are not yet: it is no end before they came. */
Test(reassembly, a_fin_that_overtakes)
{
    struct trace trace;
    struct log log = {0};
    struct reassembly c = {0};
    told(&trace, 1000, 5000);
    trace_move(&trace, 6, 9);
    trace_retime(&trace, 1000);
    trace.count = 9;
    push_all(&c, &log, &trace);
    cr_expect_eq(c.end, END_NONE);
    trace.count = 10;
    push(&c, &log, &trace.packets[9], 10);
    cr_expect_eq(c.end, END_FIN);
    cr_expect_str_eq(log.text, plain);
    reassembly_free(&c);
}

/* Data that acknowledges a FIN, captured in front of it: the FIN's number is no octet that is
 * missing. */
Test(reassembly, a_fin_that_is_overtaken)
{
    struct trace trace;
    struct log log;
    trace_begin(&trace, 40000, 25, 1000, 5000);
    trace_open(&trace);
    trace_say(&trace, SIDE_SERVER, "one");
    trace_flag(&trace, SIDE_SERVER, TCP_FIN | TCP_ACK);
    trace_say(&trace, SIDE_CLIENT, "bye");
    trace_flag(&trace, SIDE_CLIENT, TCP_FIN | TCP_ACK);
    trace_move(&trace, 4, 5);
    trace_retime(&trace, 1000);
    const struct reassembly c = run(&log, &trace);
    cr_expect_str_eq(log.text, "S one|C bye|");
    cr_expect_eq(c.end, END_FIN);
    cr_expect_eq(c.ended_by, SIDE_SERVER);
}

/* Whether packet `next` of `trace` would be known for its own behind the packets before it, when
 * its numbers are shifted so far. */
static bool continues(const struct trace *trace, size_t from, size_t next, int64_t seq, int64_t ack)
{
    struct reassembly c = {0};
    struct log log = {.length = 0};
    for (size_t i = from; i < next; i++)
        push(&c, &log, &trace->packets[i], i + 1);
    struct segment segment = trace_segment(&trace->packets[next]);
    segment.seq += (uint32_t)seq;
    segment.ack += (uint32_t)ack;
    bool fits = reassembly_continues(&c, trace->packets[next].side, &segment);
    reassembly_drain(&c, record, &log);
    reassembly_free(&c);
    return fits;
}

Test(reassembly, a_segment_is_known_by_its_numbers)
{
    static const int64_t far = 1 << 21, near_by = 1 << 16;
    static const uint32_t bases[][2] = {{1000, 5000}, {0xfffffffa, 0xfffffffc}, {0x7ffffff0, 0}};
    for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
        struct trace trace;
        told(&trace, bases[i][0], bases[i][1]);
        for (size_t from = 0; from < 5; from++)
            for (size_t next = from + 1; next < trace.count; next++) {
                bool heard = false; /* of its sender */
                for (size_t k = from; k < next; k++)
                    heard |= trace.packets[k].side == trace.packets[next].side ||
                             trace.packets[k].flags & TCP_ACK;
                cr_expect(continues(&trace, from, next, 0, 0), "%zu behind %zu", next, from);
                cr_expect(continues(&trace, from, next, near_by, -near_by));
                cr_expect_eq(continues(&trace, from, next, far, 0), !heard);
                cr_expect_eq(continues(&trace, from, next, -far, 0), !heard);
                cr_expect_not(continues(&trace, from, next, 0, far));
                cr_expect_not(continues(&trace, from, next, 0, -far));
            }
    }
}

Test(reassembly, nothing_is_known_of_a_side_that_is_silent)
{
    struct reassembly c = {0};
    struct trace trace;
    told(&trace, 1000, 5000);
    struct segment segment = trace_segment(&trace.packets[4]);
    cr_expect_not(reassembly_continues(&c, 0, &segment));
    segment.flags &= (uint8_t)~TCP_ACK;
    cr_expect_not(reassembly_continues(&c, 0, &segment));
}
