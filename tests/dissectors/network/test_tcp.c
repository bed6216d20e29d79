/* SPDX-License-Identifier: ISC */
/* The TCP header: options, flags, contradictions. */
#include <criterion/criterion.h>

#include "tests/support/frame.h"
#include "tests/support/guard.h"
#include "unwrap.h"

#define PORTS "9c40 0019 01020304 05060708 "
#define REST  " ffff 0000 0000 "

static enum packet_kind decode(struct frame *frame, const char *header, const char *payload,
                               struct segment *s)
{
    frame_clear(frame);
    frame_wrap_bytes(frame, bytes_of_string(payload));
    frame_wrap(frame, header);
    frame_wrap(frame, "ip4 6");
    struct bytes b = frame_bytes(frame);
    return packet_decode(101, b, b.len, s);
}

static const struct row {
    const char *name, *header, *payload;
    enum packet_kind kind;
    uint8_t flags;
    const char *expected;
} rows[] = {
    {"no options", PORTS "5010" REST, "QUIT", PACKET_TCP, TCP_ACK, "QUIT"},
    {"SYN with options", PORTS "8002" REST "020405b4 0101 0402 01030307", "", PACKET_TCP, TCP_SYN,
     ""},
    {"SYN with data", PORTS "5002" REST, "EHLO", PACKET_TCP, TCP_SYN, "EHLO"},
    {"as many options as fit",
     PORTS "f018" REST
           "01010101010101010101010101010101010101010101010101010101010101010101010101010101",
     "NOOP", PACKET_TCP, TCP_PSH | TCP_ACK, "NOOP"},
    {"congestion and urgent bits are left out", PORTS "50f9" REST, "", PACKET_TCP,
     TCP_FIN | TCP_PSH | TCP_ACK, ""},
    {"reset", PORTS "5114" REST, "", PACKET_TCP, TCP_RST | TCP_ACK, ""},
    {"header below 20", PORTS "4010" REST, "QUIT", PACKET_SHORT, 0, ""},
    {"header beyond the packet", PORTS "7010" REST, "QUIT", PACKET_SHORT, 0, ""},
};

Test(tcp, headers)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *r = &rows[i];
        struct frame frame;
        struct segment s;
        enum packet_kind kind = decode(&frame, r->header, r->payload, &s);
        cr_expect_eq(kind, r->kind, "%s: %s", r->name, kind_name(kind));
        if (kind != PACKET_TCP)
            continue;
        cr_expect_eq(s.flags, r->flags, "%s: %#x", r->name, s.flags);
        cr_expect(bytes_equal(s.payload, bytes_of_string(r->expected)), "%s: payload", r->name);
        cr_expect_eq(s.cut, 0, "%s", r->name);
    }
}

/* A short snap length often stops inside the options: the place in the stream is known, and how
 * much is missing. */
Test(tcp, cut_within_the_options)
{
    struct frame frame;
    struct segment s;
    struct guard guard = guard_open(FRAME_ROOM);
    enum packet_kind kind =
        decode(&frame, PORTS "8018" REST "0101080a 00000001 00000002", UNWRAP_PAYLOAD, &s);
    cr_assert_eq(kind, PACKET_TCP);
    struct bytes b = frame_bytes(&frame);
    for (size_t n = 20 + 20; n <= 20 + 32; n++) {
        struct bytes part = guard_place(&guard, bytes_first(b, n));
        cr_expect_eq(packet_decode(101, part, b.len, &s), PACKET_TCP, "%zu", n);
        cr_expect_eq(s.payload.len, 0, "%zu", n);
        cr_expect_eq(s.cut, strlen(UNWRAP_PAYLOAD), "%zu: %u", n, s.cut);
    }
    guard_close(&guard);
}
