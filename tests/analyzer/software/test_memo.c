/* SPDX-License-Identifier: ISC */
/* Answers remembered: the right ones, or none. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "heloscope/software/memo.h"

static bool ask(struct memo *memo, unsigned question, const char *text, uint16_t **answer)
{
    bool known;
    *answer = memo_ask(memo, question, bytes_of_string(text), &known);
    return known;
}

Test(memo, what_was_answered_is_known)
{
    struct memo *memo = memo_new();
    uint16_t *answer;
    cr_expect_not(ask(memo, 3, "2.1.0 Ok", &answer));
    *answer = 7;
    cr_expect(ask(memo, 3, "2.1.0 Ok", &answer));
    cr_expect_eq(*answer, 7);
    cr_expect_not(ask(memo, 4, "2.1.0 Ok", &answer), "another question");
    cr_expect_not(ask(memo, 3, "2.1.0 OK", &answer), "another text");
    cr_expect_not(ask(memo, 3, "2.1.0 Ok.", &answer), "a longer one");
    cr_expect_not(ask(memo, 0, "", &answer), "an empty slot is no answer");
    *answer = 9;
    cr_expect(ask(memo, 0, "", &answer));
    cr_expect_eq(*answer, 9);
    memo_free(memo);
}

Test(memo, without_one_and_for_long_texts_nothing_is_known)
{
    uint16_t *answer;
    char text[MEMO_TEXT + 2] = "";
    cr_expect_not(ask(NULL, 1, "text", &answer));
    cr_expect_null(answer);
    struct memo *memo = memo_new();
    memset(text, 'x', MEMO_TEXT + 1);
    for (int i = 0; i < 2; i++) {
        cr_expect_not(ask(memo, 1, text, &answer));
        cr_expect_null(answer);
    }
    text[MEMO_TEXT] = '\0';
    for (int i = 0; i < 2; i++) {
        cr_expect_eq(ask(memo, 1, text, &answer), i == 1);
        cr_expect_not_null(answer);
    }
    memo_free(memo);
}

/* Far more texts than there is room for: an answer is that of its own text, or it is not there. */
Test(memo, texts_that_share_a_place_do_not_share_answers)
{
    enum {
        TEXTS = 5000
    };
    struct memo *memo = memo_new();
    char text[40];
    uint16_t *answer;
    int kept = 0;
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < TEXTS; i++) {
            snprintf(text, sizeof text, "mx%d.example.org ESMTP %d", i, i % 7);
            if (ask(memo, (unsigned)i % 20, text, &answer))
                cr_assert_eq(*answer, (uint16_t)i);
            *answer = (uint16_t)i;
        }
    for (int i = TEXTS - 200; i < TEXTS; i++) {
        snprintf(text, sizeof text, "mx%d.example.org ESMTP %d", i, i % 7);
        kept += ask(memo, (unsigned)i % 20, text, &answer);
    }
    cr_expect_gt(kept, 100, "%d of the last 200 are kept", kept);
    memo_free(memo);
}
