/* The table of rules itself. */
#include <criterion/criterion.h>

#include "heloscope/order.h"

Test(order_table, every_rule_says_where_it_is_written)
{
    size_t count;
    const struct rule *rules = order_rules(&count);
    cr_assert_gt(count, 20);
    for (size_t i = 0; i < count; i++) {
        const struct rule *r = &rules[i];
        cr_expect_not_null(r->section, "rule %zu", i);
        cr_expect(strncmp(r->section, "RFC ", 4) == 0 || strncmp(r->section, "Postfix ", 8) == 0,
                  "%s: %s", r->name, r->section);
        cr_expect_gt(strlen(r->section), 8, "%s: no section in %s", r->name, r->section);
        cr_expect_leq(r->verb, VERB_COUNT);
        cr_expect_neq(r->verb, VERB_UNKNOWN);
        cr_expect_lt(r->fact, FACT_COUNT);
        cr_expect_eq(r->kind == RULE_OFFERED, r->extension != 0, "%s", r->name);
        cr_expect_eq(r->kind == RULE_NEEDS, r->cause == CAUSE_NONE, "%s", r->name);
    }
}

Test(order_table, a_rule_has_a_name_of_its_own_and_stands_with_its_verb)
{
    size_t count;
    const struct rule *rules = order_rules(&count);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++) {
            cr_expect_str_neq(rules[i].name, rules[j].name);
            cr_expect(rules[i].verb != rules[j].verb || rules[i - 1].verb == rules[i].verb,
                      "%s stands apart", rules[i].name);
        }
}

/* A verb that is added must be thought of: it has rules, or it is said here that it needs none. */
Test(order_table, every_verb_has_been_thought_of)
{
    static const enum verb free_at_any_time[] = {
        VERB_UNKNOWN, VERB_HELO, /* RFC 5321 section 4.1.4: also in the middle, where it resets */
        VERB_EHLO,    VERB_LHLO, VERB_RSET, /* ... and these five without a hello */
        VERB_NOOP,    VERB_VRFY, VERB_EXPN,
        VERB_HELP,    VERB_QUIT, /* section 4.1.1.10: at any time */
        VERB_TURN,               /* RFC 5321 appendix F.1: gone */
        VERB_MASKED,             /* no verb that anybody knows */
    };
    size_t count;
    const struct rule *rules = order_rules(&count);
    for (int v = 0; v < VERB_COUNT; v++) {
        bool ruled = false, freed = false;
        for (size_t i = 0; i < count; i++)
            ruled |= rules[i].verb == (enum verb)v;
        for (size_t i = 0; i < sizeof free_at_any_time / sizeof *free_at_any_time; i++)
            freed |= free_at_any_time[i] == (enum verb)v;
        cr_expect_neq(ruled, freed, "%s: %s", verb_name((enum verb)v), ruled ? "both" : "neither");
    }
}

Test(order_table, every_fact_has_a_label)
{
    for (int f = 0; f < FACT_COUNT; f++) {
        cr_expect_not_null(fact_label((enum fact_name)f));
        for (int g = 0; g < f; g++)
            cr_expect_str_neq(fact_label((enum fact_name)f), fact_label((enum fact_name)g));
    }
}
