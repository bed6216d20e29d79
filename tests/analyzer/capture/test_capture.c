/* SPDX-License-Identifier: ISC */
/* Several captures as one, filtered, stopped, and how far it is. */
#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/capture_image.h"

struct piece {
    int64_t times[4];
    size_t count;
};

/* Writes each piece as a file, reads all as one, and compares the order of times. */
static void expect_merged(const struct piece *pieces, size_t count, const int64_t *wanted,
                          size_t total)
{
    static char paths[64][IMAGE_PATH];
    const char *names[64];
    for (size_t i = 0; i < count; i++) {
        struct image image = pcap_of(pieces[i].times, pieces[i].count);
        image_save(image.octets, image.length, paths[i]);
        names[i] = paths[i];
    }
    struct failure why;
    struct capture *capture = capture_open_files(names, count, NULL, &why);
    cr_assert_not_null(capture);
    struct packet_record packet;
    for (size_t i = 0; i < total; i++) {
        cr_assert_eq(capture_next(capture, &packet), CAPTURE_PACKET, "packet %zu", i);
        cr_expect_eq(packet.ts_us, wanted[i], "packet %zu: %lld", i, (long long)packet.ts_us);
        cr_expect_eq(packet.frame.at[0], packet.number, "the frame is another packet's");
    }
    cr_expect_eq(capture_next(capture, &packet), CAPTURE_END);
    cr_expect_eq(capture_next(capture, &packet), CAPTURE_END);
    struct capture_source **sources;
    cr_assert_eq(capture_sources(capture, &sources), count);
    for (size_t i = 0; i < count; i++) {
        cr_expect_str_eq(sources[i]->name, names[i]);
        cr_expect_eq(sources[i]->packets, pieces[i].count);
        unlink(paths[i]);
    }
    capture_close(capture);
}

Test(capture, files_one_behind_the_other_in_any_order)
{
    const struct piece pieces[] = {{{50, 60}, 2}, {{10, 20}, 2}, {{0}, 0}, {{30, 40}, 2}};
    const int64_t wanted[] = {10, 20, 30, 40, 50, 60};
    expect_merged(pieces, 4, wanted, 6);
}

Test(capture, files_that_overlap)
{
    const struct piece pieces[] = {{{10, 40, 70}, 3}, {{20, 50, 55}, 3}, {{21, 41, 80}, 3}};
    const int64_t wanted[] = {10, 20, 21, 40, 41, 50, 55, 70, 80};
    expect_merged(pieces, 3, wanted, 9);
}

Test(capture, equal_times_keep_the_order_given)
{
    const struct piece pieces[] = {{{10, 10}, 2}, {{10, 10}, 2}};
    const int64_t wanted[] = {10, 10, 10, 10};
    expect_merged(pieces, 2, wanted, 4);
}

Test(capture, a_file_keeps_its_own_order_even_against_the_clock)
{
    const struct piece pieces[] = {{{10, 5, 30}, 3}, {{20}, 1}};
    const int64_t wanted[] = {10, 5, 20, 30};
    expect_merged(pieces, 2, wanted, 4);
}

Test(capture, many_rotated_files_need_few_descriptors)
{
    struct piece pieces[60];
    int64_t wanted[120];
    for (size_t i = 0; i < 60; i++) {
        int64_t start = (int64_t)(i * 37 % 60) * 10 + 1;
        pieces[i] = (struct piece){{start, start + 5}, 2};
        wanted[start / 10 * 2] = start;
        wanted[start / 10 * 2 + 1] = start + 5;
    }
    expect_merged(pieces, 60, wanted, 120);
}

Test(capture, a_broken_file_does_not_stop_the_others)
{
    const int64_t times[] = {10, 30}, other[] = {20, 40};
    struct image cut = pcap_of(times, 2), whole = pcap_of(other, 2);
    char first[IMAGE_PATH], second[IMAGE_PATH];
    image_save(cut.octets, cut.length - 3, first);
    image_save(whole.octets, whole.length, second);
    const char *names[] = {first, second};
    struct capture *capture = capture_open_files(names, 2, NULL, NULL);
    cr_assert_not_null(capture);
    struct packet_record packet;
    static const int64_t wanted[] = {10, 20, 40};
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(capture_next(capture, &packet), CAPTURE_PACKET);
        cr_expect_eq(packet.ts_us, wanted[i]);
    }
    cr_expect_eq(capture_next(capture, &packet), CAPTURE_END);
    capture_close(capture);
    unlink(first);
    unlink(second);
}

/* Frames with an Ethernet type: the filter sees it, the numbers stay those of the file. */
Test(capture, a_filter_leaves_the_numbers_alone)
{
    struct image image = pcap_begin(false, false, 1);
    for (int i = 0; i < 4; i++) {
        pcap_packet(&image, 1000000 * (i + 1), false, (uint8_t)(i + 1));
        image.octets[image.length - IMAGE_FRAME + 12] = i % 2 ? 0x08 : 0x86;
        image.octets[image.length - IMAGE_FRAME + 13] = i % 2 ? 0x06 : 0xdd;
    }
    char path[IMAGE_PATH];
    image_save(image.octets, image.length, path);
    const char *name = path;
    struct capture *capture = capture_open_files(&name, 1, "arp", NULL);
    cr_assert_not_null(capture);
    struct packet_record packet;
    cr_assert_eq(capture_next(capture, &packet), CAPTURE_PACKET);
    cr_expect_eq(packet.number, 2);
    cr_assert_eq(capture_next(capture, &packet), CAPTURE_PACKET);
    cr_expect_eq(packet.number, 4);
    cr_expect_eq(capture_next(capture, &packet), CAPTURE_END);
    capture_close(capture);
    unlink(path);
}

Test(capture, a_filter_that_does_not_compile_is_a_failure)
{
    const int64_t times[] = {10};
    struct image image = pcap_of(times, 1);
    char path[IMAGE_PATH];
    image_save(image.octets, image.length, path);
    const char *names[] = {path, "/tmp/heloscope-no-such-file.pcap"};
    for (size_t i = 0; i < 2; i++) {
        struct failure why = {""};
        cr_expect_null(capture_open_files(&names[i], 1, "tcp port and", &why));
        cr_expect_not_null(strstr(why.text, "tcp port and"), "%s", why.text);
    }
    unlink(path);
}

Test(capture, progress_grows_to_the_size_of_the_files)
{
    const int64_t times[] = {10, 20, 30, 40};
    struct image image = pcap_of(times, 4);
    char path[IMAGE_PATH];
    image_save(image.octets, image.length, path);
    struct capture *capture = capture_of_file(path);
    uint64_t done, total, before = 0;
    struct packet_record packet;
    while (capture_next(capture, &packet) == CAPTURE_PACKET) {
        capture_progress(capture, &done, &total);
        cr_expect_eq(total, image.length);
        cr_expect(done >= before && done <= total);
        before = done;
    }
    capture_progress(capture, &done, &total);
    cr_expect_eq(done, image.length);
    capture_close(capture);
    unlink(path);
}

Test(capture, stop_ends_it)
{
    const int64_t times[] = {10, 20};
    struct image image = pcap_of(times, 2);
    char path[IMAGE_PATH];
    image_save(image.octets, image.length, path);
    struct capture *capture = capture_of_file(path);
    struct packet_record packet;
    cr_assert_eq(capture_next(capture, &packet), CAPTURE_PACKET);
    capture_stop(capture);
    cr_expect_eq(capture_next(capture, &packet), CAPTURE_END);
    capture_close(capture);
    unlink(path);
}

Test(capture, standard_input_is_a_file_too)
{
    const int64_t times[] = {10, 20};
    struct image image = pcap_of(times, 2);
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(write(ends[1], image.octets, image.length), (ssize_t)image.length);
    close(ends[1]);
    cr_assert_geq(dup2(ends[0], STDIN_FILENO), 0);
    const char *names[] = {"-", "-"};
    struct capture *capture = capture_open_files(names, 2, NULL, NULL);
    cr_assert_not_null(capture);
    cr_expect_eq(read_marked(capture), 2);
    uint64_t done, total;
    capture_progress(capture, &done, &total);
    cr_expect_eq(total, 0);
    struct capture_source **sources;
    capture_sources(capture, &sources);
    cr_expect_str_empty(sources[0]->problem);
    cr_expect_str_eq(sources[1]->problem, "standard input: can be read only once");
    capture_close(capture);
}

Test(capture, an_interface_that_is_not_there)
{
    struct failure why = {""};
    const char *const names[] = {"nowhere0"};
    const struct capture_live options = {.interfaces = names, .interface_count = 1};
    cr_expect_null(capture_open_live(&options, &why));
    cr_expect_not_null(strstr(why.text, "nowhere0"), "%s", why.text);
}
