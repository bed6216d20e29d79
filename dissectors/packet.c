/* The driver: takes a frame apart layer by layer until it comes to a TCP segment or to an end. */
#include "layers.h"

/* More than any network nests, and a bound on the work that a forged frame can cause. An IPv6
 * extension header counts as a layer. */
enum {
    DEPTH_LIMIT = 32
};

typedef enum layer layer_reader(struct walk *walk);

static layer_reader *const readers[LAYER_COUNT] = {
    [LAYER_ETHERNET] = read_ethernet,
    [LAYER_LINUX_SLL] = read_linux_sll,
    [LAYER_LINUX_SLL2] = read_linux_sll2,
    [LAYER_RAW_IP] = read_raw_ip,
    [LAYER_NULL_LOOP] = read_null_loop,
    [LAYER_PPP] = read_ppp,
    [LAYER_PPP_SERIAL] = read_ppp_serial,
    [LAYER_CISCO_HDLC] = read_cisco_hdlc,
    [LAYER_LLC] = read_llc,
    [LAYER_VLAN] = read_vlan,
    [LAYER_MPLS] = read_mpls,
    [LAYER_PPPOE] = read_pppoe,
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
    [LAYER_GENEVE] = read_geneve,
};

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
    for (int depth = 0; depth < DEPTH_LIMIT; depth++) {
        if (layer <= END_UNKNOWN_LINK)
            return (enum packet_kind)layer;
        /* A header that ends exactly where the frame ends leaves nothing to point at. */
        if (walk.left.len == 0)
            return PACKET_SHORT;
        layer = readers[layer](&walk);
    }
    return layer <= END_UNKNOWN_LINK ? (enum packet_kind)layer : PACKET_OTHER;
}

bool link_type_known(int link_type)
{
    return layer_of_link(link_type) != END_UNKNOWN_LINK;
}
