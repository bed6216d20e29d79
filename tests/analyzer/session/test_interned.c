/* SPDX-License-Identifier: ISC */
/* Texts that come again have a number; nothing grows without end. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "heloscope/base/limits.h"
#include "heloscope/session/interned.h"

static struct bytes text_number(int i)
{
    static char text[32];
    return bytes_of(text, (size_t)snprintf(text, sizeof text, "250 2.0.0 Ok %d", i));
}

Test(interned_texts, the_second_time_counts)
{
    struct interned_texts *interned_texts = interned_new();
    cr_expect_eq(interned_number(interned_texts, bytes_of_string("250 Ok")), 0);
    cr_expect_eq(interned_number(interned_texts, bytes_of_string("221 Bye")), 0);
    cr_expect_eq(interned_number(interned_texts, bytes_of_string("250 Ok")), 1);
    cr_expect_eq(interned_number(interned_texts, bytes_of_string("221 Bye")), 2);
    cr_expect_eq(interned_number(interned_texts, bytes_of_string("250 Ok")), 1);
    cr_expect(bytes_equal(interned_text(interned_texts, 1), bytes_of_string("250 Ok")));
    cr_expect(bytes_equal(interned_text(interned_texts, 2), bytes_of_string("221 Bye")));
    cr_expect_eq(interned_number(interned_texts, bytes_of(NULL, 0)), 0);
    for (int i = 0; i < 2; i++)
        interned_number(interned_texts, bytes_of("", 0));
    cr_expect_eq(interned_number(interned_texts, bytes_of("", 0)), 3);
    interned_free(interned_texts);
    interned_free(NULL);
}

Test(interned_texts, are_bounded)
{
    static uint8_t longest[PHRASE_LENGTH + 1];
    struct interned_texts *interned_texts = interned_new();
    for (int round = 0; round < 3; round++)
        cr_expect_eq(interned_number(interned_texts, bytes_of(longest, sizeof longest)), 0);
    for (int i = 0; i < 3 * PHRASE_LIMIT; i++) {
        interned_number(interned_texts, text_number(i));
        interned_number(interned_texts, text_number(i));
    }
    int numbered = 0;
    for (int i = 0; i < 3 * PHRASE_LIMIT; i++) {
        const struct bytes text = text_number(i);
        const uint32_t number = interned_number(interned_texts, text);
        numbered += number != 0;
        if (number)
            cr_assert(bytes_equal(interned_text(interned_texts, number), text));
    }
    cr_expect_eq(numbered, PHRASE_LIMIT);
    interned_free(interned_texts);
}
