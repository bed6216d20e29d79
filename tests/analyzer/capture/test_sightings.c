/* SPDX-License-Identifier: ISC */
/* What a file saw of which connections, as far as it is kept. */
#include <criterion/criterion.h>

#include "analyzer/capture/sightings.h"

/* A segment from client number `n`. */
static struct segment from_client(uint32_t n, uint32_t seq, uint32_t ack, size_t length)
{
    static const uint8_t octets[100];
    struct segment segment = {
        .src = {4, {127, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n}},
        .dst = {4, {127, 255, 0, 1}},
        .src_port = 40000,
        .dst_port = 25,
        .seq = seq,
        .ack = ack,
        .flags = TCP_ACK,
        .payload = bytes_of(octets, length),
    };
    return segment;
}

static struct segment reversed(struct segment segment)
{
    struct segment out = segment;
    out.src = segment.dst;
    out.dst = segment.src;
    out.src_port = segment.dst_port;
    out.dst_port = segment.src_port;
    return out;
}

Test(sightings, both_directions_are_one_connection)
{
    struct sightings s;
    sightings_begin(&s, 1);
    struct segment command = from_client(1, 100, 500, 10);
    struct segment reply = reversed(from_client(1, 500, 110, 20));
    sightings_take(&s, &command, 1000);
    sightings_take(&s, &reply, 2000);
    cr_assert_eq(s.count, 1);
    const struct sighted *flow = &s.flows[0];
    cr_assert_eq(sighted_kept(flow), 2);
    cr_expect_neq(flow->kept[0].side, flow->kept[1].side);
    cr_expect_eq(flow->kept[0].end, 110);
    cr_expect_eq(flow->kept[1].ack, 110);
    cr_expect_eq(flow->kept[1].ts_us, 2000);
    sightings_free(&s);
}

Test(sightings, syn_and_fin_have_a_number_and_what_was_cut_off_counts)
{
    struct sightings s;
    sightings_begin(&s, 1);
    struct segment segment = from_client(1, 100, 500, 0);
    segment.flags = TCP_SYN;
    sightings_take(&s, &segment, 1);
    segment = from_client(1, 101, 500, 7);
    segment.flags |= TCP_FIN;
    segment.cut = 3;
    sightings_take(&s, &segment, 2);
    cr_expect_eq(s.flows[0].kept[0].end, 101);
    cr_expect_eq(s.flows[0].kept[1].end, 112);
    sightings_free(&s);
}

Test(sightings, what_comes_again_is_known_and_a_reset_is_no_witness)
{
    struct sightings s;
    sightings_begin(&s, 1);
    static const struct {
        uint32_t seq;
        size_t length;
        bool again;
    } rows[] = {{100, 10, false}, {110, 10, false}, {100, 10, true}, {105, 20, false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct segment segment = from_client(1, rows[i].seq, 500, rows[i].length);
        sightings_take(&s, &segment, (int64_t)i);
        cr_expect_eq(s.flows[0].kept[i].again, rows[i].again, "row %zu", i);
    }
    struct segment reset = from_client(1, 900, 900, 0);
    reset.flags = TCP_RST | TCP_ACK;
    sightings_take(&s, &reset, 9);
    cr_expect_eq(sighted_kept(&s.flows[0]), 4);
    sightings_free(&s);
}

Test(sightings, of_a_long_connection_the_first_and_the_last)
{
    enum {
        MANY = 1000
    };
    struct sightings s;
    sightings_begin(&s, 1);
    for (uint32_t i = 0; i < MANY; i++) {
        struct segment segment = from_client(1, i * 10, 0, 10);
        sightings_take(&s, &segment, i);
    }
    const struct sighted *flow = &s.flows[0];
    cr_assert_eq(sighted_kept(flow), SIGHTED_FIRST + SIGHTED_LAST);
    for (size_t i = 0; i < sighted_kept(flow); i++) {
        int64_t time = flow->kept[i].ts_us;
        cr_expect(time < SIGHTED_FIRST || time >= MANY - SIGHTED_LAST, "%ld", (long)time);
    }
    sightings_free(&s);
}

/* However many there are: a part that two files choose alike, though they saw others too. */
Test(sightings, of_very_many_connections_a_sample)
{
    enum {
        MANY = 50 * 1000
    };
    struct sightings all, direction;
    sightings_begin(&all, 7);
    sightings_begin(&direction, 7);
    for (uint32_t n = 0; n < MANY; n++) {
        struct segment segment = from_client(n, 1, 1, 1);
        sightings_take(&all, &segment, n);
        segment = from_client(MANY - n, 1, 1, 1);
        if (n % 2)
            sightings_take(&direction, &segment, n);
    }
    cr_expect_leq(all.count, SIGHTED_FLOWS);
    cr_expect_gt(all.count, SIGHTED_FLOWS / 4);
    size_t shared = 0;
    for (size_t i = 0; i < direction.count; i++)
        shared += sightings_find(&all, &direction.flows[i]) != NULL;
    cr_expect_gt(shared, all.count / 3, "%zu of %zu and %zu", shared, all.count, direction.count);
    sightings_free(&all);
    sightings_free(&direction);
}
