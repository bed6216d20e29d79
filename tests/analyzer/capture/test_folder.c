/* SPDX-License-Identifier: ISC */
/* A directory looked at again and again, and read as files come to it. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/capture_image.h"
#include "analyzer/capture/folder.h"
#include "heloscope/base/limits.h"

static void path_in(char out[2 * IMAGE_PATH], const char *folder, const char *name)
{
    snprintf(out, 2 * IMAGE_PATH, "%s/%s", folder, name);
}

/* The names of the fresh ones, each with a space behind it. */
static const char *fresh(struct capture_folder *folder)
{
    static char names[512];
    names[0] = '\0';
    cr_assert(capture_folder_look(folder));
    for (size_t i = 0; i < folder->count; i++)
        if (folder->files[i].fresh) {
            strcat(names, strrchr(folder->files[i].path, '/') + 1);
            strcat(names, " ");
        }
    return names;
}

Test(capture_folder, a_file_is_fresh_once_and_in_the_order_of_numbers)
{
    char path[IMAGE_PATH], inner[2 * IMAGE_PATH];
    image_folder(path);
    path_in(inner, path, "inner");
    cr_assert_eq(mkdir(inner, 0700), 0);
    image_save_as(path, "x.pcap10", "", 0);
    image_save_as(path, "x.pcap9", "", 0);
    image_save_as(path, ".x.pcap11", "", 0);
    struct capture_folder folder = {.name = path};
    cr_expect_str_eq(fresh(&folder), "x.pcap9 x.pcap10 ");
    cr_expect_str_eq(fresh(&folder), "");
    image_save_as(path, "x.pcap11", "more", 4);
    cr_expect_str_eq(fresh(&folder), "x.pcap11 ");
    cr_assert_eq(folder.count, 3);
    cr_expect_eq(folder.files[2].size, 4);
    capture_folder_free(&folder);
    rmdir(inner);
    image_remove(path);
}

Test(capture_folder, a_file_keeps_its_reader_under_another_name)
{
    char path[IMAGE_PATH], before[2 * IMAGE_PATH], after[2 * IMAGE_PATH];
    image_folder(path);
    path_in(before, path, "x.pcap");
    path_in(after, path, "x.pcap.1");
    image_save_as(path, "x.pcap", "first", 5);
    struct capture_folder folder = {.name = path};
    struct capture_input *reader = (struct capture_input *)&folder; /* only compared */
    cr_expect_str_eq(fresh(&folder), "x.pcap ");
    folder.files[0].reader = reader;
    cr_assert_eq(rename(before, after), 0);
    image_save_as(path, "x.pcap", "second", 6);
    cr_expect_str_eq(fresh(&folder), "x.pcap ");
    cr_assert_eq(folder.count, 2);
    cr_expect_null(folder.files[0].reader);
    cr_expect_eq(folder.files[1].reader, reader);
    capture_folder_free(&folder);
    image_remove(path);
}

/* tcpdump -z gzip */
Test(capture_folder, what_is_compressed_in_its_place_is_not_fresh)
{
    char path[IMAGE_PATH], plain[2 * IMAGE_PATH];
    image_folder(path);
    path_in(plain, path, "x.pcap");
    image_save_as(path, "x.pcap", "first", 5);
    struct capture_folder folder = {.name = path};
    cr_expect_str_eq(fresh(&folder), "x.pcap ");
    image_save_as(path, "x.pcap.gz", "packed", 6);
    image_save_as(path, "y.pcap.gz", "packed", 6);
    cr_assert_eq(unlink(plain), 0);
    cr_expect_str_eq(fresh(&folder), "y.pcap.gz ");
    cr_expect_str_eq(fresh(&folder), "");
    capture_folder_free(&folder);
    image_remove(path);
}

Test(capture_folder, one_that_cannot_be_read_has_no_files)
{
    struct capture_folder folder = {.name = "/tmp/heloscope-no-such-folder"};
    cr_expect_str_eq(fresh(&folder), "");
    cr_expect_eq(folder.count, 0);
    capture_folder_free(&folder);
}

/* ------------------------------------------------------------------------------ as one capture */

static struct capture *follow(const char *folder, int64_t quiet_seconds)
{
    struct failure why = {""};
    const struct capture_files files = {
        .paths = &folder, .count = 1, .growing = true, .quiet_seconds = quiet_seconds};
    struct capture *capture = capture_open(&files, &why);
    cr_assert_not_null(capture, "%s", why.text);
    return capture;
}

/* The time of the next packet, waiting for it; 0 when none comes or at the end. */
static int64_t next_time(struct capture *capture)
{
    struct packet_record packet;
    enum capture_result result = CAPTURE_IDLE;
    for (int pauses = 0; pauses < 10 && result == CAPTURE_IDLE; pauses++)
        result = capture_next(capture, &packet);
    return result == CAPTURE_PACKET ? packet.ts_us : 0;
}

static void save(const char *folder, const char *name, int64_t first_us, int64_t second_us)
{
    const int64_t times[] = {first_us, second_us};
    struct image image = pcap_of(times, second_us ? 2 : 1);
    image_save_as(folder, name, image.octets, image.length);
}

static void append(const char *folder, const char *name, int64_t us)
{
    const int64_t times[] = {us};
    struct image image = pcap_of(times, 1);
    char path[2 * IMAGE_PATH];
    path_in(path, folder, name);
    FILE *file = fopen(path, "ab");
    cr_assert_not_null(file);
    fwrite(image.octets + 24, 1, image.length - 24, file);
    fclose(file);
}

Test(capture_folder, files_are_read_as_they_come_the_rest_of_the_one_before_first)
{
    char path[IMAGE_PATH];
    image_folder(path);
    struct capture *capture = follow(path, 0);
    struct packet_record packet;
    cr_expect(capture_expects_files(capture));
    cr_expect_eq(capture_next(capture, &packet), CAPTURE_IDLE);
    save(path, "x.pcap9", 10, 20);
    cr_expect_eq(next_time(capture), 10);
    cr_expect_eq(next_time(capture), 20);
    cr_expect_eq(capture_next(capture, &packet), CAPTURE_IDLE);
    append(path, "x.pcap9", 30);
    save(path, "x.pcap10", 40, 50);
    for (int64_t us = 30; us <= 50; us += 10)
        cr_expect_eq(next_time(capture), us);
    struct capture_source **sources;
    cr_assert_eq(capture_sources(capture, &sources), 2);
    cr_expect_eq(sources[0]->packets, 3);
    cr_expect_not_null(strstr(sources[1]->name, "x.pcap10"));
    capture_stop(capture);
    cr_expect_eq(capture_next(capture, &packet), CAPTURE_END);
    capture_close(capture);
    image_remove(path);
}

/* tcpdump -W: the oldest file is written over in its place. */
Test(capture_folder, a_file_that_is_written_over_is_read_anew)
{
    char path[IMAGE_PATH];
    image_folder(path);
    save(path, "x.pcap0", 10, 20);
    save(path, "x.pcap1", 30, 0);
    struct capture *capture = follow(path, 0);
    for (int64_t us = 10; us <= 30; us += 10)
        cr_expect_eq(next_time(capture), us);
    cr_expect_eq(next_time(capture), 0);
    save(path, "x.pcap0", 40, 0);
    cr_expect_eq(next_time(capture), 40);
    append(path, "x.pcap0", 50);
    cr_expect_eq(next_time(capture), 50);
    struct capture_source **sources;
    cr_assert_eq(capture_sources(capture, &sources), 3);
    for (size_t i = 0; i < 3; i++)
        cr_expect_str_empty(sources[i]->problem);
    capture_close(capture);
    image_remove(path);
}

/* The history itself may lie in the directory. */
Test(capture_folder, strangers_are_passed_over_and_noted_once)
{
    char path[IMAGE_PATH];
    image_folder(path);
    image_save_as(path, "heloscope.db", "", 0);
    struct capture *capture = follow(path, 0);
    struct packet_record packet;
    cr_expect_eq(capture_next(capture, &packet), CAPTURE_IDLE);
    image_save_as(path, "heloscope.db", "SQLite format 3", 16);
    image_save_as(path, "notes.txt", "rotated each hour\n", 18);
    save(path, "x.pcap", 10, 0);
    cr_expect_eq(next_time(capture), 10);
    cr_expect_eq(next_time(capture), 0);
    cr_expect_str_empty(only_source(capture)->problem);
    cr_assert_not_null(capture_note(capture, 0));
    cr_expect_not_null(strstr(capture_note(capture, 0), "2 files"), "%s", capture_note(capture, 0));
    cr_expect_null(capture_note(capture, 1));
    capture_close(capture);
    image_remove(path);
}

/* Many files need few descriptors; of those at rest the older ones are taken for complete. */
Test(capture_folder, old_files_are_complete_behind_many_newer_ones)
{
    enum {
        FILES = FOLLOWED_LIMIT + 3
    };
    char path[IMAGE_PATH], name[32];
    image_folder(path);
    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof name, "x.pcap%d", i);
        save(path, name, 10 * (i + 1), 0);
    }
    struct capture *capture = follow(path, 0);
    for (int i = 0; i < FILES; i++)
        cr_expect_eq(next_time(capture), 10 * (i + 1));
    cr_expect_eq(next_time(capture), 0);
    append(path, "x.pcap0", 1000);
    append(path, "x.pcap18", 1010);
    cr_expect_eq(next_time(capture), 1010);
    cr_expect_eq(next_time(capture), 0);
    struct capture_source **sources;
    cr_assert_eq(capture_sources(capture, &sources), FILES);
    cr_expect_not_null(strstr(sources[0]->problem, "grew again"), "%s", sources[0]->problem);
    for (size_t i = 1; i < FILES; i++)
        cr_expect_str_empty(sources[i]->problem);
    capture_close(capture);
    image_remove(path);
}

Test(capture_folder, it_ends_when_nothing_has_come_for_so_long)
{
    char path[IMAGE_PATH];
    image_folder(path);
    save(path, "x.pcap", 10, 0);
    struct capture *capture = follow(path, 1);
    cr_expect_eq(next_time(capture), 10);
    struct packet_record packet;
    enum capture_result result;
    size_t pauses = 0;
    while ((result = capture_next(capture, &packet)) == CAPTURE_IDLE)
        cr_assert_lt(++pauses, 1000);
    cr_expect_eq(result, CAPTURE_END);
    cr_expect_gt(pauses, 2);
    capture_close(capture);
    image_remove(path);
}
