/* Tunnels: the packet inside is the one that counts. */
#include <criterion/criterion.h>

#include "tests/support/frame.h"
#include "unwrap.h"

#define MACS      "020000000002 020000000001 "
#define UDP(port) "c000 " port " 0000 0000"
#define VXLAN     "08 000000 000007 00"

static const struct stack rows[] = {
    {"IP in IP", 101, 4, {"ip4 4"}, 0},
    {"6in4", 101, 6, {"ip4 41"}, 0},
    {"IPv4 in IPv6", 101, 4, {"ip6 4"}, 0},
    {"IPv6 in IPv6", 101, 6, {"ip6 41"}, 0},
    {"MPLS in IP", 101, 4, {"0001 0140", "ip4 137"}, 0},
    {"GRE", 101, 4, {"0000 0800", "ip4 47"}, 0},
    {"GRE over IPv6", 101, 6, {"0000 86dd", "ip6 47"}, 0},
    {"GRE with a key", 101, 4, {"2000 0800 00000001", "ip4 47"}, 0},
    {"GRE with checksum, key, sequence",
     101,
     4,
     {"b000 0800 00000000 00000001 00000002", "ip4 47"},
     0},
    {"GRE, bridged", 101, 4, {MACS "0800", "0000 6558", "ip4 47"}, 0},
    {"GRE, MPLS", 101, 6, {"0001 0140", "0000 8847", "ip4 47"}, 0},
    {"ERSPAN I", 101, 4, {MACS "0800", "0000 88be", "ip4 47"}, 0},
    {"ERSPAN II", 101, 4, {MACS "0800", "10070001 00000000", "1000 88be 00000001", "ip4 47"}, 0},
    {"ERSPAN III",
     101,
     4,
     {MACS "0800", "20070001 00000000 0000 0000", "1000 22eb 00000001", "ip4 47"},
     0},
    {"ERSPAN III with a platform header",
     101,
     4,
     {MACS "0800", "20070001 00000000 0000 0001 0000000000000000", "1000 22eb 00000001", "ip4 47"},
     0},
    {"ERSPAN III, IP", 101, 4, {"20070001 00000000 0000 0800", "1000 22eb 00000001", "ip4 47"}, 0},
    {"VXLAN", 101, 4, {MACS "0800", VXLAN, UDP("12b5"), "ip4 17"}, 0},
    {"VXLAN over IPv6, old port, tagged inside",
     101,
     6,
     {"0007 86dd", MACS "8100", VXLAN, UDP("2118"), "ip6 17"},
     7},
    {"GENEVE", 101, 4, {MACS "0800", "00 00 6558 000007 00", UDP("17c1"), "ip4 17"}, 0},
    {"GENEVE with options, IP inside",
     101,
     6,
     {"02 00 86dd 000007 00 0000 00 01 00000000", UDP("17c1"), "ip4 17"},
     0},
    {"outer and inner tag: the outer one counts",
     1,
     4,
     {"0007 0800", MACS "8100", VXLAN, UDP("12b5"), "ip4 17", "0064 0800", MACS "8100"},
     100},
    {"nested five times",
     101,
     4,
     {"ip4 4", "0000 0800", "ip6 47", "0000 86dd", "ip4 47", MACS "0800", VXLAN, UDP("12b5"),
      "ip6 17", "ip4 41"},
     0},
};

Test(tunnel, each_leads_to_the_segment)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        unwrap_expect(&rows[i]);
}

static const struct stack others[] = {
    {"UDP", 101, 4, {UDP("0035"), "ip4 17"}, 0},
    {"GRE of PPTP", 101, 4, {"3001 880b 0000 0000 00000000", "ip4 47"}, 0},
    {"GRE with source routes", 101, 4, {"4000 0800 00000000", "ip4 47"}, 0},
    {"GRE keep-alive", 101, 0, {"0000 0000", "ip4 47"}, 0},
    {"ERSPAN III, unknown frame",
     101,
     4,
     {"20070001 00000000 0000 0400", "1000 22eb 00000001", "ip4 47"},
     0},
    {"VXLAN without its flag",
     101,
     4,
     {MACS "0800", "00 000000 000007 00", UDP("12b5"), "ip4 17"},
     0},
    {"GENEVE of a later version",
     101,
     4,
     {MACS "0800", "40 00 6558 000007 00", UDP("17c1"), "ip4 17"},
     0},
};

Test(tunnel, what_is_not_understood_is_other)
{
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        unwrap_expect_kind(&others[i], PACKET_OTHER);
}

/* Cisco sends it with nothing behind the header. */
Test(tunnel, a_keep_alive_is_whole_though_empty)
{
    struct frame frame;
    frame_clear(&frame);
    frame_wrap(&frame, "0000 0000");
    frame_wrap(&frame, "ip4 47");
    struct bytes b = frame_bytes(&frame);
    struct segment s;
    cr_expect_eq(packet_decode(101, b, b.len, &s), PACKET_OTHER);
}

Test(tunnel, a_fragment_inside_is_a_fragment)
{
    static const struct stack row = {
        "fragment in GRE",
        101,
        0,
        {"4500 0039 0001 2000 40 06 0000 7f000001 7f000002", "0000 0800", "ip4 47"},
        0};
    unwrap_expect_kind(&row, PACKET_FRAGMENT);
}
