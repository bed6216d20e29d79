/* SPDX-License-Identifier: ISC */
#include "wire.h"

#include <stdlib.h>
#include <string.h>

struct held {
    int64_t time_us;
    uint32_t length;
    uint8_t *frame;
};

enum {
    SNAP_LENGTH = 262144,
    DUPLICATE_GAP_US = 3, /* a span port sees a frame on its way in, and again on its way out */
};

static void put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value);
}

/* ------------------------------------------------------------------------------------- checksums
 */

/* RFC 1071. Adds 16-bit words in the machine's order, which gives the sum in that order. */
static uint64_t sum(uint64_t total, const uint8_t *at, size_t length)
{
    uint32_t word;
    uint16_t direction;
    for (; length >= 4; at += 4, length -= 4) {
        memcpy(&word, at, 4);
        total += word;
    }
    if (length >= 2) {
        memcpy(&direction, at, 2);
        total += direction;
        at += 2;
        length -= 2;
    }
    if (length) {
        const uint8_t last[2] = {*at, 0};
        memcpy(&direction, last, 2);
        total += direction;
    }
    return total;
}

static void put_checksum(uint8_t *at, uint64_t total)
{
    while (total >> 16)
        total = (total & 0xffff) + (total >> 16);
    const uint16_t value = (uint16_t)~total;
    memcpy(at, &value, 2);
}

/* --------------------------------------------------------------------------------------- headers
 */

static size_t put_ethernet(uint8_t *at, const struct wire_segment *s)
{
    static const uint8_t mac[2][6] = {{2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}};
    const int up = s->from.port > s->to.port;
    memcpy(at, mac[up], 6);
    memcpy(at + 6, mac[!up], 6);
    size_t length = 12;
    for (int i = 0; i < s->tags; i++, length += 4) {
        put16(at + length, i + 1 < s->tags ? 0x88a8 : 0x8100);
        put16(at + length + 2, s->vlan + (uint32_t)i);
    }
    put16(at + length, s->ip6 ? 0x86dd : 0x0800);
    return length + 2;
}

static void put_mapped(uint8_t *at, uint32_t address)
{
    memset(at, 0, 10);
    put16(at + 10, 0xffff);
    put32(at + 12, address);
}

/* Writes the IP header; `*pseudo` gets the sum of the pseudo header (RFC 9293 section 3.1). */
static size_t put_ip(uint8_t *at, const struct wire_segment *s, uint32_t payload, uint64_t *pseudo)
{
    const uint8_t protocol = s->udp ? 17 : 6;
    uint8_t rest[4] = {0, protocol};
    put16(rest + 2, payload);
    if (s->ip6) {
        put32(at, 0x60000000);
        put16(at + 4, payload);
        put16(at + 6, (uint32_t)protocol << 8 | 64);
        put_mapped(at + 8, s->from.address);
        put_mapped(at + 24, s->to.address);
        *pseudo = sum(sum(0, at + 8, 32), rest, 4);
        return 40;
    }
    put32(at, 0x45000000 | (20 + payload));
    put32(at + 4, 0x00004000);
    put32(at + 8, 64u << 24 | (uint32_t)protocol << 16);
    put32(at + 12, s->from.address);
    put32(at + 16, s->to.address);
    put_checksum(at + 10, sum(0, at, 20));
    *pseudo = sum(sum(0, at + 12, 8), rest, 4);
    return 20;
}

static uint32_t transport_length(const struct wire_segment *s)
{
    return s->udp ? 8 : s->flags & FLAG_SYN ? 40 : 32;
}

/* Options as Linux sends them: timestamps always, the rest in the SYN (RFC 7323, RFC 2018). */
static void put_options(uint8_t *at, const struct wire_segment *s)
{
    const uint32_t milliseconds = (uint32_t)(s->time_us / 1000);
    if (s->flags & FLAG_SYN) {
        put32(at, 0x02040000 | 1460);
        put32(at + 4, 0x0402080a);
        put32(at + 8, milliseconds);
        put32(at + 12, 0);
        put32(at + 16, 0x01030307);
    } else {
        put32(at, 0x0101080a);
        put32(at + 4, milliseconds);
        put32(at + 8, milliseconds - 1);
    }
}

static void put_transport(uint8_t *at, const struct wire_segment *s, uint64_t pseudo)
{
    const uint32_t header = transport_length(s);
    put16(at, s->from.port);
    put16(at + 2, s->to.port);
    if (s->udp) {
        put16(at + 4, header + s->length);
        put16(at + 6, 0);
    } else {
        put32(at + 4, s->seq);
        put32(at + 8, s->flags & FLAG_ACK ? s->ack : 0);
        at[12] = (uint8_t)(header / 4 << 4);
        at[13] = s->flags;
        put16(at + 14, 502);
        put32(at + 16, 0);
        put_options(at + 20, s);
    }
    memcpy(at + header, s->payload, s->length);
    put_checksum(at + (s->udp ? 6 : 16), sum(pseudo, at, header + s->length));
}

/* Ethernet pads to 60 octets. */
static uint32_t make_frame(uint8_t *frame, const struct wire_segment *s)
{
    uint64_t pseudo;
    const uint32_t body = transport_length(s) + s->length;
    size_t at = put_ethernet(frame, s);
    at += put_ip(frame + at, s, body, &pseudo);
    put_transport(frame + at, s, pseudo);
    at += body;
    if (at < 60) {
        memset(frame + at, 0, 60 - at);
        at = 60;
    }
    return (uint32_t)at;
}

/* -------------------------------------------------------------------------------------- the file
 */

void wire_begin(struct wire *wire, FILE *out)
{
    const uint32_t header[6] = {0xa1b2c3d4, 4u << 16 | 2, 0, 0, SNAP_LENGTH, 1};
    wire->out = out;
    fwrite(header, sizeof header, 1, out);
}

static void write_frame(struct wire *wire, int64_t time_us, const uint8_t *frame, uint32_t length)
{
    const uint32_t record[4] = {(uint32_t)(time_us / 1000000), (uint32_t)(time_us % 1000000),
                                length, length};
    fwrite(record, sizeof record, 1, wire->out);
    fwrite(frame, length, 1, wire->out);
    wire->packets++;
    wire->octets += length;
}

/* A heap of frames, the earliest on top. */
static void hold(struct wire *wire, int64_t time_us, const uint8_t *frame, uint32_t length)
{
    if (wire->held_count == wire->held_size) {
        wire->held_size = wire->held_size ? wire->held_size * 2 : 64;
        wire->held = realloc(wire->held, wire->held_size * sizeof *wire->held);
    }
    uint8_t *copy = malloc(length);
    if (!wire->held || !copy)
        abort();
    memcpy(copy, frame, length);
    size_t i = wire->held_count++;
    for (; i && wire->held[(i - 1) / 2].time_us > time_us; i = (i - 1) / 2)
        wire->held[i] = wire->held[(i - 1) / 2];
    wire->held[i] = (struct held){time_us, length, copy};
}

static void release_first(struct wire *wire)
{
    const struct held first = wire->held[0];
    /* LLVM 14 takes the element that `last` has replaced for the one that was freed. */
    // NOLINTNEXTLINE(clang-analyzer-unix.Malloc)
    write_frame(wire, first.time_us, first.frame, first.length);
    free(first.frame);
    if (--wire->held_count == 0)
        return;
    const struct held last = wire->held[wire->held_count];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < wire->held_count; i = child) {
        if (child + 1 < wire->held_count &&
            wire->held[child + 1].time_us < wire->held[child].time_us)
            child++;
        if (wire->held[child].time_us >= last.time_us)
            break;
        wire->held[i] = wire->held[child];
    }
    wire->held[i] = last;
}

void wire_put(struct wire *wire, const struct wire_segment *segment)
{
    while (wire->held_count && wire->held[0].time_us <= segment->time_us)
        release_first(wire);
    if (segment->lost)
        return;
    const uint32_t length = make_frame(wire->frame, segment);
    if (segment->late_us)
        hold(wire, segment->time_us + segment->late_us, wire->frame, length);
    else
        write_frame(wire, segment->time_us, wire->frame, length);
    if (segment->twice)
        hold(wire, segment->time_us + segment->late_us + DUPLICATE_GAP_US, wire->frame, length);
}

bool wire_end(struct wire *wire)
{
    while (wire->held_count)
        release_first(wire);
    free(wire->held);
    wire->held = NULL;
    return fflush(wire->out) == 0 && !ferror(wire->out);
}
