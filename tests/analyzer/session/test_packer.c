/* SPDX-License-Identifier: ISC */
/* What is packed comes back, and takes little. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "heloscope/session/packer.h"

static struct bytes all(const struct packer *packer)
{
    return bytes_of(packer->at, packer->length);
}

Test(packer, numbers_of_every_size)
{
    struct packer packer = {0};
    for (unsigned bit = 0; bit < 64; bit++) {
        pack_number(&packer, UINT64_C(1) << bit);
        pack_number(&packer, (UINT64_C(1) << bit) - 1);
    }
    pack_number(&packer, UINT64_MAX);
    struct bytes from = all(&packer);
    for (unsigned bit = 0; bit < 64; bit++) {
        cr_expect_eq(unpack_number(&from), UINT64_C(1) << bit);
        cr_expect_eq(unpack_number(&from), (UINT64_C(1) << bit) - 1);
    }
    cr_expect_eq(unpack_number(&from), UINT64_MAX);
    cr_expect_eq(from.len, 0);
    packer.length = 0;
    pack_number(&packer, 127);
    cr_expect_eq(packer.length, 1);
    packer_free(&packer);
    cr_expect_null(packer.at);
}

Test(packer, steps_in_both_directions)
{
    static const uint64_t rows[] = {0, 1, 0, 5, UINT64_MAX, 3, INT64_MAX, (uint64_t)INT64_MIN, 7};
    struct packer packer = {0};
    uint64_t last = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        pack_step(&packer, rows[i], &last);
    struct bytes from = all(&packer);
    last = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_eq(unpack_step(&from, &last), rows[i], "row %zu", i);
    cr_expect_eq(from.len, 0);
    packer.length = 0;
    last = 1000000;
    pack_step(&packer, 1000063, &last);
    pack_step(&packer, 1000000, &last);
    cr_expect_eq(packer.length, 2, "small steps take an octet each");
    packer_free(&packer);
}

Test(packer, octets_none_and_nothing)
{
    struct packer packer = {0};
    static uint8_t many[5000];
    memset(many, 'x', sizeof many);
    pack_bytes(&packer, bytes_of_string("MAIL"));
    pack_bytes(&packer, bytes_of("", 0));
    pack_bytes(&packer, bytes_of(NULL, 0));
    pack_bytes(&packer, bytes_of(many, sizeof many));
    pack_raw(&packer, "abc", 3);
    pack_pointer(&packer, many);
    struct bytes from = all(&packer);
    cr_expect(bytes_equal(unpack_bytes(&from), bytes_of_string("MAIL")));
    const struct bytes empty = unpack_bytes(&from);
    cr_expect(empty.at && !empty.len);
    cr_expect_null(unpack_bytes(&from).at);
    cr_expect(bytes_equal(unpack_bytes(&from), bytes_of(many, sizeof many)));
    cr_expect_arr_eq(from.at, "abc", 3);
    from = bytes_from(from, 3);
    cr_expect_eq(unpack_pointer(&from), many);
    cr_expect_eq(from.len, 0);
    packer_free(&packer);
}

/* As on machines of 32 bits. */
Test(packer, structs_of_any_size)
{
    static const uint8_t octets[24] = {1, [11] = 2, [16] = 3, [20] = 4, [23] = 5};
    for (size_t size = 0; size <= sizeof octets; size++) {
        struct packer packer = {0};
        uint8_t back[sizeof octets + 1];
        memset(back, 0xaa, sizeof back);
        pack_words(&packer, octets, size);
        pack_number(&packer, 42);
        struct bytes from = all(&packer);
        unpack_words(&from, back, size);
        cr_expect_eq(unpack_number(&from), 42);
        cr_expect_eq(memcmp(back, octets, size), 0, "%zu octets", size);
        cr_expect_eq(back[size], 0xaa, "%zu octets", size);
        packer_free(&packer);
    }
}

Test(packer, structs_that_are_mostly_zero)
{
    enum {
        WORDS = 200
    };
    uint64_t words[WORDS], back[WORDS];
    struct packer packer = {0};
    srand(1);
    for (int round = 0; round < 2000; round++) {
        const int share = rand() % 4; /* of words that are not zero: none, few, half, all */
        for (int i = 0; i < WORDS; i++) {
            const bool set =
                share == 3 || (share == 2 && rand() % 2) || (share == 1 && rand() % 40 == 0);
            words[i] = set ? (uint64_t)rand() << rand() % 40 >> rand() % 31 : 0;
        }
        packer.length = 0;
        pack_words(&packer, words, sizeof words);
        pack_number(&packer, 42);
        struct bytes from = all(&packer);
        memset(back, 0xaa, sizeof back);
        unpack_words(&from, back, sizeof back);
        cr_assert_arr_eq(back, words, sizeof words, "round %d", round);
        cr_assert_eq(unpack_number(&from), 42);
        cr_assert_eq(from.len, 0);
        if (!share)
            cr_assert_leq(packer.length, 1 + 2 * (WORDS / 32 + 1));
    }
    packer_free(&packer);
}
