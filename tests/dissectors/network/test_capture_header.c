/* SPDX-License-Identifier: ISC */
/* What firewalls, drivers and radios put in front of a frame. */
#include <criterion/criterion.h>

#include "unwrap.h"

#define MACS   "020000000002 020000000001 "
#define THREE  "020000000001 020000000002 020000000003 "
#define SNAP   "aaaa03 000000 0800"
#define NFLOG  "02 00 0005 "
#define SNAP_6 "aaaa03 000000 86dd"

static const struct stack rows[] = {
    /* The packet's attribute is 4 octets and the packet. */
    {"NFLOG", 239, 4, {NFLOG "3d00 0900"}, 0},
    {"NFLOG, other attributes in front",
     239,
     4,
     {NFLOG "0800 0100 0800 0100 0500 0a00 41 000000 "
            "3d00 0900"},
     0},
    {"NFLOG, IPv6", 239, 6, {"0a 00 0005 5100 0900"}, 0},
    {"NFLOG of a big-endian host", 239, 4, {NFLOG "0008 0001 08000100 003d 0009"}, 0},
    {"PPI, Ethernet", 192, 4, {MACS "0800", "00 00 0800 01000000"}, 0},
    {"PPI with fields, 802.11",
     192,
     4,
     {SNAP, "0801 0000 " THREE "0000", "00 00 1000 69000000 0200 0400 00000000"},
     0},
    {"PPI in PPI, raw IP", 192, 6, {"00 00 0800 65000000", "00 00 0800 c0000000"}, 0},
    {"PKTAP, Ethernet", 258, 4, {MACS "0800", "10000000 01000000 01000000 656e3000"}, 0},
    {"PKTAP under its other number, raw IP", 149, 6, {"0c000000 01000000 65000000"}, 0},
    {"PFLOG, filled up to four octets",
     117,
     4,
     {"3d 02 00 00 656d3000"
      "00000000000000000000"
      "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
      "0000"},
     0},
    {"PFLOG, IPv6 of OpenBSD", 117, 6, {"08 18 00 00 656d3000"}, 0},
    {"ENC of a little-endian host", 109, 4, {"02000000 00001234 00000000"}, 0},
    {"ENC of a big-endian host, IPv6 of FreeBSD", 109, 6, {"0000001c 00001234 00000000"}, 0},
    {"ERF, Ethernet", 197, 4, {MACS "0800", "0000000000000000 02 00 0000 0000 0000 0000"}, 0},
    {"ERF, raw IP behind two extension headers",
     197,
     6,
     {"0000000000000000 97 00 0000 0000 0000 8300000000000000 0400000000000000"},
     0},
    {"802.11, to the network", 105, 4, {SNAP, "0801 0000 " THREE "1000"}, 0},
    {"802.11, from it, QoS", 105, 6, {SNAP_6, "8802 0000 " THREE "1000 0000"}, 0},
    {"802.11, QoS with HT control", 105, 4, {SNAP, "8882 0000 " THREE "1000 0000 00000000"}, 0},
    {"802.11, four addresses", 105, 4, {SNAP, "0803 0000 " THREE "1000 020000000004"}, 0},
    {"radiotap", 127, 4, {SNAP, "0801 0000 " THREE "1000", "00 00 0800 00000000"}, 0},
    {"radiotap with fields",
     127,
     4,
     {SNAP, "0801 0000 " THREE "1000", "00 00 0c00 02000000 10000000"},
     0},
};

Test(capture_header, each_leads_to_the_segment)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        unwrap_expect(&rows[i]);
}

static const struct stack others[] = {
    {"NFLOG without a packet", 239, 0, {NFLOG "2900 0a00"}, 0},
    {"PPI, unknown link type", 192, 4, {"00 00 0800 ff7f0000"}, 0},
    {"PPI, no link type at all", 192, 4, {"00 00 0800 01000100"}, 0},
    {"PKTAP without a packet", 258, 0, {"0c000000 00000000 01000000"}, 0},
    {"PKTAP, unknown link type", 258, 4, {"0c000000 01000000 ff7f0000"}, 0},
    {"PFLOG of another family", 117, 4, {"08 10 00 00 656d3000"}, 0},
    {"ERF of a line that is no Ethernet", 197, 4, {"0000000000000000 01 00 0000 0000 0000"}, 0},
    {"802.11, beacon", 105, 4, {SNAP, "8000 0000 " THREE "1000"}, 0},
    {"802.11, encrypted", 105, 4, {SNAP, "0841 0000 " THREE "1000"}, 0},
    {"802.11, no data", 105, 4, {SNAP, "4801 0000 " THREE "1000"}, 0},
    {"802.11, a first fragment", 105, 4, {SNAP, "0805 0000 " THREE "1000"}, 0},
    {"802.11, a last fragment", 105, 4, {SNAP, "0801 0000 " THREE "1100"}, 0},
    {"802.11, aggregated", 105, 4, {SNAP, "8801 0000 " THREE "1000 8000"}, 0},
    {"radiotap of a later version",
     127,
     4,
     {SNAP, "0801 0000 " THREE "1000", "01 00 0800 00000000"},
     0},
};

Test(capture_header, what_is_not_understood_is_other)
{
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        unwrap_expect_kind(&others[i], PACKET_OTHER);
}

static const struct stack shorts[] = {
    {"NFLOG, an attribute without length", 239, 4, {NFLOG "0300 0100"}, 0},
    {"PPI shorter than itself", 192, 4, {MACS "0800", "00 00 0700 01000000"}, 0},
    {"radiotap shorter than itself", 127, 4, {SNAP, "00 00 0700 00000000"}, 0},
};

Test(capture_header, what_contradicts_itself_is_short)
{
    for (size_t i = 0; i < sizeof shorts / sizeof shorts[0]; i++)
        unwrap_expect_kind(&shorts[i], PACKET_SHORT);
}
