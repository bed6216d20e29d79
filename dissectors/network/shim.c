/* SPDX-License-Identifier: ISC */
/* The small headers between a link layer and IP: tags, labels, PPP and LLC. */
#include "layers.h"

/* https://www.iana.org/assignments/ppp-numbers */
static const struct layer_row ppp_protocols[] = {
    {0x0021, LAYER_IPV4},
    {0x0057, LAYER_IPV6},
    {0x0281, LAYER_MPLS},
    {0x0283, LAYER_MPLS},
};

/* RFC 1661 section 2, with the address and control octets of RFC 1662 section 3.1 where they are
 * present: no protocol has the number 0xff, so that the first of them tells. The protocol field
 * shrinks to one octet when the peers have agreed on it (RFC 1661 section 6.5); only the last octet
 * of a protocol number is odd. */
enum layer read_ppp(struct walk *walk)
{
    struct cursor c = cursor_over(walk->left);
    if (walk->left.at[0] == 0xff)
        cursor_skip(&c, 2);
    uint16_t protocol = cursor_u8(&c);
    if (!(protocol & 1))
        protocol = (uint16_t)(protocol << 8 | cursor_u8(&c));
    return walk_on(walk, &c, layer_find(ppp_protocols, ROWS(ppp_protocols), protocol, END_OTHER));
}

/* A serial line carries PPP, or Cisco HDLC when the first octet is one of its two addresses. */
enum layer read_ppp_serial(struct walk *walk)
{
    uint8_t address = walk->left.at[0];
    return address == 0x0f || address == 0x8f ? LAYER_CISCO_HDLC : LAYER_PPP;
}

enum layer read_cisco_hdlc(struct walk *walk)
{
    struct cursor c = cursor_over(walk->left);
    cursor_skip(&c, 2); /* address, control */
    uint16_t type = cursor_u16(&c);
    return walk_on(walk, &c, layer_of_ethertype(type));
}

/* IEEE 802.2. IP stands behind a SNAP header (RFC 1042) or directly behind its own SAP. */
enum layer read_llc(struct walk *walk)
{
    struct cursor c = cursor_over(walk->left);
    uint32_t header = cursor_u24(&c); /* destination SAP, source SAP, control */
    if (header == 0x060603)
        return walk_on(walk, &c, LAYER_IPV4);
    if (header != 0xaaaa03)
        return walk_on(walk, &c, END_OTHER);
    uint32_t organisation = cursor_u24(&c);
    uint16_t type = cursor_u16(&c);
    /* Besides zero, 802.1H's bridge-tunnel code means an ethertype. */
    bool ethertype = organisation == 0 || organisation == 0x0000f8;
    return walk_on(walk, &c, ethertype ? layer_of_ethertype(type) : END_OTHER);
}

/* IEEE 802.1Q. */
enum layer read_vlan(struct walk *walk)
{
    struct cursor c = cursor_over(walk->left);
    uint16_t tag = cursor_u16(&c);
    uint16_t type = cursor_u16(&c);
    enter_vlan(walk, tag & 0x0fff);
    return walk_on(walk, &c, layer_of_ethertype(type));
}

/* Two ports of a fabric extender, which differ by direction: they say nothing of the network. */
enum layer read_vn_tag(struct walk *walk)
{
    struct cursor c = cursor_over(walk->left);
    cursor_skip(&c, 4);
    uint16_t type = cursor_u16(&c);
    return walk_on(walk, &c, layer_of_ethertype(type));
}

/* Whether an Ethernet header that leads somewhere stands at `at` in `data`. */
static bool ethernet_at(struct bytes data, size_t at)
{
    struct cursor c = cursor_over(data);
    cursor_skip(&c, at + 12);
    enum layer next = layer_of_ethertype(cursor_u16(&c));
    return !c.failed && next != END_OTHER && next != LAYER_LLC;
}

enum {
    CONTROL_WORD = 4,
    ETHERNET_HEADER = 14,
};

/* What is under the labels, no header says: by convention the first nibble tells IP, 1 is a control
 * channel (RFC 5586), and 0 is the control word of a pseudowire (RFC 4385 section 3), which may
 * also be absent (RFC 4448 section 4.6). */
static enum layer under_labels(struct walk *walk, struct cursor *c)
{
    struct bytes payload = bytes_of(c->at, cursor_left(c));
    uint8_t nibble = payload.len > 0 ? payload.at[0] >> 4 : 0;
    if (nibble == 4)
        return walk_on(walk, c, LAYER_IPV4);
    if (nibble == 6)
        return walk_on(walk, c, LAYER_IPV6);
    if (nibble == 1)
        return walk_on(walk, c, END_OTHER);
    if (payload.len < CONTROL_WORD + ETHERNET_HEADER)
        return END_SHORT;
    /* Without comes first: behind a VLAN tag a second ethertype stands four octets later. */
    if (ethernet_at(payload, 0))
        return walk_on(walk, c, LAYER_ETHERNET);
    if (nibble != 0 || !ethernet_at(payload, CONTROL_WORD))
        return walk_on(walk, c, END_OTHER);
    cursor_skip(c, CONTROL_WORD);
    return walk_on(walk, c, LAYER_ETHERNET);
}

/* RFC 3032 section 2.1: labels of four octets, the last has the bottom-of-stack bit. */
enum layer read_mpls(struct walk *walk)
{
    struct cursor c = cursor_over(walk->left);
    uint32_t label;
    do
        label = cursor_u32(&c);
    while (!c.failed && !(label & 0x100));
    if (c.failed)
        return END_SHORT;
    /* The labels above it lead through the network and are exchanged at each hop. */
    enter_tunnel(walk, TUNNEL_MPLS, label >> 12);
    return under_labels(walk, &c);
}

/* RFC 2516 section 4: the session stage (code 0) carries PPP. */
enum layer read_pppoe(struct walk *walk)
{
    struct cursor c = cursor_over(walk->left);
    cursor_skip(&c, 1); /* version and type */
    uint8_t code = cursor_u8(&c);
    uint16_t session = cursor_u16(&c);
    cursor_skip(&c, 2); /* length */
    enter_tunnel(walk, TUNNEL_PPPOE, session);
    return walk_on(walk, &c, code == 0 ? LAYER_PPP : END_OTHER);
}

/* IEEE 802.1Q section 9.7: flags, the service, and then a whole frame of the customer's. */
enum layer read_pbb(struct walk *walk)
{
    struct cursor c = cursor_over(walk->left);
    uint32_t tag = cursor_u32(&c);
    enter_tunnel(walk, TUNNEL_PBB, tag & 0xffffff);
    return walk_on(walk, &c, LAYER_ETHERNET);
}
