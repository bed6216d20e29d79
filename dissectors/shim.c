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
 * present. The protocol field shrinks to one octet when the peers have agreed on it (RFC 1661
 * section 6.5); only the last octet of a protocol number is odd. */
enum layer read_ppp(struct walk *walk)
{
    struct cursor c = cursor_over(walk->left);
    if (walk->left.len >= 2 && walk->left.at[0] == 0xff && walk->left.at[1] == 0x03)
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

/* IEEE 802.1Q. Identifier 0 carries a priority only. */
enum layer read_vlan(struct walk *walk)
{
    struct cursor c = cursor_over(walk->left);
    uint16_t tag = cursor_u16(&c);
    uint16_t type = cursor_u16(&c);
    if (walk->out->vlan == 0)
        walk->out->vlan = tag & 0x0fff;
    return walk_on(walk, &c, layer_of_ethertype(type));
}

/* Whether an Ethernet header that leads somewhere could stand at `at` in `data`. */
static bool ethernet_at(struct bytes data, size_t at)
{
    struct cursor c = cursor_over(data);
    cursor_skip(&c, at + 12);
    uint16_t type = cursor_u16(&c);
    enum layer next = layer_of_ethertype(type);
    return !c.failed && next != END_OTHER && next != LAYER_LLC;
}

/* What is under the labels, no header says: by convention the first nibble tells IP, and zero is
 * the control word of a pseudowire (RFC 4385 section 3), which may also be absent (RFC 4448
 * section 4.6). */
static enum layer under_labels(struct walk *walk, struct cursor *c)
{
    struct bytes payload = bytes_of(c->at, cursor_left(c));
    if (payload.len == 0)
        return END_SHORT;
    switch (payload.at[0] >> 4) {
    case 4:
        return walk_on(walk, c, LAYER_IPV4);
    case 6:
        return walk_on(walk, c, LAYER_IPV6);
    case 0:
        if (ethernet_at(payload, 4)) {
            cursor_skip(c, 4);
            return walk_on(walk, c, LAYER_ETHERNET);
        }
        break;
    }
    return walk_on(walk, c, ethernet_at(payload, 0) ? LAYER_ETHERNET : END_OTHER);
}

/* RFC 3032 section 2.1: labels of four octets, the last has the bottom-of-stack bit. */
enum layer read_mpls(struct walk *walk)
{
    struct cursor c = cursor_over(walk->left);
    uint32_t label;
    do
        label = cursor_u32(&c);
    while (!c.failed && !(label & 0x100));
    return c.failed ? END_SHORT : under_labels(walk, &c);
}

/* RFC 2516 section 4: the session stage (code 0) carries PPP. */
enum layer read_pppoe(struct walk *walk)
{
    struct cursor c = cursor_over(walk->left);
    cursor_skip(&c, 1); /* version and type */
    uint8_t code = cursor_u8(&c);
    cursor_skip(&c, 4); /* session, length */
    return walk_on(walk, &c, code == 0 ? LAYER_PPP : END_OTHER);
}
