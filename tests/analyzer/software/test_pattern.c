/* SPDX-License-Identifier: ISC */
/* Texts with variable parts. */
#include <criterion/criterion.h>

#include "heloscope/software/pattern.h"
#include "tests/support/guard.h"

static const struct row {
    const char *pattern, *text;
    bool exact, folded;
} rows[] = {
    {"MAIL first", "MAIL first", true, true},
    {"MAIL first", "mail First", false, true},
    {"MAIL first", "MAIL first.", false, true},
    {"MAIL first.", "MAIL first", false, true},
    {"MAIL first.", "MAIL first..", false, true},
    {"MAIL first", "MAIL firs", false, false},
    {"MAIL first", "MAIL first!", false, false},
    {"MAIL first", "", false, false},
    {"", "", true, true},
    {"", "x", false, false},
    {"<host> Error: too many errors", "mx.example.org Error: too many errors", true, true},
    {"<host> Error: too many errors", " Error: too many errors", true, true},
    {"<host> Error: too many errors", "mx.example.org Error: too many errors!", false, false},
    {"a<x>b", "ab", true, true},
    {"a<x>b", "acb", true, true},
    {"a<x>b", "abab", true, true},
    {"a<x>b", "aB", false, true},
    {"a<x>b", "a", false, false},
    {"a<x>b", "a\nb", false, false},
    {"a\nb<x>", "a\nb.", true, true},
    {"a<x>", "a", true, true},
    {"a<x>", "a\n", false, false},
    {"<x>", "", true, true},
    {"<x>", "anything", true, true},
    {"<x><y>", "anything", true, true},
    {"<x>, <y>.", "one, two.", true, true},
    {"<x>, <y>.", "one; two.", false, false},
    {"<x>aab", "aaab", true, true},
    {"<x>ab<y>ab", "abab", true, true},
    {"<x>ab<y>ab", "aab", false, false},
    {"\\<<x>>: no", "<a@b>: no", true, true},
    {"\\<<x>>: no", "a@b: no", false, false},
    {"end with \\<CRLF>", "end with <CRLF>", true, true},
    {"end with \\<CRLF>", "end with x", false, false},
    {"id <digits>.", "id 42.", true, true},
    {"id <digits>.", "id .", false, false},
    {"id <digits>.", "id 4a.", false, false},
    {"id <digits 2>.", "id 42.", true, true},
    {"id <digits 2>.", "id 421.", false, false},
    {"id <digits 13>", "id 1700000000000", true, true},
    {"id <hex 4>", "id 0aF1", false, false},
    {"id <HEX 4>", "id 0AF1", true, true},
    {"id <alnum>", "id zZ9", true, true},
    {"id <alnum>", "id z-9", false, false},
    {"id <base64url>", "id z-_9", true, true},
    {"id <base64url>", "id z+9", false, false},
    {"id <digitsx>", "id none", true, true},
    {"<", "", true, true},
    {"a\\", "a\\", true, true},
};

Test(pattern, fits)
{
    struct guard guard = guard_open(4096);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *r = &rows[i];
        struct bytes text = guard_place(&guard, bytes_of_string(r->text));
        cr_expect_eq(pattern_fits(r->pattern, text, LETTERS_EXACT), r->exact, "\"%s\", \"%s\"",
                     r->pattern, r->text);
        cr_expect_eq(pattern_fits(r->pattern, text, LETTERS_FOLDED), r->folded,
                     "\"%s\", \"%s\", folded", r->pattern, r->text);
    }
    guard_close(&guard);
}

Test(pattern, parts_are_the_shortest_that_fit)
{
    static const struct {
        const char *pattern, *text, *part;
    } parts[] = {
        {"<host> ESMTP Exim <version> <date>", "mx ESMTP Exim 4.96 Sat, 1 Jan", "4.96"},
        {"<host> Python SMTP <version>", "mx Python SMTP 1.4.3", "1.4.3"},
        {"<host> ESMTP Postfix<rest>", "mx ESMTP Postfix 3", ""},
        {"v<version>", "v", ""},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct bytes part;
        cr_expect(pattern_part(parts[i].pattern, bytes_of_string(parts[i].text), "version", &part),
                  "%s", parts[i].text);
        cr_expect(bytes_equal(part, bytes_of_string(parts[i].part)), "%s: %.*s", parts[i].text,
                  (int)part.len, (const char *)part.at);
    }
    struct bytes part = bytes_of_string("left");
    cr_expect_not(pattern_part("a<version>b", bytes_of_string("none"), "version", &part));
}

Test(pattern, literals_are_counted)
{
    cr_expect_eq(pattern_literals(""), 0);
    cr_expect_eq(pattern_literals("<x>"), 0);
    cr_expect_eq(pattern_literals("ab<x>c"), 3);
    cr_expect_eq(pattern_literals("\\<<x>>: no"), 6);
}
