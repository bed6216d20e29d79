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
