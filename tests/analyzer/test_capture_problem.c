/* What is said of files that cannot be read. */
#include <criterion/criterion.h>
#include <string.h>

#include "../support/capture_image.h"

static void expect_problem(const void *octets, size_t length, const char *words)
{
    const char *problem = problem_of(octets, length, NULL);
    cr_expect_not_null(strstr(problem, words), "\"%s\" has no \"%s\"", problem, words);
}

Test(capture_problem, interfaces_of_different_link_types_are_named_as_such)
{
    struct image image = {.big_endian = false};
    pcapng_section(&image);
    pcapng_interface(&image, 1);
    pcapng_packet(&image, 0, 1000000, 1);
    pcapng_interface(&image, 101);
    pcapng_packet(&image, 1, 2000000, 2);
    size_t packets;
    const char *problem = problem_of(image.octets, image.length, &packets);
    cr_expect_eq(packets, 1);
    cr_expect_not_null(strstr(problem, "different link types"), "%s", problem);
}

Test(capture_problem, what_is_no_capture_says_what_it_is)
{
    expect_problem("", 0, "empty file");
    expect_problem("Received: from mx.example.org\n", 30, "not a capture file");
    expect_problem("Hi", 2, "not a capture file");
    expect_problem("\x1f\x8b\x08\0\0\0\0\0\0\0", 10, "gzip");
    expect_problem("\x28\xb5\x2f\xfd\0\0\0\0\0\0", 10, "zstd");
    expect_problem("SQLite format 3\0\x10", 17, "SQLite");
    expect_problem("\xd4\xc3\xb2\xa1\x02\0", 6, "cut off in the file header");
}

Test(capture_problem, what_cannot_be_opened_says_why)
{
    const char *paths[] = {"/tmp/heloscope-no-such-file.pcap", "/tmp"};
    struct failure why;
    struct capture *capture = capture_open_files(paths, 2, NULL, &why);
    cr_assert_not_null(capture);
    struct packet_record packet;
    cr_expect_eq(capture_next(capture, &packet), CAPTURE_END);
    struct capture_source **sources;
    cr_assert_eq(capture_sources(capture, &sources), 2);
    cr_expect_str_eq(sources[0]->problem,
                     "/tmp/heloscope-no-such-file.pcap: No such file or directory");
    cr_expect_str_eq(sources[1]->problem, "/tmp: a directory, not a capture file");
    capture_close(capture);
}
