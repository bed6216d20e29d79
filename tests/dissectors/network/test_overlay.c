/* SPDX-License-Identifier: ISC */
/* VXLAN, GENEVE, NSH: each with the number of the network inside. */
#include <criterion/criterion.h>

#include "unwrap.h"

#define MACS      "020000000002 020000000001 "
#define UDP(port) "c000 " port " 0000 0000"
#define VXLAN     "08 000000 000007 00"

static const struct stack rows[] = {
    {"VXLAN", 101, 4, {MACS "0800", VXLAN, UDP("12b5"), "ip4 17"}, IN_TUNNEL(TUNNEL_VXLAN, 7)},
    {"VXLAN, network 0",
     101,
     4,
     {MACS "0800", "08 000000 000000 00", UDP("12b5"), "ip4 17"},
     IN_TUNNEL(TUNNEL_VXLAN, 0)},
    {"VXLAN over IPv6, old port, tagged inside",
     101,
     6,
     {"0007 86dd", MACS "8100", "08 000000 ffffff 00", UDP("2118"), "ip6 17"},
     7 | IN_TUNNEL(TUNNEL_VXLAN, 0xffffff)},
    {"VXLAN-GPE, IP",
     101,
     4,
     {"0c 0000 01 000007 00", UDP("12b6"), "ip4 17"},
     IN_TUNNEL(TUNNEL_VXLAN, 7)},
    {"VXLAN-GPE, IPv6",
     101,
     6,
     {"0c 0000 02 000007 00", UDP("12b6"), "ip4 17"},
     IN_TUNNEL(TUNNEL_VXLAN, 7)},
    {"VXLAN-GPE without a protocol",
     101,
     4,
     {MACS "0800", VXLAN, UDP("12b6"), "ip4 17"},
     IN_TUNNEL(TUNNEL_VXLAN, 7)},
    {"VXLAN-GPE, NSH, Ethernet",
     101,
     4,
     {MACS "0800", "0002 0103 000009 ff", "0c 0000 04 000007 00", UDP("12b6"), "ip4 17"},
     IN_TUNNEL(TUNNEL_VXLAN, 7)},
    {"GENEVE",
     101,
     4,
     {MACS "0800", "00 00 6558 000007 00", UDP("17c1"), "ip4 17"},
     IN_TUNNEL(TUNNEL_GENEVE, 7)},
    {"GENEVE with options, IP inside",
     101,
     6,
     {"02 00 86dd 010000 00 0000 00 01 00000000", UDP("17c1"), "ip4 17"},
     IN_TUNNEL(TUNNEL_GENEVE, 0x10000)},
    {"NSH, IP", 1, 4, {"0002 0101 123456 ff", MACS "894f"}, IN_TUNNEL(TUNNEL_NSH, 0x123456)},
    {"NSH with metadata, IPv6",
     1,
     6,
     {"0006 0102 000009 ff 00000000000000000000000000000000", MACS "894f"},
     IN_TUNNEL(TUNNEL_NSH, 9)},
    {"NSH, MPLS",
     1,
     4,
     {"0001 0140", "0002 0105 000009 ff", MACS "894f"},
     IN_TUNNEL(TUNNEL_NSH, 9)},
    {"NSH in NSH: the outer one counts",
     1,
     4,
     {MACS "0800", "0002 0103 000009 ff", "0002 0104 000008 ff", MACS "894f"},
     IN_TUNNEL(TUNNEL_NSH, 8)},
};

Test(overlay, each_leads_to_the_segment)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        unwrap_expect(&rows[i]);
}

static const struct stack others[] = {
    {"VXLAN without its flag",
     101,
     4,
     {MACS "0800", "00 000000 000007 00", UDP("12b5"), "ip4 17"},
     0},
    {"VXLAN-GPE, unknown protocol", 101, 4, {"0c 0000 09 000007 00", UDP("12b6"), "ip4 17"}, 0},
    {"GENEVE of a later version",
     101,
     4,
     {MACS "0800", "40 00 6558 000007 00", UDP("17c1"), "ip4 17"},
     0},
    {"NSH of a later version", 1, 4, {"4002 0101 000009 ff", MACS "894f"}, 0},
    {"NSH, the operator's own", 1, 4, {"2002 0101 000009 ff", MACS "894f"}, 0},
    {"NSH, unknown protocol", 1, 4, {"0002 0109 000009 ff", MACS "894f"}, 0},
};

Test(overlay, what_is_not_understood_is_other)
{
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        unwrap_expect_kind(&others[i], PACKET_OTHER);
}

Test(overlay, a_service_header_shorter_than_itself_is_short)
{
    static const struct stack stack = {
        "NSH of one word", 1, 4, {"0001 0101 000009 ff", MACS "894f"}, 0};
    unwrap_expect_kind(&stack, PACKET_SHORT);
}
