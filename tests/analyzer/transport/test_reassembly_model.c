/* SPDX-License-Identifier: ISC */
/* Conversations at random against a model in which each octet remembers the copy that came first:
 * whatever is delivered must be that copy, in order, and a hole only what has not come. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "heloscope/transport/reassembly.h"

enum {
    SIZE = 240,    /* octets of each side */
    ROUNDS = 3000, /* seeds 1 to ROUNDS */
};

struct model {
    unsigned seed;
    bool lossy; /* octets are missing that the peer acknowledges */
    uint32_t base[2];
    bool lost[2][SIZE];      /* is in no packet */
    unsigned first[2][SIZE]; /* the copy that came first, 0 = none came */
    uint64_t delivered[2];
    unsigned copies;
    size_t gaps;
};

static uint8_t octet_of(unsigned copy, size_t offset)
{
    return (uint8_t)(copy * 37 + offset * 101 + 1);
}

static void check_span(void *context, enum side side, const struct span *span)
{
    struct model *m = context;
    uint64_t length = span->gap ? span->gap : span->data.len;
    cr_assert_eq(span->offset, m->delivered[side], "seed %u", m->seed);
    cr_assert_leq(span->mark.seen, m->delivered[!side], "seed %u: effect before cause", m->seed);
    cr_assert_leq(span->offset + length, SIZE + 1, "seed %u", m->seed); /* 1: the FIN */
    for (size_t i = 0; i < length && span->offset + i < SIZE; i++) {
        size_t at = span->offset + i;
        if (span->gap)
            cr_assert_eq(m->first[side][at], 0, "seed %u: octet %zu is there", m->seed, at);
        else
            cr_assert_eq(span->data.at[i], octet_of(m->first[side][at], at), "seed %u, octet %zu",
                         m->seed, at);
    }
    m->gaps += span->gap != 0;
    m->delivered[side] += length;
}

/* Octets of `side` that have come without a hole, of those that are still to be delivered; the
 * peer may have acknowledged them. */
static uint64_t arrived(const struct model *m, enum side side)
{
    uint64_t n = m->delivered[side];
    while (n < SIZE && m->first[side][n])
        n++;
    return n < SIZE ? n : SIZE;
}

static void send(struct model *m, struct reassembly *c, enum side side, size_t from, size_t to)
{
    uint8_t octets[SIZE];
    unsigned copy = ++m->copies;
    /* Lost octets split what was sent; only the part before them is captured. */
    for (size_t i = from; i < to; i++) {
        if (m->lost[side][i])
            to = i;
        else
            octets[i - from] = octet_of(copy, i);
    }
    for (size_t i = from; i < to; i++)
        if (i >= m->delivered[side] && !m->first[side][i])
            m->first[side][i] = copy;
    uint64_t most = m->lossy ? SIZE : arrived(m, !side);
    uint64_t ack = most ? (uint64_t)random() % (most + 1) : 0;
    struct segment segment = {
        .seq = m->base[side] + 1 + (uint32_t)from,
        .ack = m->base[!side] + 1 + (uint32_t)ack,
        .flags = TCP_ACK | TCP_PSH,
        .payload = bytes_of(octets, to - from),
    };
    reassembly_push(c, side, &segment, (int64_t)copy * 1000, copy, check_span, m);
}

static void handshake(struct model *m, struct reassembly *c)
{
    for (int side = 0; side < 2; side++) {
        m->base[side] = random() % 3 ? (uint32_t)random() : 0u - (uint32_t)random() % SIZE;
        struct segment syn = {.seq = m->base[side],
                              .ack = side ? m->base[0] + 1 : 0,
                              .flags = side ? TCP_SYN | TCP_ACK : TCP_SYN};
        reassembly_push(c, side, &syn, 1, 1, check_span, m);
    }
}

static void run_round(unsigned seed, bool lossy)
{
    struct model m = {.seed = seed, .lossy = lossy};
    struct reassembly c = {0};
    srandom(seed);
    for (int i = 0; lossy && i < 20; i++)
        m.lost[random() % 2][random() % SIZE] = true;
    handshake(&m, &c);
    for (int i = 0; i < 150; i++) {
        int side = (int)(random() % 2);
        size_t from = random() % 2 ? (size_t)random() % SIZE : arrived(&m, side) % SIZE;
        size_t to = from + 1 + (size_t)random() % 30;
        send(&m, &c, side, from, to < SIZE ? to : SIZE);
    }
    for (int side = 0; side < 2; side++) /* all that has not come yet, once */
        for (size_t at = 0; at < SIZE; at += 10)
            send(&m, &c, side, at, at + 10);
    reassembly_drain(&c, check_span, &m);
    cr_assert_not(reassembly_waits(&c), "seed %u", seed);
    for (int side = 0; side < 2; side++) {
        if (!lossy)
            cr_assert_eq(m.delivered[side], SIZE, "seed %u", seed);
        for (size_t i = m.delivered[side]; i < SIZE; i++)
            cr_assert_eq(m.first[side][i], 0, "seed %u: octet %zu was kept back", seed, i);
    }
    if (!lossy)
        cr_assert_eq(m.gaps, 0, "seed %u", seed);
    reassembly_free(&c);
}

Test(reassembly_model, all_octets_come_when_all_were_captured)
{
    for (unsigned seed = 1; seed <= ROUNDS; seed++)
        run_round(seed, false);
}

Test(reassembly_model, what_was_not_captured_is_a_hole_and_nothing_else)
{
    for (unsigned seed = 1; seed <= ROUNDS; seed++)
        run_round(seed, true);
}

/* Sequence and acknowledgement numbers and flags at random: nothing holds but the order of what is
 * delivered and the bounds of what is kept. */
struct storm {
    uint64_t delivered[2], spans;
};

static void count_span(void *context, enum side side, const struct span *span)
{
    struct storm *storm = context;
    cr_assert_eq(span->offset, storm->delivered[side]);
    storm->delivered[side] += span->gap ? span->gap : span->data.len;
    storm->spans++;
}

static void check_bounds(const struct reassembly *c)
{
    for (int side = 0; side < 2; side++) {
        cr_assert_leq(c->side[side].waiting_count, STREAM_MAX_PIECES);
        cr_assert_leq(c->side[side].waiting_octets, STREAM_MAX_WAITING);
    }
}

Test(reassembly_model, numbers_at_random_keep_within_the_bounds)
{
    static uint8_t payload[1400];
    struct reassembly c = {0};
    struct storm storm = {0};
    srandom(11);
    for (int i = 0; i < 300 * 1000; i++) {
        bool wild = i % 2;
        struct segment segment = {
            .seq = wild ? (uint32_t)random() << 1 : (uint32_t)random() % 5000000,
            .ack = wild ? (uint32_t)random() << 1 : (uint32_t)random() % 5000000,
            .flags = (uint8_t)(random() % 64 ? TCP_ACK : random() & 31),
            .payload = bytes_of(payload, (size_t)random() % sizeof payload),
            .cut = random() % 8 ? 0 : (uint32_t)random() % 2000,
        };
        reassembly_push(&c, (int)(random() % 2), &segment, i, (uint64_t)i, count_span, &storm);
        check_bounds(&c);
    }
    reassembly_drain(&c, count_span, &storm);
    cr_expect_not(reassembly_waits(&c));
    cr_expect_gt(storm.spans, 0);
    reassembly_free(&c);
}

/* A million segments of one octet, every other one, as somebody would send them who wants to fill
 * memory: each push leaves no more behind than is allowed, and each octet is delivered once. */
Test(reassembly_model, a_million_tiny_segments_out_of_order)
{
    struct reassembly c = {0};
    struct storm storm = {0};
    struct segment segment = {.flags = TCP_SYN};
    reassembly_push(&c, 0, &segment, 0, 0, count_span, &storm);
    segment.flags = TCP_ACK;
    segment.payload = bytes_of("x", 1);
    for (uint32_t i = 0; i < 1000 * 1000; i++) {
        uint32_t block = i / 500, k = i % 500;
        segment.seq = 1 + block * 1000 + 2 * (499 - k) + 1;
        reassembly_push(&c, 0, &segment, i, i, count_span, &storm);
        check_bounds(&c);
    }
    reassembly_drain(&c, count_span, &storm);
    cr_expect_eq(storm.delivered[0], 2000 * 1000);
    cr_expect_leq(storm.spans, 2000 * 1000, "each octet and each hole once");
    reassembly_free(&c);
}
