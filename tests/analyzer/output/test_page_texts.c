/* SPDX-License-Identifier: ISC */
#include <criterion/criterion.h>
#include <stdio.h>

#include "analyzer/output/page_texts.h"

Test(page_texts, one_number_each)
{
    struct page_texts texts = {0};
    char text[32];
    cr_expect_eq(page_texts_number(&texts, NULL), 0);
    for (int round = 0; round < 2; round++)
        for (unsigned i = 0; i < 5000; i++) {
            snprintf(text, sizeof text, "text %u", i);
            cr_assert_eq(page_texts_number(&texts, text), i + 1);
        }
    cr_expect_eq(texts.count, 5000);
    cr_expect_str_eq(texts.all[4999], "text 4999");
    page_texts_free(&texts);
}
