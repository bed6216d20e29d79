/* SPDX-License-Identifier: ISC */
/* Directories on the command line. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/capture_image.h"
#include "analyzer/capture/paths.h"

Test(capture_paths, a_directory_means_its_files_in_the_order_of_their_numbers)
{
    char folder[IMAGE_PATH], inner[2 * IMAGE_PATH];
    image_folder(folder);
    static const char *const names[] = {"x.pcap10", "x.pcap2", ".hidden", "x.pcap"};
    for (size_t i = 0; i < 4; i++)
        image_save_as(folder, names[i], "", 0);
    snprintf(inner, sizeof inner, "%s/inner", folder);
    cr_assert_eq(mkdir(inner, 0700), 0);
    const char *given[] = {"-", folder, "/tmp/heloscope-no-such-file"};
    struct capture_paths paths;
    cr_assert(capture_paths_expand(&paths, given, 3, false));
    cr_assert_eq(paths.count, 5);
    static const char *const wanted[] = {"-", "/x.pcap", "/x.pcap2", "/x.pcap10", "no-such-file"};
    for (size_t i = 0; i < 5; i++) {
        size_t length = strlen(paths.all[i].name), tail = strlen(wanted[i]);
        cr_assert_geq(length, tail);
        cr_expect_str_eq(paths.all[i].name + length - tail, wanted[i]);
        cr_expect_eq(paths.all[i].folder, i >= 1 && i <= 3);
    }
    capture_paths_free(&paths);
    rmdir(inner);
    image_remove(folder);
}

/* The packets of a folder's captures, in time order; what is noted of the rest. */
Test(capture_paths, rotated_files_are_one_capture_and_strangers_are_noted_once)
{
    static const int64_t times[][2] = {{50, 60}, {10, 20}, {30, 40}};
    static const char *const names[] = {"x.pcap2", "x.pcap", "x.pcap1"};
    char folder[IMAGE_PATH];
    image_folder(folder);
    for (size_t i = 0; i < 3; i++) {
        struct image image = pcap_of(times[i], 2);
        image_save_as(folder, names[i], image.octets, image.length);
    }
    image_save_as(folder, "heloscope.db", "SQLite format 3", 16);
    image_save_as(folder, "notes.txt", "rotated each hour\n", 18);
    image_save_as(folder, "fresh.pcap", "", 0);
    struct capture *capture = capture_of_file(folder);
    struct packet_record packet;
    for (int64_t us = 10; us <= 60; us += 10) {
        cr_assert_eq(capture_next(capture, &packet), CAPTURE_PACKET);
        cr_expect_eq(packet.ts_us, us);
    }
    cr_expect_eq(capture_next(capture, &packet), CAPTURE_END);
    struct capture_source **sources;
    cr_assert_eq(capture_sources(capture, &sources), 3);
    for (size_t i = 0; i < 3; i++) {
        cr_expect_str_empty(sources[i]->problem);
        cr_expect_eq(sources[i]->packets, 2);
    }
    cr_expect_eq(sources[0]->started_us, 10);
    cr_assert_not_null(capture_note(capture, 0));
    cr_expect_not_null(strstr(capture_note(capture, 0), "3 files"));
    cr_expect_not_null(strstr(capture_note(capture, 0), "fresh.pcap"));
    cr_expect_null(capture_note(capture, 1));
    capture_close(capture);
    image_remove(folder);
}

Test(capture_paths, a_directory_of_strangers_is_itself_the_problem)
{
    char folder[IMAGE_PATH];
    image_folder(folder);
    image_save_as(folder, "a.txt", "hello there", 11);
    image_save_as(folder, "b.txt", "hello there", 11);
    struct capture *capture = capture_of_file(folder);
    struct packet_record packet;
    cr_expect_eq(capture_next(capture, &packet), CAPTURE_END);
    const struct capture_source *source = only_source(capture);
    cr_expect_str_eq(source->name, folder);
    cr_expect_not_null(strstr(source->problem, "without capture files"), "%s", source->problem);
    cr_expect_null(capture_note(capture, 0));
    capture_close(capture);
    image_remove(folder);
}

/* A damaged capture is still one. */
Test(capture_paths, a_damaged_capture_in_a_directory_is_a_problem_of_its_own)
{
    const int64_t times[] = {10, 20};
    struct image image = pcap_of(times, 2);
    char folder[IMAGE_PATH];
    image_folder(folder);
    image_save_as(folder, "cut.pcap", image.octets, 10);
    image_save_as(folder, "good.pcap", image.octets, image.length);
    struct capture *capture = capture_of_file(folder);
    struct capture_source **sources;
    cr_assert_eq(capture_sources(capture, &sources), 2);
    cr_expect_not_null(strstr(sources[0]->problem, "cut off in the file header"));
    cr_expect_str_empty(sources[1]->problem);
    cr_expect_null(capture_note(capture, 0));
    capture_close(capture);
    image_remove(folder);
}
