/* SPDX-License-Identifier: ISC */
/* Files that are still being written. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <unistd.h>

#include "tests/support/capture_image.h"

static struct capture *open_growing(const char *const *paths, size_t count, int64_t quiet_seconds)
{
    struct failure why = {""};
    const struct capture_files files = {
        .paths = paths, .count = count, .growing = true, .quiet_seconds = quiet_seconds};
    struct capture *capture = capture_open(&files, &why);
    cr_assert_not_null(capture, "%s", why.text);
    return capture;
}

static void append(const char *path, const void *octets, size_t length)
{
    int fd = open(path, O_WRONLY | O_APPEND);
    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, octets, length), (ssize_t)length);
    close(fd);
}

/* Written in two halves, cut at each octet: nothing is lost, and nothing said. */
static void expect_continued(const struct image *image, size_t packets)
{
    for (size_t cut = 0; cut < image->length; cut += cut % 3 + 1) {
        char path[IMAGE_PATH];
        image_save(image->octets, cut, path);
        const char *name = path;
        struct capture *capture = open_growing(&name, 1, 0);
        struct packet_record packet;
        size_t count = 0;
        enum capture_result result;
        while ((result = capture_next(capture, &packet)) == CAPTURE_PACKET)
            cr_assert_eq(packet.frame.at[0], ++count);
        cr_assert_eq(result, CAPTURE_IDLE, "cut at %zu", cut);
        append(path, image->octets + cut, image->length - cut);
        while ((result = capture_next(capture, &packet)) == CAPTURE_PACKET)
            cr_assert_eq(packet.frame.at[0], ++count);
        cr_expect_eq(result, CAPTURE_IDLE);
        cr_expect_eq(count, packets, "cut at %zu: %zu", cut, count);
        cr_expect_str_empty(only_source(capture)->problem);
        capture_stop(capture);
        cr_expect_eq(capture_next(capture, &packet), CAPTURE_END);
        capture_close(capture);
        unlink(path);
    }
}

Test(capture_growing, a_record_that_is_half_written_is_waited_for)
{
    const int64_t times[] = {10};
    struct image image = pcap_of(times, 1);
    expect_continued(&image, 1);
    struct image blocks = {.big_endian = true};
    pcapng_section(&blocks);
    pcapng_interface(&blocks, 1);
    pcapng_packet(&blocks, 0, 1, 1);
    expect_continued(&blocks, 1);
}

Test(capture_growing, what_has_not_grown_for_so_long_is_complete)
{
    const int64_t times[] = {10, 20};
    struct image image = pcap_of(times, 2);
    char path[IMAGE_PATH];
    image_save(image.octets, image.length - 5, path);
    const char *name = path;
    struct capture *capture = open_growing(&name, 1, 1);
    struct packet_record packet;
    cr_assert_eq(capture_next(capture, &packet), CAPTURE_PACKET);
    enum capture_result result;
    size_t pauses = 0;
    while ((result = capture_next(capture, &packet)) == CAPTURE_IDLE)
        cr_assert_lt(++pauses, 1000);
    cr_expect_eq(result, CAPTURE_END);
    cr_expect_gt(pauses, 2, "%zu pauses", pauses);
    cr_expect_not_null(strstr(only_source(capture)->problem, "cut off"));
    capture_close(capture);
    unlink(path);
}

/* One file rests, the other goes on; what the first then brings is not lost. */
Test(capture_growing, a_file_at_rest_does_not_hold_up_the_others)
{
    const int64_t early[] = {10, 40}, late[] = {20, 30, 50};
    struct image first = pcap_of(early, 2), second = pcap_of(late, 3);
    size_t record = 16 + IMAGE_FRAME;
    char paths[2][IMAGE_PATH];
    image_save(first.octets, 24 + record, paths[0]);
    image_save(second.octets, second.length, paths[1]);
    const char *names[] = {paths[0], paths[1]};
    struct capture *capture = open_growing(names, 2, 0);
    struct packet_record packet;
    static const int64_t before[] = {10, 20, 30, 50};
    for (size_t i = 0; i < 4; i++) {
        cr_assert_eq(capture_next(capture, &packet), CAPTURE_PACKET);
        cr_expect_eq(packet.ts_us, before[i]);
    }
    cr_expect_eq(capture_next(capture, &packet), CAPTURE_IDLE);
    append(paths[0], first.octets + 24 + record, record);
    cr_assert_eq(capture_next(capture, &packet), CAPTURE_PACKET);
    cr_expect_eq(packet.ts_us, 40);
    cr_expect_eq(packet.number, 2);
    capture_close(capture);
    unlink(paths[0]);
    unlink(paths[1]);
}

Test(capture_growing, a_file_that_became_shorter_is_said)
{
    const int64_t times[] = {10, 20};
    struct image image = pcap_of(times, 2);
    char path[IMAGE_PATH];
    image_save(image.octets, image.length, path);
    const char *name = path;
    struct capture *capture = open_growing(&name, 1, 0);
    cr_expect_eq(read_marked(capture), 2); /* up to the pause */
    cr_assert_eq(truncate(path, 30), 0);
    struct packet_record packet;
    enum capture_result result;
    size_t pauses = 0;
    while ((result = capture_next(capture, &packet)) == CAPTURE_IDLE)
        cr_assert_lt(++pauses, 1000);
    cr_expect_eq(result, CAPTURE_END);
    cr_expect_not_null(strstr(only_source(capture)->problem, "shorter"));
    capture_close(capture);
    unlink(path);
}
