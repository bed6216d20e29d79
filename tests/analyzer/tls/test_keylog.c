/* SPDX-License-Identifier: ISC */
/* Lines of a key log, as programs write them. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "heloscope/tls/keylog.h"

#define RANDOM "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define SECRET "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"

static const uint8_t random_octets[32] = {
    0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff,
    0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};

static size_t count(const struct keylog *keylog, enum keylog_label label)
{
    size_t place = 0, n = 0;
    while (keylog_find(keylog, label, bytes_of(random_octets, 32), &place))
        n++;
    return n;
}

static size_t count_in(const char *text, enum keylog_label label)
{
    struct keylog *keylog = keylog_new();
    keylog_add_text(keylog, bytes_of_string(text));
    const size_t n = count(keylog, label);
    keylog_free(keylog);
    return n;
}

Test(keylog, a_line_is_found_by_label_and_random)
{
    cr_expect(count_in("CLIENT_RANDOM " RANDOM " " SECRET "\n", KEYLOG_CLIENT_RANDOM) == 1);
    cr_expect(count_in("CLIENT_RANDOM " RANDOM " " SECRET "\n", KEYLOG_CLIENT_TRAFFIC) == 0);
    cr_expect(count_in("SERVER_TRAFFIC_SECRET_0 " RANDOM " " SECRET, KEYLOG_SERVER_TRAFFIC) == 1);
    cr_expect(count_in("# a comment\r\n\r\nCLIENT_RANDOM " RANDOM " " SECRET "\r\n",
                       KEYLOG_CLIENT_RANDOM) == 1);
}

Test(keylog, what_is_no_line_is_passed_over)
{
    cr_expect(count_in("CLIENT_RANDOM " RANDOM "\n", KEYLOG_CLIENT_RANDOM) == 0);
    cr_expect(count_in("CLIENT_RANDOM " RANDOM " 0g\n", KEYLOG_CLIENT_RANDOM) == 0);
    cr_expect(count_in("UNKNOWN " RANDOM " " SECRET "\n", KEYLOG_CLIENT_RANDOM) == 0);
}

#define LINE "CLIENT_RANDOM " RANDOM " " SECRET

/* Two lines, and a comment between them. */
static void write_file(char *path, size_t filler, const char *end)
{
    FILE *file = fdopen(mkstemp(path), "w");
    cr_assert(file);
    fputs("RSA " RANDOM " " SECRET "\n# ", file);
    for (size_t i = 0; i < filler; i++)
        fputc('x', file);
    fprintf(file, "\n%s%s", LINE, end);
    fclose(file);
}

/* Whatever lies between, also lines longer than what is read at once, and lines cut by its end. */
Test(keylog, lines_around_a_long_one_are_read)
{
    for (size_t filler = 32600; filler < 70000; filler += filler < 32800 ? 1 : 4099) {
        char path[] = "/tmp/heloscope-keylog-XXXXXX";
        struct keylog *keylog = keylog_new();
        write_file(path, filler, "");
        cr_expect(keylog_add_file(keylog, path, NULL));
        cr_expect(keylog_count(keylog) == 2, "%zu octets between", filler);
        cr_expect(count(keylog, KEYLOG_CLIENT_RANDOM) == 1);
        keylog_free(keylog);
        unlink(path);
    }
}

Test(keylog, what_lies_in_a_long_line_is_no_line)
{
    char path[] = "/tmp/heloscope-keylog-XXXXXX";
    struct keylog *keylog = keylog_new();
    FILE *file = fdopen(mkstemp(path), "w");
    cr_assert(file);
    for (size_t i = 0; i < 32768; i++)
        fputc('x', file);
    fputs(LINE "\n", file);
    fclose(file);
    cr_expect(keylog_add_file(keylog, path, NULL));
    cr_expect(keylog_count(keylog) == 0);
    keylog_free(keylog);
    unlink(path);
}

Test(keylog, a_folder_is_refused_by_name)
{
    struct keylog *keylog = keylog_new();
    struct failure why = {0};
    cr_expect(!keylog_add_file(keylog, "/tmp", &why));
    cr_expect(strstr(why.text, "/tmp: "), "%s", why.text);
    keylog_free(keylog);
}

/* A line counts once its end is there; a file in its place is read from its beginning. */
Test(keylog, a_file_that_grows_is_read_on)
{
    char path[] = "/tmp/heloscope-keylog-XXXXXX";
    struct keylog *keylog = keylog_new();
    write_file(path, 3, "");
    keylog_follow(keylog, path);
    cr_expect(keylog_count(keylog) == 1, "the last line has no end yet");
    FILE *file = fopen(path, "a");
    fputs("\r\n", file);
    fclose(file);
    keylog_poll(keylog);
    cr_expect(keylog_count(keylog) == 2);
    file = fopen(path, "w");
    fputs("PMS_CLIENT_RANDOM " RANDOM " " SECRET "\n", file);
    fclose(file);
    keylog_poll(keylog);
    cr_expect(count(keylog, KEYLOG_PMS) == 1, "it was written anew, and is shorter");
    unlink(path);
    keylog_poll(keylog);
    cr_expect(keylog_count(keylog) == 3);
    keylog_free(keylog);
}
