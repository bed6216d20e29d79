/* SPDX-License-Identifier: ISC */
/* The driver: takes a frame apart layer by layer until it comes to a TCP segment or to an end. */
#include "heloscope/base/limits.h"
#include "layers.h"

typedef enum layer layer_reader(struct walk *walk);

static layer_reader *const readers[LAYER_COUNT] = {
    [LAYER_ETHERNET] = read_ethernet,
    [LAYER_LINUX_SLL] = read_linux_sll,
    [LAYER_LINUX_SLL2] = read_linux_sll2,
    [LAYER_RAW_IP] = read_raw_ip,
    [LAYER_NULL_LOOP] = read_null_loop,
    [LAYER_NFLOG] = read_nflog,
    [LAYER_PPI] = read_ppi,
    [LAYER_RADIOTAP] = read_radiotap,
    [LAYER_WLAN] = read_wlan,
    [LAYER_PKTAP] = read_pktap,
    [LAYER_PFLOG] = read_pflog,
    [LAYER_ENC] = read_enc,
    [LAYER_ERF] = read_erf,
    [LAYER_PPP] = read_ppp,
    [LAYER_PPP_SERIAL] = read_ppp_serial,
    [LAYER_CISCO_HDLC] = read_cisco_hdlc,
    [LAYER_LLC] = read_llc,
    [LAYER_VLAN] = read_vlan,
    [LAYER_VN_TAG] = read_vn_tag,
    [LAYER_MPLS] = read_mpls,
    [LAYER_PPPOE] = read_pppoe,
    [LAYER_PBB] = read_pbb,
    [LAYER_NSH] = read_nsh,
    [LAYER_IPV4] = read_ipv4,
    [LAYER_IPV6] = read_ipv6,
    [LAYER_IPV6_EXTENSION] = read_ipv6_extension,
    [LAYER_IPV6_FRAGMENT] = read_ipv6_fragment,
    [LAYER_AUTHENTICATION] = read_authentication,
    [LAYER_TCP] = read_tcp,
    [LAYER_UDP] = read_udp,
    [LAYER_GRE] = read_gre,
    [LAYER_ERSPAN_II] = read_erspan_ii,
    [LAYER_ERSPAN_III] = read_erspan_iii,
    [LAYER_VXLAN] = read_vxlan,
    [LAYER_VXLAN_GPE] = read_vxlan_gpe,
    [LAYER_GENEVE] = read_geneve,
    [LAYER_GTP_U] = read_gtp_u,
    [LAYER_L2TP] = read_l2tp,
    [LAYER_TEREDO] = read_teredo,
    [LAYER_TZSP] = read_tzsp,
};

/* Layer after layer, from `layer` on. */
static enum packet_kind walk_layers(struct walk *walk, enum layer layer)
{
    for (int depth = 0; depth < LAYER_LIMIT && layer > END_UNKNOWN_LINK; depth++) {
        /* A header that ends exactly where the frame ends leaves nothing to point at. */
        if (walk->left.len == 0)
            return PACKET_SHORT;
        layer = readers[layer](walk);
        if (walk->mirrored_vlan && layer != LAYER_ETHERNET && layer != LAYER_VLAN)
            enter_vlan(walk, walk->mirrored_vlan);
    }
    if (layer == END_FRAGMENT) {
        size_t missing = walk->wire - walk->left.len;
        walk->out->payload = walk->left;
        walk->out->cut = missing > UINT32_MAX ? UINT32_MAX : (uint32_t)missing;
    }
    return layer <= END_UNKNOWN_LINK ? (enum packet_kind)layer : PACKET_TOO_DEEP;
}

enum packet_kind packet_decode(int link_type, struct bytes frame, size_t wire_length,
                               struct segment *out)
{
    enum layer layer = layer_of_link(link_type);
    if (layer == END_UNKNOWN_LINK)
        return PACKET_UNKNOWN_LINK;
    if (frame.len == 0)
        return PACKET_SHORT;

    struct walk walk = {
        .left = frame,
        .wire = wire_length > frame.len ? wire_length : frame.len,
        .out = out,
    };
    out->vlan = 0;
    out->tunnel = (struct tunnel){.kind = TUNNEL_NONE};
    out->path = 0;
    return walk_layers(&walk, layer);
}

enum packet_kind packet_resume(struct segment *whole)
{
    struct walk walk = {
        .left = whole->payload,
        .wire = whole->payload.len + whole->cut,
        .out = whole,
    };
    return walk_layers(&walk, layer_inside_ip(&walk, whole->protocol));
}

bool link_type_known(int link_type)
{
    return layer_of_link(link_type) != END_UNKNOWN_LINK;
}
