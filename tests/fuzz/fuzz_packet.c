/* SPDX-License-Identifier: ISC */
/* Any frame of any link type: what comes out lies within it, and a shorter capture of the same
 * frame tells the same or less, never something else.
 *
 * The first two octets choose: the low nine bits are the link type, the rest says how much longer
 * the frame was on the wire. */
#include <arpa/inet.h>
#undef NDEBUG /* the checks are assertions */
#include <assert.h>
#include <stdlib.h>

#include "heloscope/network/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_address(const struct address *a)
{
    assert(a->family == 4 || a->family == 6);
    static const uint8_t zero[12];
    assert(a->family == 6 || memcmp(a->octets + 4, zero, sizeof zero) == 0);

    char text[46];
    uint8_t octets[16] = {0};
    assert(address_print(a, text) == text);
    assert(inet_pton(a->family == 4 ? AF_INET : AF_INET6, text, octets) == 1);
    assert(memcmp(octets, a->octets, sizeof octets) == 0);
}

static void check_segment(struct bytes frame, const struct segment *s)
{
    assert(s->payload.at >= frame.at);
    assert(s->payload.at + s->payload.len <= frame.at + frame.len);
    assert(s->src.family == s->dst.family);
    check_address(&s->src);
    check_address(&s->dst);
    assert(s->vlan < 4096);
    assert(s->flags < 32);
    assert(s->options.len <= 40);
    assert(s->tunnel.kind < TUNNEL_KIND_COUNT);
    assert((s->tunnel.kind == TUNNEL_NONE) == !tunnel_name(s->tunnel.kind));
}

/* A fragment may be anything from here on. */
static void check_fragment(struct bytes frame, const struct segment *s)
{
    assert(s->payload.len == 0 || s->payload.at >= frame.at);
    assert(s->payload.len == 0 || s->payload.at + s->payload.len <= frame.at + frame.len);
    assert(s->offset % 8 == 0);
    struct segment rest = *s;
    for (int n = 0; n < 3; n++) {
        enum packet_kind kind = packet_resume(&rest);
        if (kind == PACKET_TCP)
            check_segment(frame, &rest);
        if (kind != PACKET_FRAGMENT)
            break;
    }
}

static void check_same(const struct segment *whole, const struct segment *part)
{
    assert(memcmp(&whole->src, &part->src, sizeof whole->src) == 0);
    assert(memcmp(&whole->dst, &part->dst, sizeof whole->dst) == 0);
    assert(whole->src_port == part->src_port && whole->dst_port == part->dst_port);
    assert(whole->seq == part->seq && whole->ack == part->ack);
    assert(whole->flags == part->flags && whole->vlan == part->vlan && whole->path == part->path);
    assert(whole->tunnel.kind == part->tunnel.kind && whole->tunnel.id == part->tunnel.id);
    assert(whole->payload.len + whole->cut == part->payload.len + part->cut);
    assert(part->payload.len <= whole->payload.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    int link_type = (data[0] & 1) << 8 | data[1];
    struct bytes frame = bytes_of(data + 2, size - 2);
    size_t wire = frame.len + (size_t)(data[0] >> 1) * 16;

    struct segment whole;
    enum packet_kind kind = packet_decode(link_type, frame, wire, &whole);
    assert((kind == PACKET_UNKNOWN_LINK) == !link_type_known(link_type));
    if (kind == PACKET_TCP)
        check_segment(frame, &whole);
    if (kind == PACKET_FRAGMENT)
        check_fragment(frame, &whole);

    for (size_t n = 0; n < frame.len && n < 256; n++) {
        struct segment part;
        enum packet_kind got = packet_decode(link_type, bytes_first(frame, n), wire, &part);
        assert(got == kind || got == PACKET_SHORT);
        if (got == PACKET_TCP)
            check_same(&whole, &part);
    }
    return 0;
}
