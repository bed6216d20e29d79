/* SPDX-License-Identifier: ISC */
/* The small headers between a link layer and IP. */
#include <criterion/criterion.h>

#include "tests/support/frame.h"
#include "unwrap.h"

#define MACS "020000000002 020000000001 "

static const struct stack rows[] = {
    {"802.1Q", 1, 4, {"0007 0800", MACS "8100"}, 7},
    {"802.1Q with priority bits", 1, 4, {"f123 0800", MACS "8100"}, 0x123},
    {"a priority tag is no VLAN", 1, 4, {"e000 0800", MACS "8100"}, 0},
    {"802.1ad around 802.1Q: the outer one counts",
     1,
     6,
     {"0007 86dd", "0064 8100", MACS "88a8"},
     100},
    {"three tags of the old number", 1, 4, {"0001 0800", "0002 9100", "0003 9100", MACS "9100"}, 3},
    {"0x9200", 1, 4, {"0005 0800", MACS "9200"}, 5},
    {"802.3 inside a tag", 1, 4, {"aaaa03 0000f8 0800", "0007 0041", MACS "8100"}, 7},
    {"LLC's own IP", 1, 4, {"060603", MACS "003c"}, 0},
    {"MPLS, one label", 1, 4, {"0001 0140", MACS "8847"}, IN_TUNNEL(TUNNEL_MPLS, 16)},
    {"MPLS, three labels, IPv6",
     1,
     6,
     {"0003 0140", "0002 0040", "0001 0040", MACS "8847"},
     IN_TUNNEL(TUNNEL_MPLS, 48)},
    {"MPLS, upstream label", 1, 4, {"0001 0140", MACS "8848"}, IN_TUNNEL(TUNNEL_MPLS, 16)},
    {"pseudowire with control word",
     1,
     4,
     {MACS "0800", "00000000", "0001 0140", MACS "8847"},
     IN_TUNNEL(TUNNEL_MPLS, 16)},
    {"pseudowire without",
     1,
     4,
     {MACS "0800", "0001 0140", MACS "8847"},
     IN_TUNNEL(TUNNEL_MPLS, 16)},
    {"pseudowire, tagged inside",
     1,
     6,
     {"0007 86dd", MACS "8100", "0001 0140", MACS "8847"},
     7 | IN_TUNNEL(TUNNEL_MPLS, 16)},
    {"PPPoE", 1, 4, {"11 00 0001 0043 0021", MACS "8864"}, IN_TUNNEL(TUNNEL_PPPOE, 1)},
    {"PPPoE, IPv6, in a VLAN",
     1,
     6,
     {"11 00 0001 0043 0057", "0007 8864", MACS "8100"},
     7 | IN_TUNNEL(TUNNEL_PPPOE, 1)},
    {"MPLS over PPP", 9, 4, {"0001 0140", "0281"}, IN_TUNNEL(TUNNEL_MPLS, 16)},
    {"PBB", 1, 4, {MACS "0800", "00 123456", MACS "88e7"}, IN_TUNNEL(TUNNEL_PBB, 0x123456)},
    {"PBB in its backbone VLAN, tagged inside",
     1,
     6,
     {"0007 86dd", MACS "8100", "a0 000009", "0064 88e7", MACS "88a8"},
     100 | IN_TUNNEL(TUNNEL_PBB, 9)},
    {"VN-tag", 1, 4, {"80010002 0800", MACS "8926"}, 0},
    {"VN-tag around 802.1Q", 1, 4, {"0007 0800", "80010002 8100", MACS "8926"}, 7},
    {"MPLS around PPPoE: the outer one counts",
     1,
     4,
     {"11 00 0001 0043 0021", MACS "8864", "0001 0140", MACS "8847"},
     IN_TUNNEL(TUNNEL_MPLS, 16)},
};

Test(shim, each_leads_to_the_segment)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        unwrap_expect(&rows[i]);
}

static const struct stack others[] = {
    {"PPPoE discovery code", 1, 4, {"11 09 0000 0043 0021", MACS "8864"}, 0},
    {"SNAP of another organisation", 1, 4, {"aaaa03 00000c 0800", MACS "0041"}, 0},
    {"MPLS, channel header", 1, 0, {"10000000", "0001 0140", MACS "8847"}, 0},
};

Test(shim, what_leads_nowhere_is_other)
{
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        unwrap_expect_kind(&others[i], PACKET_OTHER);
}

static const struct stack deep = {
    "more tags than any network stacks",
    1,
    4,
    {"0007 0800", "0007 8100 0007 8100 0007 8100 0007 8100 0007 8100 0007 8100 0007 8100 0007 8100",
     "0007 8100 0007 8100 0007 8100 0007 8100 0007 8100 0007 8100 0007 8100 0007 8100",
     "0007 8100 0007 8100 0007 8100 0007 8100 0007 8100 0007 8100 0007 8100 0007 8100",
     "0007 8100 0007 8100 0007 8100 0007 8100 0007 8100 0007 8100 0007 8100 0007 8100",
     MACS "8100"},
    0};

Test(shim, more_tags_than_are_read_are_told_apart)
{
    unwrap_expect_kind(&deep, PACKET_TOO_DEEP);
}

Test(shim, labels_without_a_bottom_are_short)
{
    struct frame frame;
    frame_clear(&frame);
    frame_wrap(&frame, "0001 0040 0001 0040");
    frame_wrap(&frame, MACS "8847");
    struct bytes b = frame_bytes(&frame);
    struct segment s;
    cr_expect_eq(packet_decode(1, b, b.len, &s), PACKET_SHORT);
}
