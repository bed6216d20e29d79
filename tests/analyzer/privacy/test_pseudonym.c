/* SPDX-License-Identifier: ISC */
#include "heloscope/privacy/pseudonym.h"

#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/capture_image.h"

static struct pseudonyms of_key(uint8_t octet)
{
    struct pseudonyms p;
    memset(p.key, octet, sizeof p.key);
    return p;
}

static const char *name_of(const struct pseudonyms *p, const char *name)
{
    static char out[4][PSEUDONYM_SIZE];
    static int turn;
    turn = (turn + 1) % 4;
    return pseudonym_name(p, bytes_of_string(name), out[turn]);
}

Test(pseudonym, a_name_has_one_whatever_its_case)
{
    struct pseudonyms p = of_key(1), q = of_key(2);
    cr_expect_str_eq(name_of(&p, "mx.example.org"), name_of(&p, "MX.Example.ORG"));
    cr_expect_str_neq(name_of(&p, "mx.example.org"), name_of(&p, "mx.example.com"));
    cr_expect_str_neq(name_of(&p, "mx.example.org"), name_of(&q, "mx.example.org"));
    cr_expect_not_null(strstr(name_of(&p, "mx.example.org"), ".invalid"));
    cr_expect_null(strchr(name_of(&p, "alice"), '.'));
    char word[PSEUDONYM_SIZE];
    pseudonym_word(&p, bytes_of_string("mx.example.org"), word);
    cr_expect_eq(strlen(word), 11);
    cr_expect_eq(strncmp(word, name_of(&p, "mx.example.org"), 11), 0);
}

Test(pseudonym, ten_thousand_names_have_as_many)
{
    static char all[10000][PSEUDONYM_SIZE];
    struct pseudonyms p = of_key(1);
    for (int i = 0; i < 10000; i++) {
        char name[16];
        snprintf(name, sizeof name, "user%d", i);
        pseudonym_name(&p, bytes_of_string(name), all[i]);
    }
    qsort(all, 10000, sizeof *all, (int (*)(const void *, const void *))strcmp);
    for (int i = 1; i < 10000; i++)
        cr_assert_str_neq(all[i - 1], all[i]);
}

Test(pseudonym, addresses_are_nobodys)
{
    struct pseudonyms p = of_key(1);
    for (unsigned i = 0; i < 1000; i++) {
        struct address four = {4, {192, 0, (uint8_t)(i >> 8), (uint8_t)i}};
        struct address six = {6, {0x20, 1, 0xd, 0xb8, [15] = (uint8_t)i}};
        struct address a = pseudonym_address(&p, &four), b = pseudonym_address(&p, &six);
        cr_assert_eq(a.family, 4);
        cr_assert_geq(a.octets[0], 240);
        cr_assert_lt(a.octets[3], 255);
        for (int k = 4; k < 16; k++)
            cr_assert_eq(a.octets[k], 0, "addresses are compared whole");
        cr_assert_eq(b.family, 6);
        cr_assert_eq(b.octets[0], 0xfd);
        struct address again = pseudonym_address(&p, &four);
        cr_assert_arr_eq(&a, &again, sizeof a);
    }
    cr_expect_eq(pseudonym_address(&p, &(struct address){0}).family, 0);
}

Test(pseudonym, keys_are_of_chance_or_of_a_file)
{
    struct pseudonyms p, q;
    struct failure why = {""};
    cr_assert(pseudonyms_begin(&p, NULL, &why));
    cr_assert(pseudonyms_begin(&q, NULL, &why));
    cr_expect_str_neq(name_of(&p, "alice"), name_of(&q, "alice"));

    char path[IMAGE_PATH];
    image_save("0123456789abcdef", 16, path);
    cr_assert(pseudonyms_begin(&p, path, &why));
    cr_assert(pseudonyms_begin(&q, path, &why));
    cr_expect_str_eq(name_of(&p, "alice"), name_of(&q, "alice"));
    cr_assert_eq(truncate(path, 15), 0);
    cr_expect_not(pseudonyms_begin(&p, path, &why));
    cr_expect_not_null(strstr(why.text, "15 octets"), "%s", why.text);
    unlink(path);
    cr_expect_not(pseudonyms_begin(&p, path, &why));
    cr_expect_not_null(strstr(why.text, "No such file"), "%s", why.text);
}
