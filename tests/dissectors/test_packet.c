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
        cr_expect(kind == PACKET_OTHER || kind == PACKET_SHORT, "%s: %s", layers[i],
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
