/* Tunnels, as mirror ports and overlay networks use them: the inner packet is the one that counts.
 */
#include "layers.h"

/* Destination ports of https://www.iana.org/assignments/service-names-port-numbers, and 8472, which
 * Linux used for VXLAN before it had a number. */
static const struct layer_row udp_ports[] = {
    {4789, LAYER_VXLAN},
    {8472, LAYER_VXLAN},
    {6081, LAYER_GENEVE},
};

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
    VXLAN_HAS_NETWORK = 0x08, /* RFC 7348 section 5 */
};

enum layer read_udp(struct walk *walk)
{
    struct cursor c = cursor_over(walk->left);
    cursor_skip(&c, 2); /* source port */
    uint16_t port = cursor_u16(&c);
    cursor_skip(&c, 4); /* length, checksum */
    return walk_on(walk, &c, layer_find(udp_ports, ROWS(udp_ports), port, END_OTHER));
}

/* ERSPAN has no version field that all types share: type I is an Ethernet frame directly behind a
 * GRE header without a sequence number, type II has one. */
static enum layer layer_of_gre(uint16_t flags, uint16_t type)
{
    switch (type) {
    case GRE_ERSPAN_I_II:
        return flags & GRE_SEQUENCE ? LAYER_ERSPAN_II : LAYER_ETHERNET;
    case GRE_ERSPAN_III:
        return LAYER_ERSPAN_III;
    case GRE_KEEPALIVE:
        return END_OTHER;
    default:
        return layer_of_ethertype(type);
    }
}

/* Version 0 only: version 1 is PPTP's (RFC 2637), whose payload is compressed or encrypted. */
enum layer read_gre(struct walk *walk)
{
    struct cursor c = cursor_over(walk->left);
    uint16_t flags = cursor_u16(&c);
    uint16_t type = cursor_u16(&c);
    if (flags & (GRE_VERSION | GRE_ROUTING))
        return walk_on(walk, &c, END_OTHER);
    if (flags & GRE_CHECKSUM)
        cursor_skip(&c, 4);
    if (flags & GRE_KEY)
        cursor_skip(&c, 4);
    if (flags & GRE_SEQUENCE)
        cursor_skip(&c, 4);
    return walk_on(walk, &c, layer_of_gre(flags, type));
}

enum layer read_erspan_ii(struct walk *walk)
{
    struct cursor c = cursor_over(walk->left);
    cursor_skip(&c, 8);
    return walk_on(walk, &c, LAYER_ETHERNET);
}

/* Twelve octets, the last two of which are P(1) frame type(5) hardware(6) direction(1)
 * granularity(2) O(1): O says that eight octets about the platform follow. */
enum layer read_erspan_iii(struct walk *walk)
{
    struct cursor c = cursor_over(walk->left);
    cursor_skip(&c, 10);
    uint16_t word = cursor_u16(&c);
    unsigned frame_type = word >> 10 & 0x1f;
    if (word & 1)
        cursor_skip(&c, 8);
    return walk_on(walk, &c, layer_find(erspan_frames, ROWS(erspan_frames), frame_type, END_OTHER));
}

enum layer read_vxlan(struct walk *walk)
{
    struct cursor c = cursor_over(walk->left);
    uint8_t flags = cursor_u8(&c);
    cursor_skip(&c, 7); /* reserved, network, reserved */
    return walk_on(walk, &c, flags & VXLAN_HAS_NETWORK ? LAYER_ETHERNET : END_OTHER);
}

/* RFC 8926 section 3.4. */
enum layer read_geneve(struct walk *walk)
{
    struct cursor c = cursor_over(walk->left);
    uint8_t version_and_length = cursor_u8(&c);
    cursor_skip(&c, 1); /* flags */
    uint16_t type = cursor_u16(&c);
    cursor_skip(&c, 4); /* network, reserved */
    if (version_and_length >> 6 != 0)
        return walk_on(walk, &c, END_OTHER);
    cursor_skip(&c, (size_t)(version_and_length & 0x3f) * 4);
    return walk_on(walk, &c, layer_of_ethertype(type));
}
