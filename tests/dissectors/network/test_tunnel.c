/* SPDX-License-Identifier: ISC */
/* Tunnels: the packet inside is the one that counts. */
#include <criterion/criterion.h>

#include "tests/support/frame.h"
#include "unwrap.h"

#define MACS      "020000000002 020000000001 "
#define UDP(port) "c000 " port " 0000 0000"
#define VXLAN     "08 000000 000007 00"
#define SNAP      "aaaa03 000000 0800"
#define WLAN      "0801 0000 020000000001 020000000002 020000000003 0000"

static const struct stack rows[] = {
    {"IP in IP", 101, 4, {"ip4 4"}, IN_TUNNEL(TUNNEL_IP_IN_IP, NO_ID)},
    {"6in4", 101, 6, {"ip4 41"}, IN_TUNNEL(TUNNEL_IP_IN_IP, NO_ID)},
    {"IPv4 in IPv6", 101, 4, {"ip6 4"}, IN_TUNNEL(TUNNEL_IP_IN_IP, NO_ID)},
    {"IPv6 in IPv6", 101, 6, {"ip6 41"}, IN_TUNNEL(TUNNEL_IP_IN_IP, NO_ID)},
    {"IPv6 in IPv6 behind options",
     101,
     6,
     {"29 00 010400000000", "ip6 60"},
     IN_TUNNEL(TUNNEL_IP_IN_IP, NO_ID)},
    {"MPLS in IP", 101, 4, {"0001 0140", "ip4 137"}, IN_TUNNEL(TUNNEL_MPLS, 16)},
    {"MPLS in UDP", 101, 4, {"0001 0140", UDP("19eb"), "ip4 17"}, IN_TUNNEL(TUNNEL_MPLS, 16)},
    {"GTP-U", 101, 4, {"30 ff 0039 00000007", UDP("0868"), "ip4 17"}, IN_TUNNEL(TUNNEL_GTP_U, 7)},
    {"GTP-U, IPv6 over IPv6",
     101,
     6,
     {"30 ff 004d fffffff0", UDP("0868"), "ip6 17"},
     IN_TUNNEL(TUNNEL_GTP_U, 0xfffffff0)},
    {"GTP-U with a sequence number",
     101,
     4,
     {"32 ff 003d 00000007 0001 00 00", UDP("0868"), "ip4 17"},
     IN_TUNNEL(TUNNEL_GTP_U, 7)},
    {"GTP-U whose sequence number is absent, and its other fields not",
     101,
     4,
     {"31 ff 003d 00000007 0001 00 85", UDP("0868"), "ip4 17"},
     IN_TUNNEL(TUNNEL_GTP_U, 7)},
    {"GTP-U with extensions",
     101,
     4,
     {"34 ff 0045 00000007 0000 00 85 01 0001 c0 02 000000000000 00", UDP("0868"), "ip4 17"},
     IN_TUNNEL(TUNNEL_GTP_U, 7)},
    {"L2TP",
     101,
     4,
     {"0021", "0002 0001 0002", UDP("06a5"), "ip4 17"},
     IN_TUNNEL(TUNNEL_L2TP, 0x10002)},
    {"L2TP to any port, with length, sequence and offset",
     101,
     6,
     {"ff03 0057", "4a02 0000 0001 0002 0000 0000 0003 000000", "06a5 c000 0000 0000", "ip4 17"},
     IN_TUNNEL(TUNNEL_L2TP, 0x10002)},
    {"Teredo", 101, 6, {UDP("0dd8"), "ip4 17"}, IN_TUNNEL(TUNNEL_TEREDO, NO_ID)},
    {"Teredo from its port",
     101,
     6,
     {"0dd8 c000 0000 0000", "ip4 17"},
     IN_TUNNEL(TUNNEL_TEREDO, NO_ID)},
    {"Teredo with an origin",
     101,
     6,
     {"0000 3fff 80fffffe", UDP("0dd8"), "ip4 17"},
     IN_TUNNEL(TUNNEL_TEREDO, NO_ID)},
    {"Teredo with authentication and origin",
     101,
     6,
     {"0001 01 02 aa bbbb 0000000000000000 00 0000 3fff 80fffffe", UDP("0dd8"), "ip4 17"},
     IN_TUNNEL(TUNNEL_TEREDO, NO_ID)},
    {"TZSP",
     101,
     4,
     {MACS "0800", "01 00 0001 01", UDP("9090"), "ip4 17"},
     IN_TUNNEL(TUNNEL_TZSP, NO_ID)},
    {"TZSP with tags, 802.11",
     101,
     4,
     {SNAP, WLAN, "01 01 0012 0a 01 c4 00 00 28 00 01", UDP("9090"), "ip4 17"},
     IN_TUNNEL(TUNNEL_TZSP, NO_ID)},
    {"outer and inner tag: the outer one counts",
     1,
     4,
     {"0007 0800", MACS "8100", VXLAN, UDP("12b5"), "ip4 17", "0064 0800", MACS "8100"},
     100 | IN_TUNNEL(TUNNEL_VXLAN, 7)},
    {"nested five times",
     101,
     4,
     {"ip4 4", "0000 0800", "ip6 47", "0000 86dd", "ip4 47", MACS "0800", VXLAN, UDP("12b5"),
      "ip6 17", "ip4 41"},
     IN_TUNNEL(TUNNEL_IP_IN_IP, NO_ID)},
};

Test(tunnel, each_leads_to_the_segment)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        unwrap_expect(&rows[i]);
}

static const struct stack others[] = {
    {"UDP", 101, 4, {UDP("0035"), "ip4 17"}, 0},
    {"GTP-U, echo request", 101, 4, {"32 01 0004 00000000 0001 00 00", UDP("0868"), "ip4 17"}, 0},
    {"GTP'", 101, 4, {"20 ff 0039 00000007", UDP("0868"), "ip4 17"}, 0},
    {"GTP-U, no IP inside", 101, 4, {MACS "0800", "30 ff 0039 00000007", UDP("0868"), "ip4 17"}, 0},
    {"L2TP, control", 101, 4, {"c802 0000 0001 0002 0000 0000", UDP("06a5"), "ip4 17"}, 0},
    {"L2TP, version 3", 101, 4, {"0003 0000 00000001", UDP("06a5"), "ip4 17"}, 0},
    {"TZSP, keep-alive", 101, 4, {"01 04 0000 01", UDP("9090"), "ip4 17"}, 0},
    {"TZSP, unknown frame", 101, 4, {"01 00 0063 01", UDP("9090"), "ip4 17"}, 0},
};

Test(tunnel, what_is_not_understood_is_other)
{
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        unwrap_expect_kind(&others[i], PACKET_OTHER);
}

Test(tunnel, an_extension_of_no_length_ends_the_walk)
{
    static const struct stack stack = {
        "GTP-U", 101, 4, {"34 ff 0039 00000007 0000 00 85 00 000000", UDP("0868"), "ip4 17"}, 0};
    unwrap_expect_kind(&stack, PACKET_SHORT);
}

Test(tunnel, a_fragment_inside_is_a_fragment)
{
    static const struct stack stack = {
        "fragment in GRE",
        101,
        0,
        {"4500 0039 0001 2000 40 06 0000 7f000001 7f000002", "0000 0800", "ip4 47"},
        0};
    unwrap_expect_kind(&stack, PACKET_FRAGMENT);
}
