/* SPDX-License-Identifier: ISC */
#include "analyzer/privacy/known_words.h"

#include <criterion/criterion.h>

static const char *const known_words[] = {
#include "analyzer/privacy/known_words_rows.h"
};

enum {
    COUNT = sizeof known_words / sizeof *known_words
};

/* What the search relies on. */
Test(known_words, are_sorted_and_found)
{
    cr_assert_gt(COUNT, 1000);
    for (size_t i = 0; i < COUNT; i++) {
        cr_expect(word_is_known(bytes_of_string(known_words[i])), "%s", known_words[i]);
        if (i)
            cr_expect_lt(strcmp(known_words[i - 1], known_words[i]), 0, "%s", known_words[i]);
    }
}

/* Of the places where words are taken from, the examples of names are not. */
Test(known_words, name_nobody)
{
    static const char *const names[] = {"alice",   "example", "example.org", "192.0.2.1",
                                        "zwingli", "smith",   "x@y",         "",
                                        "org",     "com"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        cr_expect_not(word_is_known(bytes_of_string(names[i])), "%s", names[i]);
    for (size_t i = 0; i < COUNT; i++)
        cr_expect_null(strpbrk(known_words[i], "@. <>"), "%s", known_words[i]);
}

Test(known_words, in_any_case_and_together)
{
    cr_expect(word_is_known(bytes_of_string("Pipelining")));
    cr_expect(compound_is_known(bytes_of_string("Mail-Server")));
    static const char *const unknown[] = {"mail-bob", "mail-1", "-mail", "mail-", "-", ""};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        cr_expect_not(compound_is_known(bytes_of_string(unknown[i])), "%s", unknown[i]);
}
