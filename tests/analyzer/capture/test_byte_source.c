/* SPDX-License-Identifier: ISC */
/* The window onto a file: plain and packed, whole, cut and growing. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/support/capture_image.h"
#include "tests/support/pack.h"
#include "analyzer/capture/byte_source.h"

enum {
    LENGTH = 700000, /* more than the buffer holds */
    ROOM = 2 * LENGTH
};

static uint8_t octets[LENGTH], packed[ROOM];

static void make_octets(void)
{
    uint32_t state = 1;
    for (size_t i = 0; i < LENGTH; i++) {
        state = state * 1664525 + 1013904223;
        octets[i] = (uint8_t)(state >> 24 & 0x3f);
    }
}

static struct byte_source open_source(const char *path, bool growing)
{
    struct byte_source source;
    struct failure why = {""};
    cr_assert(byte_source_open(&source, path, growing, &why), "%s", why.text);
    return source;
}

/* Reads pieces of all sizes and compares them; where it ended and how. */
static size_t read_all(struct byte_source *source, enum bytes_result *last)
{
    size_t at = 0;
    for (size_t wanted = 1;; wanted = wanted * 3 % 300007 + 1) {
        *last = byte_source_need(source, wanted);
        size_t got = *last == BYTES_READY ? wanted : byte_source_left(source);
        cr_assert_leq(at + got, LENGTH);
        cr_assert_arr_eq(source->at, octets + at, got);
        source->at += got;
        at += got;
        if (*last != BYTES_READY)
            return at;
    }
}

static void expect_whole(const void *content, size_t length)
{
    char path[IMAGE_PATH];
    enum bytes_result last;
    image_save(content, length, path);
    struct byte_source source = open_source(path, false);
    cr_expect_eq(byte_source_size(&source), length);
    cr_expect_eq(read_all(&source, &last), LENGTH);
    cr_expect_eq(last, BYTES_END);
    cr_expect_eq(byte_source_position(&source), length);
    byte_source_close(&source);
    unlink(path);
}

Test(byte_source, plain_and_packed_give_the_same)
{
    make_octets();
    expect_whole(octets, LENGTH);
    const struct packer *packer;
    for (size_t k = 0; (packer = packer_at(k)); k++)
        expect_whole(packed, packer->pack(bytes_of(octets, LENGTH), packed, ROOM));
}

Test(byte_source, members_and_padding)
{
    make_octets();
    const struct packer *packer;
    for (size_t k = 0; (packer = packer_at(k)); k++) {
        size_t length = packer->pack(bytes_of(octets, 1000), packed, ROOM);
        memset(packed + length, 0, 512);
        length += 512;
        length +=
            packer->pack(bytes_of(octets + 1000, LENGTH - 1000), packed + length, ROOM - length);
        memset(packed + length, 0, 64);
        expect_whole(packed, length + 64);
    }
}

Test(byte_source, packed_data_that_ends_too_early_gives_what_there_was)
{
    make_octets();
    const struct packer *packer;
    for (size_t k = 0; (packer = packer_at(k)); k++) {
        size_t length = packer->pack(bytes_of(octets, LENGTH), packed, ROOM), before = 0;
        for (size_t part = 1; part < 10; part++) {
            char path[IMAGE_PATH];
            enum bytes_result last;
            image_save(packed, length / 10 * part, path);
            struct byte_source source = open_source(path, false);
            size_t got = read_all(&source, &last);
            cr_expect(got >= before && got < LENGTH, "%s: %zu", packer->name, got);
            before = got;
            cr_expect_eq(last, BYTES_FAILED);
            cr_expect(source.cut);
            cr_expect_not_null(strstr(source.why.text, packer->name), "%s", source.why.text);
            byte_source_close(&source);
            unlink(path);
        }
        cr_expect(before > LENGTH / 4, "%s: only %zu", packer->name, before);
    }
}

/* Short ones are unpacked in one go with what fails behind them. */
Test(byte_source, damage_and_trailing_rubbish_fail_behind_what_is_good)
{
    make_octets();
    const struct packer *packer;
    for (size_t k = 0; (packer = packer_at(k)); k++)
        for (size_t whole = 300; whole <= LENGTH; whole *= 7) {
            size_t length = packer->pack(bytes_of(octets, whole), packed, ROOM);
            memset(packed + length, 0x55, 17);
            char path[IMAGE_PATH];
            enum bytes_result last;
            image_save(packed, length + 17, path);
            struct byte_source source = open_source(path, false);
            cr_expect_eq(read_all(&source, &last), whole, "%s", packer->name);
            cr_expect_eq(last, BYTES_FAILED);
            cr_expect(!source.cut);
            cr_expect_not_null(strstr(source.why.text, "cannot be unpacked"));
            byte_source_close(&source);
            unlink(path);
        }
}

/* The end of a growing file is a pause, even within the first octets, which tell the packing. */
static void expect_growth(const uint8_t *content, size_t length)
{
    char path[IMAGE_PATH];
    image_save("", 0, path);
    struct byte_source source = open_source(path, true);
    int fd = open(path, O_WRONLY | O_APPEND);
    size_t at = 0;
    for (size_t written = 0; written < length; written++) {
        cr_assert_eq(write(fd, content + written, 1), 1);
        enum bytes_result result;
        while ((result = byte_source_need(&source, 1)) == BYTES_READY) {
            size_t got = byte_source_left(&source);
            cr_assert_arr_eq(source.at, octets + at, got);
            source.at += got;
            at += got;
        }
        cr_assert_eq(result, BYTES_IDLE);
    }
    source.growing = false;
    cr_expect_eq(byte_source_need(&source, 1), BYTES_END);
    cr_expect_eq(at, 3000);
    byte_source_close(&source);
    close(fd);
    unlink(path);
}

Test(byte_source, a_file_that_grows_octet_by_octet)
{
    make_octets();
    expect_growth(octets, 3000);
    const struct packer *packer;
    for (size_t k = 0; (packer = packer_at(k)); k++)
        expect_growth(packed, packer->pack(bytes_of(octets, 3000), packed, ROOM));
}

Test(byte_source, a_pipe_that_has_nothing_is_idle_and_ends_with_its_writer)
{
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    cr_assert_geq(dup2(ends[0], STDIN_FILENO), 0);
    struct byte_source source = open_source("-", false);
    cr_expect_eq(byte_source_need(&source, 8), BYTES_IDLE);
    cr_assert_eq(write(ends[1], "1234", 4), 4);
    cr_expect_eq(byte_source_need(&source, 8), BYTES_IDLE);
    cr_assert_eq(write(ends[1], "5678", 4), 4);
    cr_expect_eq(byte_source_need(&source, 8), BYTES_READY);
    cr_expect_eq(byte_source_left(&source), 8);
    cr_expect_arr_eq(source.at, "12345678", 8);
    close(ends[1]);
    cr_expect_eq(byte_source_need(&source, 9), BYTES_END);
    cr_expect_eq(byte_source_size(&source), 0);
    byte_source_close(&source);
}
