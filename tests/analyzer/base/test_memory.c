/* SPDX-License-Identifier: ISC */
/* Arenas, and text made printable. */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdlib.h>

#include "heloscope/base/memory.h"

Test(memory, memory_is_zeroed_also_when_it_was_used_before)
{
    for (int i = 0; i < 100; i++) {
        uint8_t *p = memory_get(1000);
        for (int k = 0; k < 1000; k++)
            cr_assert_eq(p[k], 0);
        memset(p, 0xff, 1000);
        free(p);
    }
    free(memory_get(0));
    char *text = memory_resize(NULL, 4);
    memcpy(text, "abc", 4);
    text = memory_resize(text, 100000);
    cr_expect_str_eq(text, "abc");
    free(text);
}

/* Under the address sanitizer a size that nobody has is refused, too, instead of reported. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static void redirect(void)
{
    cr_redirect_stderr();
}

Test(memory, the_machine_has_none_left, .init = redirect, .exit_code = 1)
{
    volatile size_t all = SIZE_MAX / 2;
    memory_get(all);
}

Test(memory, pieces_of_an_arena_are_zeroed_aligned_and_apart)
{
    struct arena arena = {0};
    uint8_t *pieces[2000];
    srandom(3);
    for (size_t i = 0; i < 2000; i++) {
        size_t size = 1 + i % 300;
        pieces[i] = arena_get(&arena, size);
        cr_assert_eq((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
        for (size_t k = 0; k < size; k++)
            cr_assert_eq(pieces[i][k], 0);
        memset(pieces[i], (int)(i % 251) + 1, size);
    }
    for (size_t i = 0; i < 2000; i++)
        for (size_t k = 0; k < 1 + i % 300; k++)
            cr_assert_eq(pieces[i][k], i % 251 + 1, "piece %zu was written over", i);
    cr_expect_geq(arena.total, 2000 * 150);
    cr_expect_lt(arena.total, 2 * 2000 * 160, "little is lost between the pieces");
    arena_free(&arena);
    cr_expect_null(arena.blocks);
    cr_expect_eq(arena.total, 0);
}

Test(memory, an_arena_holds_pieces_larger_than_its_blocks)
{
    struct arena arena = {0};
    arena_get(&arena, 10);
    uint8_t *large = arena_get(&arena, 1 << 20);
    large[(1 << 20) - 1] = 1;
    uint8_t *small = arena_get(&arena, 10);
    small[9] = 1;
    arena_free(&arena);
    arena_free(&arena); /* an empty one again */
}

Test(memory, a_fresh_arena_is_small)
{
    struct arena arena = {0};
    arena_get(&arena, 1);
    cr_expect_leq(arena.total, 1032, "no more than malloc() keeps at hand");
    arena_free(&arena);
}

Test(memory, copies)
{
    struct arena arena = {0};
    char text[] = "abc";
    struct bytes copy = arena_copy(&arena, bytes_of_string(text));
    text[0] = 'x';
    cr_expect(bytes_equal(copy, bytes_of_string("abc")));
    copy = arena_copy(&arena, bytes_of(NULL, 0));
    cr_expect_null(copy.at, "absent stays absent");
    copy = arena_copy(&arena, bytes_of("", 0));
    cr_expect_not_null(copy.at, "empty is not absent");
    cr_expect_eq(copy.len, 0);
    copy = arena_print(&arena, "%s %d", "EHLO", 7);
    cr_expect(bytes_equal(copy, bytes_of_string("EHLO 7")));
    copy = arena_print(&arena, "%s", "");
    cr_expect_not_null(copy.at);
    arena_free(&arena);
}

Test(memory, printable)
{
    static const struct {
        const char *octets;
        size_t length; /* 0 = to the NUL */
        bool keep_lf;
        const char *wanted;
    } rows[] = {
        {"MAIL FROM:<a@b>", 0, false, "MAIL FROM:<a@b>"},
        {"tab\there", 0, false, "tab\there"},
        {"a\nb", 0, true, "a\nb"},
        {"a\nb", 0, false, "a\\x0ab"},
        {"a\rb\x7f\x1b[m", 0, true, "a\\x0db\\x7f\\x1b[m"},
        {"a\0b", 3, true, "a\\x00b"},
        {"gr\xc3\xbc\xc3\x9f", 0, false, "gr\xc3\xbc\xc3\x9f"}, /* U+00FC, U+00DF */
        {"\xe2\x82\xac\xf0\x9f\x93\xa7", 0, false, "\xe2\x82\xac\xf0\x9f\x93\xa7"},
        {"\xf4\x8f\xbf\xbf", 0, false, "\xf4\x8f\xbf\xbf"}, /* U+10FFFF, the last */
        {"\xf4\x90\x80\x80", 0, false, "\\xf4\\x90\\x80\\x80"},
        {"\xc0\xaf", 0, false, "\\xc0\\xaf"},                   /* overlong */
        {"\xe0\x80\xaf", 0, false, "\\xe0\\x80\\xaf"},          /* overlong */
        {"\xf0\x80\x80\xaf", 0, false, "\\xf0\\x80\\x80\\xaf"}, /* overlong */
        {"\xed\xa0\x80", 0, false, "\\xed\\xa0\\x80"},          /* a surrogate */
        {"\xc3", 0, false, "\\xc3"},                            /* cut off */
        {"\xe2\x82", 0, false, "\\xe2\\x82"},                   /* cut off */
        {"\xc3(", 0, false, "\\xc3("},                          /* followed by none */
        {"\xfe\xff", 0, false, "\\xfe\\xff"},
        {"\x80", 0, false, "\\x80"},
        {"\xe4"
         "rger",
         0, false, "\\xe4rger"}, /* Latin-1 */
        {"", 0, false, ""},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool changed;
        size_t length = rows[i].length ? rows[i].length : strlen(rows[i].octets);
        struct bytes got =
            arena_printable(&arena, bytes_of(rows[i].octets, length), rows[i].keep_lf, &changed);
        cr_expect(bytes_equal(got, bytes_of_string(rows[i].wanted)), "row %zu: %.*s", i,
                  (int)got.len, (const char *)got.at);
        cr_expect_eq(changed, strcmp(rows[i].octets, rows[i].wanted) != 0, "row %zu", i);
    }
    arena_free(&arena);
}

/* U+0080 to U+009F, marks that turn the direction of writing, line separators: a terminal obeys
 * some of them. What is stored may hold them; what prints them escapes (text.c). */
Test(memory, printable_never_makes_text_longer_than_four_for_one)
{
    struct arena arena = {0};
    uint8_t octets[256];
    bool changed;
    for (int i = 0; i < 256; i++)
        octets[i] = (uint8_t)(255 - i);
    struct bytes got = arena_printable(&arena, bytes_of(octets, 256), false, &changed);
    cr_expect(changed);
    cr_expect_eq(got.len, 96 + 160 * 4, "95 characters and TAB as they are");
    arena_free(&arena);
}

/* Texts are looked at a word at a time: wherever an octet stands, it is treated alike. */
Test(memory, printable_at_every_place)
{
    enum {
        LENGTH = 20
    };
    struct arena arena = {0};
    for (int octet = 0; octet < 256; octet++) {
        bool plain = (octet >= ' ' && octet < 0x7f) || octet == '\t';
        for (int place = 0; place < 2 * LENGTH; place++) {
            char text[LENGTH], wanted[LENGTH + 5];
            int at = place % LENGTH;
            bool changed, keep_lf = place >= LENGTH;
            bool as_is = plain || (octet == '\n' && keep_lf);
            memset(text, 'a', LENGTH);
            text[at] = (char)octet;
            size_t length = LENGTH;
            memcpy(wanted, text, LENGTH);
            if (!as_is)
                length = (size_t)snprintf(wanted, sizeof wanted, "%.*s\\x%02x%.*s", at, text, octet,
                                          LENGTH - 1 - at, text + at + 1);
            struct bytes b = arena_printable(&arena, bytes_of(text, LENGTH), keep_lf, &changed);
            cr_assert_eq(changed, !as_is, "octet %#x at %d", (unsigned)octet, at);
            cr_assert(bytes_equal(b, bytes_of(wanted, length)), "octet %#x at %d: %.*s",
                      (unsigned)octet, at, (int)b.len, (const char *)b.at);
        }
    }
    arena_free(&arena);
}

Test(memory, printed_texts_of_every_length)
{
    struct arena arena = {0};
    char text[600];
    memset(text, 'x', sizeof text);
    for (int length = 0; length < (int)sizeof text; length++) {
        struct bytes b = arena_print(&arena, "%.*s", length, text);
        cr_assert_eq(b.len, (size_t)length);
        cr_assert_eq(memcmp(b.at, text, b.len), 0);
        cr_assert_eq(b.at[b.len], '\0', "it is a string, too");
    }
    arena_free(&arena);
}
