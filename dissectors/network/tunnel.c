/* SPDX-License-Identifier: ISC */
/* Tunnels over UDP: the inner packet is the one that counts. */
#include "layers.h"

/* Destination ports of https://www.iana.org/assignments/service-names-port-numbers, and those that
 * are used without being there: 8472 for VXLAN in Linux, 37008 for TZSP. */
static const struct layer_row udp_ports[] = {
    {4789, LAYER_VXLAN},  {8472, LAYER_VXLAN}, {4790, LAYER_VXLAN_GPE},
    {6081, LAYER_GENEVE}, {2152, LAYER_GTP_U}, {3544, LAYER_TEREDO},
    {37008, LAYER_TZSP},  {1701, LAYER_L2TP},  {6635, LAYER_MPLS}, /* RFC 7510 */
};

/* Where the answer comes from that port and goes to any. */
static const struct layer_row udp_sources[] = {
    {3544, LAYER_TEREDO},
    {1701, LAYER_L2TP},
};

enum layer read_udp(struct walk *walk)
{
    struct cursor c = cursor_over(walk->left);
    uint16_t source = cursor_u16(&c);
    uint16_t port = cursor_u16(&c);
    cursor_skip(&c, 4); /* length, checksum */
    enum layer next = layer_find(udp_sources, ROWS(udp_sources), source, END_OTHER);
    return walk_on(walk, &c, layer_find(udp_ports, ROWS(udp_ports), port, next));
}

/* What begins like an IP packet; a tunnel may carry other things too. */
static enum layer perhaps_ip(const struct cursor *c)
{
    if (cursor_left(c) == 0)
        return END_SHORT;
    uint8_t version = *c->at >> 4;
    return version == 4 ? LAYER_IPV4 : version == 6 ? LAYER_IPV6 : END_OTHER;
}

enum {
    GTP_VERSION_AND_TYPE = 0xf0, /* version(3) protocol type(1) */
    GTP_1_U = 0x30,
    GTP_OPTIONAL = 0x07, /* one of extension, sequence number, N-PDU number is present */
    GTP_EXTENSION = 0x04,
    GTP_USER_DATA = 255,
};

/* Extension headers: a length in words of four octets, and in the last octet the next one's type.
 */
static void skip_gtp_extensions(struct cursor *c, uint8_t type)
{
    while (type && !c->failed) {
        size_t length = (size_t)cursor_u8(c) * 4;
        if (length == 0)
            c->failed = true;
        cursor_skip(c, length - 2);
        type = cursor_u8(c);
    }
}

/* 3GPP TS 29.281 section 5. The tunnel's number is chosen by the receiver: the two directions of a
 * connection have different ones. */
enum layer read_gtp_u(struct walk *walk)
{
    struct cursor c = cursor_over(walk->left);
    uint8_t flags = cursor_u8(&c);
    uint8_t message = cursor_u8(&c);
    cursor_skip(&c, 2); /* length */
    uint32_t id = cursor_u32(&c);
    if ((flags & GTP_VERSION_AND_TYPE) != GTP_1_U || message != GTP_USER_DATA)
        return walk_on(walk, &c, END_OTHER);
    if (flags & GTP_OPTIONAL) {
        cursor_skip(&c, 3); /* sequence number, N-PDU number */
        uint8_t extension = cursor_u8(&c);
        if (flags & GTP_EXTENSION)
            skip_gtp_extensions(&c, extension);
    }
    enter_tunnel(walk, TUNNEL_GTP_U, id);
    return walk_on(walk, &c, perhaps_ip(&c));
}

enum {
    L2TP_CONTROL = 0x8000,
    L2TP_LENGTH = 0x4000,
    L2TP_SEQUENCE = 0x0800,
    L2TP_OFFSET = 0x0200,
    L2TP_VERSION = 0x000f,
};

/* RFC 2661 section 3.1. Tunnel and session are numbered by the receiver. */
enum layer read_l2tp(struct walk *walk)
{
    struct cursor c = cursor_over(walk->left);
    uint16_t flags = cursor_u16(&c);
    if (flags & L2TP_CONTROL || (flags & L2TP_VERSION) != 2)
        return walk_on(walk, &c, END_OTHER);
    if (flags & L2TP_LENGTH)
        cursor_skip(&c, 2);
    uint32_t tunnel_and_session = cursor_u32(&c);
    if (flags & L2TP_SEQUENCE)
        cursor_skip(&c, 4);
    if (flags & L2TP_OFFSET)
        cursor_skip(&c, cursor_u16(&c));
    enter_tunnel(walk, TUNNEL_L2TP, tunnel_and_session);
    return walk_on(walk, &c, LAYER_PPP);
}

enum {
    TEREDO_AUTHENTICATION = 1,
    TEREDO_ORIGIN = 0,
};

/* RFC 4380 section 5.1.1: an IPv6 packet, behind an authentication and an origin indication, which
 * both may be absent. */
enum layer read_teredo(struct walk *walk)
{
    struct cursor c = cursor_over(walk->left);
    struct cursor before = c;
    uint16_t indication = cursor_u16(&c);
    if (indication == TEREDO_AUTHENTICATION) {
        size_t client = cursor_u8(&c);
        size_t value = cursor_u8(&c);
        cursor_skip(&c, client + value + 9); /* and a nonce, and a confirmation */
        before = c;
        indication = cursor_u16(&c);
    }
    if (indication == TEREDO_ORIGIN)
        cursor_skip(&c, 6);
    else
        c.at = before.at;
    enter_plain_tunnel(walk, TUNNEL_TEREDO);
    return walk_on(walk, &c, perhaps_ip(&c));
}

/* The numbers of https://www.tcpdump.org/linktypes.html do not hold here. */
static const struct layer_row tzsp_frames[] = {
    {1, LAYER_ETHERNET},
    {18, LAYER_WLAN},
    {119, LAYER_WLAN}, /* behind a Prism header, which TZSP leaves out */
};

enum {
    TZSP_RECEIVED = 0,
    TZSP_TO_TRANSMIT = 1,
    TZSP_PADDING = 0,
    TZSP_END = 1,
};

/* What access points and MikroTik's routers mirror by: tags, each a type and a length, up to the
 * one that ends them. */
enum layer read_tzsp(struct walk *walk)
{
    struct cursor c = cursor_over(walk->left);
    cursor_skip(&c, 1); /* version */
    uint8_t type = cursor_u8(&c);
    uint16_t frame = cursor_u16(&c);
    if (type != TZSP_RECEIVED && type != TZSP_TO_TRANSMIT)
        return walk_on(walk, &c, END_OTHER);
    for (uint8_t tag = TZSP_PADDING; tag != TZSP_END && !c.failed;) {
        tag = cursor_u8(&c);
        if (tag != TZSP_PADDING && tag != TZSP_END)
            cursor_skip(&c, cursor_u8(&c));
    }
    enter_plain_tunnel(walk, TUNNEL_TZSP);
    return walk_on(walk, &c, layer_find(tzsp_frames, ROWS(tzsp_frames), frame, END_OTHER));
}
