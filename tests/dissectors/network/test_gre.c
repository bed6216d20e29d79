/* SPDX-License-Identifier: ISC */
/* GRE, and the frames that switches mirror through it. */
#include <criterion/criterion.h>

#include "tests/support/frame.h"
#include "unwrap.h"

#define MACS "020000000002 020000000001 "

static const struct stack rows[] = {
    {"GRE", 101, 4, {"0000 0800", "ip4 47"}, IN_TUNNEL(TUNNEL_GRE, NO_ID)},
    {"GRE over IPv6", 101, 6, {"0000 86dd", "ip6 47"}, IN_TUNNEL(TUNNEL_GRE, NO_ID)},
    {"GRE with a key", 101, 4, {"2000 0800 00000001", "ip4 47"}, IN_TUNNEL(TUNNEL_GRE, 1)},
    {"GRE with a large key",
     101,
     4,
     {"2000 0800 fffffffe", "ip4 47"},
     IN_TUNNEL(TUNNEL_GRE, 0xfffffffe)},
    {"GRE with checksum, key, sequence",
     101,
     4,
     {"b000 0800 00000000 00000007 00000002", "ip4 47"},
     IN_TUNNEL(TUNNEL_GRE, 7)},
    {"GRE, bridged", 101, 4, {MACS "0800", "0000 6558", "ip4 47"}, IN_TUNNEL(TUNNEL_GRE, NO_ID)},
    {"GRE, MPLS", 101, 6, {"0001 0140", "0000 8847", "ip4 47"}, IN_TUNNEL(TUNNEL_GRE, NO_ID)},
    {"GRE, NSH",
     101,
     4,
     {"0002 0101 000009 ff", "0000 894f", "ip4 47"},
     IN_TUNNEL(TUNNEL_GRE, NO_ID)},
    {"ERSPAN I", 101, 4, {MACS "0800", "0000 88be", "ip4 47"}, IN_TUNNEL(TUNNEL_ERSPAN, NO_ID)},
    {"ERSPAN II",
     101,
     4,
     {MACS "0800", "100003e9 00000000", "1000 88be 00000001", "ip4 47"},
     IN_TUNNEL(TUNNEL_ERSPAN, 0x3e9)},
    {"ERSPAN II, the VLAN in its header",
     101,
     4,
     {MACS "0800", "1fff03e9 00000000", "1000 88be 00000001", "ip4 47"},
     0xfff | IN_TUNNEL(TUNNEL_ERSPAN, 0x3e9)},
    {"ERSPAN II, the VLAN in its header, a tag that is none",
     101,
     4,
     {"6000 0800", MACS "8100", "100803e9 00000000", "1000 88be 00000001", "ip4 47"},
     8 | IN_TUNNEL(TUNNEL_ERSPAN, 0x3e9)},
    {"ERSPAN II, the VLAN in its header, another in a tunnel inside",
     101,
     4,
     {"0005 0800", MACS "8100", "0000 6558", "ip4 47", MACS "0800", "100803e9 00000000",
      "1000 88be 00000001", "ip4 47"},
     8 | IN_TUNNEL(TUNNEL_ERSPAN, 0x3e9)},
    {"ERSPAN II on its way through a VLAN",
     1,
     4,
     {MACS "0800", "100803e9 00000000", "1000 88be 00000001", "ip4 47", "0009 0800", MACS "8100"},
     9 | IN_TUNNEL(TUNNEL_ERSPAN, 0x3e9)},
    {"ERSPAN II, tagged inside",
     101,
     6,
     {"0007 86dd", MACS "8100", "1008fc01 00000000", "1000 88be 00000001", "ip6 47"},
     7 | IN_TUNNEL(TUNNEL_ERSPAN, 1)},
    {"ERSPAN III",
     101,
     4,
     {MACS "0800", "20000001 00000000 0000 0000", "1000 22eb 00000001", "ip4 47"},
     IN_TUNNEL(TUNNEL_ERSPAN, 1)},
    {"ERSPAN III with a platform header",
     101,
     4,
     {MACS "0800", "20070002 00000000 0000 0001 0000000000000000", "1000 22eb 00000001", "ip4 47"},
     7 | IN_TUNNEL(TUNNEL_ERSPAN, 2)},
    {"ERSPAN III, IP",
     101,
     4,
     {"20070001 00000000 0000 0800", "1000 22eb 00000001", "ip4 47"},
     7 | IN_TUNNEL(TUNNEL_ERSPAN, 1)},
    {"EoIP",
     101,
     4,
     {MACS "0800", "2001 6400 0047 3412", "ip4 47"},
     IN_TUNNEL(TUNNEL_EOIP, 0x1234)},
};

Test(gre, each_leads_to_the_segment)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        unwrap_expect(&rows[i]);
}

static const struct stack others[] = {
    {"GRE of PPTP", 101, 4, {"3001 880b 0000 0000 00000000", "ip4 47"}, 0},
    {"version 1 with EoIP's type and other flags", 101, 4, {"3001 6400 0047 3412", "ip4 47"}, 0},
    {"GRE with source routes", 101, 4, {"4000 0800 00000000", "ip4 47"}, 0},
    {"GRE keep-alive", 101, 0, {"0000 0000", "ip4 47"}, 0},
    {"ERSPAN III, unknown frame",
     101,
     4,
     {"20000001 00000000 0000 0400", "1000 22eb 00000001", "ip4 47"},
     0},
};

Test(gre, what_is_not_understood_is_other)
{
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        unwrap_expect_kind(&others[i], PACKET_OTHER);
}

/* Cisco sends it with nothing behind the header. */
Test(gre, a_keep_alive_is_whole_though_empty)
{
    struct frame frame;
    frame_clear(&frame);
    frame_wrap(&frame, "0000 0000");
    frame_wrap(&frame, "ip4 47");
    struct bytes b = frame_bytes(&frame);
    struct segment s;
    cr_expect_eq(packet_decode(101, b, b.len, &s), PACKET_OTHER);
}
