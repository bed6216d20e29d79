/* SPDX-License-Identifier: ISC */
/* How the layers of one frame hand over to each other. Internal to dissectors/.
 *
 * Each layer has a reader: it reads its header at the front of what is left of the frame, steps
 * over it and names the layer that follows. The driver in packet.c calls one reader after the
 * other; no reader calls another, so that no nesting can exhaust the stack. */
#ifndef DISSECTORS_NETWORK_LAYERS_H
#define DISSECTORS_NETWORK_LAYERS_H

#include "heloscope/network/packet.h"

/* What stands at the front of what is left. The first values are those of enum packet_kind and end
 * the walk. A new encapsulation is a value here, a reader in packet.c's table, and a row in the
 * table (link types, ethertypes, IP protocols, UDP ports) that leads to it. */
enum layer {
    END_TCP = PACKET_TCP,
    END_OTHER = PACKET_OTHER,
    END_FRAGMENT = PACKET_FRAGMENT,
    END_SHORT = PACKET_SHORT,
    END_UNKNOWN_LINK = PACKET_UNKNOWN_LINK,
    LAYER_ETHERNET,
    LAYER_LINUX_SLL,
    LAYER_LINUX_SLL2,
    LAYER_RAW_IP,
    LAYER_NULL_LOOP,
    LAYER_NFLOG,
    LAYER_PPI,
    LAYER_RADIOTAP,
    LAYER_WLAN,
    LAYER_PKTAP,
    LAYER_PFLOG,
    LAYER_ENC,
    LAYER_ERF,
    LAYER_PPP,
    LAYER_PPP_SERIAL,
    LAYER_CISCO_HDLC,
    LAYER_LLC,
    LAYER_VLAN,
    LAYER_VN_TAG,
    LAYER_MPLS,
    LAYER_PPPOE,
    LAYER_PBB,
    LAYER_NSH,
    LAYER_IPV4,
    LAYER_IPV6,
    LAYER_IPV6_EXTENSION,
    LAYER_IPV6_FRAGMENT,
    LAYER_AUTHENTICATION,
    LAYER_TCP,
    LAYER_UDP,
    LAYER_GRE,
    LAYER_ERSPAN_II,
    LAYER_ERSPAN_III,
    LAYER_VXLAN,
    LAYER_VXLAN_GPE,
    LAYER_GENEVE,
    LAYER_GTP_U,
    LAYER_L2TP,
    LAYER_TEREDO,
    LAYER_TZSP,
    LAYER_COUNT
};

/* One frame on its way through the layers. */
struct walk {
    struct bytes left; /* octets not yet read, as captured */
    size_t wire;       /* what `left` measured on the wire: >= left.len */
    struct segment *out;
    uint16_t mirrored_vlan; /* of the frame that follows, if it has no tag of its own; 0 = none */
};

/* A row of a table that leads from a number on the wire to the layer behind it. */
struct layer_row {
    uint16_t number;
    enum layer layer;
};

static inline enum layer layer_find(const struct layer_row *rows, size_t count, unsigned number,
                                    enum layer otherwise)
{
    for (size_t i = 0; i < count; i++)
        if (rows[i].number == number)
            return rows[i].layer;
    return otherwise;
}

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

/* Steps over what `c`, which began at the front of what is left, has read. */
static inline enum layer walk_on(struct walk *walk, const struct cursor *c, enum layer next)
{
    if (c->failed)
        return END_SHORT;
    size_t used = (size_t)(c->at - walk->left.at);
    walk->left = bytes_from(walk->left, used);
    walk->wire -= used;
    return next;
}

/* Binds what is left to the `length` that a header announces. What the frame has beyond it is
 * padding or a trailer; what it lacks was cut off. */
static inline void walk_bind(struct walk *walk, size_t length)
{
    walk->left = bytes_first(walk->left, length);
    walk->wire = length;
}

/* Beside the kinds of tunnels. */
enum {
    THROUGH_VLAN = TUNNEL_KIND_COUNT
};

/* The walk comes through tag `id` of the kind `what`. Numbers of either make flows with the same
 * addresses different ones. */
static inline void walk_through(struct walk *walk, unsigned what, uint32_t id)
{
    uint64_t product = ((uint64_t)walk->out->path << 32 | id) + ((uint64_t)what << 56);
    product = (product ^ product >> 29) * 0x9e3779b97f4a7c15u;
    product = (product ^ product >> 32) * 0xbf58476d1ce4e5b9u;
    walk->out->path = (uint32_t)(product >> 32) | 1; /* never 0 */
}

/* The walk comes through an 802.1Q tag; identifier 0 carries a priority only. */
void enter_vlan(struct walk *walk, uint16_t id);

/* The walk enters a tunnel whose header has a number, or one that has none. */
void enter_tunnel(struct walk *walk, enum tunnel_kind kind, uint32_t id);
void enter_plain_tunnel(struct walk *walk, enum tunnel_kind kind);

/* link.c */
enum layer layer_of_link(int link_type);
enum layer layer_of_ethertype(uint16_t type);
enum layer layer_of_family(uint32_t family);
enum layer read_ethernet(struct walk *walk);
enum layer read_linux_sll(struct walk *walk);
enum layer read_linux_sll2(struct walk *walk);
enum layer read_raw_ip(struct walk *walk);
enum layer read_null_loop(struct walk *walk);

/* capture_header.c */
enum layer read_nflog(struct walk *walk);
enum layer read_ppi(struct walk *walk);
enum layer read_radiotap(struct walk *walk);
enum layer read_wlan(struct walk *walk);
enum layer read_pktap(struct walk *walk);
enum layer read_pflog(struct walk *walk);
enum layer read_enc(struct walk *walk);
enum layer read_erf(struct walk *walk);

/* shim.c */
enum layer read_ppp(struct walk *walk);
enum layer read_ppp_serial(struct walk *walk);
enum layer read_cisco_hdlc(struct walk *walk);
enum layer read_llc(struct walk *walk);
enum layer read_vlan(struct walk *walk);
enum layer read_vn_tag(struct walk *walk);
enum layer read_mpls(struct walk *walk);
enum layer read_pppoe(struct walk *walk);
enum layer read_pbb(struct walk *walk);

/* ip.c */
enum layer layer_inside_ip(struct walk *walk, uint8_t protocol);
enum layer read_ipv4(struct walk *walk);
enum layer read_ipv6(struct walk *walk);
enum layer read_ipv6_extension(struct walk *walk);
enum layer read_ipv6_fragment(struct walk *walk);
enum layer read_authentication(struct walk *walk);

/* gre.c */
enum layer read_gre(struct walk *walk);
enum layer read_erspan_ii(struct walk *walk);
enum layer read_erspan_iii(struct walk *walk);

/* overlay.c */
enum layer read_vxlan(struct walk *walk);
enum layer read_vxlan_gpe(struct walk *walk);
enum layer read_geneve(struct walk *walk);
enum layer read_nsh(struct walk *walk);

/* tunnel.c */
enum layer read_udp(struct walk *walk);
enum layer read_gtp_u(struct walk *walk);
enum layer read_l2tp(struct walk *walk);
enum layer read_teredo(struct walk *walk);
enum layer read_tzsp(struct walk *walk);

/* tcp.c */
enum layer read_tcp(struct walk *walk);

#endif
