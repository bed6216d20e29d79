/* SPDX-License-Identifier: ISC */
/* GRE and what switches and routers put into it to carry mirrored frames. */
#include "layers.h"

static const struct layer_row erspan_frames[] = {
    {0, LAYER_ETHERNET},
    {2, LAYER_RAW_IP},
};

enum {
    GRE_CHECKSUM = 0x8000, /* RFC 2784 section 2.1 */
    GRE_ROUTING = 0x4000,  /* RFC 1701 */
    GRE_KEY = 0x2000,      /* RFC 2890 section 2 */
    GRE_SEQUENCE = 0x1000,
    GRE_VERSION = 0x0007,
    GRE_KEEPALIVE = 0,
    GRE_ERSPAN_I_II = 0x88be,
    GRE_ERSPAN_III = 0x22eb,
    GRE_EOIP_FLAGS = 0x2001, /* MikroTik's: a key of its own shape, version 1 */
    GRE_EOIP = 0x6400,
};

/* Length and, in the byte order of the routers that invented it, the tunnel's number. */
static enum layer read_eoip(struct walk *walk, struct cursor *c)
{
    cursor_skip(c, 2);
    uint16_t id = __builtin_bswap16(cursor_u16(c));
    enter_tunnel(walk, TUNNEL_EOIP, id);
    return walk_on(walk, c, LAYER_ETHERNET);
}

/* ERSPAN has no version field that all types share: type I is an Ethernet frame directly behind a
 * GRE header without a sequence number, type II has one. */
static enum layer behind_gre(struct walk *walk, uint16_t flags, uint16_t type, uint32_t key)
{
    enum layer next = layer_of_ethertype(type);
    switch (type) {
    case GRE_ERSPAN_I_II:
        if (flags & GRE_SEQUENCE)
            return LAYER_ERSPAN_II;
        enter_plain_tunnel(walk, TUNNEL_ERSPAN);
        return LAYER_ETHERNET;
    case GRE_ERSPAN_III:
        return LAYER_ERSPAN_III;
    case GRE_KEEPALIVE:
        return END_OTHER;
    default:
        if (flags & GRE_KEY)
            enter_tunnel(walk, TUNNEL_GRE, key);
        else
            enter_plain_tunnel(walk, TUNNEL_GRE);
        return next;
    }
}

/* Version 0 only: version 1 is PPTP's (RFC 2637), whose payload is compressed or encrypted, but for
 * EoIP. */
enum layer read_gre(struct walk *walk)
{
    struct cursor c = cursor_over(walk->left);
    uint32_t key = 0;
    uint16_t flags = cursor_u16(&c);
    uint16_t type = cursor_u16(&c);
    if (flags == GRE_EOIP_FLAGS && type == GRE_EOIP)
        return read_eoip(walk, &c);
    if (flags & (GRE_VERSION | GRE_ROUTING))
        return walk_on(walk, &c, END_OTHER);
    if (flags & GRE_CHECKSUM)
        cursor_skip(&c, 4);
    if (flags & GRE_KEY)
        key = cursor_u32(&c);
    if (flags & GRE_SEQUENCE)
        cursor_skip(&c, 4);
    return walk_on(walk, &c, behind_gre(walk, flags, type, key));
}

/* draft-foschiano-erspan-03, types II and III: version(4) VLAN(12) class(3) encapsulation(2)
 * truncated(1) session(10), in both types. The VLAN is that of the mirrored frame, whose tag, if it
 * had one, the switch may have taken off. */
static void enter_erspan(struct walk *walk, uint32_t word)
{
    enter_tunnel(walk, TUNNEL_ERSPAN, word & 0x3ff);
    walk->mirrored_vlan = word >> 16 & 0xfff;
}

enum layer read_erspan_ii(struct walk *walk)
{
    struct cursor c = cursor_over(walk->left);
    enter_erspan(walk, cursor_u32(&c));
    cursor_skip(&c, 4); /* index of the port */
    return walk_on(walk, &c, LAYER_ETHERNET);
}

/* Twelve octets, the last two of which are P(1) frame type(5) hardware(6) direction(1)
 * granularity(2) O(1): O says that eight octets about the platform follow. */
enum layer read_erspan_iii(struct walk *walk)
{
    struct cursor c = cursor_over(walk->left);
    enter_erspan(walk, cursor_u32(&c));
    cursor_skip(&c, 6); /* time, group */
    uint16_t word = cursor_u16(&c);
    unsigned frame_type = word >> 10 & 0x1f;
    if (word & 1)
        cursor_skip(&c, 8);
    return walk_on(walk, &c, layer_find(erspan_frames, ROWS(erspan_frames), frame_type, END_OTHER));
}
