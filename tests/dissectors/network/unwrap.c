/* SPDX-License-Identifier: ISC */
#include "unwrap.h"

#include <criterion/criterion.h>

#include "tests/support/frame.h"
#include "tests/support/guard.h"

const char *kind_name(enum packet_kind kind)
{
    static const char *const names[] = {"TCP",   "other",        "fragment",
                                        "short", "unknown link", "too deep"};
    return names[kind];
}

static struct bytes build(struct frame *frame, const struct stack *stack)
{
    frame_tcp(frame, UNWRAP_PAYLOAD);
    if (stack->family == 4)
        frame_wrap(frame, "ip4 6");
    else if (stack->family == 6)
        frame_wrap(frame, "ip6 6");
    for (size_t i = 0; i < STACK_DEPTH && stack->headers[i]; i++)
        frame_wrap(frame, stack->headers[i]);
    return frame_bytes(frame);
}

static void expect_addresses(const struct stack *stack, const struct segment *s)
{
    static const uint8_t ip4_src[16] = {127, 0, 0, 1}, ip4_dst[16] = {127, 0, 0, 2};
    static const uint8_t ip6[16] = {[15] = 1};
    bool v6 = stack->family == 6;
    cr_expect_eq(s->src.family, stack->family, "%s: %d", stack->name, s->src.family);
    cr_expect_eq(s->dst.family, stack->family, "%s: %d", stack->name, s->dst.family);
    cr_expect_arr_eq(s->src.octets, v6 ? ip6 : ip4_src, 16, "%s: source", stack->name);
    cr_expect_arr_eq(s->dst.octets, v6 ? ip6 : ip4_dst, 16, "%s: destination", stack->name);
}

static void expect_way(const struct stack *stack, const struct segment *s)
{
    int64_t id = s->tunnel.numbered ? (int64_t)s->tunnel.id : NO_ID;
    uint64_t way = s->vlan | (s->tunnel.kind ? IN_TUNNEL(s->tunnel.kind, id) : 0);
    cr_expect_eq(way, stack->way, "%s: VLAN %u, tunnel %u %lld", stack->name, s->vlan,
                 s->tunnel.kind, (long long)id);
    cr_expect_eq(s->path != 0, stack->way != 0, "%s: path %#x", stack->name, s->path);
}

static void expect_whole(const struct stack *stack, struct bytes frame)
{
    struct segment s;
    enum packet_kind kind = packet_decode(stack->link_type, frame, frame.len, &s);
    cr_assert_eq(kind, PACKET_TCP, "%s: %s", stack->name, kind_name(kind));
    if (stack->family)
        expect_addresses(stack, &s);
    cr_expect_eq(s.src_port, 40000, "%s", stack->name);
    cr_expect_eq(s.dst_port, 25, "%s", stack->name);
    cr_expect_eq(s.seq, 0x01020304, "%s", stack->name);
    cr_expect_eq(s.ack, 0x05060708, "%s", stack->name);
    cr_expect_eq(s.flags, TCP_PSH | TCP_ACK, "%s", stack->name);
    cr_expect(bytes_equal(s.payload, bytes_of_string(UNWRAP_PAYLOAD)), "%s: payload", stack->name);
    cr_expect_eq(s.cut, 0, "%s: cut %u", stack->name, s.cut);
    cr_expect_eq(s.window, 0xffff, "%s", stack->name);
    cr_expect_eq(s.options.len, 0, "%s", stack->name);
    expect_way(stack, &s);
}

/* As a snap length would: the segment is there as soon as its header is, and what lacks is told. */
static void expect_cut(const struct stack *stack, struct bytes frame)
{
    struct guard guard = guard_open(FRAME_ROOM);
    size_t payload = strlen(UNWRAP_PAYLOAD);
    for (size_t n = 0; n < frame.len; n++) {
        struct bytes part = guard_place(&guard, bytes_first(frame, n));
        struct segment s;
        enum packet_kind kind = packet_decode(stack->link_type, part, frame.len, &s);
        enum packet_kind expected = n < frame.len - payload ? PACKET_SHORT : PACKET_TCP;
        cr_assert_eq(kind, expected, "%s cut to %zu: %s", stack->name, n, kind_name(kind));
        if (kind != PACKET_TCP)
            continue;
        size_t missing = frame.len - n;
        cr_expect_eq(s.cut, missing, "%s cut to %zu: %u", stack->name, n, s.cut);
        cr_expect_eq(s.payload.len, payload - missing, "%s cut to %zu", stack->name, n);
        cr_expect(s.payload.at + s.payload.len == part.at + part.len, "%s", stack->name);
    }
    guard_close(&guard);
}

void unwrap_expect(const struct stack *stack)
{
    struct frame frame;
    struct bytes whole = build(&frame, stack);
    expect_whole(stack, whole);
    expect_cut(stack, whole);
}

void unwrap_expect_kind(const struct stack *stack, enum packet_kind kind)
{
    struct frame frame;
    struct bytes whole = build(&frame, stack);
    struct guard guard = guard_open(FRAME_ROOM);
    struct segment s;
    for (size_t n = 0; n <= whole.len; n++) {
        enum packet_kind got = packet_decode(
            stack->link_type, guard_place(&guard, bytes_first(whole, n)), whole.len, &s);
        cr_expect(got == kind || (n < whole.len && got == PACKET_SHORT), "%s cut to %zu: %s",
                  stack->name, n, kind_name(got));
    }
    guard_close(&guard);
}
