/* SPDX-License-Identifier: ISC */
#include "frame.h"

#undef NDEBUG
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    PROTOCOL_TCP = 6
};

struct bytes frame_bytes(const struct frame *frame)
{
    return bytes_of(frame->octets + frame->from, FRAME_ROOM - frame->from);
}

void frame_clear(struct frame *frame)
{
    frame->from = FRAME_ROOM;
}

void frame_wrap_bytes(struct frame *frame, struct bytes header)
{
    assert(header.len <= frame->from);
    frame->from -= header.len;
    memcpy(frame->octets + frame->from, header.at, header.len);
}

static size_t read_hex(const char *hex, uint8_t *out, size_t room)
{
    size_t n = 0;
    int used;
    unsigned octet;
    while (sscanf(hex, " %2x%n", &octet, &used) == 1) {
        assert(n < room);
        out[n++] = (uint8_t)octet;
        hex += used;
    }
    assert(hex[strspn(hex, " ")] == '\0');
    return n;
}

static void put_u16(uint8_t *at, size_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void wrap_ip4(struct frame *frame, uint8_t protocol)
{
    bool inner = protocol == PROTOCOL_TCP;
    uint8_t header[20] = {0x45, [8] = 64, [9] = protocol, [12] = 127, [16] = 127};
    header[15] = inner ? 1 : 3;
    header[19] = inner ? 2 : 4;
    put_u16(header + 2, sizeof header + frame_bytes(frame).len);
    frame_wrap_bytes(frame, bytes_of(header, sizeof header));
}

static void wrap_ip6(struct frame *frame, uint8_t protocol)
{
    bool inner = protocol == PROTOCOL_TCP;
    uint8_t header[40] = {0x60, [6] = protocol, [7] = 64};
    static const uint8_t loopback[16] = {[15] = 1};
    static const uint8_t mapped[16] = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 3};
    memcpy(header + 8, inner ? loopback : mapped, 16);
    memcpy(header + 24, inner ? loopback : mapped, 16);
    put_u16(header + 4, frame_bytes(frame).len);
    frame_wrap_bytes(frame, bytes_of(header, sizeof header));
}

void frame_wrap(struct frame *frame, const char *header)
{
    uint8_t octets[256];
    unsigned protocol;
    if (sscanf(header, "ip4 %u", &protocol) == 1)
        wrap_ip4(frame, (uint8_t)protocol);
    else if (sscanf(header, "ip6 %u", &protocol) == 1)
        wrap_ip6(frame, (uint8_t)protocol);
    else
        frame_wrap_bytes(frame, bytes_of(octets, read_hex(header, octets, sizeof octets)));
}

void frame_append(struct frame *frame, const char *hex)
{
    uint8_t octets[256];
    size_t n = read_hex(hex, octets, sizeof octets);
    assert(n <= frame->from);
    memmove(frame->octets + frame->from - n, frame->octets + frame->from, FRAME_ROOM - frame->from);
    frame->from -= n;
    memcpy(frame->octets + FRAME_ROOM - n, octets, n);
}

void frame_tcp(struct frame *frame, const char *payload)
{
    frame_clear(frame);
    frame_wrap_bytes(frame, bytes_of_string(payload));
    frame_wrap(frame, "9c40 0019 01020304 05060708 5018 ffff 0000 0000");
}
