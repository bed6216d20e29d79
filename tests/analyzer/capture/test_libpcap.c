/* SPDX-License-Identifier: ISC */
/* Filters, for packets of any link type. (Interfaces: tests/system/test_live.py.) */
#include <criterion/criterion.h>
#include <unistd.h>

#include "tests/support/capture_image.h"
#include "analyzer/capture/libpcap.h"

/* An IPv4 header of TCP, behind `before` octets. */
static struct bytes ip_behind(uint8_t frame[64], size_t before)
{
    memset(frame, 0, 64);
    frame[before] = 0x45;
    frame[before + 3] = 40;
    frame[before + 9] = 6;
    return bytes_of(frame, before + 40);
}

Test(capture_libpcap, one_filter_fits_each_link_type_in_its_own_way)
{
    struct packet_filter *filter = packet_filter_new("tcp");
    struct failure why = {""};
    uint8_t frame[64];
    cr_assert_not_null(filter);
    for (int round = 0; round < 2; round++) {
        struct bytes raw = ip_behind(frame, 0);
        cr_expect_eq(packet_filter_ask(filter, 101, raw, raw.len, &why), FILTER_PASSES);
        frame[9] = 17;
        cr_expect_eq(packet_filter_ask(filter, 101, raw, raw.len, &why), FILTER_REFUSES);
        struct bytes ethernet = ip_behind(frame, 14);
        cr_expect_eq(packet_filter_ask(filter, 1, ethernet, ethernet.len, &why), FILTER_REFUSES);
        frame[12] = 0x08;
        cr_expect_eq(packet_filter_ask(filter, 1, ethernet, ethernet.len, &why), FILTER_PASSES);
    }
    packet_filter_free(filter);
}

Test(capture_libpcap, the_length_on_the_wire_is_what_less_and_greater_see)
{
    struct packet_filter *filter = packet_filter_new("greater 1000");
    struct failure why;
    uint8_t frame[64];
    struct bytes raw = ip_behind(frame, 0);
    cr_expect_eq(packet_filter_ask(filter, 1, raw, 40, &why), FILTER_REFUSES);
    cr_expect_eq(packet_filter_ask(filter, 1, raw, 1500, &why), FILTER_PASSES);
    packet_filter_free(filter);
}

/* More link types than are kept compiled. */
Test(capture_libpcap, any_number_of_link_types)
{
    struct packet_filter *filter = packet_filter_new("greater 10");
    struct failure why;
    uint8_t frame[64];
    struct bytes raw = ip_behind(frame, 0);
    for (int round = 0; round < 3; round++)
        for (int link_type = 0; link_type < 300; link_type++)
            cr_expect_eq(packet_filter_ask(filter, link_type, raw, raw.len, &why),
                         packet_filter_ask(filter, link_type, raw, raw.len, &why));
    packet_filter_free(filter);
}

Test(capture_libpcap, a_filter_that_says_nothing_about_a_link_type)
{
    struct packet_filter *filter = packet_filter_new("ether host 00:00:00:00:00:00");
    struct failure why = {""};
    uint8_t frame[64];
    struct bytes raw = ip_behind(frame, 0);
    for (int round = 0; round < 2; round++) {
        why.text[0] = '\0';
        cr_expect_eq(packet_filter_ask(filter, 101, raw, raw.len, &why), FILTER_MISFIT);
        cr_expect_str_not_empty(why.text);
    }
    cr_expect(packet_filter_fits_ethernet(filter, &why));
    packet_filter_free(filter);
}

static struct image two_link_types(void)
{
    struct image image = {.big_endian = false};
    pcapng_section(&image);
    pcapng_interface(&image, 101);
    pcapng_interface(&image, 1);
    pcapng_packet(&image, 0, 1, 1);
    pcapng_packet(&image, 1, 2, 2);
    return image;
}

Test(capture_libpcap, packets_that_a_filter_does_not_fit_are_left_out_and_that_is_said)
{
    struct image image = two_link_types();
    char path[IMAGE_PATH];
    image_save(image.octets, image.length, path);
    const char *name = path;
    struct failure why = {""};
    struct capture *capture = capture_open_files(&name, 1, "ether src 00:00:00:00:00:00", &why);
    cr_assert_not_null(capture, "%s", why.text);
    struct packet_record packet;
    cr_assert_eq(capture_next(capture, &packet), CAPTURE_PACKET);
    cr_expect_eq(packet.number, 2);
    cr_expect_eq(capture_next(capture, &packet), CAPTURE_END);
    const char *problem = only_source(capture)->problem;
    cr_expect_not_null(strstr(problem, "link type 101"), "%s", problem);
    capture_close(capture);
    unlink(path);
}
