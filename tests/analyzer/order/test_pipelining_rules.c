/* SPDX-License-Identifier: ISC */
/* The table of groups; what it leads to is in tests/dialogues/pipelining.txt. */
#include "heloscope/order/pipelining_rules.h"

#include <criterion/criterion.h>

Test(pipelining_rules, a_verb_has_one_row_and_the_last_row_is_for_all_others)
{
    size_t count;
    const struct pipelining_rule *rules = pipelining_rules(&count);
    for (size_t i = 0; i < count; i++) {
        cr_expect_eq(rules[i].verb == VERB_COUNT, i == count - 1, "row %zu", i);
        cr_expect_eq(strncmp(rules[i].section, "RFC ", 4), 0, "%s", rules[i].section);
        for (size_t j = 0; j < i; j++)
            cr_expect_neq(rules[i].verb, rules[j].verb);
    }
}

Test(pipelining_rules, what_may_be_followed)
{
    cr_expect_eq(pipelining_rule_of(VERB_MAIL)->following, FOLLOWING_ANY);
    cr_expect_eq(pipelining_rule_of(VERB_AUTH)->following, FOLLOWING_IF_COMPLETE);
    cr_expect_eq(pipelining_rule_of(VERB_EHLO)->following, FOLLOWING_NONE);
    cr_expect_eq(pipelining_rule_of(VERB_DATA)->following, FOLLOWING_NONE);
    cr_expect_eq(pipelining_rule_of(VERB_QUIT)->following, FOLLOWING_NONE);
    cr_expect_eq(pipelining_rule_of(VERB_UNKNOWN)->following, FOLLOWING_NONE);
}

Test(pipelining_rules, only_what_must_be_last_is_a_barrier)
{
    size_t count;
    const struct pipelining_rule *rules = pipelining_rules(&count);
    for (size_t i = 0; i < count; i++)
        cr_expect(!rules[i].barrier || rules[i].following == FOLLOWING_NONE, "row %zu", i);
    cr_expect(pipelining_rule_of(VERB_EHLO)->barrier);
    cr_expect_not(pipelining_rule_of(VERB_DATA)->barrier);
}
