/* SPDX-License-Identifier: ISC */
/* Clocks of two files, compared by what the connections say that both have seen. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "analyzer/capture/clock_curve.h"

enum {
    SECOND = 1000 * 1000,
    ROUND_TRIP = 20 * 1000, /* microseconds */
    START = 1700 * SECOND,
};

static const struct clock_curve right = {NULL, 0};

/* --- drawing --- */

Test(clock_curve, between_knots_along_a_line)
{
    struct clock_knot knots[] = {{100, 10}, {200, 30}, {300, -10}};
    struct clock_curve curve = {knots, 3}, one = {knots, 1};
    static const struct {
        int64_t at, add;
    } rows[] = {{0, 10},   {100, 10}, {150, 20},  {200, 30},
                {250, 10}, {275, 0},  {300, -10}, {1000, -10}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_eq(clock_curve_at(&curve, rows[i].at), rows[i].add, "at %ld", (long)rows[i].at);
    cr_expect_eq(clock_curve_at(&one, 5000), 10);
    cr_expect_eq(clock_curve_at(&right, 5000), 0);
}

/* --- finding --- */

/* Where two sensors stand: how late after the client's sending, and the server's, a segment passes,
 * in microseconds; and which of the two directions they capture. */
struct sensor {
    int64_t behind[2];
    bool sees[2];
    int64_t clock; /* what its clock shows too much */
    struct sightings sightings;
};

static void take(struct sensor *sensor, uint16_t port, int side, uint32_t seq, uint32_t ack,
                 uint8_t flags, size_t length, int64_t sent_us)
{
    static const uint8_t octets[100];
    struct segment segment = {.seq = seq, .ack = ack, .flags = flags};
    struct address client = {4, {127, 0, 0, 1}}, server = {4, {127, 0, 0, 2}};
    segment.src = side ? server : client;
    segment.dst = side ? client : server;
    segment.src_port = side ? 25 : port;
    segment.dst_port = side ? port : 25;
    segment.payload = bytes_of(octets, length);
    if (sensor->sees[side])
        sightings_take(&sensor->sightings, &segment,
                       START + sent_us + sensor->behind[side] + sensor->clock);
}

/* A connection, as both sensors see it: each side answers when it has received. */
static void connect(struct sensor sensors[2], uint16_t port, int64_t at)
{
    const int64_t direction = ROUND_TRIP / 2;
    for (int i = 0; i < 2; i++) {
        struct sensor *s = &sensors[i];
        take(s, port, 0, 99, 0, TCP_SYN, 0, at);
        take(s, port, 1, 499, 100, TCP_SYN | TCP_ACK, 0, at + direction);
        take(s, port, 0, 100, 500, TCP_ACK, 0, at + 2 * direction);
        take(s, port, 1, 500, 100, TCP_ACK, 30, at + 3 * direction);
        take(s, port, 0, 100, 530, TCP_ACK, 20, at + 4 * direction);
        take(s, port, 0, 120, 530, TCP_ACK, 20, at + 4 * direction + 10);
        take(s, port, 1, 530, 140, TCP_ACK, 30, at + 5 * direction + 10);
    }
}

static void sensors_begin(struct sensor sensors[2])
{
    sightings_begin(&sensors[0].sightings, 1);
    sightings_begin(&sensors[1].sightings, 1);
}

static struct clock_curve compare(struct sensor sensors[2])
{
    struct clock_curve curve;
    clock_curve_find(&curve, &sensors[1].sightings, &sensors[0].sightings, &right);
    sightings_free(&sensors[0].sightings);
    sightings_free(&sensors[1].sightings);
    return curve;
}

Test(clock_curve, a_direction_each_tells_the_difference_as_closely_as_a_round_trip)
{
    static const int64_t clocks[] = {-30 * SECOND, -SECOND / 2, SECOND / 20, SECOND / 2,
                                     3600ll * SECOND};
    for (size_t i = 0; i < sizeof clocks / sizeof *clocks; i++) {
        struct sensor sensors[2] = {{.sees = {true, false}},
                                    {.sees = {false, true}, .clock = clocks[i]}};
        sensors_begin(sensors);
        connect(sensors, 40000, 0);
        struct clock_curve curve = compare(sensors);
        cr_assert_eq(curve.count, 1, "%ld", (long)clocks[i]);
        cr_expect_leq(llabs(curve.knots[0].add_us + clocks[i]), ROUND_TRIP / 2, "%ld for %ld",
                      (long)curve.knots[0].add_us, (long)clocks[i]);
        clock_curve_free(&curve);
    }
}

/* Also where both have captured all, one near the client and one near the server. */
Test(clock_curve, clocks_that_agree_are_left_alone)
{
    const int64_t far = ROUND_TRIP / 2;
    struct sensor places[][2] = {
        {{.sees = {true, false}}, {.sees = {false, true}}},
        {{.sees = {true, true}}, {.sees = {true, true}}},
        {{.sees = {true, true}, .behind = {0, far}}, {.sees = {true, true}, .behind = {far, 0}}},
        {{.sees = {true, true}, .behind = {far, 0}}, {.sees = {true, true}, .behind = {0, far}}},
        {{.sees = {true, false}, .behind = {0, far}}, {.sees = {false, true}, .behind = {far, 0}}},
        {{.sees = {true, false}}, {.sees = {true, false}, .clock = SECOND}}, /* nothing is said */
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        sensors_begin(places[i]);
        for (uint16_t n = 0; n < 10; n++)
            connect(places[i], 40000 + n, n * SECOND);
        struct clock_curve curve = compare(places[i]);
        cr_expect_eq(curve.count, 0, "place %zu: %ld", i,
                     curve.count ? (long)curve.knots[0].add_us : 0);
        clock_curve_free(&curve);
    }
}

Test(clock_curve, a_drift_is_followed)
{
    enum {
        COUNT = 50
    };
    struct sensor sensors[2] = {{.sees = {true, false}}, {.sees = {false, true}}};
    sensors_begin(sensors);
    for (int n = 0; n < COUNT; n++) {
        sensors[1].clock = n * 10000; /* a hundredth */
        connect(sensors, (uint16_t)(40000 + n), (int64_t)n * SECOND);
    }
    struct clock_curve curve = compare(sensors);
    for (int n = 1; n < COUNT; n++) {
        int64_t add = clock_curve_at(&curve, START + n * (SECOND + 10000));
        cr_expect_leq(llabs(add + n * 10000), ROUND_TRIP, "%ld at %d", (long)add, n);
    }
    clock_curve_free(&curve);
}

/* The first copy of a segment was not captured: its second looks as if it were late. */
Test(clock_curve, a_witness_that_errs_is_outvoted)
{
    static const int64_t clocks[] = {0, 10 * SECOND};
    for (size_t i = 0; i < 2; i++) {
        struct sensor sensors[2] = {{.sees = {true, false}},
                                    {.sees = {false, true}, .clock = clocks[i]}};
        sensors_begin(sensors);
        for (uint16_t n = 0; n < 9; n++) {
            sensors[0].clock = n == 4 ? 3 * SECOND : 0;
            connect(sensors, 40000 + n, n * SECOND);
        }
        struct clock_curve curve = compare(sensors);
        cr_expect_eq(curve.count != 0, clocks[i] != 0);
        for (int n = 0; n < 9; n++) {
            int64_t add = clock_curve_at(&curve, START + clocks[i] + n * SECOND);
            cr_expect_leq(llabs(add + clocks[i]), ROUND_TRIP, "%ld at %d", (long)add, n);
        }
        clock_curve_free(&curve);
    }
}

/* One file ends where the other begins: as little as puts them in order. */
Test(clock_curve, one_bound_alone)
{
    struct sensor sensors[2] = {{.sees = {true, true}}, {.sees = {true, true}}};
    sensors_begin(sensors);
    take(&sensors[0], 40000, 0, 100, 500, TCP_ACK, 20, 5000);
    take(&sensors[1], 40000, 1, 500, 120, TCP_ACK, 20, 2000);
    struct clock_curve curve = compare(sensors);
    cr_assert_eq(curve.count, 1);
    cr_expect_eq(curve.knots[0].add_us, 3000);
    clock_curve_free(&curve);

    sensors_begin(sensors);
    take(&sensors[0], 40000, 0, 100, 500, TCP_ACK, 20, 5000);
    take(&sensors[1], 40000, 1, 500, 120, TCP_ACK, 20, 90000);
    curve = compare(sensors);
    cr_expect_eq(curve.count, 0);
    clock_curve_free(&curve);
}

/* Rotated files, and a client that uses its few ports again and again: other connections, even
 * where chance has given two of them numbers that fit. */
Test(clock_curve, the_same_ports_in_another_hour_say_nothing)
{
    struct sensor sensors[2] = {{.sees = {true, true}}, {.sees = {true, true}}};
    sensors_begin(sensors);
    for (uint16_t n = 0; n < 5; n++) {
        uint32_t far = n < 4 ? 0x40000000 : 50;
        take(&sensors[0], 40000 + n, 0, 1000, 9000, TCP_ACK, 20, 0);
        take(&sensors[0], 40000 + n, 1, 9000, 1020, TCP_ACK, 20, 10);
        take(&sensors[1], 40000 + n, 0, 1000 - far, 9000 - far, TCP_ACK, 20, 3600ll * SECOND);
        take(&sensors[1], 40000 + n, 1, 9000 - far, 1020 - far, TCP_ACK, 20, 3600ll * SECOND + 10);
    }
    struct clock_curve curve = compare(sensors);
    cr_expect_eq(curve.count, 0);
    clock_curve_free(&curve);
}
