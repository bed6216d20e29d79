/* SPDX-License-Identifier: ISC */
/* Packets in, segments out: what is counted as what. */
#include <criterion/criterion.h>

#include "heloscope/transport/intake.h"
#include "tests/support/frame.h"

#define ADDRESSES "7f000001 7f000002"

static struct intake *intake;
static struct capture_source source;

static void make(void)
{
    intake = intake_new();
    memset(&source, 0, sizeof source);
}

static void clean(void)
{
    intake_free(intake);
}

TestSuite(intake, .init = make, .fini = clean);

static enum intake_result take(int link_type, struct bytes frame, int64_t ts_us,
                               struct segment *out)
{
    uint32_t path;
    struct packet_record record = {
        .source = &source,
        .number = 1,
        .ts_us = ts_us,
        .link_type = link_type,
        .frame = frame,
        .wire_length = frame.len,
    };
    return intake_packet(intake, &record, ts_us, out, &path);
}

static enum intake_result take_frame(const struct frame *frame, int64_t ts_us)
{
    struct segment s;
    return take(101, frame_bytes(frame), ts_us, &s);
}

static struct intake_counts counts(void)
{
    struct intake_counts out;
    intake_counts(intake, &out);
    return out;
}

Test(intake, each_packet_counts_as_one_thing)
{
    struct frame tcp, udp, cut;
    struct segment s;
    frame_tcp(&tcp, "NOOP\r\n");
    udp = tcp;
    frame_wrap(&tcp, "ip4 6");
    frame_wrap(&udp, "ip4 17");
    frame_clear(&cut);
    frame_wrap(&cut, "4500");
    cr_expect_eq(take_frame(&tcp, 1), INTAKE_SEGMENT);
    cr_expect_eq(take_frame(&udp, 2), INTAKE_NOTHING);
    cr_expect_eq(take_frame(&cut, 3), INTAKE_NOTHING);
    cr_expect_eq(counts().unknown_link_type, -1);
    cr_expect_eq(take(119, frame_bytes(&tcp), 4, &s), INTAKE_NOTHING);
    cr_expect_eq(take_frame(&tcp, 5), INTAKE_COPY);
    struct intake_counts c = counts();
    cr_expect_eq(c.packets, 5);
    cr_expect_eq(c.tcp, 2);
    cr_expect_eq(c.other, 1);
    cr_expect_eq(c.unreadable, 2);
    cr_expect_eq(c.duplicates, 1);
    cr_expect_eq(c.unknown_link_type, 119);
    cr_expect_eq(source.duplicates, 1);
}

/* What lies in `inner`, as the two fragments of one datagram. */
static void split(struct bytes inner, struct frame *first, struct frame *last, uint8_t protocol,
                  uint8_t id)
{
    for (int i = 0; i < 2; i++) {
        struct frame *out = i ? last : first;
        struct bytes part = i ? bytes_from(inner, 16) : bytes_first(inner, 16);
        uint8_t header[20] = {0x45,     [5] = id,       [6] = i ? 0 : 0x20, [7] = i ? 2 : 0,
                              [8] = 64, [9] = protocol, [12] = 127,         [16] = 127};
        header[3] = (uint8_t)(20 + part.len);
        header[15] = 1;
        header[19] = 9;
        frame_clear(out);
        frame_wrap_bytes(out, part);
        frame_wrap_bytes(out, bytes_of(header, sizeof header));
    }
}

Test(intake, fragments_become_a_segment)
{
    struct frame tcp, first, last;
    struct segment s;
    frame_tcp(&tcp, "NOOP\r\n");
    split(frame_bytes(&tcp), &first, &last, 6, 1);
    cr_expect_eq(take_frame(&last, 1), INTAKE_NOTHING);
    cr_expect_eq(counts().incomplete, 1);
    cr_expect_eq(take(101, frame_bytes(&first), 2, &s), INTAKE_SEGMENT);
    cr_expect(bytes_equal(s.payload, bytes_of_string("NOOP\r\n")));
    cr_expect_eq(s.dst_port, 25);
    struct intake_counts c = counts();
    cr_expect_eq(c.packets, 2);
    cr_expect_eq(c.tcp, 1);
    cr_expect_eq(c.fragments.fragments, 2);
    cr_expect_eq(c.fragments.datagrams, 1);
    cr_expect_eq(c.incomplete, 0);
}

/* The first part comes once more, with the beginning of the last behind it. */
Test(intake, fragments_that_overlap_count_at_their_source)
{
    struct frame tcp, first, last, longer;
    struct segment s;
    frame_tcp(&tcp, "NOOP\r\n");
    split(frame_bytes(&tcp), &first, &last, 6, 1);
    frame_clear(&longer);
    frame_wrap_bytes(&longer, bytes_first(frame_bytes(&tcp), 24));
    uint8_t header[20];
    memcpy(header, frame_bytes(&first).at, sizeof header);
    header[3] = 20 + 24;
    frame_wrap_bytes(&longer, bytes_of(header, sizeof header));
    cr_expect_eq(take_frame(&first, 1), INTAKE_NOTHING);
    cr_expect_eq(take_frame(&first, 2), INTAKE_NOTHING);
    cr_expect_eq(source.overlaps, 0, "a copy is no overlap");
    cr_expect_eq(take_frame(&longer, 3), INTAKE_NOTHING);
    cr_expect_eq(source.overlaps, 1);
    cr_expect_eq(take(101, frame_bytes(&last), 4, &s), INTAKE_SEGMENT);
    cr_expect(bytes_equal(s.payload, bytes_of_string("NOOP\r\n")));
    cr_expect_eq(source.overlaps, 2);
    cr_expect_eq(counts().fragments.contradicting, 0);
}

/* A mirror shows the fragments in two VLANs: two datagrams, and the second is a copy. */
Test(intake, fragments_that_came_twice_are_one_segment)
{
    struct frame tcp, parts[2];
    struct segment s;
    enum intake_result results[4];
    frame_tcp(&tcp, "NOOP\r\n");
    split(frame_bytes(&tcp), &parts[0], &parts[1], 6, 1);
    for (int i = 0; i < 4; i++) {
        struct frame tagged = parts[i / 2];
        frame_wrap(&tagged, i % 2 ? "0007 0800" : "0008 0800");
        frame_wrap(&tagged, "020000000002 020000000001 8100");
        results[i] = take(1, frame_bytes(&tagged), 10 + i, &s);
    }
    static const enum intake_result wanted[] = {INTAKE_NOTHING, INTAKE_NOTHING, INTAKE_SEGMENT,
                                                INTAKE_COPY};
    cr_expect_arr_eq(results, wanted, sizeof wanted);
    cr_expect_eq(counts().fragments.datagrams, 2);
}

/* IP in IP, both of them in fragments; deeper than that nobody follows. */
Test(intake, fragments_in_fragments)
{
    uint8_t id = 0;
    for (int depth = 1; depth <= 6; depth++) {
        struct frame parts[64], tcp;
        frame_tcp(&tcp, "NOOP\r\n");
        size_t count = 1;
        parts[0] = tcp;
        for (int level = 0; level < depth; level++) {
            static struct frame next[64];
            for (size_t i = 0; i < count; i++)
                split(frame_bytes(&parts[i]), &next[2 * i], &next[2 * i + 1], level ? 4 : 6, ++id);
            count *= 2;
            memcpy(parts, next, count * sizeof *parts);
        }
        int segments = 0;
        for (size_t i = 0; i < count; i++)
            segments += take_frame(&parts[i], depth) == INTAKE_SEGMENT;
        cr_expect_eq(segments, depth <= NESTED_FRAGMENTS, "depth %d: %d", depth, segments);
    }
    cr_expect_eq(counts().nested, 2 + 4, "what the datagrams of depth 5 and 6 hold");
}

Test(intake, packets_with_too_many_headers_are_counted)
{
    struct frame frame;
    frame_tcp(&frame, "NOOP\r\n");
    frame_wrap(&frame, "ip4 6");
    for (int n = 0; n < LAYER_LIMIT; n++)
        frame_wrap(&frame, "ip4 4");
    cr_expect_eq(take_frame(&frame, 1), INTAKE_NOTHING);
    cr_expect_eq(counts().too_deep, 1);
    cr_expect_eq(counts().unreadable, 1);
}
