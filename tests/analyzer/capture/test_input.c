/* SPDX-License-Identifier: ISC */
/* Capture files of all kinds, whole, cut at each octet and damaged. */
#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/capture_image.h"

Test(capture_input, pcap_of_each_byte_order_and_resolution)
{
    for (int kind = 0; kind < 4; kind++) {
        bool big_endian = kind & 1, nanoseconds = kind & 2;
        struct image image = pcap_begin(big_endian, nanoseconds, 1);
        pcap_packet(&image, 1700000000000001, nanoseconds, 1);
        pcap_packet(&image, 1700000000999999, nanoseconds, 2);
        char path[IMAGE_PATH];
        image_save(image.octets, image.length, path);
        struct capture *capture = capture_of_file(path);
        struct packet_record packet;
        cr_assert_eq(capture_next(capture, &packet), CAPTURE_PACKET);
        cr_expect_eq(packet.ts_us, 1700000000000001);
        cr_expect_eq(packet.link_type, 1);
        cr_expect_eq(packet.frame.len, IMAGE_FRAME);
        cr_expect_eq(packet.wire_length, IMAGE_FRAME + 40);
        cr_assert_eq(capture_next(capture, &packet), CAPTURE_PACKET);
        cr_expect_eq(packet.ts_us, 1700000000999999);
        cr_expect_eq(packet.number, 2);
        cr_expect_eq(capture_next(capture, &packet), CAPTURE_END);
        const struct capture_source *source = only_source(capture);
        cr_expect_eq(source->started_us, 1700000000000001);
        cr_expect_eq(source->ended_us, 1700000000999999);
        cr_expect_eq(source->packets, 2);
        cr_expect_eq(source->bytes, 2 * IMAGE_FRAME);
        cr_expect_str_empty(source->problem);
        capture_close(capture);
        unlink(path);
    }
}

Test(capture_input, pcapng_of_each_byte_order)
{
    for (int big_endian = 0; big_endian < 2; big_endian++) {
        struct image image = {.big_endian = big_endian};
        pcapng_section(&image);
        pcapng_interface(&image, 101);
        pcapng_packet(&image, 0, 1700000000123456, 1);
        char path[IMAGE_PATH];
        image_save(image.octets, image.length, path);
        struct capture *capture = capture_of_file(path);
        struct packet_record packet;
        cr_assert_eq(capture_next(capture, &packet), CAPTURE_PACKET);
        cr_expect_eq(packet.ts_us, 1700000000123456);
        cr_expect_eq(packet.link_type, 101);
        cr_expect_eq(packet.frame.len, IMAGE_FRAME);
        cr_expect_eq(capture_next(capture, &packet), CAPTURE_END);
        cr_expect_str_empty(only_source(capture)->problem);
        capture_close(capture);
        unlink(path);
    }
}

Test(capture_input, a_file_without_packets_is_no_problem)
{
    struct image image = pcap_begin(false, false, 1);
    size_t packets;
    cr_expect_str_empty(problem_of(image.octets, image.length, &packets));
    cr_expect_eq(packets, 0);
}

Test(capture_input, times_beyond_reason_stay_in_range)
{
    struct image image = {.big_endian = false};
    pcapng_section(&image);
    size_t begun = pcapng_begin(&image, 1); /* an interface that counts in seconds */
    image_put(&image, 1, 4);
    image_put(&image, 65535, 4);
    pcapng_option(&image, 9, 0, 1);
    pcapng_end(&image, begun);
    pcapng_packet(&image, 0, INT64_MAX, 1);
    char path[IMAGE_PATH];
    image_save(image.octets, image.length, path);
    struct capture *capture = capture_of_file(path);
    struct packet_record packet;
    cr_assert_eq(capture_next(capture, &packet), CAPTURE_PACKET);
    cr_expect(packet.ts_us >= 0 && packet.ts_us < INT64_MAX / 4);
    capture_close(capture);
    unlink(path);
}

/* ---------------------------------------------------------------------------- cut and damaged
 * files
 */

/* Cut at each octet: what lies before is delivered, the line says behind which packet it ends. */
static void expect_cut(const struct image *image, size_t from, size_t header, size_t record)
{
    for (size_t length = from; length < image->length; length++) {
        size_t whole = length < header ? 0 : (length - header) / record;
        bool clean = length >= header && (length - header) % record == 0;
        size_t packets;
        const char *problem = problem_of(image->octets, length, &packets);
        cr_expect_eq(packets, whole, "cut at %zu: %zu packets", length, packets);
        cr_expect_eq(problem[0] == '\0', clean, "cut at %zu: \"%s\"", length, problem);
        char place[32];
        snprintf(place, sizeof place, "packet %zu", whole);
        if (!clean && whole)
            cr_expect(strstr(problem, "cut off") && strstr(problem, place), "cut at %zu: \"%s\"",
                      length, problem);
    }
}

Test(capture_input, pcap_cut_at_each_octet)
{
    const int64_t times[] = {1000000, 2000000, 3000000};
    struct image image = pcap_of(times, 3);
    expect_cut(&image, 1, 24, 16 + IMAGE_FRAME);
}

Test(capture_input, pcapng_cut_at_each_octet)
{
    struct image image = {.big_endian = false};
    pcapng_section(&image);
    pcapng_interface(&image, 1);
    for (uint8_t i = 1; i <= 3; i++)
        pcapng_packet(&image, 0, i * 1000000, i);
    expect_cut(&image, 29, 48, 32 + IMAGE_FRAME);
    size_t packets;
    cr_expect_not_null(
        strstr(problem_of(image.octets, 27, &packets), "cut off in the file header"));
    cr_expect_str_empty(problem_of(image.octets, 28, &packets)); /* nothing but a section */
}

Test(capture_input, an_absurd_record_length_ends_the_file_behind_the_good_packets)
{
    const int64_t times[] = {1000000, 2000000};
    struct image image = pcap_of(times, 2);
    image_fill(&image, 0xff, 100);
    size_t packets;
    const char *problem = problem_of(image.octets, image.length, &packets);
    cr_expect_eq(packets, 2);
    cr_expect_not_null(strstr(problem, "damaged in the record behind packet 2"), "%s", problem);
}
