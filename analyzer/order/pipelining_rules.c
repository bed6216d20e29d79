/* SPDX-License-Identifier: ISC */
#include "heloscope/order/pipelining_rules.h"

/* DATA is no barrier here: what comes behind it is the message, and judged as that. QUIT and
 * STARTTLS are none, since no command follows their reply. */
static const struct pipelining_rule rules[] = {
    {VERB_RSET, FOLLOWING_ANY, false, "RFC 2920 3.1"},
    {VERB_MAIL, FOLLOWING_ANY, false, "RFC 2920 3.1"},
    {VERB_RCPT, FOLLOWING_ANY, false, "RFC 2920 3.1"},
    {VERB_BDAT, FOLLOWING_ANY, false, "RFC 3030 4.2"},
    {VERB_BURL, FOLLOWING_ANY, false, "RFC 3030 4.2, as BDAT"},
    {VERB_AUTH, FOLLOWING_IF_COMPLETE, false, "RFC 4954 4"},
    {VERB_EHLO, FOLLOWING_NONE, true, "RFC 2920 3.1"},
    {VERB_HELO, FOLLOWING_NONE, true, "RFC 2920 3.1"},
    {VERB_LHLO, FOLLOWING_NONE, true, "RFC 2920 3.1, RFC 2033 4.1"},
    {VERB_VRFY, FOLLOWING_NONE, true, "RFC 2920 3.1"},
    {VERB_EXPN, FOLLOWING_NONE, true, "RFC 2920 3.1"},
    {VERB_NOOP, FOLLOWING_NONE, true, "RFC 2920 3.1"},
    {VERB_HELP, FOLLOWING_NONE, true, "RFC 2920 3.1"},
    /* Commands of extensions too, unless their own document allows more. */
    {VERB_COUNT, FOLLOWING_NONE, false, "RFC 2920 3.1"},
};

const struct pipelining_rule *pipelining_rules(size_t *count)
{
    *count = sizeof rules / sizeof *rules;
    return rules;
}

const struct pipelining_rule *pipelining_rule_of(enum verb verb)
{
    const struct pipelining_rule *rule = rules;
    while (rule->verb != verb && rule->verb != VERB_COUNT)
        rule++;
    return rule;
}
