/* SPDX-License-Identifier: ISC */
/* Text for people: nothing from the wire may steer a terminal, and nothing may get lost. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "heloscope/base/text.h"

static struct bytes octets(const char *text, size_t length)
{
    return bytes_of(text, length);
}

Test(text, characters_are_measured)
{
    cr_expect_eq(text_visible(bytes_of_string("a")), 1);
    cr_expect_eq(text_visible(bytes_of_string("\xc3\xa9")), 2);
    cr_expect_eq(text_visible(bytes_of_string("\xe2\x82\xac")), 3);
    cr_expect_eq(text_visible(bytes_of_string("\xf0\x9f\x93\xa7")), 4);
    cr_expect_eq(text_visible(octets("", 0)), 0);
}

Test(text, what_is_not_utf8_is_not_wellformed)
{
    static const char *const broken[] = {
        "\x80",             /* a continuation alone */
        "\xc3",             /* cut off */
        "\xc0\xaf",         /* overlong '/' */
        "\xe0\x80\xaf",     /* overlong */
        "\xed\xa0\x80",     /* a surrogate */
        "\xf4\x90\x80\x80", /* beyond U+10FFFF */
        "\xf5\x80\x80\x80",
        "\xe2\x82",
        "\xe2\x28\xa1",
        "\xff",
    };
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        cr_expect_eq(text_wellformed(bytes_of_string(broken[i])), 0, "row %zu", i);
        cr_expect_eq(text_visible(bytes_of_string(broken[i])), 0, "row %zu", i);
    }
}

Test(text, what_steers_a_terminal_is_not_visible)
{
    static const char *const steering[] = {
        "\x1b",
        "\r",
        "\n",
        "\x07",
        "\x7f",
        "\xc2\x9b" /* CSI of 8-bit terminals */,
        "\xe2\x80\xae" /* right-to-left override */,
        "\xe2\x81\xa6",
    };
    for (size_t i = 0; i < sizeof steering / sizeof steering[0]; i++) {
        cr_expect_eq(text_visible(bytes_of_string(steering[i])), 0, "row %zu", i);
        cr_expect_neq(text_wellformed(bytes_of_string(steering[i])), 0, "row %zu", i);
    }
    cr_expect_eq(text_visible(octets("\0", 1)), 0);
}

/* What `text` is printed as. */
static void expect_printed(struct bytes text, const char *wanted)
{
    char *printed;
    size_t size;
    FILE *out = open_memstream(&printed, &size);
    size_t columns = text_print(out, text);
    fclose(out);
    cr_expect_str_eq(printed, wanted);
    cr_expect_eq(columns, text_columns(text));
    free(printed);
}

Test(text, printing_escapes_and_keeps)
{
    expect_printed(bytes_of_string("250 Ok"), "250 Ok");
    expect_printed(bytes_of_string("a\x1b[31mb"), "a\\x1B[31mb");
    expect_printed(octets("a\0b", 3), "a\\x00b");
    expect_printed(bytes_of_string("caf\xc3\xa9 \xff"), "caf\xc3\xa9 \\xFF");
    expect_printed(bytes_of_string("\xe2\x80\xaex"), "\\xE2\\x80\\xAEx");
    cr_expect_eq(text_columns(bytes_of_string("caf\xc3\xa9")), 4);
}

static void expect_wrapped(const char *text, int column, int indent, int width, const char *wanted)
{
    char *printed;
    size_t size;
    FILE *out = open_memstream(&printed, &size);
    text_wrap(out, text, column, indent, width);
    fclose(out);
    cr_expect_str_eq(printed, wanted);
    free(printed);
}

Test(text, sentences_are_wrapped_between_words)
{
    expect_wrapped("one two three", 0, 0, 80, "one two three\n");
    expect_wrapped("one two three", 0, 2, 7, "one two\n  three\n");
    expect_wrapped("one two three", 5, 2, 8, "one\n  two\n  three\n");
    expect_wrapped("", 0, 0, 10, "\n");
    expect_wrapped("averyverylongword b", 0, 0, 5, "averyverylongword\nb\n");
    expect_wrapped("a\nb", 0, 2, 80, "a\n  b\n");
    expect_wrapped("bad\x1b[2J word", 0, 0, 80, "bad\\x1B[2J word\n");
}

Test(text, times_and_counts)
{
    char when[TEXT_TIME], words[TEXT_COUNT];
    cr_expect_str_eq(text_time(1700000000123456, when), "2023-11-14 22:13:20.123 UTC");
    cr_expect_str_eq(text_time(0, when), "-");
    cr_expect_str_eq(text_time(-5, when), "-");
    cr_expect_eq(strlen(text_time(253402300799999999, when)), 27);
    text_time(INT64_MAX, when); /* must not write beyond its end */
    char code[TEXT_CODE];
    cr_expect_str_eq(text_code(503, code), "503");
    cr_expect_str_eq(text_code(0, code), "close");
    cr_expect_str_eq(text_counted(1, "packet", words), "1 packet");
    cr_expect_str_eq(text_counted(0, "packet", words), "0 packets");
    cr_expect_str_eq(text_counted(2, "reply", words), "2 replies");
    cr_expect_str_eq(text_counted(2, "day", words), "2 days");
}

Test(text, endpoints)
{
    char *printed;
    size_t size;
    FILE *out = open_memstream(&printed, &size);
    text_endpoint(out, "127.0.0.1", 25);
    putc(' ', out);
    text_endpoint(out, "::1", 587);
    putc(' ', out);
    text_endpoint(out, NULL, 0);
    fclose(out);
    cr_expect_str_eq(printed, "127.0.0.1:25 [::1]:587 ?:0");
    free(printed);
}
