/* SPDX-License-Identifier: ISC */
/* pcapng as tools write it: several sections and interfaces, clocks of all kinds, blocks that are
 * no packets. */
#include <criterion/criterion.h>
#include <unistd.h>

#include "tests/support/capture_image.h"

enum {
    RESOLUTION = 9,
    OFFSET = 14,
    DROPPED_BY_INTERFACE = 5,
    DROPPED_BY_SYSTEM = 7
};

struct wanted {
    int64_t ts_us;
    int link_type;
};

/* Expects just these packets, marked 1, 2, ...; hands the source's drops out. */
static uint64_t expect_packets(const struct image *image, const struct wanted *wanted, size_t count)
{
    char path[IMAGE_PATH];
    struct packet_record packet;
    image_save(image->octets, image->length, path);
    struct capture *capture = capture_of_file(path);
    for (size_t i = 0; i < count; i++) {
        cr_assert_eq(capture_next(capture, &packet), CAPTURE_PACKET, "packet %zu: %s", i + 1,
                     only_source(capture)->problem);
        cr_expect_eq(packet.number, i + 1);
        cr_expect_eq(packet.frame.at[0], i + 1);
        cr_expect_eq(packet.ts_us, wanted[i].ts_us, "packet %zu: %lld", i + 1,
                     (long long)packet.ts_us);
        cr_expect_eq(packet.link_type, wanted[i].link_type, "packet %zu", i + 1);
    }
    cr_expect_eq(capture_next(capture, &packet), CAPTURE_END);
    cr_expect_str_empty(only_source(capture)->problem);
    uint64_t dropped = only_source(capture)->dropped;
    capture_close(capture);
    unlink(path);
    return dropped;
}

/* An interface whose clock is told by options. */
static void clocked_interface(struct image *image, unsigned resolution, int64_t offset)
{
    size_t begun = pcapng_begin(image, 1);
    image_put(image, 1, 2);
    image_put(image, 0, 2);
    image_put(image, 0, 4);
    pcapng_option(image, 2, 0x3068746574, 5); /* a name */
    pcapng_option(image, RESOLUTION, resolution, 1);
    pcapng_option(image, OFFSET, (uint64_t)offset, 8);
    image_put(image, 0, 4);
    pcapng_end(image, begun);
}

Test(pcapng, interfaces_of_different_link_types)
{
    struct image image = {.big_endian = false};
    pcapng_section(&image);
    pcapng_interface(&image, 1);
    pcapng_packet(&image, 0, 1000000, 1);
    pcapng_interface(&image, 101);
    pcapng_packet(&image, 1, 2000000, 2);
    pcapng_packet(&image, 0, 3000000, 3);
    const struct wanted wanted[] = {{1000000, 1}, {2000000, 101}, {3000000, 1}};
    cr_expect_eq(expect_packets(&image, wanted, 3), 0);
}

Test(pcapng, sections_have_their_own_interfaces_and_byte_order)
{
    struct image image = {.big_endian = false};
    pcapng_section(&image);
    pcapng_interface(&image, 1);
    pcapng_interface(&image, 113);
    pcapng_packet(&image, 1, 1000000, 1);
    image.big_endian = true;
    pcapng_section(&image);
    pcapng_interface(&image, 101);
    pcapng_packet(&image, 0, 2000000, 2);
    const struct wanted wanted[] = {{1000000, 113}, {2000000, 101}};
    expect_packets(&image, wanted, 2);

    pcapng_packet(&image, 1, 3000000, 3); /* of the first section */
    size_t packets;
    const char *problem = problem_of(image.octets, image.length, &packets);
    cr_expect_eq(packets, 2);
    cr_expect_not_null(strstr(problem, "interface 1"), "%s", problem);
}

Test(pcapng, clocks_of_each_resolution)
{
    static const struct {
        unsigned resolution;
        int64_t offset;
        uint64_t ticks;
        int64_t us;
    } rows[] = {
        {6, 0, 1234567, 1234567},
        {9, 0, 1234567890, 1234567},
        {3, 0, 1500, 1500000},
        {0, 0, 7, 7000000},
        {12, 0, 1234567890123, 1234567},
        {0x80, 0, 3, 3000000}, /* seconds, as a power of two */
        {0x80 | 20, 0, 3 << 19, 1500000},
        {0x80 | 32, 0, UINT64_C(5) << 31, 2500000},
        {0x80 | 60, 0, UINT64_C(3) << 59, 1500000},
        {6, 1700000000, 1, 1700000000000001},
        {6, -1, 3000000, 2000000},
        {6, -100, 3000000, 0}, /* before 1970 */
        {25, 0, UINT64_C(1) << 63, 0},
        {127, 0, UINT64_MAX, 0},
        {0xff, 0, UINT64_MAX, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (int big_endian = 0; big_endian < 2; big_endian++) {
            struct image image = {.big_endian = big_endian};
            pcapng_section(&image);
            clocked_interface(&image, rows[i].resolution, rows[i].offset);
            pcapng_packet(&image, 0, (int64_t)rows[i].ticks, 1);
            const struct wanted wanted = {rows[i].us, 1};
            expect_packets(&image, &wanted, 1);
        }
}

Test(pcapng, packets_of_the_simple_and_the_obsolete_block)
{
    struct image image = {.big_endian = false};
    pcapng_section(&image);
    pcapng_interface(&image, 1);
    pcapng_packet(&image, 0, 5000000, 1);
    size_t begun = pcapng_begin(&image, 3);
    image_put(&image, IMAGE_FRAME, 4);
    image_fill(&image, 2, IMAGE_FRAME);
    pcapng_end(&image, begun);
    begun = pcapng_begin(&image, 2);
    image_put(&image, 0, 2);
    image_put(&image, 9, 2); /* drops */
    image_put(&image, 0, 4);
    image_put(&image, 6000000, 4);
    image_put(&image, 3, 4);
    image_put(&image, 90, 4);
    image_fill(&image, 3, 3);
    pcapng_end(&image, begun);
    const struct wanted wanted[] = {{5000000, 1}, {5000000, 1}, {6000000, 1}};
    cr_expect_eq(expect_packets(&image, wanted, 3), 9);
}

/* The length of a simple packet is that of the wire; the interface says how much of it is there. */
Test(pcapng, a_simple_packet_that_the_snap_length_cut)
{
    struct image image = {.big_endian = false};
    pcapng_section(&image);
    size_t begun = pcapng_begin(&image, 1);
    image_put(&image, 1, 4);
    image_put(&image, 10, 4);
    pcapng_end(&image, begun);
    begun = pcapng_begin(&image, 3);
    image_put(&image, 1500, 4);
    image_fill(&image, 1, 10);
    pcapng_end(&image, begun);
    char path[IMAGE_PATH];
    struct packet_record packet;
    image_save(image.octets, image.length, path);
    struct capture *capture = capture_of_file(path);
    cr_assert_eq(capture_next(capture, &packet), CAPTURE_PACKET);
    cr_expect_eq(packet.frame.len, 10);
    cr_expect_eq(packet.wire_length, 1500);
    capture_close(capture);
    unlink(path);
}

static void statistics(struct image *image, unsigned interface, uint64_t by_interface,
                       uint64_t by_system)
{
    size_t begun = pcapng_begin(image, 5);
    image_put(image, interface, 4);
    image_put(image, 0, 8);
    pcapng_option(image, 4, 1000, 8); /* received */
    pcapng_option(image, DROPPED_BY_INTERFACE, by_interface, 8);
    pcapng_option(image, DROPPED_BY_SYSTEM, by_system, 8);
    pcapng_end(image, begun);
}

Test(pcapng, the_last_statistics_of_each_interface_count)
{
    struct image image = {.big_endian = false};
    pcapng_section(&image);
    pcapng_interface(&image, 1);
    pcapng_interface(&image, 1);
    statistics(&image, 0, 1, 2);
    pcapng_packet(&image, 0, 1, 1);
    statistics(&image, 0, 3, 4);
    statistics(&image, 1, 10, 0);
    statistics(&image, 5, 1000, 0); /* no such interface */
    pcapng_section(&image);
    pcapng_interface(&image, 1);
    statistics(&image, 0, 100, UINT64_MAX); /* the latter cannot be */
    const struct wanted wanted = {1, 1};
    cr_expect_eq(expect_packets(&image, &wanted, 1), 117);
}

/* A packet before which `dropped` others were lost. */
static void packet_behind_drops(struct image *image, unsigned interface, int64_t us, uint8_t mark,
                                uint64_t dropped)
{
    size_t begun = pcapng_begin(image, 6);
    image_put(image, interface, 4);
    image_put(image, (uint64_t)us >> 32, 4);
    image_put(image, (uint64_t)us & UINT32_MAX, 4);
    image_put(image, IMAGE_FRAME - 1, 4); /* so that there is padding */
    image_put(image, IMAGE_FRAME - 1, 4);
    image_put(image, mark, 1);
    image_fill(image, 0, IMAGE_FRAME - 2);
    image_put(image, 0, 1);
    pcapng_option(image, 2, 1, 4); /* flags */
    pcapng_option(image, 4, dropped, 8);
    image_put(image, 0, 4);
    pcapng_end(image, begun);
}

/* Packets and statistics count the same losses. */
Test(pcapng, of_the_two_accounts_of_drops_the_larger_counts)
{
    static const struct {
        uint64_t summed[2], reported, wanted;
    } rows[] = {
        {{3, 4}, 0, 7}, {{3, 4}, 5, 7},          {{3, 4}, 9, 9},
        {{0, 0}, 9, 9}, {{3, UINT64_MAX}, 0, 3}, /* no counter gets there */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct image image = {.big_endian = i % 2};
        pcapng_section(&image);
        pcapng_interface(&image, 1);
        pcapng_interface(&image, 1);
        packet_behind_drops(&image, 0, 1000000, 1, rows[i].summed[0]);
        packet_behind_drops(&image, 0, 2000000, 2, rows[i].summed[1]);
        packet_behind_drops(&image, 1, 3000000, 3, 100);
        if (rows[i].reported)
            statistics(&image, 0, rows[i].reported, 0);
        const struct wanted wanted[] = {{1000000, 1}, {2000000, 1}, {3000000, 1}};
        cr_expect_eq(expect_packets(&image, wanted, 3), rows[i].wanted + 100, "row %zu", i);
    }
}

Test(pcapng, other_blocks_are_passed_over)
{
    static const uint32_t others[] = {4 /* names */, 10 /* secrets */, 0xabc, 0x80000001};
    struct image image = {.big_endian = true};
    pcapng_section(&image);
    pcapng_interface(&image, 1);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        size_t begun = pcapng_begin(&image, others[i]);
        image_fill(&image, 0xff, 4 * i);
        pcapng_end(&image, begun);
        pcapng_packet(&image, 0, 1, (uint8_t)(i + 1));
    }
    const struct wanted wanted[] = {{1, 1}, {1, 1}, {1, 1}, {1, 1}};
    expect_packets(&image, wanted, 4);
}

Test(pcapng, records_that_wireshark_lists_take_numbers)
{
    static const uint32_t listed[] = {9 /* systemd's journal */, 0xbad, 0x40000bad, 0x204};
    struct image image = {.big_endian = false};
    pcapng_section(&image);
    pcapng_interface(&image, 1);
    for (size_t i = 0; i < 4; i++) {
        size_t begun = pcapng_begin(&image, listed[i]);
        image_fill(&image, 0, 40);
        pcapng_end(&image, begun);
        pcapng_packet(&image, 0, 1, (uint8_t)(i + 1));
    }
    char path[IMAGE_PATH];
    struct packet_record packet;
    image_save(image.octets, image.length, path);
    struct capture *capture = capture_of_file(path);
    for (uint64_t number = 2; number <= 8; number += 2) {
        cr_assert_eq(capture_next(capture, &packet), CAPTURE_PACKET);
        cr_expect_eq(packet.number, number);
    }
    cr_expect_eq(capture_next(capture, &packet), CAPTURE_END);
    cr_expect_eq(only_source(capture)->packets, 4);
    capture_close(capture);
    unlink(path);
}

/* Any octet changed: packets may be lost, but nothing else happens. */
Test(pcapng, no_octet_is_trusted)
{
    struct image image = {.big_endian = false};
    pcapng_section(&image);
    clocked_interface(&image, 9, 5);
    pcapng_packet(&image, 0, 1000000, 1);
    statistics(&image, 0, 1, 2);
    pcapng_packet(&image, 0, 2000000, 2);
    char path[IMAGE_PATH];
    image_save(image.octets, image.length, path);
    size_t said = 0;
    for (size_t i = 0; i < image.length; i++)
        for (unsigned bit = 0; bit < 8; bit += 7) {
            image.octets[i] ^= (uint8_t)(1u << bit);
            FILE *file = fopen(path, "wb");
            cr_assert_eq(fwrite(image.octets, 1, image.length, file), image.length);
            fclose(file);
            struct capture *capture = capture_of_file(path);
            struct packet_record packet;
            size_t packets = 0;
            while (capture_next(capture, &packet) == CAPTURE_PACKET)
                packets++;
            cr_expect(packets <= 2);
            said += only_source(capture)->problem[0] != '\0';
            capture_close(capture);
            image.octets[i] ^= (uint8_t)(1u << bit);
        }
    unlink(path);
    cr_expect(said > 40, "said only %zu times", said); /* lengths, at both ends, and versions */
}
