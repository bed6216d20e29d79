/* SPDX-License-Identifier: ISC */
/* The rarer kinds of pcap files. (The common ones: test_capture_input.c.) */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/support/capture_image.h"

/* The only packet of `image`, and what is complained of behind it. */
static struct packet_record only_packet(const struct image *image, char problem[512])
{
    char path[IMAGE_PATH];
    struct packet_record packet;
    image_save(image->octets, image->length, path);
    struct capture *capture = capture_of_file(path);
    cr_assert_eq(capture_next(capture, &packet), CAPTURE_PACKET);
    packet.frame.at = NULL; /* gone after the next call */
    struct packet_record none;
    cr_expect_eq(capture_next(capture, &none), CAPTURE_END);
    strcpy(problem, only_source(capture)->problem);
    capture_close(capture);
    unlink(path);
    return packet;
}

Test(pcap_format, records_of_the_modified_format_are_longer)
{
    struct image image = pcap_begin(false, false, 1);
    memcpy(image.octets, "\x34\xcd\xb2\xa1", 4);
    image_put(&image, 1700000000, 4);
    image_put(&image, 5, 4);
    image_put(&image, 20, 4);
    image_put(&image, 60, 4);
    image_put(&image, 0, 8); /* interface, protocol, packet type */
    image_fill(&image, 1, 20);
    char problem[512];
    struct packet_record packet = only_packet(&image, problem);
    cr_expect_str_empty(problem);
    cr_expect_eq(packet.ts_us, 1700000000000005);
    cr_expect_eq(packet.frame.len, 20);
    cr_expect_eq(packet.wire_length, 60);
}

/* A record of `extra` more octets between its header and the frame than pcap has. */
static void put_variant(struct image *image, uint32_t us, int extra)
{
    image_put(image, 1700000000, 4);
    image_put(image, us, 4);
    image_put(image, 20, 4);
    image_put(image, 60, 4);
    for (int i = 0; i < extra; i += 4)
        image_put(image, 0x02000800, 4);
    image_fill(image, (uint8_t)us, 20);
}

/* How many packets of 20 octets it has, each with its own mark. */
static int packets_of(const struct image *image)
{
    char path[IMAGE_PATH];
    struct packet_record packet;
    int count = 0;
    image_save(image->octets, image->length, path);
    struct capture *capture = capture_of_file(path);
    while (capture_next(capture, &packet) == CAPTURE_PACKET && packet.frame.len == 20 &&
           packet.frame.at[0] == ++count)
        ;
    if (only_source(capture)->problem[0])
        count = -count;
    capture_close(capture);
    unlink(path);
    return count;
}

Test(pcap_format, records_tell_which_variant_wrote_them)
{
    static const struct {
        uint32_t magic;
        int extra; /* octets in front of the frame, beyond the sixteen of pcap */
    } rows[] = {
        {0xa1b2c3d4, 0},  /* pcap */
        {0xa1b2c3d4, 4},  /* Nokia */
        {0xa1b2c3d4, 8},  /* Red Hat 6.1 */
        {0xa1b2cd34, 8},  /* the modified format */
        {0xa1b2cd34, 12}, /* SuSE 6.3 */
        {0xa1e2cb12, 8},  /* netsniff-ng */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (int big_endian = 0; big_endian < 2; big_endian++) {
            struct image image = pcap_begin(big_endian, false, 1);
            image.length = 0;
            image_put(&image, rows[i].magic, 4);
            image.length = 24;
            for (uint32_t packet = 1; packet <= 3; packet++)
                put_variant(&image, packet, rows[i].extra);
            cr_expect_eq(packets_of(&image), 3, "row %zu", i);
        }
}

Test(pcap_format, damage_is_no_variant)
{
    struct image image = pcap_begin(false, false, 1);
    put_variant(&image, 1, 0);
    image_put(&image, UINT64_MAX, 8);
    image_put(&image, UINT64_MAX, 8);
    image_fill(&image, 3, 40);
    cr_expect_eq(packets_of(&image), -1);
}

Test(pcap_format, aix_numbers_interfaces_and_counts_nanoseconds)
{
    struct image image = pcap_begin(true, false, 6);
    image.octets[7] = 2; /* 2.2 */
    image_put(&image, 1700000000, 4);
    image_put(&image, 999999999, 4);
    image_put(&image, 20, 4);
    image_put(&image, 60, 4);
    image_fill(&image, 1, 20);
    char problem[512];
    struct packet_record packet = only_packet(&image, problem);
    cr_expect_str_empty(problem);
    cr_expect_eq(packet.link_type, 1);
    cr_expect_eq(packet.ts_us, 1700000000999999);
}

Test(pcap_format, the_first_versions_swapped_the_lengths)
{
    struct image image = pcap_begin(true, false, 1);
    image.octets[7] = 3; /* 2.3 */
    image_put(&image, 7, 4);
    image_put(&image, 0, 4);
    image_put(&image, 60, 4);
    image_put(&image, 20, 4);
    image_fill(&image, 1, 20);
    char problem[512];
    struct packet_record packet = only_packet(&image, problem);
    cr_expect_str_empty(problem);
    cr_expect_eq(packet.frame.len, 20);
    cr_expect_eq(packet.wire_length, 60);
}

Test(pcap_format, flags_beside_the_link_type_are_not_part_of_it)
{
    struct image image = pcap_begin(false, false, 0x24000071);
    pcap_packet(&image, 1, false, 1);
    char problem[512];
    cr_expect_eq(only_packet(&image, problem).link_type, 113);
}

Test(pcap_format, times_are_read_without_a_sign)
{
    struct image image = pcap_begin(false, false, 1);
    pcap_packet(&image, INT64_C(4000000000) * 1000000, false, 1); /* 2096 */
    char problem[512];
    cr_expect_eq(only_packet(&image, problem).ts_us, INT64_C(4000000000) * 1000000);
}

Test(pcap_format, a_frame_may_be_as_long_as_tcpdump_takes_and_no_longer)
{
    static const size_t longest = 262144;
    struct image head = pcap_begin(false, false, 1);
    image_put(&head, 1, 4);
    image_put(&head, 0, 4);
    image_put(&head, longest, 4);
    image_put(&head, longest, 4);
    uint8_t *file = calloc(1, head.length + longest);
    cr_assert_not_null(file);
    memcpy(file, head.octets, head.length);
    char path[IMAGE_PATH];
    image_save(file, head.length + longest, path);
    struct capture *capture = capture_of_file(path);
    struct packet_record packet;
    cr_assert_eq(capture_next(capture, &packet), CAPTURE_PACKET);
    cr_expect_eq(packet.frame.len, longest);
    cr_expect_eq(capture_next(capture, &packet), CAPTURE_END);
    capture_close(capture);
    unlink(path);

    file[32] = 1; /* the length: 262145 */
    size_t packets;
    cr_expect_not_null(strstr(problem_of(file, head.length + longest, &packets), "262145"));
    cr_expect_eq(packets, 0);
    free(file);
}
