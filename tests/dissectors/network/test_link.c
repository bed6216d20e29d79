/* SPDX-License-Identifier: ISC */
/* Every link type, and what its type field leads to. */
#include <criterion/criterion.h>

#include "unwrap.h"

#define MACS      "020000000002 020000000001 "
#define SLL       "0000 0001 0006 020000000001 0000 "
#define SLL2_REST " 0000 00000001 0001 00 06 020000000001 0000"

static const struct stack rows[] = {
    {"Ethernet, IPv4", 1, 4, {MACS "0800"}, 0},
    {"Ethernet, IPv6", 1, 6, {MACS "86dd"}, 0},
    {"Ethernet, 802.3 length and SNAP", 1, 4, {"aaaa03 000000 0800", MACS "0041"}, 0},
    {"SLL, IPv4", 113, 4, {SLL "0800"}, 0},
    {"SLL, IPv6", 113, 6, {SLL "86dd"}, 0},
    {"SLL, tagged", 113, 4, {"0007 0800", SLL "8100"}, 7},
    {"SLL, 802.2", 113, 4, {"aaaa03 000000 0800", SLL "0004"}, 0},
    {"SLL2, IPv4", 276, 4, {"0800" SLL2_REST}, 0},
    {"SLL2, IPv6", 276, 6, {"86dd" SLL2_REST}, 0},
    {"raw, IPv4", 101, 4, {0}, 0},
    {"raw, IPv6", 101, 6, {0}, 0},
    {"DLT_RAW", 12, 4, {0}, 0},
    {"DLT_RAW of OpenBSD", 14, 6, {0}, 0},
    {"IPV4", 228, 4, {0}, 0},
    {"IPV6", 229, 6, {0}, 0},
    {"null, little-endian, IPv4", 0, 4, {"02000000"}, 0},
    {"null, big-endian, IPv4", 0, 4, {"00000002"}, 0},
    {"null, IPv6 of Linux", 0, 6, {"0a000000"}, 0},
    {"null, IPv6 of OpenBSD and NetBSD", 0, 6, {"18000000"}, 0},
    {"null, IPv6 of FreeBSD", 0, 6, {"1c000000"}, 0},
    {"null, IPv6 of Darwin", 0, 6, {"1e000000"}, 0},
    {"null, big-endian, IPv6 of Darwin", 0, 6, {"0000001e"}, 0},
    {"loop, IPv4", 108, 4, {"00000002"}, 0},
    {"loop, IPv6", 108, 6, {"00000018"}, 0},
    {"PPP with address and control", 9, 4, {"ff03 0021"}, 0},
    {"PPP without", 9, 6, {"0057"}, 0},
    {"PPP, short protocol", 9, 4, {"21"}, 0},
    {"PPP in HDLC framing", 50, 4, {"ff03 0021"}, 0},
    {"Cisco HDLC on a serial line", 50, 4, {"0f00 0800"}, 0},
    {"PPPoE without Ethernet", 51, 4, {"11 00 0001 0043 0021"}, IN_TUNNEL(TUNNEL_PPPOE, 1)},
    {"Cisco HDLC", 104, 6, {"8f00 86dd"}, 0},
    {"ATM with LLC", 100, 4, {"aaaa03 000000 0800"}, 0},
    {"ATM with LLC, DLT", 11, 4, {"aaaa03 000000 0800"}, 0},
};

Test(link, every_link_type_leads_to_the_segment)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        unwrap_expect(&rows[i]);
}

static const struct stack not_ip[] = {
    {"ARP", 1, 0, {MACS "0806"}, 0},
    {"spanning tree", 1, 0, {"424203", MACS "0026"}, 0},
    {"LLDP", 1, 0, {MACS "88cc"}, 0},
    {"SLL, netlink", 113, 0, {"0004 0338 0000 0000000000000000 0000"}, 0},
    {"null, IPX", 0, 0, {"17000000"}, 0},
    {"PPP, link control", 9, 0, {"c021"}, 0},
};

Test(link, what_is_not_ip_is_other)
{
    for (size_t i = 0; i < sizeof not_ip / sizeof not_ip[0]; i++)
        unwrap_expect_kind(&not_ip[i], PACKET_OTHER);
}

Test(link, raw_that_is_neither_version_is_short)
{
    static const struct stack row = {"version 5", 101, 0, {"50"}, 0};
    unwrap_expect_kind(&row, PACKET_SHORT);
}

Test(link, known_are_those_with_a_row)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_expect(link_type_known(rows[i].link_type), "%s", rows[i].name);
    static const int unknown[] = {-1, 2, 119, 147, 65536, 65537, 0x7fffffff};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        struct segment s;
        cr_expect(!link_type_known(unknown[i]), "%d", unknown[i]);
        cr_expect_eq(packet_decode(unknown[i], bytes_of_string("x"), 1, &s), PACKET_UNKNOWN_LINK,
                     "%d", unknown[i]);
    }
}
