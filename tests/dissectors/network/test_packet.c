/* SPDX-License-Identifier: ISC */
/* The driver: what it makes of frames that are empty, endless or random. */
#include <criterion/criterion.h>

#include "tests/support/frame.h"
#include "tests/support/guard.h"
#include "unwrap.h"

Test(packet, an_empty_frame_is_short)
{
    struct segment s;
    cr_expect_eq(packet_decode(1, bytes_of(NULL, 0), 0, &s), PACKET_SHORT);
    cr_expect_eq(packet_decode(1, bytes_of(NULL, 0), 1500, &s), PACKET_SHORT);
    cr_expect_eq(packet_decode(-1, bytes_of(NULL, 0), 0, &s), PACKET_UNKNOWN_LINK);
}

/* A writer that does not know the length on the wire may say 0. */
Test(packet, a_wire_length_below_the_frame_is_not_believed)
{
    struct frame frame;
    struct segment s;
    frame_tcp(&frame, UNWRAP_PAYLOAD);
    frame_wrap(&frame, "ip4 6");
    struct bytes b = frame_bytes(&frame);
    cr_expect_eq(packet_decode(101, b, 0, &s), PACKET_TCP);
    cr_expect_eq(s.payload.len, strlen(UNWRAP_PAYLOAD));
    cr_expect_eq(s.cut, 0);
}

/* What one frame left in `out` says nothing about the next. */
Test(packet, nothing_stays_of_the_frame_before)
{
    struct frame frame;
    struct segment s;
    frame_tcp(&frame, UNWRAP_PAYLOAD);
    frame_wrap(&frame, "ip6 6");
    frame_wrap(&frame, "020000000002 020000000001 8100 0007 86dd");
    struct bytes b = frame_bytes(&frame);
    cr_expect_eq(packet_decode(1, bytes_first(b, b.len - 4), b.len, &s), PACKET_TCP);
    cr_expect_eq(s.vlan, 7);
    cr_expect_eq(s.cut, 4);

    frame_tcp(&frame, "");
    frame_wrap(&frame, "ip4 6");
    b = frame_bytes(&frame);
    cr_expect_eq(packet_decode(101, b, b.len, &s), PACKET_TCP);
    static const struct address expected = {4, {127, 0, 0, 1}};
    cr_expect_arr_eq(&s.src, &expected, sizeof expected);
    cr_expect_eq(s.vlan, 0);
    cr_expect_eq(s.cut, 0);
    cr_expect_eq(s.payload.len, 0);
}

/* Each more than the depth that is followed: it must end, and not by the stack. */
Test(packet, nesting_is_bounded)
{
    static const char *const layers[] = {"ip4 4", "ip6 41", "0007 8100", "3c00 0104 0000 0000",
                                         "aaaa03 000000 0000"};
    static const char *const outer[] = {NULL, NULL, "020000000002 020000000001 8100", "ip6 60",
                                        "020000000002 020000000001 0040"};
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++) {
        struct frame frame;
        struct segment s;
        frame_clear(&frame);
        for (int n = 0; n < 20; n++)
            frame_wrap(&frame, layers[i]);
        for (int n = 0; n < 30 && frame.from > 120; n++)
            frame_wrap(&frame, layers[i]);
        if (outer[i])
            frame_wrap(&frame, outer[i]);
        struct bytes b = frame_bytes(&frame);
        enum packet_kind kind = packet_decode(i >= 2 && i != 3 ? 1 : 101, b, b.len, &s);
        cr_expect(kind == PACKET_TOO_DEEP || kind == PACKET_SHORT, "%s: %s", layers[i],
                  kind_name(kind));
    }
}

static uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

/* One octet changed at a time, and pairs of them: whatever comes out lies within the frame. */
Test(packet, damaged_headers_stay_within_the_frame)
{
    struct frame frame;
    struct guard guard = guard_open(FRAME_ROOM);
    uint64_t random = 1;
    frame_tcp(&frame, UNWRAP_PAYLOAD);
    frame_wrap(&frame, "ip6 6");
    frame_wrap(&frame, "020000000002 020000000001 86dd");
    frame_wrap(&frame, "08 000000 000007 00");
    frame_wrap(&frame, "c000 12b5 0000 0000");
    frame_wrap(&frame, "ip4 17");
    for (int round = 0; round < 200000; round++) {
        struct bytes b = guard_place(&guard, frame_bytes(&frame));
        uint8_t *octets = guard.map + guard.room - b.len;
        octets[next_random(&random) % b.len] = (uint8_t)next_random(&random);
        octets[next_random(&random) % b.len] = (uint8_t)next_random(&random);
        struct segment s;
        if (packet_decode(101, b, b.len, &s) == PACKET_TCP)
            cr_assert(s.payload.at >= b.at && s.payload.at + s.payload.len <= b.at + b.len);
    }
    guard_close(&guard);
}

static uint32_t path_of(int link_type, const char *const *headers)
{
    struct frame frame;
    struct segment s;
    frame_tcp(&frame, UNWRAP_PAYLOAD);
    frame_wrap(&frame, "ip4 6");
    for (; *headers; headers++)
        frame_wrap(&frame, *headers);
    struct bytes b = frame_bytes(&frame);
    cr_assert_eq(packet_decode(link_type, b, b.len, &s), PACKET_TCP);
    return s.path;
}

#define MACS      "020000000002 020000000001 "
#define VXLAN(id) "020000000002 020000000001 0800", "08 000000 " id " 00", "c000 12b5 0000 0000"
#define FROM_3    "4500 0000 0000 0000 40 2f 0000 7f000003 7f000004"
#define FROM_4    "4500 0000 0000 0000 40 2f 0000 7f000004 7f000003"
#define FROM_5    "4500 0000 0000 0000 40 2f 0000 7f000005 7f000004"

/* Each is another way to the same addresses. */
Test(packet, paths_differ_by_tags_and_tunnels)
{
    static const struct {
        int link_type;
        const char *headers[8];
    } ways[] = {
        {1, {MACS "0800"}},
        {1, {"0007 0800", MACS "8100"}},
        {1, {"0008 0800", MACS "8100"}},
        {1, {"0007 0800", "0008 8100", MACS "8100"}},
        {1, {"0008 0800", "0007 8100", MACS "8100"}},
        {1, {"11 00 0007 0043 0021", MACS "8864"}},
        {101, {VXLAN("000007"), "ip4 17"}},
        {101, {VXLAN("000008"), "ip4 17"}},
        {101, {VXLAN("000000"), "ip4 17"}},
        {101, {"2000 0800 00000007", "ip4 47"}},
        {101, {"0000 0800", FROM_3}},
        {101, {"0000 0800", FROM_5}},
        {101, {"ip4 4"}},
    };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        for (size_t k = 0; k < i; k++)
            cr_expect_neq(path_of(ways[i].link_type, ways[i].headers),
                          path_of(ways[k].link_type, ways[k].headers), "%zu and %zu", i, k);
    cr_expect_eq(path_of(ways[0].link_type, ways[0].headers), 0);
}

Test(packet, paths_are_the_same_for_both_directions_and_other_link_layers)
{
    static const char *const there[] = {"0000 0800", FROM_3, NULL};
    static const char *const back[] = {"0000 0800", FROM_4, NULL};
    cr_expect_eq(path_of(101, there), path_of(101, back));
    static const char *const tagged[] = {"0007 0800", MACS "8100", NULL};
    static const char *const cooked[] = {"0007 0800", "0000 0001 0006 020000000001 0000 8100",
                                         NULL};
    static const char *const urgent[] = {"e007 0800", MACS "88a8", NULL};
    cr_expect_eq(path_of(1, tagged), path_of(113, cooked));
    cr_expect_eq(path_of(1, tagged), path_of(1, urgent));
}

static struct segment fragment_of(int link_type, struct bytes part, const char *const *headers)
{
    static struct frame frame;
    struct segment s;
    frame_clear(&frame);
    frame_wrap_bytes(&frame, part);
    for (; *headers; headers++)
        frame_wrap(&frame, *headers);
    struct bytes b = frame_bytes(&frame);
    cr_assert_eq(packet_decode(link_type, b, b.len, &s), PACKET_FRAGMENT);
    cr_expect(bytes_equal(s.payload, part));
    cr_expect_eq(s.cut, 0);
    cr_assert_eq(packet_decode(link_type, bytes_first(b, b.len - 3), b.len, &s), PACKET_FRAGMENT);
    cr_expect_eq(s.cut, 3);
    return s;
}

Test(packet, fragments_tell_their_place_and_the_whole_goes_on)
{
    static const struct {
        int link_type;
        uint32_t id;
        const char *first[3], *last[3];
    } rows[] = {
        {1,
         0x1234,
         {"4500 0024 1234 2000 40 06 0000 7f000001 7f000002", "0007 0800", MACS "8100"},
         {"4500 0029 1234 0002 40 06 0000 7f000001 7f000002", "0007 0800", MACS "8100"}},
        {101, 0x12345678, {"06 00 0001 12345678", "ip6 44"}, {"06 00 0010 12345678", "ip6 44"}},
    };
    struct frame frame;
    frame_tcp(&frame, UNWRAP_PAYLOAD);
    struct bytes tcp = frame_bytes(&frame);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *first_headers[4] = {0}, *last_headers[4] = {0};
        memcpy(first_headers, rows[i].first, sizeof rows[i].first);
        memcpy(last_headers, rows[i].last, sizeof rows[i].last);
        struct segment s = fragment_of(rows[i].link_type, bytes_first(tcp, 16), first_headers);
        struct segment last = fragment_of(rows[i].link_type, bytes_from(tcp, 16), last_headers);
        cr_expect(s.offset == 0 && s.more && last.offset == 16 && !last.more, "row %zu", i);
        cr_expect(s.ip_id == rows[i].id && last.ip_id == rows[i].id, "row %zu", i);
        cr_expect(s.protocol == 6 && s.path == last.path, "row %zu", i);
        s.payload = tcp;
        s.cut = 5;
        cr_expect_eq(packet_resume(&s), PACKET_TCP);
        cr_expect_eq(s.dst_port, 25);
        cr_expect(bytes_equal(s.payload, bytes_of_string(UNWRAP_PAYLOAD)));
        cr_expect_eq(s.cut, 5);
        cr_expect_eq(s.vlan, i == 0 ? 7 : 0);
    }
}

/* As if it had never been cut up: a tunnel that was carried in fragments is the same tunnel. */
Test(packet, a_tunnel_in_fragments_is_the_same_tunnel)
{
    struct frame inner, outer;
    struct segment whole, s;
    frame_tcp(&inner, UNWRAP_PAYLOAD);
    frame_wrap(&inner, "ip4 6");
    outer = inner;
    frame_wrap(&outer, "ip4 4");
    struct bytes b = frame_bytes(&outer);
    cr_assert_eq(packet_decode(101, b, b.len, &whole), PACKET_TCP);

    outer = inner;
    frame_wrap(&outer, "4500 004d 0001 2000 40 04 0000 7f000003 7f000004");
    b = frame_bytes(&outer);
    cr_assert_eq(packet_decode(101, b, b.len, &s), PACKET_FRAGMENT);
    s.payload = frame_bytes(&inner);
    cr_assert_eq(packet_resume(&s), PACKET_TCP);
    cr_expect_eq(s.path, whole.path);
    cr_expect_eq(s.tunnel.kind, TUNNEL_IP_IN_IP);
    cr_expect_eq(s.src.octets[3], 1);
}

Test(packet, what_nothing_was_captured_of_cannot_go_on)
{
    struct segment s = {.protocol = 6, .payload = bytes_of(NULL, 0)};
    cr_expect_eq(packet_resume(&s), PACKET_SHORT);
}
