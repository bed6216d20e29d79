/* SPDX-License-Identifier: ISC */
/* The link layers that a capture can begin with, and what their type fields lead to. */
#include "layers.h"

/* Numbers of https://www.tcpdump.org/linktypes.html. libpcap hands out DLT numbers in their place,
 * which for raw IP differ from system to system: hence three rows for it. */
static const struct layer_row link_types[] = {
    {1, LAYER_ETHERNET},     /* EN10MB */
    {113, LAYER_LINUX_SLL},  /* LINUX_SLL: the "any" device of Linux */
    {276, LAYER_LINUX_SLL2}, /* LINUX_SLL2 */
    {101, LAYER_RAW_IP},     /* RAW */
    {12, LAYER_RAW_IP},      /* DLT_RAW, most systems */
    {14, LAYER_RAW_IP},      /* DLT_RAW, OpenBSD */
    {228, LAYER_RAW_IP},     /* IPV4 */
    {229, LAYER_RAW_IP},     /* IPV6 */
    {0, LAYER_NULL_LOOP},    /* NULL: BSD loopback, Npcap */
    {108, LAYER_NULL_LOOP},  /* LOOP: OpenBSD loopback */
    {9, LAYER_PPP},          /* PPP */
    {50, LAYER_PPP_SERIAL},  /* PPP_HDLC */
    {51, LAYER_PPPOE},       /* PPP_ETHER */
    {104, LAYER_CISCO_HDLC}, /* C_HDLC */
    {100, LAYER_LLC},        /* ATM_RFC1483 */
    {11, LAYER_LLC},         /* DLT_ATM_RFC1483 */
    {239, LAYER_NFLOG},      /* NFLOG: what a firewall rule of Linux copies */
    {192, LAYER_PPI},        /* PPI */
    {105, LAYER_WLAN},       /* IEEE802_11 */
    {127, LAYER_RADIOTAP},   /* IEEE802_11_RADIOTAP */
    {258, LAYER_PKTAP},      /* PKTAP: what macOS has of a packet, and its own link type */
    {149, LAYER_PKTAP},      /* USER2: the number that macOS writes for it */
    {117, LAYER_PFLOG},      /* PFLOG: the log of the BSDs' pf */
    {109, LAYER_ENC},        /* ENC: what the BSDs' IPsec has unpacked */
    {197, LAYER_ERF},        /* ERF: cards of Endace */
};

/* https://www.iana.org/assignments/ieee-802-numbers */
static const struct layer_row ethertypes[] = {
    {0x0800, LAYER_IPV4},   {0x86dd, LAYER_IPV6},     {0x8100, LAYER_VLAN}, /* 802.1Q */
    {0x88a8, LAYER_VLAN},                                                   /* 802.1ad */
    {0x9100, LAYER_VLAN}, /* stacked tags before 802.1ad gave them a number */
    {0x9200, LAYER_VLAN},   {0x88e7, LAYER_PBB},      /* 802.1ah, provider backbone bridges */
    {0x8926, LAYER_VN_TAG},                           /* 802.1Qbh, Cisco's fabric extenders */
    {0x894f, LAYER_NSH},                              /* RFC 8300 */
    {0x8847, LAYER_MPLS},   {0x8848, LAYER_MPLS},     /* upstream-assigned label, RFC 5332 */
    {0x8864, LAYER_PPPOE},  {0x6558, LAYER_ETHERNET}, /* transparent Ethernet bridging, RFC 1701:
                                                         tunnels use it */
};

/* Address families as the first four octets of null and loop frames: 2 everywhere; for IPv6 Linux,
 * OpenBSD and NetBSD, FreeBSD, Darwin each have their own. */
static const struct layer_row families[] = {
    {2, LAYER_IPV4}, {10, LAYER_IPV6}, {24, LAYER_IPV6}, {28, LAYER_IPV6}, {30, LAYER_IPV6},
};

/* IEEE 802.3 section 3.2.6: below this the field is the length of an LLC frame. Linux "cooked"
 * captures also write small numbers there for 802.2 frames. */
enum {
    ETHERTYPE_LOWEST = 0x600
};

enum layer layer_of_link(int link_type)
{
    if (link_type < 0 || link_type > UINT16_MAX)
        return END_UNKNOWN_LINK;
    return layer_find(link_types, ROWS(link_types), (unsigned)link_type, END_UNKNOWN_LINK);
}

enum layer layer_of_ethertype(uint16_t type)
{
    if (type < ETHERTYPE_LOWEST)
        return LAYER_LLC;
    return layer_find(ethertypes, ROWS(ethertypes), type, END_OTHER);
}

enum layer read_ethernet(struct walk *walk)
{
    struct cursor c = cursor_over(walk->left);
    cursor_skip(&c, 12); /* both addresses */
    uint16_t type = cursor_u16(&c);
    return walk_on(walk, &c, layer_of_ethertype(type));
}

enum layer read_linux_sll(struct walk *walk)
{
    struct cursor c = cursor_over(walk->left);
    cursor_skip(&c, 14); /* packet type, device type, address length, address */
    uint16_t type = cursor_u16(&c);
    return walk_on(walk, &c, layer_of_ethertype(type));
}

enum layer read_linux_sll2(struct walk *walk)
{
    struct cursor c = cursor_over(walk->left);
    uint16_t type = cursor_u16(&c);
    cursor_skip(&c, 18); /* interface, device type, packet type, address */
    return walk_on(walk, &c, layer_of_ethertype(type));
}

enum layer read_raw_ip(struct walk *walk)
{
    switch (walk->left.at[0] >> 4) {
    case 4:
        return LAYER_IPV4;
    case 6:
        return LAYER_IPV6;
    default:
        return END_SHORT; /* it says IP and is neither */
    }
}

enum layer layer_of_family(uint32_t family)
{
    return layer_find(families, ROWS(families), family, END_OTHER);
}

/* Null frames hold the family in the byte order of the capturing host, loop frames in network
 * order. No family is larger than 16 bits, so the octets themselves tell the order. */
enum layer read_null_loop(struct walk *walk)
{
    struct cursor c = cursor_over(walk->left);
    uint32_t family = cursor_u32(&c);
    if (family > UINT16_MAX)
        family = __builtin_bswap32(family);
    return walk_on(walk, &c, layer_of_family(family));
}
