/* SPDX-License-Identifier: ISC */
/* What is said of files that cannot be read. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/support/capture_image.h"

static void expect_problem(const void *octets, size_t length, const char *words)
{
    const char *problem = problem_of(octets, length, NULL);
    cr_expect_not_null(strstr(problem, words), "\"%s\" has no \"%s\"", problem, words);
}

Test(capture_problem, what_is_no_capture_says_what_it_is)
{
    expect_problem("", 0, "empty file");
    expect_problem("Received: from mx.example.org\n", 30, "not a capture file");
    expect_problem("Hi", 2, "not a capture file");
    expect_problem("SQLite format 3\0\x10", 17, "SQLite");
    expect_problem("\xd4\xc3\xb2\xa1\x02\0", 6, "cut off in the file header");
    expect_problem("\xd4\xc3", 2, "cut off in the file header");
    expect_problem("\x0a\x0d\x0d", 3, "cut off in the file header");
}

Test(capture_problem, what_cannot_be_opened_says_why)
{
    char folder[IMAGE_PATH];
    image_folder(folder);
    const char *paths[] = {"/tmp/heloscope-no-such-file.pcap", folder};
    struct failure why;
    struct capture *capture = capture_open_files(paths, 2, NULL, &why);
    cr_assert_not_null(capture);
    struct packet_record packet;
    cr_expect_eq(capture_next(capture, &packet), CAPTURE_END);
    struct capture_source **sources;
    cr_assert_eq(capture_sources(capture, &sources), 2);
    cr_expect_str_eq(sources[0]->problem,
                     "/tmp/heloscope-no-such-file.pcap: No such file or directory");
    cr_expect_str_eq(sources[1]->name, folder);
    cr_expect_not_null(strstr(sources[1]->problem, "a directory without capture files"));
    capture_close(capture);
    image_remove(folder);
}

/* What is impossible is named, and the packets in front of it are kept. */
Test(capture_problem, damage_says_what_is_impossible)
{
    const int64_t times[] = {1000000};
    struct image version = pcap_of(times, 1);
    version.octets[4] = 7;
    expect_problem(version.octets, version.length, "file header: version 7.4 of pcap");

    struct image stranger = {.big_endian = false};
    pcapng_section(&stranger);
    pcapng_interface(&stranger, 1);
    pcapng_packet(&stranger, 0, 1000000, 1);
    size_t begun = stranger.length;
    pcapng_packet(&stranger, 7, 2000000, 2);
    expect_problem(stranger.octets, stranger.length, "behind packet 1: a packet of interface 7");

    stranger.octets[begun + 8] = 0;   /* the interface */
    stranger.octets[begun + 20] = 99; /* the frame's length */
    expect_problem(stranger.octets, stranger.length, "a frame of 99 octets");

    stranger.octets[begun + 4] = 22;
    expect_problem(stranger.octets, stranger.length, "a block of 22 octets");
}
