/* SPDX-License-Identifier: ISC */
/* What is a copy of a packet, and what only looks like one. */
#include <criterion/criterion.h>

#include "analyzer/transport/duplicates.h"

static struct duplicates *duplicates;

static void make(void)
{
    duplicates = duplicates_new();
}

static void clean(void)
{
    duplicates_free(duplicates);
}

TestSuite(duplicates, .init = make, .fini = clean);

static const uint8_t options[] = {1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2};
static const uint8_t later_options[] = {1, 1, 8, 10, 0, 0, 0, 3, 0, 0, 0, 2};

static struct segment some(void)
{
    return (struct segment){
        .src = {4, {127, 0, 0, 1}},
        .dst = {4, {127, 0, 0, 2}},
        .src_port = 40000,
        .dst_port = 25,
        .seq = 1000,
        .ack = 2000,
        .flags = TCP_ACK | TCP_PSH,
        .window = 500,
        .options = bytes_of(options, sizeof options),
        .payload = bytes_of_string("MAIL FROM:<a@localhost>\r\n"),
        .ip_id = 7,
        .path = 5,
    };
}

static bool take(const struct segment *s, int64_t ts_us)
{
    uint32_t path;
    return duplicates_take(duplicates, s, ts_us, &path);
}

Test(duplicates, the_same_packet_by_another_way)
{
    struct segment s = some(), by_another = s;
    uint32_t path = 0;
    by_another.path = 6;
    by_another.vlan = 20;
    by_another.tunnel = (struct tunnel){TUNNEL_VXLAN, true, 1};
    cr_expect_not(duplicates_take(duplicates, &s, 1000, &path));
    cr_expect(duplicates_take(duplicates, &by_another, 1010, &path));
    cr_expect_eq(path, 5);
    path = 0;
    cr_expect(duplicates_take(duplicates, &s, 1020, &path), "and by the first again");
    cr_expect_eq(path, 5);
}

/* Each differs from the segment before in one way. */
Test(duplicates, other_packets_are_no_copies)
{
    struct segment row[12];
    for (size_t i = 0; i < 12; i++)
        row[i] = some();
    row[1].src.octets[3] = 3;
    row[2].dst.octets[3] = 3;
    row[3].src_port++;
    row[4].dst_port++;
    row[5].seq++;
    row[6].ack++;
    row[7].flags = TCP_ACK;
    row[8].window++;
    row[9].ip_id++; /* a retransmission */
    row[10].options = bytes_of(later_options, sizeof later_options);
    row[11].payload = bytes_of_string("MAIL FROM:<b@localhost>\r\n");
    for (size_t i = 0; i < 12; i++)
        cr_expect_not(take(&row[i], 1000), "row %zu", i);
    for (size_t i = 0; i < 12; i++)
        cr_expect(take(&row[i], 1001), "row %zu", i);
}

Test(duplicates, the_other_direction_is_no_copy)
{
    struct segment there = some(), back = some();
    there.src_port = there.dst_port;
    back.src_port = back.dst_port;
    back.src = there.dst;
    back.dst = there.src;
    cr_expect_not(take(&there, 1));
    cr_expect_not(take(&back, 1));
}

Test(duplicates, a_copy_comes_soon)
{
    struct segment s = some();
    cr_expect_not(take(&s, 1000000));
    cr_expect(take(&s, 1000000 + COPY_US));
    cr_expect_not(take(&s, 1000001 + COPY_US), "that is sent again");
    cr_expect(take(&s, 1000000), "files that are merged may lie apart");
}

/* Firewalls change what a SYN offers. */
Test(duplicates, a_syn_may_be_changed_on_its_way)
{
    struct segment syn = some(), changed;
    syn.flags = TCP_SYN;
    syn.payload = bytes_of("", 0);
    changed = syn;
    changed.window = 100;
    changed.options = bytes_of(later_options, 4);
    cr_expect_not(take(&syn, 1));
    cr_expect(take(&changed, 2));
    changed.ip_id++;
    cr_expect_not(take(&changed, 3), "the second attempt");
}

/* A tag in front leaves less room for the rest under the same snap length. */
Test(duplicates, of_a_cut_packet_the_longer_copy_is_taken)
{
    struct segment s = some(), shorter = some();
    shorter.payload.len -= 4;
    shorter.cut = 4;
    cr_expect_not(take(&shorter, 1));
    cr_expect_not(take(&s, 2));
    cr_expect(take(&shorter, 3));
    cr_expect(take(&s, 4));
}

Test(duplicates, only_the_newest_are_remembered)
{
    struct segment s = some();
    for (uint32_t n = 0; n < 10 * COPIES_REMEMBERED; n++) {
        s.seq = n;
        cr_assert_not(take(&s, 1), "%u", n);
        if (n >= COPIES_REMEMBERED) {
            s.seq = n - COPIES_REMEMBERED / 2;
            cr_assert(take(&s, 1), "%u", n);
        }
    }
    s.seq = 8 * COPIES_REMEMBERED;
    cr_expect_not(take(&s, 1));
}
