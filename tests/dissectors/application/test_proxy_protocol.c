/* SPDX-License-Identifier: ISC */
/* The headers of load balancers: what they say, and what is none, cut at every octet. */
#include <criterion/criterion.h>

#include "heloscope/application/proxy_protocol.h"
#include "tests/support/frame.h"
#include "tests/support/guard.h"

#define MARK "0d0a0d0a000d0a515549540a"

static const struct line_row {
    const char *line, *from, *to;
    bool read;
    uint16_t from_port, to_port;
} lines[] = {
    {"PROXY TCP4 127.0.0.9 127.0.0.2 50000 25", "127.0.0.9", "127.0.0.2", true, 50000, 25},
    {"PROXY TCP6 ::1 ::2 1 65535", "::1", "::2", true, 1, 65535},
    {"PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
     "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535",
     "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true,
     65535, 65535},
    {"PROXY UNKNOWN", "?", "?", true, 0, 0},
    {"PROXY UNKNOWN ::1 ::2 1 2", "?", "?", true, 0, 0},
    {"PROXY", "?", "?", false, 0, 0},
    {"PROXY ", "?", "?", false, 0, 0},
    {"", "?", "?", false, 0, 0},
    {"proxy TCP4 127.0.0.9 127.0.0.2 50000 25", "?", "?", false, 0, 0},
    {"PROXY TCP4 127.0.0.9 127.0.0.2 50000", "?", "?", false, 0, 0},
    {"PROXY TCP4 127.0.0.9 127.0.0.2 50000 25 26", "?", "?", false, 0, 0},
    {"PROXY TCP4 127.0.0.9 127.0.0.2  25", "?", "?", false, 0, 0},
    {"PROXY TCP4 127.0.0.9 127.0.0.2 65536 25", "?", "?", false, 0, 0},
    {"PROXY TCP4 127.0.0.9 127.0.0.2 -1 25", "?", "?", false, 0, 0},
    {"PROXY TCP4 127.0.0 127.0.0.2 50000 25", "?", "?", false, 0, 0},
    {"PROXY TCP4 ::1 ::2 50000 25", "?", "?", false, 0, 0},
    {"PROXY TCP6 127.0.0.9 127.0.0.2 50000 25", "?", "?", false, 0, 0},
    {"PROXY UDP4 127.0.0.9 127.0.0.2 50000 25", "?", "?", false, 0, 0},
    {"PROXY UNKNOWN 0123456789012345678901234567890123456789012345678901234567890123456789"
     "0123456789012345678901234",
     "?", "?", false, 0, 0},
};

static void expect(const struct proxy_header *header, const char *from, const char *to,
                   uint16_t from_port, uint16_t to_port, const char *what)
{
    char text[46];
    cr_expect_str_eq(address_print(&header->from, text), from, "%s", what);
    cr_expect_str_eq(address_print(&header->to, text), to, "%s", what);
    cr_expect_eq(header->from_port, from_port, "%s", what);
    cr_expect_eq(header->to_port, to_port, "%s", what);
}

Test(proxy_header, lines)
{
    struct guard guard = guard_open(256);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const struct line_row *row = &lines[i];
        struct proxy_header header;
        struct bytes line = guard_place(&guard, bytes_of_string(row->line));
        cr_expect_eq(proxy_protocol_line(line, &header), row->read, "%s", row->line);
        expect(&header, row->from, row->to, row->from_port, row->to_port, row->line);
    }
    guard_close(&guard);
}

static const struct binary_row {
    const char *name, *hex, *from;
    size_t length; /* 0: it is none */
    uint16_t from_port;
} binaries[] = {
    {"TCP over IPv4", MARK "2111000c 7f000009 7f000002 c350 0019", "127.0.0.9", 28, 50000},
    {"TCP over IPv6",
     MARK "21210024 00000000000000000000000000000001 00000000000000000000000000000002 c350 0019",
     "::1", 52, 50000},
    {"with more behind the addresses", MARK "2111000f 7f000009 7f000002 c350 0019 040000",
     "127.0.0.9", 31, 50000},
    {"a balancer that speaks for itself", MARK "2011000c 7f000009 7f000002 c350 0019", "?", 28, 0},
    {"no addresses", MARK "21000000", "?", 16, 0},
    {"addresses of a datagram", MARK "2112000c 7f000009 7f000002 c350 0019", "?", 28, 0},
    {"too short for its addresses", MARK "2111000b 7f000009 7f000002 c350 00", "?", 27, 0},
    {"version 1 in binary", MARK "1111000c 7f000009 7f000002 c350 0019", "?", 0, 0},
    {"another mark", "0d0a0d0a000d0a515549540d 2111000c 7f000009 7f000002 c350 0019", "?", 0, 0},
};

Test(proxy_header, binary_and_cut_at_every_octet)
{
    struct guard guard = guard_open(256);
    for (size_t i = 0; i < sizeof binaries / sizeof *binaries; i++) {
        const struct binary_row *row = &binaries[i];
        struct frame frame;
        frame_clear(&frame);
        frame_append(&frame, row->hex);
        struct bytes whole = frame_bytes(&frame);
        for (size_t cut = 0; cut <= whole.len; cut++) {
            struct proxy_header header;
            struct bytes part = guard_place(&guard, bytes_first(whole, cut));
            size_t length = proxy_protocol_length(part);
            bool read = proxy_protocol_binary(part, &header);
            cr_expect_eq(length, cut < PROXY_FIXED ? 0 : row->length, "%s at %zu", row->name, cut);
            cr_expect_eq(read, length && cut == row->length, "%s at %zu", row->name, cut);
            expect(&header, read ? row->from : "?",
                   read && row->from_port ? i == 1 ? "::2" : "127.0.0.2" : "?",
                   read ? row->from_port : 0, read && row->from_port ? 25 : 0, row->name);
        }
    }
    guard_close(&guard);
}

Test(proxy_header, the_mark_is_known_from_its_first_octet_on)
{
    struct frame frame;
    frame_clear(&frame);
    frame_append(&frame, MARK "21");
    for (size_t n = 1; n <= 13; n++)
        cr_expect(proxy_protocol_begins(bytes_first(frame_bytes(&frame), n)), "%zu", n);
    cr_expect_not(proxy_protocol_begins(bytes_of("", 0)));
    cr_expect_not(proxy_protocol_begins(bytes_of_string("\r\nEHLO")));
}
