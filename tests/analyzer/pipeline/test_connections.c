/* SPDX-License-Identifier: ISC */
/* Which packets belong together when addresses and ports are the same: by VLAN and tunnel, by
 * numbers, and when a mirror shows one packet twice. */
#include <criterion/criterion.h>

#include "tests/support/lab.h"

enum {
    LINK_ETHERNET = 1,
    TAG_OCTETS = 18,
    UNTAGGED = 0,
};

/* As captured in a VLAN. */
static void feed(struct lab *lab, const struct trace_packet *packet, uint8_t vlan, int64_t later_us)
{
    struct failure why = {""};
    uint8_t room[TAG_OCTETS + TRACE_FRAME] = {
        [5] = 2, [11] = 1, [12] = 0x81, [15] = vlan, [16] = 0x08};
    size_t tag = vlan == UNTAGGED ? 4 : 0; /* the addresses are of no interest */
    if (vlan == UNTAGGED)
        room[TAG_OCTETS - 2] = 0x08;
    struct packet_record record = {
        .source = &lab->source,
        .number = ++lab->source.packets,
        .ts_us = packet->ts_us + later_us,
        .link_type = LINK_ETHERNET,
    };
    struct bytes frame = trace_frame(packet, room + TAG_OCTETS, &record.wire_length);
    record.frame = bytes_of(room + tag, TAG_OCTETS - tag + frame.len);
    record.wire_length += TAG_OCTETS - tag;
    cr_assert(pipeline_packet(lab->pipeline, &record, &why), "%s", why.text);
}

static void tell(struct trace *trace)
{
    lab_tell(trace, 40000, 25, 1000, 5000);
}

static void expect(struct lab *lab, const char *sql, const char *wanted)
{
    lab_expect(lab, sql, wanted);
}

Test(connection, the_same_session_in_two_networks_stays_two)
{
    struct lab lab;
    struct trace trace;
    lab_begin(&lab);
    tell(&trace);
    for (size_t i = 0; i < trace.count; i++) {
        feed(&lab, &trace.packets[i], 10, 0);
        feed(&lab, &trace.packets[i], 20, 500 * 1000 + 1); /* too late for a copy */
    }
    lab_finish(&lab);
    cr_expect_eq(lab.totals.duplicates, 0);
    cr_expect_eq(lab.totals.connections, 2);
    expect(&lab, "SELECT group_concat(vlan || ' ' || retransmitted) FROM sessions", "10 0,20 0");
    expect(&lab,
           "SELECT count(DISTINCT shape) || shape FROM (SELECT " LAB_SHAPE
           " AS shape FROM sessions s)",
           "1" LAB_TOLD);
    lab_remove(&lab);
}

/* Where copies come from: another VLAN, none at all, the same one again. */
Test(connection, copies_change_nothing)
{
    static const uint8_t ways[][2] = {{10, 20}, {10, UNTAGGED}, {UNTAGGED, 10}, {10, 10}};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct lab lab;
        struct trace trace;
        lab_begin(&lab);
        tell(&trace);
        for (size_t k = 0; k < trace.count; k++) {
            feed(&lab, &trace.packets[k], ways[i][0], 0);
            feed(&lab, &trace.packets[k], ways[i][1], 30);
        }
        lab_finish(&lab);
        cr_expect_eq(lab.totals.duplicates, trace.count, "row %zu", i);
        cr_expect_eq(lab.source.duplicates, trace.count, "row %zu", i);
        expect(&lab, "SELECT " LAB_SHAPE " FROM sessions s", LAB_TOLD);
        expect(&lab, "SELECT packets || ' ' || retransmitted FROM sessions", "14 0");
        lab_remove(&lab);
    }
}

/* Two mirrors, and now the one and now the other is ahead, or has lost its copy. */
Test(connection, either_copy_may_be_first_or_missing)
{
    for (unsigned seed = 0; seed < 40; seed++) {
        struct lab lab;
        struct trace trace;
        lab_begin(&lab);
        tell(&trace);
        srandom(seed);
        for (size_t i = 0; i < trace.count; i++) {
            int first = random() % 2, missing = i ? (int)(random() % 4) : 3; /* 2, 3: none is */
            for (int k = 0; k < 2; k++)
                if (missing != k)
                    feed(&lab, &trace.packets[i], k == first ? 10 : 20, 10 * k);
        }
        lab_finish(&lab);
        expect(&lab, "SELECT count(*) FROM sessions", "1");
        expect(&lab, "SELECT " LAB_SHAPE " FROM sessions s", LAB_TOLD);
        lab_remove(&lab);
    }
}

/* The numbers of some tunnels, and the tags of some mirrors, are of one direction only. */
Test(connection, each_direction_may_have_its_own_way)
{
    static const struct {
        uint8_t client, server;
        size_t from; /* begins with this packet */
    } rows[] = {{10, 20, 0}, {UNTAGGED, 20, 0}, {10, UNTAGGED, 0}, {10, 20, 1}, {10, 20, 4}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct lab lab;
        struct trace trace;
        lab_begin(&lab);
        tell(&trace);
        for (size_t k = rows[i].from; k < trace.count; k++) {
            struct trace_packet *p = &trace.packets[k];
            feed(&lab, p, p->side == SIDE_CLIENT ? rows[i].client : rows[i].server, 0);
        }
        lab_finish(&lab);
        cr_expect_eq(lab.totals.connections, 1, "row %zu: %llu", i,
                     (unsigned long long)lab.totals.connections);
        if (rows[i].from < 4)
            expect(&lab, "SELECT " LAB_SHAPE " FROM sessions s", LAB_TOLD);
        lab_remove(&lab);
    }
}

/* A network is changed while the session goes on. */
Test(connection, a_way_may_change)
{
    struct lab lab;
    struct trace trace;
    lab_begin(&lab);
    tell(&trace);
    for (size_t i = 0; i < trace.count; i++)
        feed(&lab, &trace.packets[i], (uint8_t)(1 + i / 2), 0);
    lab_finish(&lab);
    expect(&lab, "SELECT count(*) || ' ' || vlan || ' ' || " LAB_SHAPE " FROM sessions s",
           "1 1 " LAB_TOLD);
    lab_remove(&lab);
}

/* Not begun by a SYN, and with numbers of its own. */
Test(connection, what_does_not_fit_is_another)
{
    struct lab lab;
    struct trace one, other;
    lab_begin(&lab);
    tell(&one);
    lab_tell(&other, 40000, 25, 0x70000000, 0x30000000);
    for (size_t i = 0; i < one.count; i++) {
        feed(&lab, &one.packets[i], 10, 0);
        if (i >= 3)
            feed(&lab, &other.packets[i], 20, 0);
    }
    lab_finish(&lab);
    cr_expect_eq(lab.totals.connections, 2);
    expect(&lab, "SELECT " LAB_SHAPE " FROM sessions s WHERE vlan = 10", LAB_TOLD);
    expect(&lab, "SELECT midstream FROM sessions WHERE vlan = 20", "1");
    lab_remove(&lab);
}

/* Nobody can fill the table with one pair of addresses. */
Test(connection, twins_are_few)
{
    struct lab lab;
    lab_begin(&lab);
    for (int vlan = 1; vlan <= 200; vlan++) {
        struct trace trace;
        lab_tell(&trace, 40000, 25, 1000u * (uint32_t)vlan, 5000);
        trace_retime(&trace, INT64_C(1700000000000000) + vlan * 20000);
        for (size_t i = 0; i < 4; i++)
            feed(&lab, &trace.packets[i], (uint8_t)vlan, 0);
    }
    lab_finish(&lab);
    cr_expect_eq(lab.totals.connections, 200);
    expect(&lab, "SELECT count(*) || ' ' || sum(outcome = 'given up') FROM sessions", "200 184");
    lab_remove(&lab);
}
