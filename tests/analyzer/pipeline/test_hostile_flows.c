/* SPDX-License-Identifier: ISC */
/* Connections by the million, and what waits in many of them: within the limits, and counted. */
#include <criterion/criterion.h>

#include "tests/support/lab.h"
#include "tests/support/peak.h"
#include "tests/support/work.h"

enum {
    MILLION = 1000 * 1000,
    MEGABYTE = 1 << 20,
};

enum {
    LINK_RAW = 101,
    PAYLOAD_MAX = 60000
};

/* A segment from client number `n` to 127.255.0.1, or back. */
struct shot {
    uint32_t n;
    uint16_t port;
    bool from_server;
    uint8_t flags;
    uint32_t seq, ack;
    struct bytes payload;
};

static void put32(uint8_t *at, uint32_t number)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(number >> (24 - 8 * i));
}

static void fire(struct lab *lab, const struct shot *shot)
{
    static uint8_t frame[40 + PAYLOAD_MAX];
    struct failure why = {""};
    size_t length = 40 + shot->payload.len;
    uint16_t client = (uint16_t)(1024 + shot->n / 65536), ports[2] = {client, shot->port};
    memset(frame, 0, 40);
    frame[0] = 0x45;
    frame[2] = (uint8_t)(length >> 8);
    frame[3] = (uint8_t)length;
    frame[8] = 64;
    frame[9] = 6;
    put32(frame + (shot->from_server ? 16 : 12), 0x7f000000 | (shot->n & 0xffff));
    put32(frame + (shot->from_server ? 12 : 16), 0x7fff0001);
    frame[20] = (uint8_t)(ports[shot->from_server] >> 8);
    frame[21] = (uint8_t)ports[shot->from_server];
    frame[22] = (uint8_t)(ports[!shot->from_server] >> 8);
    frame[23] = (uint8_t)ports[!shot->from_server];
    put32(frame + 24, shot->seq);
    put32(frame + 28, shot->ack);
    frame[32] = 0x50;
    frame[33] = shot->flags;
    if (shot->payload.len)
        memcpy(frame + 40, shot->payload.at, shot->payload.len);
    struct packet_record record = {.source = &lab->source,
                                   .number = ++lab->source.packets,
                                   .ts_us =
                                       INT64_C(1700000000000000) + (int64_t)lab->source.packets,
                                   .link_type = LINK_RAW,
                                   .frame = bytes_of(frame, length),
                                   .wire_length = length};
    cr_assert(pipeline_packet(lab->pipeline, &record, &why), "%s", why.text);
}

enum {
    SILENT_SIZE = 512,      /* octets that a connection may take before it carries anything, */
    WATCHED_SIZE = 6 * 1024 /* and while it is not known what it carries: nDPI's flow above all */
};

Test(hostile, a_million_syns_to_a_mail_port)
{
    struct lab lab;
    lab_begin(&lab);
    struct peak peak = peak_begin();
    struct work work = work_begin();
    for (uint32_t n = 0; n < MILLION; n++) {
        fire(&lab, &(struct shot){.n = n, .port = 25, .flags = TCP_SYN, .seq = n});
        if (n % 1024 == 0)
            peak_note(&peak);
    }
    peak_expect(&peak, (size_t)SILENT_LIMIT * SILENT_SIZE);
    work_expect(&work, MILLION, 1200);
    lab_finish(&lab);
    cr_expect_eq(lab.totals.connections, MILLION);
    cr_expect_eq(lab.totals.silent, MILLION);
    cr_expect_eq(lab.totals.costs.of[COST_SILENT], MILLION - SILENT_LIMIT);
    cr_expect_eq(lab.totals.sessions, 0);
    lab_remove(&lab);
}

/* "22" may become a greeting. */
Test(hostile, a_flood_of_flows_of_which_nothing_is_known)
{
    enum {
        COUNT = 3 * WATCHED_LIMIT
    };
    struct lab lab;
    lab_begin(&lab);
    struct peak peak = peak_begin();
    struct work work = work_begin();
    for (uint32_t n = 0; n < COUNT; n++) {
        fire(&lab, &(struct shot){.n = n, .port = 3333, .flags = TCP_SYN, .seq = 9});
        fire(&lab, &(struct shot){.n = n,
                                  .port = 3333,
                                  .from_server = true,
                                  .flags = TCP_SYN | TCP_ACK,
                                  .seq = 19,
                                  .ack = 10});
        fire(&lab, &(struct shot){.n = n,
                                  .port = 3333,
                                  .from_server = true,
                                  .flags = TCP_ACK,
                                  .seq = 20,
                                  .ack = 10,
                                  .payload = bytes_of_string("22")});
        if (n % 1024 == 0)
            peak_note(&peak);
    }
    peak_expect(&peak, (size_t)WATCHED_LIMIT * WATCHED_SIZE);
    work_expect(&work, COUNT, 2000);
    lab_finish(&lab);
    cr_expect_eq(lab.totals.connections, COUNT);
    cr_expect_eq(lab.totals.costs.of[COST_WATCHED], COUNT - WATCHED_LIMIT);
    cr_expect_eq(lab.totals.sessions, 0);
    lab_remove(&lab);
}

/* Each connection within its own limit, all of them together not. */
Test(hostile, octets_that_wait_in_many_connections)
{
    static uint8_t octets[PAYLOAD_MAX];
    enum {
        EACH = 16,
        COUNT = HELD_LIMIT / (EACH * PAYLOAD_MAX) + 50
    };
    struct lab lab;
    lab_begin(&lab);
    struct peak peak = peak_begin();
    struct work work = work_begin();
    for (uint32_t n = 0; n < COUNT; n++) {
        fire(&lab, &(struct shot){.n = n, .port = 25, .flags = TCP_SYN, .seq = 9});
        fire(&lab, &(struct shot){.n = n,
                                  .port = 25,
                                  .from_server = true,
                                  .flags = TCP_SYN | TCP_ACK,
                                  .seq = 19,
                                  .ack = 10});
        for (uint32_t k = 0; k < EACH; k++)
            fire(&lab, &(struct shot){.n = n,
                                      .port = 25,
                                      .flags = TCP_ACK,
                                      .seq = 11 + k * PAYLOAD_MAX,
                                      .ack = 20,
                                      .payload = bytes_of(octets, sizeof octets)});
        peak_note(&peak);
    }
    peak_expect(&peak, HELD_LIMIT + (size_t)16 * MEGABYTE);
    work_expect(&work, COUNT * EACH, 800);
    lab_finish(&lab);
    cr_expect_geq(lab.totals.costs.of[COST_HELD], 49);
    cr_expect_eq(lab.totals.sessions, COUNT);
    lab_remove(&lab);
}

/* Sessions that all go on, more than stay awake: each rests between two of its packets, with all
 * that waits in it. */
Test(hostile, commands_that_are_never_answered_in_many_sessions)
{
    enum {
        COUNT = THAWED_LIMIT + 50,
        EACH = 300
    };
    static const struct bytes noop = {(const uint8_t *)"NOOP\r\n", 6};
    struct lab lab;
    lab_begin(&lab);
    struct peak peak = peak_begin();
    struct work work = work_begin();
    for (uint32_t n = 0; n < COUNT; n++)
        fire(&lab, &(struct shot){.n = n, .port = 25, .flags = TCP_SYN, .seq = 10});
    for (uint32_t k = 0; k < EACH; k++) {
        for (uint32_t n = 0; n < COUNT; n++)
            fire(&lab, &(struct shot){.n = n,
                                      .port = 25,
                                      .flags = TCP_ACK,
                                      .seq = 11 + k * (uint32_t)noop.len,
                                      .ack = 20,
                                      .payload = noop});
        peak_note(&peak);
    }
    peak_expect(&peak, (size_t)COUNT * EACH * 1024);
    work_expect(&work, COUNT * EACH, 5000);
    lab_finish(&lab);
    cr_expect_eq(lab.totals.sessions, COUNT);
    cr_expect_eq(lab.totals.commands, COUNT * EACH);
    lab_remove(&lab);
}
