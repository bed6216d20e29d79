/* SPDX-License-Identifier: ISC */
/* The table of rules itself. */
#include <criterion/criterion.h>

#include "tests/support/sequence.h"

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
        cr_expect_eq(r->fact < FACT_COUNT, r->kind != RULE_WAITS, "%s", r->name);
        cr_expect(r->kind == RULE_WAITS || (r->kind == RULE_OFFERED) == (r->extension != 0), "%s",
                  r->name);
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

/* What the table of rules is printed with is what judging finds. */
Test(order_table, a_breach_is_called_as_the_rule_announces)
{
    static const struct {
        const char *sequence;
        int greeting;
        const char *rule;
        enum cause cause;
    } rows[] = {
        {"EHLO", 0, "wait for a 220 greeting", CAUSE_EARLY_TALKER},
        {"EHLO", 554, "wait for a 220 greeting", CAUSE_SESSION_REFUSED},
        {"QUIT=221 NOOP", 220, "nothing after QUIT or 421", CAUSE_SESSION_OVER},
        {"MAIL", 220, "MAIL needs a hello", CAUSE_HELLO_MISSING},
        {"EHLO=550 MAIL", 220, "MAIL needs a hello", CAUSE_HELLO_REJECTED},
        {"EHLO=250 STARTTLS=220 MAIL", 220, "MAIL needs a hello", CAUSE_HELLO_RESET},
        {"EHLO=250 MAIL=250 MAIL", 220, "no MAIL in a transaction", CAUSE_NESTED_MAIL},
        {"EHLO=250 MAIL=250 RCPT=550 MAIL", 220, "no MAIL in a transaction",
         CAUSE_TRANSACTION_ABANDONED},
        {"EHLO=250 RCPT", 220, "RCPT needs MAIL", CAUSE_MAIL_MISSING},
        {"EHLO=250 MAIL=550 RCPT", 220, "RCPT needs MAIL", CAUSE_MAIL_REJECTED},
        {"EHLO=250 MAIL=250 RSET=250 RCPT", 220, "RCPT needs MAIL", CAUSE_TRANSACTION_RESET},
        {"EHLO=250 MAIL=250 DATA", 220, "DATA needs an accepted RCPT", CAUSE_RCPT_MISSING},
        {"EHLO=250 MAIL=250 RCPT=550 DATA", 220, "DATA needs an accepted RCPT",
         CAUSE_ALL_RCPT_REJECTED},
        {"EHLO=250 MAIL=250 RCPT=250 BDAT=451 BDAT", 220, "no chunk after a failed or last one",
         CAUSE_BDAT_AFTER_FAILURE},
        {"EHLO=250 MAIL=250 RCPT=250 BDAT:l=451 BDAT", 220, "no chunk after a failed or last one",
         CAUSE_BDAT_AFTER_LAST},
        {"EHLO:-=250 AUTH", 220, "AUTH must be offered", CAUSE_AUTH_NOT_OFFERED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct verdict v = sequence_judge(rows[i].sequence, rows[i].greeting);
        cr_assert_not_null(v.rule, "%s", rows[i].sequence);
        cr_expect_str_eq(v.rule->name, rows[i].rule);
        cr_expect_eq(v.cause, rows[i].cause, "%s", rows[i].sequence);
        enum cause causes[RULE_CAUSES];
        size_t count = rule_causes(v.rule, causes);
        bool announced = false;
        for (size_t k = 0; k < count; k++)
            announced |= causes[k] == v.cause;
        cr_expect(announced, "%s: %s", rows[i].sequence, cause_entry(v.cause)->name);
    }
}

Test(order_table, every_rule_leads_to_a_cause_once)
{
    size_t count;
    const struct rule *rules = order_rules(&count);
    for (size_t i = 0; i < count; i++) {
        enum cause causes[RULE_CAUSES];
        size_t found = rule_causes(&rules[i], causes);
        cr_expect(found > 0 && found <= RULE_CAUSES, "%s: %zu", rules[i].name, found);
        for (size_t k = 0; k < found; k++) {
            cr_expect(causes[k] > CAUSE_NONE && causes[k] < CAUSE_COUNT, "%s", rules[i].name);
            for (size_t j = 0; j < k; j++)
                cr_expect_neq(causes[k], causes[j], "%s", rules[i].name);
        }
    }
}

Test(order_table, what_a_need_rests_on_comes_first)
{
    cr_expect_eq(fact_lack(FACT_RCPT).rests_on, FACT_MAIL);
    cr_expect_eq(fact_lack(FACT_MAIL).rests_on, FACT_HELLO);
    cr_expect_eq(fact_lack(FACT_HELLO).rests_on, FACT_COUNT);
    cr_expect_eq(fact_lack(FACT_MAIL).never, CAUSE_MAIL_MISSING);
    cr_expect_eq(fact_lack(FACT_MAIL).refused, CAUSE_MAIL_REJECTED);
    cr_expect_eq(fact_lack(FACT_MAIL).cleared, CAUSE_TRANSACTION_RESET);
}
