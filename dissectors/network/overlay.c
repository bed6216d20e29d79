/* SPDX-License-Identifier: ISC */
/* Networks laid over other networks: each header has the number of the network that is inside. */
#include "layers.h"

enum {
    HAS_NETWORK = 0x08, /* RFC 7348 section 5 */
    HAS_NEXT = 0x04,    /* draft-ietf-nvo3-vxlan-gpe section 3.1 */
};

/* RFC 8300 section 2.2; VXLAN-GPE has the same numbers. */
static const struct layer_row next_protocols[] = {
    {1, LAYER_IPV4}, {2, LAYER_IPV6}, {3, LAYER_ETHERNET}, {4, LAYER_NSH}, {5, LAYER_MPLS},
};

static enum layer layer_of_next(uint8_t number)
{
    return layer_find(next_protocols, ROWS(next_protocols), number, END_OTHER);
}

/* Flags(8) reserved(16) next protocol(8) network(24) reserved(8); plain VXLAN has no protocol. */
static enum layer read_either_vxlan(struct walk *walk, bool generic)
{
    struct cursor c = cursor_over(walk->left);
    uint8_t flags = cursor_u8(&c);
    cursor_skip(&c, 2);
    uint8_t next = cursor_u8(&c);
    uint32_t network = cursor_u24(&c);
    cursor_skip(&c, 1);
    if (!(flags & HAS_NETWORK))
        return walk_on(walk, &c, END_OTHER);
    enter_tunnel(walk, TUNNEL_VXLAN, network);
    return walk_on(walk, &c, generic && flags & HAS_NEXT ? layer_of_next(next) : LAYER_ETHERNET);
}

enum layer read_vxlan(struct walk *walk)
{
    return read_either_vxlan(walk, false);
}

enum layer read_vxlan_gpe(struct walk *walk)
{
    return read_either_vxlan(walk, true);
}

/* RFC 8926 section 3.4. */
enum layer read_geneve(struct walk *walk)
{
    struct cursor c = cursor_over(walk->left);
    uint8_t version_and_length = cursor_u8(&c);
    cursor_skip(&c, 1); /* flags */
    uint16_t type = cursor_u16(&c);
    uint32_t network = cursor_u24(&c);
    cursor_skip(&c, 1);
    if (version_and_length >> 6 != 0)
        return walk_on(walk, &c, END_OTHER);
    cursor_skip(&c, (size_t)(version_and_length & 0x3f) * 4);
    enter_tunnel(walk, TUNNEL_GENEVE, network);
    return walk_on(walk, &c, layer_of_ethertype(type));
}

/* RFC 8300 section 2. The length counts words of four octets, the first eight octets included; O
 * marks packets of the operator's own. */
enum layer read_nsh(struct walk *walk)
{
    struct cursor c = cursor_over(walk->left);
    uint16_t first = cursor_u16(&c);
    cursor_skip(&c, 1); /* type of the metadata */
    uint8_t next = cursor_u8(&c);
    uint32_t service_path = cursor_u24(&c);
    cursor_skip(&c, 1); /* place on the path */
    size_t length = (size_t)(first & 0x3f) * 4;
    bool operators_own = first & 0x2000;
    if (c.failed || length < 8)
        return END_SHORT;
    cursor_skip(&c, length - 8);
    enter_tunnel(walk, TUNNEL_NSH, service_path);
    return walk_on(walk, &c, first >> 14 || operators_own ? END_OTHER : layer_of_next(next));
}
