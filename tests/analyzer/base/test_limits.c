/* SPDX-License-Identifier: ISC */
/* What limits have cost, in words. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "heloscope/base/limits.h"

static char *printed(const struct costs *costs)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    costs_print(out, "  ", costs);
    fclose(out);
    return text;
}

static void expect(const struct costs *costs, const char *wanted)
{
    char *text = printed(costs);
    cr_expect_str_eq(text, wanted);
    free(text);
}

Test(limits, what_was_given_up_and_at_which_limit)
{
    struct costs costs = {{0}};
    expect(&costs, "");
    costs.of[COST_CONNECTIONS] = 12;
    expect(&costs, "  12 connections given up at the limit of 2,000,000\n");
    costs.of[COST_CONNECTIONS] = 0;
    costs.of[COST_SILENT] = 2;
    costs.of[COST_REPLIES] = 3;
    costs.of[COST_LINES] = 1;
    expect(&costs, "  2 connections without an octet given up at the limit of 524,288\n"
                   "  1 line cut at the limit of 16,384 octets\n"
                   "  3 replies cut at the limit of 16,384 octets\n");
}

/* Each has words, and a name of its own that JSON can use. */
Test(limits, each_can_be_told)
{
    for (int i = 0; i < COST_COUNT; i++) {
        struct costs costs = {{0}};
        costs.of[i] = 2;
        char *text = printed(&costs);
        cr_expect_not_null(strstr(text, " at the limit of "), "%d: %s", i, text);
        cr_expect_null(strstr(text, "null"), "%d: %s", i, text);
        free(text);
        for (int k = 0; k < i; k++)
            cr_expect_str_neq(cost_name((enum limit)i), cost_name((enum limit)k));
        cr_expect_eq(strspn(cost_name((enum limit)i), "abcdefghijklmnopqrstuvwxyz_"),
                     strlen(cost_name((enum limit)i)));
    }
}

Test(limits, add_up)
{
    struct costs sum = {{[COST_LINES] = 1}}, more = {{[COST_LINES] = 2, [COST_EVENTS] = 3}};
    costs_add(&sum, &more);
    cr_expect_eq(sum.of[COST_LINES], 3);
    cr_expect_eq(sum.of[COST_EVENTS], 3);
    cr_expect_eq(sum.of[COST_PENDING], 0);
}
