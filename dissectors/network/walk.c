/* SPDX-License-Identifier: ISC */
/* What a walk through a frame notes on its way: tags and tunnels. */
#include "layers.h"

static const char *const tunnel_names[TUNNEL_KIND_COUNT] = {
    [TUNNEL_PPPOE] = "PPPoE",   [TUNNEL_MPLS] = "MPLS",         [TUNNEL_PBB] = "PBB",
    [TUNNEL_NSH] = "NSH",       [TUNNEL_IP_IN_IP] = "IP in IP", [TUNNEL_GRE] = "GRE",
    [TUNNEL_ERSPAN] = "ERSPAN", [TUNNEL_EOIP] = "EoIP",         [TUNNEL_VXLAN] = "VXLAN",
    [TUNNEL_GENEVE] = "GENEVE", [TUNNEL_GTP_U] = "GTP-U",       [TUNNEL_L2TP] = "L2TP",
    [TUNNEL_TEREDO] = "Teredo", [TUNNEL_TZSP] = "TZSP",
};

const char *tunnel_name(enum tunnel_kind kind)
{
    return tunnel_names[kind];
}

void enter_vlan(struct walk *walk, uint16_t id)
{
    if (!id)
        return;
    if (walk->out->vlan == 0)
        walk->out->vlan = id;
    walk->mirrored_vlan = 0;
    walk_through(walk, THROUGH_VLAN, id);
}

void enter_tunnel(struct walk *walk, enum tunnel_kind kind, uint32_t id)
{
    if (walk->out->tunnel.kind == TUNNEL_NONE)
        walk->out->tunnel = (struct tunnel){.kind = (uint8_t)kind, .numbered = true, .id = id};
    walk_through(walk, kind, id);
}

static uint32_t address_sum(const struct address *a)
{
    uint32_t sum = 0, word;
    for (size_t i = 0; i < sizeof a->octets; i += sizeof word) {
        memcpy(&word, a->octets + i, sizeof word);
        sum = (sum ^ word) * 0x9e3779b1u;
    }
    return sum ^ sum >> 16;
}

/* Without a number its two ends tell which tunnel it is, in both directions alike. */
void enter_plain_tunnel(struct walk *walk, enum tunnel_kind kind)
{
    if (walk->out->tunnel.kind == TUNNEL_NONE)
        walk->out->tunnel = (struct tunnel){.kind = (uint8_t)kind};
    walk_through(walk, kind, address_sum(&walk->out->src) + address_sum(&walk->out->dst));
}
