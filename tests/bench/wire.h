/* SPDX-License-Identifier: ISC */
/* Segments to frames, frames to a capture file, with what captures do to them on the way. */
#ifndef TESTS_BENCH_WIRE_H
#define TESTS_BENCH_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
    WIRE_HEADERS = 14 + 2 * 4 + 40 + 32, /* Ethernet, two tags, IPv6, TCP with timestamps */
    WIRE_PAYLOAD = 65000,
    FLAG_FIN = 0x01,
    FLAG_SYN = 0x02,
    FLAG_PSH = 0x08,
    FLAG_ACK = 0x10,
};

struct endpoint {
    uint32_t address; /* in 127/8; for IPv6 mapped as in RFC 4291 section 2.5.5.2 */
    uint16_t port;
};

struct wire_segment {
    int64_t time_us;
    struct endpoint from, to;
    bool ip6, udp;
    int tags; /* 802.1Q, from 0 to 2 */
    uint16_t vlan;
    uint32_t seq, ack;
    uint8_t flags;
    const uint8_t *payload;
    uint32_t length;
    /* What happens to it. */
    bool lost, twice;
    int64_t late_us; /* how much later than its time it is seen */
};

/* A capture that is being written. */
struct wire {
    FILE *out;
    struct held *held; /* a heap: frames that are seen later than their turn */
    size_t held_count, held_size;
    uint64_t packets, octets;
    uint8_t frame[WIRE_HEADERS + WIRE_PAYLOAD];
};

/* Begins the file: pcap with microseconds, Ethernet. */
void wire_begin(struct wire *wire, FILE *out);

/* Writes the segment, and before it whatever was held up to its time. Times do not fall. */
void wire_put(struct wire *wire, const struct wire_segment *segment);

/* Writes what is still held. False when the file could not be written. */
bool wire_end(struct wire *wire);

#endif
