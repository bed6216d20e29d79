/* SPDX-License-Identifier: ISC */
/* Headers that were never on a wire: what firewalls, drivers and radios say of a frame in front of
 * it. They are written in the byte order of the host, which is nearly always little-endian. */
#include "layers.h"

static uint16_t little_u16(struct cursor *c)
{
    return __builtin_bswap16(cursor_u16(c));
}

static uint32_t little_u32(struct cursor *c)
{
    return __builtin_bswap32(cursor_u32(c));
}

enum {
    NFLOG_PAYLOAD = 9,
    NFLOG_HEADER = 4, /* of each attribute */
};

/* The low octets of a type are small and the high one is 0, which tells the order. */
static bool is_big_endian(const struct cursor *c)
{
    return cursor_left(c) >= NFLOG_HEADER && c->at[2] == 0 && c->at[3] != 0;
}

/* Attributes of length(16) type(16) and octets, filled up to four; the packet is one of them.
 * https://www.tcpdump.org/linktypes/LINKTYPE_NFLOG.html */
enum layer read_nflog(struct walk *walk)
{
    struct cursor c = cursor_over(walk->left);
    cursor_skip(&c, 4); /* family, version, group */
    bool big = is_big_endian(&c);
    while (!c.failed && cursor_left(&c) > 0) {
        size_t length = big ? cursor_u16(&c) : little_u16(&c);
        uint16_t type = big ? cursor_u16(&c) : little_u16(&c);
        if (length < NFLOG_HEADER)
            return END_SHORT;
        if (type == NFLOG_PAYLOAD) {
            enum layer next = walk_on(walk, &c, LAYER_RAW_IP);
            if (next == LAYER_RAW_IP && length - NFLOG_HEADER <= walk->wire)
                walk_bind(walk, length - NFLOG_HEADER);
            return next;
        }
        size_t filling = -length & 3; /* may be absent at the end */
        cursor_skip(&c, length - NFLOG_HEADER);
        cursor_skip(&c, filling < cursor_left(&c) ? filling : cursor_left(&c));
    }
    return c.failed || walk->left.len < walk->wire ? END_SHORT : END_OTHER;
}

/* The link type behind a header that names it; another such header may follow. */
static enum layer layer_named(uint32_t link_type)
{
    enum layer next = link_type > UINT16_MAX ? END_UNKNOWN_LINK : layer_of_link((int)link_type);
    return next == END_UNKNOWN_LINK ? END_OTHER : next;
}

/* Version, flags, length, link type, and fields about the packet.
 * https://www.tcpdump.org/linktypes/LINKTYPE_PPI.html */
enum layer read_ppi(struct walk *walk)
{
    struct cursor c = cursor_over(walk->left);
    cursor_skip(&c, 2);
    size_t length = little_u16(&c);
    uint32_t link_type = little_u32(&c);
    if (c.failed || length < 8)
        return END_SHORT;
    cursor_skip(&c, length - 8);
    return walk_on(walk, &c, layer_named(link_type));
}

/* https://www.radiotap.org: version, padding, length, and fields about the signal. */
enum layer read_radiotap(struct walk *walk)
{
    struct cursor c = cursor_over(walk->left);
    uint8_t version = cursor_u8(&c);
    cursor_skip(&c, 1);
    size_t length = little_u16(&c);
    if (c.failed || length < 8)
        return END_SHORT;
    cursor_skip(&c, length - 4);
    return walk_on(walk, &c, version == 0 ? LAYER_WLAN : END_OTHER);
}

enum {
    PKTAP_SHORTEST = 12, /* length, type of what follows, link type */
    PKTAP_PACKET = 1,
};

/* https://www.tcpdump.org/linktypes/LINKTYPE_PKTAP.html: the length of the header, whether a packet
 * follows, and the packet's own link type, all 32 bits wide; then the process, the interface. */
enum layer read_pktap(struct walk *walk)
{
    struct cursor c = cursor_over(walk->left);
    const uint32_t length = little_u32(&c), follows = little_u32(&c), link_type = little_u32(&c);
    if (c.failed || length < PKTAP_SHORTEST)
        return END_SHORT;
    cursor_skip(&c, length - PKTAP_SHORTEST);
    return walk_on(walk, &c, follows == PKTAP_PACKET ? layer_named(link_type) : END_OTHER);
}

/* Its length without the filling to four octets, the family, what pf did and why.
 * https://www.tcpdump.org/linktypes/LINKTYPE_PFLOG.html */
enum layer read_pflog(struct walk *walk)
{
    struct cursor c = cursor_over(walk->left);
    const size_t length = cursor_u8(&c);
    const uint8_t family = cursor_u8(&c);
    if (length < 2)
        return END_SHORT;
    cursor_skip(&c, ((length + 3) & ~(size_t)3) - 2);
    return walk_on(walk, &c, layer_of_family(family));
}

/* The family in the byte order of the host, the SPI, and what was done.
 * https://www.tcpdump.org/linktypes/LINKTYPE_ENC.html */
enum layer read_enc(struct walk *walk)
{
    struct cursor c = cursor_over(walk->left);
    uint32_t family = cursor_u32(&c);
    if (family > UINT16_MAX)
        family = __builtin_bswap32(family);
    cursor_skip(&c, 8);
    return walk_on(walk, &c, layer_of_family(family));
}

/* What Endace's records hold, by the low seven bits of their type. */
static const struct layer_row erf_types[] = {
    {2, LAYER_ETHERNET},  /* ETH */
    {11, LAYER_ETHERNET}, /* COLOR_ETH */
    {16, LAYER_ETHERNET}, /* DSM_COLOR_ETH */
    {20, LAYER_ETHERNET}, /* COLOR_HASH_ETH */
    {22, LAYER_RAW_IP},   /* IPV4 */
    {23, LAYER_RAW_IP},   /* IPV6 */
};

enum {
    ERF_MORE = 0x80, /* of the type: extension headers of eight octets follow, */
    ERF_PADDING = 2, /* and in front of a frame of Ethernet an offset and a filling */
    ERF_EXTENSION = 8,
};

/* Time(64), type, flags, lengths: Endace's ERF types reference guide.
 * https://www.tcpdump.org/linktypes/LINKTYPE_ERF.html */
enum layer read_erf(struct walk *walk)
{
    struct cursor c = cursor_over(walk->left);
    cursor_skip(&c, 8);
    uint8_t more = cursor_u8(&c);
    const enum layer next = layer_find(erf_types, ROWS(erf_types), more & ~ERF_MORE, END_OTHER);
    cursor_skip(&c, 7); /* flags, the record's length, losses, the length on the wire */
    while (more & ERF_MORE && !c.failed) {
        more = cursor_u8(&c);
        cursor_skip(&c, ERF_EXTENSION - 1);
    }
    if (next == LAYER_ETHERNET)
        cursor_skip(&c, ERF_PADDING);
    return walk_on(walk, &c, next);
}

enum {
    WLAN_KIND = 0x0f00, /* type(2) and version(2), of the first octet */
    WLAN_DATA = 0x0800,
    WLAN_EMPTY = 0x4000,
    WLAN_QOS = 0x8000,
    WLAN_BOTH_WAYS = 0x0003, /* from the distribution system to it: four addresses */
    WLAN_MORE_FRAGMENTS = 0x0004,
    WLAN_ENCRYPTED = 0x0040,
    WLAN_ORDER = 0x0080,
    WLAN_FRAGMENT = 0x0f00, /* of the sequence control */
    WLAN_AGGREGATE = 0x8000,
};

/* IEEE 802.11 section 9.3.2.1, data frames: whole ones, not encrypted, one packet in each. An
 * A-MSDU (section 9.3.2.2) holds several, for which one segment a frame has no room. */
enum layer read_wlan(struct walk *walk)
{
    struct cursor c = cursor_over(walk->left);
    uint16_t control = cursor_u16(&c), quality = 0;
    if ((control & WLAN_KIND) != WLAN_DATA)
        return walk_on(walk, &c, END_OTHER);
    cursor_skip(&c, 20); /* duration, three addresses */
    uint16_t sequence = cursor_u16(&c);
    if ((control & WLAN_BOTH_WAYS) == WLAN_BOTH_WAYS)
        cursor_skip(&c, 6);
    if (control & WLAN_QOS)
        quality = cursor_u16(&c);
    if (control & WLAN_QOS && control & WLAN_ORDER)
        cursor_skip(&c, 4); /* HT control */
    bool readable = !(control & (WLAN_EMPTY | WLAN_ENCRYPTED | WLAN_MORE_FRAGMENTS)) &&
                    !(sequence & WLAN_FRAGMENT) && !(quality & WLAN_AGGREGATE);
    return walk_on(walk, &c, readable ? LAYER_LLC : END_OTHER);
}
