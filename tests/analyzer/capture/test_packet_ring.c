/* SPDX-License-Identifier: ISC */
#include <criterion/criterion.h>
#include <pthread.h>

#include "analyzer/capture/packet_ring.h"

enum {
    SIZE = 1 << 20,
    PACKETS = 20000,
};

/* Each frame's octets tell its number. */
static void fill(uint8_t *frame, uint64_t number, struct file_packet *out)
{
    const size_t length = (size_t)(number * 7919 % 3000);
    memset(frame, (int)(number & 0xff), length);
    *out = (struct file_packet){.frame = bytes_of(frame, length),
                                .wire_length = length + 4,
                                .ts_us = (int64_t)number * 10,
                                .number = number,
                                .link_type = 1};
}

static void *put_all(void *ring)
{
    uint8_t frame[3000];
    struct file_packet packet;
    for (uint64_t number = 1; number <= PACKETS; number++) {
        fill(frame, number, &packet);
        while (!packet_ring_put(ring, &packet))
            ;
    }
    return NULL;
}

Test(packet_ring, gives_back_what_another_thread_puts_in, .timeout = 60)
{
    struct packet_ring *ring = packet_ring_new(SIZE);
    struct file_packet packet, expected;
    uint8_t frame[3000];
    pthread_t writer;
    cr_assert_eq(pthread_create(&writer, NULL, put_all, ring), 0);
    for (uint64_t number = 1; number <= PACKETS; number++) {
        while (!packet_ring_first(ring, &packet))
            ;
        fill(frame, number, &expected);
        cr_assert_eq(packet.number, number);
        cr_assert_eq(packet.ts_us, expected.ts_us);
        cr_assert_eq(packet.wire_length, expected.wire_length);
        cr_assert_eq(packet.frame.len, expected.frame.len);
        cr_assert(!packet.frame.len || !memcmp(packet.frame.at, frame, packet.frame.len));
        packet_ring_drop(ring);
    }
    pthread_join(writer, NULL);
    cr_expect_not(packet_ring_first(ring, &packet));
    cr_expect_eq(packet_ring_octets(ring), 0);
    packet_ring_free(ring);
}

Test(packet_ring, takes_as_much_as_it_has_room_for)
{
    struct packet_ring *ring = packet_ring_new(SIZE);
    static uint8_t frame[1000];
    const struct file_packet packet = {.frame = bytes_of(frame, sizeof frame), .wire_length = 1000};
    struct file_packet first;
    size_t count = 0;
    while (packet_ring_put(ring, &packet))
        count++;
    cr_expect_gt(count, SIZE / 1100);
    cr_expect_leq(packet_ring_octets(ring), SIZE);
    cr_expect(packet_ring_first(ring, &first));
    packet_ring_drop(ring);
    cr_expect(packet_ring_put(ring, &packet), "what was dropped is room again");
    packet_ring_free(ring);
}

/* The pages of a ring that is emptied again and again are the same few: packets stay where the
 * first one was, and what is passed over is not counted as taken. */
Test(packet_ring, begins_again_when_the_reader_has_caught_up)
{
    struct packet_ring *ring = packet_ring_new(SIZE);
    static uint8_t frame[1000];
    const struct file_packet packet = {.frame = bytes_of(frame, sizeof frame), .wire_length = 1000};
    struct file_packet out;
    cr_assert(packet_ring_put(ring, &packet));
    cr_assert(packet_ring_first(ring, &out));
    const uint8_t *first = out.frame.at;
    const size_t one = packet_ring_octets(ring);
    packet_ring_drop(ring);
    for (int i = 0; i < 5000; i++) { /* several times the ring's size */
        cr_assert(packet_ring_put(ring, &packet));
        cr_assert(packet_ring_put(ring, &packet));
        cr_assert_eq(packet_ring_octets(ring), 2 * one);
        cr_assert(packet_ring_first(ring, &out));
        cr_assert_eq(out.frame.at, first);
        packet_ring_drop(ring);
        cr_assert_eq(packet_ring_octets(ring), one);
        cr_assert(packet_ring_first(ring, &out));
        packet_ring_drop(ring);
        cr_assert_eq(packet_ring_octets(ring), 0);
    }
    packet_ring_free(ring);
}
