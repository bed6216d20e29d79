/* SPDX-License-Identifier: ISC */
/* IPv4 and IPv6 with what can stand between their headers and the transport. */
#include "layers.h"

/* https://www.iana.org/assignments/protocol-numbers. IPv6 chains its extension headers by the same
 * numbers (RFC 8200 section 4), so one table serves both. */
static const struct layer_row protocols[] = {
    {6, LAYER_TCP},
    {17, LAYER_UDP},
    {4, LAYER_IPV4},            /* IP in IP, RFC 2003 */
    {41, LAYER_IPV6},           /* 6in4, RFC 4213; IPv6 in IPv6, RFC 2473 */
    {47, LAYER_GRE},            /* RFC 2784 */
    {137, LAYER_MPLS},          /* RFC 4023 */
    {51, LAYER_AUTHENTICATION}, /* RFC 4302 */
    {0, LAYER_IPV6_EXTENSION},  /* hop-by-hop options */
    {43, LAYER_IPV6_EXTENSION}, /* routing */
    {60, LAYER_IPV6_EXTENSION}, /* destination options */
    {44, LAYER_IPV6_FRAGMENT},
};

static enum layer layer_of_protocol(uint8_t protocol)
{
    return layer_find(protocols, ROWS(protocols), protocol, END_OTHER);
}

/* What stands in an IP packet. Outside of it are then the ends of a tunnel. */
enum layer layer_inside_ip(struct walk *walk, uint8_t protocol)
{
    enum layer next = layer_of_protocol(protocol);
    if (next == LAYER_IPV4 || next == LAYER_IPV6)
        enter_plain_tunnel(walk, TUNNEL_IP_IN_IP);
    return next;
}

static void address_set(struct address *a, uint8_t family, struct bytes octets)
{
    memset(a, 0, sizeof *a);
    a->family = family;
    memcpy(a->octets, octets.at, octets.len);
}

/* RFC 791 section 3.1. The header's length counts, not the frame's: Ethernet pads short frames. A
 * total length of zero comes from segmentation offload, where the packet was captured before the
 * network card cut it up: then the frame's length is all there is. */
enum layer read_ipv4(struct walk *walk)
{
    struct cursor c = cursor_over(walk->left);
    uint8_t version_and_length = cursor_u8(&c);
    cursor_skip(&c, 1); /* type of service */
    size_t total = cursor_u16(&c);
    uint16_t identification = cursor_u16(&c);
    uint16_t fragment = cursor_u16(&c);
    cursor_skip(&c, 1); /* time to live */
    uint8_t protocol = cursor_u8(&c);
    cursor_skip(&c, 2); /* checksum: wrong under offload, so not looked at */
    struct bytes src = cursor_take(&c, 4);
    struct bytes dst = cursor_take(&c, 4);

    size_t header = (size_t)(version_and_length & 0x0f) * 4;
    if (total == 0)
        total = walk->wire;
    if (c.failed || version_and_length >> 4 != 4 || header < 20 || total < header)
        return END_SHORT;
    cursor_skip(&c, header - 20); /* options */
    walk_bind(walk, total);
    address_set(&walk->out->src, 4, src);
    address_set(&walk->out->dst, 4, dst);
    walk->out->ip_id = identification;
    if (!(fragment & 0x3fff)) /* no more fragments follow, and no offset */
        return walk_on(walk, &c, layer_inside_ip(walk, protocol));
    walk->out->protocol = protocol;
    walk->out->offset = (uint16_t)((fragment & 0x1fff) * 8);
    walk->out->more = fragment & 0x2000;
    return walk_on(walk, &c, END_FRAGMENT);
}

/* RFC 8200 section 3. A payload length of zero is a jumbogram (RFC 2675) or comes from segmentation
 * offload: either way the frame's length holds. */
enum layer read_ipv6(struct walk *walk)
{
    struct cursor c = cursor_over(walk->left);
    uint8_t version = cursor_u8(&c) >> 4;
    cursor_skip(&c, 3); /* traffic class, flow label */
    size_t payload = cursor_u16(&c);
    uint8_t protocol = cursor_u8(&c);
    cursor_skip(&c, 1); /* hop limit */
    struct bytes src = cursor_take(&c, 16);
    struct bytes dst = cursor_take(&c, 16);

    if (c.failed || version != 6)
        return END_SHORT;
    if (payload != 0)
        walk_bind(walk, 40 + payload);
    address_set(&walk->out->src, 6, src);
    address_set(&walk->out->dst, 6, dst);
    walk->out->ip_id = 0;
    return walk_on(walk, &c, layer_inside_ip(walk, protocol));
}

/* A header that begins with the protocol behind it and its own length: in units of `unit` octets,
 * without the first `uncounted` ones. */
static enum layer pass_extension(struct walk *walk, size_t unit, size_t uncounted)
{
    struct cursor c = cursor_over(walk->left);
    uint8_t next = cursor_u8(&c);
    size_t length = (cursor_u8(&c) + uncounted) * unit;
    cursor_skip(&c, length - 2);
    return walk_on(walk, &c, layer_inside_ip(walk, next));
}

/* RFC 8200 sections 4.3, 4.4 and 4.6: all three have one shape. */
enum layer read_ipv6_extension(struct walk *walk)
{
    return pass_extension(walk, 8, 1);
}

/* RFC 4302 section 2.2. */
enum layer read_authentication(struct walk *walk)
{
    return pass_extension(walk, 4, 2);
}

/* RFC 8200 section 4.5. A fragment that is the whole packet ("atomic", RFC 6946) goes on. */
enum layer read_ipv6_fragment(struct walk *walk)
{
    struct cursor c = cursor_over(walk->left);
    uint8_t next = cursor_u8(&c);
    cursor_skip(&c, 1);
    uint16_t offset_and_more = cursor_u16(&c);
    walk->out->ip_id = cursor_u32(&c);
    if (!(offset_and_more & 0xfff9))
        return walk_on(walk, &c, layer_inside_ip(walk, next));
    walk->out->protocol = next;
    walk->out->offset = offset_and_more & 0xfff8;
    walk->out->more = offset_and_more & 1;
    return walk_on(walk, &c, END_FRAGMENT);
}
