/* SPDX-License-Identifier: ISC */
/* IPv4 and IPv6: lengths, options, extension headers, fragments. */
#include <criterion/criterion.h>

#include "tests/support/frame.h"
#include "unwrap.h"

/* Around TCP's 20 octets and UNWRAP_PAYLOAD's 17. */
#define IP4_REST " 40 06 0000 7f000001 7f000002"
#define IP6_REST " 40 00000000000000000000000000000001 00000000000000000000000000000001"

static const struct stack rows[] = {
    {"IPv4", 101, 4, {0}, 0},
    {"IPv4, options", 101, 0, {"4600 003d 0001 0000" IP4_REST "01010101"}, 0},
    {"IPv4, forty octets of options",
     101,
     0,
     {"01010101010101010101010101010101010101010101010101010101010101010101010101010100",
      "4f00 0061 0001 0000" IP4_REST},
     0},
    {"IPv4, not to be fragmented", 101, 0, {"4500 0039 0001 4000" IP4_REST}, 0},
    {"IPv4, total length 0 from offload", 101, 0, {"4500 0000 0001 0000" IP4_REST}, 0},
    {"IPv4, authentication header",
     101,
     0,
     {"06 04 0000 00000001 00000001 000000000000000000000000", "ip4 51"},
     0},
    {"IPv6", 101, 6, {0}, 0},
    {"IPv6, payload length 0 from offload", 101, 0, {"60000000 0000 06" IP6_REST}, 0},
    {"IPv6, hop-by-hop options", 101, 0, {"06 00 010400000000", "ip6 0"}, 0},
    {"IPv6, routing",
     101,
     0,
     {"06 02 00 00 00000000 00000000000000000000000000000001", "ip6 43"},
     0},
    {"IPv6, destination options", 101, 0, {"06 00 010400000000", "ip6 60"}, 0},
    {"IPv6, authentication header",
     101,
     0,
     {"06 04 0000 00000001 00000001 000000000000000000000000", "ip6 51"},
     0},
    {"IPv6, a fragment that is the whole", 101, 0, {"06 00 0000 00000001", "ip6 44"}, 0},
    {"IPv6, reserved bits of the fragment header", 101, 0, {"06 ff 0006 00000001", "ip6 44"}, 0},
    {"IPv6, all of them",
     101,
     0,
     {"06 00 010400000000", "3c 04 0000 00000001 00000001 000000000000000000000000",
      "33 00 0000 00000001", "2c 00 0000 00000000", "2b 00 010400000000", "ip6 0"},
     0},
};

Test(ip, each_leads_to_the_segment)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        unwrap_expect(&rows[i]);
}

static const struct ending {
    enum packet_kind kind;
    struct stack stack;
} endings[] = {
    {PACKET_FRAGMENT, {"IPv4, first", 101, 0, {"4500 0039 0001 2000" IP4_REST}, 0}},
    {PACKET_FRAGMENT, {"IPv4, middle", 101, 0, {"4500 0039 0001 20b9" IP4_REST}, 0}},
    {PACKET_FRAGMENT, {"IPv4, last", 101, 0, {"4500 0039 0001 00b9" IP4_REST}, 0}},
    {PACKET_FRAGMENT, {"IPv6, first", 101, 0, {"06 00 0001 00000001", "ip6 44"}, 0}},
    {PACKET_FRAGMENT, {"IPv6, last", 101, 0, {"06 00 0008 00000001", "ip6 44"}, 0}},
    {PACKET_OTHER, {"ICMP", 101, 0, {"ip4 1"}, 0}},
    {PACKET_OTHER, {"ICMPv6", 101, 0, {"ip6 58"}, 0}},
    {PACKET_OTHER, {"encrypted", 101, 0, {"ip4 50"}, 0}},
    {PACKET_OTHER, {"nothing follows", 101, 0, {"ip6 59"}, 0}},
    {PACKET_SHORT, {"IPv4, header below 20", 101, 0, {"4400 0038 0001 0000" IP4_REST}, 0}},
    {PACKET_SHORT, {"IPv4, total below header", 101, 0, {"4500 0013 0001 0000" IP4_REST}, 0}},
    {PACKET_SHORT,
     {"IPv4, total below header, fragment", 101, 0, {"4500 0013 0001 2000" IP4_REST}, 0}},
    {PACKET_SHORT, {"IPv4 with version 6", 228, 0, {"65", "02000000"}, 0}},
    {PACKET_SHORT, {"IPv4 by ethertype, version 6", 104, 6, {"0f00 0800"}, 0}},
    {PACKET_SHORT, {"IPv6 by ethertype, version 4", 104, 4, {"0f00 86dd"}, 0}},
    {PACKET_SHORT,
     {"IPv6, extension beyond the packet", 101, 0, {"06 ff 010400000000", "ip6 0"}, 0}},
};

Test(ip, other_endings)
{
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
        unwrap_expect_kind(&endings[i].stack, endings[i].kind);
}

/* Ethernet fills frames up to 60 octets: with zeros, or with what was in the buffer. */
Test(ip, padding_is_no_payload)
{
    static const char *const headers[] = {"ip4 6", "ip6 6"};
    for (size_t i = 0; i < 2; i++) {
        struct frame frame;
        struct segment s;
        frame_tcp(&frame, "");
        frame_wrap(&frame, headers[i]);
        frame_append(&frame, "51554954 0d0a");
        struct bytes b = frame_bytes(&frame);
        cr_expect_eq(packet_decode(101, b, b.len, &s), PACKET_TCP, "%s", headers[i]);
        cr_expect_eq(s.payload.len, 0, "%s: %zu", headers[i], s.payload.len);
        cr_expect_eq(s.cut, 0, "%s: %u", headers[i], s.cut);
    }
}

/* A frame that claims to be whole and is shorter than IP says lacks the rest all the same. */
Test(ip, what_ip_announces_and_the_frame_lacks_is_cut)
{
    static const char *const headers[] = {"4500 0100 0001 0000" IP4_REST,
                                          "60000000 00ec 06" IP6_REST};
    for (size_t i = 0; i < 2; i++) {
        struct frame frame;
        struct segment s;
        frame_tcp(&frame, UNWRAP_PAYLOAD);
        frame_wrap(&frame, headers[i]);
        struct bytes b = frame_bytes(&frame);
        cr_expect_eq(packet_decode(101, b, b.len, &s), PACKET_TCP, "%s", headers[i]);
        cr_expect_eq(s.payload.len, strlen(UNWRAP_PAYLOAD), "%s", headers[i]);
        cr_expect_eq(s.cut, 0x100 - 40 - strlen(UNWRAP_PAYLOAD), "%s: %u", headers[i], s.cut);
    }
}

/* Larger than the field for the length can say. */
Test(ip, offload_passes_64_kib)
{
    static uint8_t big[70000];
    struct frame frame;
    struct segment s;
    frame_tcp(&frame, "");
    frame_wrap(&frame, "4500 0000 0001 0000" IP4_REST);
    struct bytes header = frame_bytes(&frame);
    memcpy(big, header.at, header.len);
    cr_expect_eq(packet_decode(101, bytes_of(big, 60000), sizeof big, &s), PACKET_TCP);
    cr_expect_eq(s.payload.len, 60000 - 40);
    cr_expect_eq(s.cut, 10000);
}
