/* SPDX-License-Identifier: ISC */
/* What each library packed is recognised and unpacked, in steps of any size. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "tests/support/pack.h"
#include "analyzer/capture/decompress.h"

enum {
    TEXT = 50000,
    ROOM = 2 * TEXT
};

static uint8_t text[TEXT], packed[ROOM], unpacked[ROOM];

static void make_text(void)
{
    for (size_t i = 0; i < TEXT; i++)
        text[i] = (uint8_t)(i * i >> 7);
}

/* Unpacks `all` with so much input and room at a time; the length of what comes out. */
static size_t unpack_in_steps(struct bytes all, size_t portion, size_t room,
                              enum decompress_result *last)
{
    struct decompressor *decompressor = decompressor_new(packing_find(all));
    cr_assert_not_null(decompressor);
    size_t out = 0, idle = 0;
    while (idle < 3) {
        struct bytes in = bytes_first(all, portion);
        size_t offered = in.len, made = 0;
        const char *why = NULL;
        *last = decompressor_step(decompressor, &in, unpacked + out,
                                  room < ROOM - out ? room : ROOM - out, &made, &why);
        all = bytes_from(all, offered - in.len);
        out += made;
        if (*last == DECOMPRESS_FAILED)
            cr_expect_not_null(why);
        if (*last == DECOMPRESS_FAILED || (*last == DECOMPRESS_END && !all.len))
            break;
        idle = made || in.len != offered ? 0 : idle + 1;
    }
    decompressor_free(decompressor);
    return out;
}

Test(unpack, each_packing_in_steps_of_any_size)
{
    static const size_t sizes[][2] = {{ROOM, ROOM}, {1, ROOM}, {ROOM, 1}, {7, 13}};
    make_text();
    cr_assert_not_null(packer_at(0), "built without any library");
    const struct packer *packer;
    for (size_t k = 0; (packer = packer_at(k)); k++) {
        size_t length = packer->pack(bytes_of(text, TEXT), packed, ROOM);
        const struct packing *packing = packing_find(bytes_of(packed, length));
        cr_assert_not_null(packing, "%s", packer->name);
        cr_expect_str_eq(packing->name, packer->name);
        cr_expect(packing_is_available(packing));
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            enum decompress_result last;
            memset(unpacked, 0, sizeof unpacked);
            size_t made =
                unpack_in_steps(bytes_of(packed, length), sizes[i][0], sizes[i][1], &last);
            cr_expect_eq(last, DECOMPRESS_END, "%s %zu", packer->name, i);
            cr_expect_eq(made, TEXT, "%s %zu: %zu", packer->name, i, made);
            cr_expect_arr_eq(unpacked, text, TEXT);
        }
    }
}

Test(unpack, one_member_behind_the_other)
{
    make_text();
    const struct packer *packer;
    for (size_t k = 0; (packer = packer_at(k)); k++) {
        size_t first = packer->pack(bytes_of(text, 1000), packed, ROOM);
        size_t second = packer->pack(bytes_of(text + 1000, 500), packed + first, ROOM - first);
        enum decompress_result last;
        size_t made = unpack_in_steps(bytes_of(packed, first + second), ROOM, ROOM, &last);
        cr_expect_eq(last, DECOMPRESS_END, "%s", packer->name);
        cr_expect_eq(made, 1500, "%s: %zu", packer->name, made);
        cr_expect_arr_eq(unpacked, text, 1500);
    }
}

Test(unpack, damage_fails_with_words_or_is_never_complete)
{
    make_text();
    const struct packer *packer;
    for (size_t k = 0; (packer = packer_at(k)); k++) {
        size_t length = packer->pack(bytes_of(text, 3000), packed, ROOM), failed = 0;
        for (size_t i = 8; i < length; i += 7) {
            enum decompress_result last;
            packed[i] ^= 0x55;
            size_t made = unpack_in_steps(bytes_of(packed, length), ROOM, ROOM, &last);
            bool same = made == 3000 && memcmp(unpacked, text, 3000) == 0;
            cr_expect(last != DECOMPRESS_END || same, "%s: octet %zu was not missed", packer->name,
                      i);
            failed += last == DECOMPRESS_FAILED;
            packed[i] ^= 0x55;
        }
        cr_expect(failed > 0, "%s", packer->name);
    }
}

Test(unpack, what_is_not_packed_is_not_recognised)
{
    cr_expect_null(packing_find(bytes_of_string("")));
    cr_expect_null(packing_find(bytes_of_string("\x1f")));
    cr_expect_null(packing_find(bytes_of_string("\xd4\xc3\xb2\xa1\x02")));
    cr_expect_null(packing_find(bytes_of_string("BZh91AY")));
    cr_expect_not_null(packing_find(bytes_of_string("\x50\x2a\x4d\x18"))); /* pzstd */
}
