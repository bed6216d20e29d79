/* SPDX-License-Identifier: ISC */
/* Judges a command by the table of rules.c and the facts of the session so far. */
#include "heloscope/order/order.h"

void verdict_relate(struct verdict *v, event_no seq, enum role role)
{
    if (!seq || seq == v->origin ||
        v->related_count == (int)(sizeof v->related / sizeof *v->related))
        return;
    v->related[v->related_count] = seq;
    v->roles[v->related_count++] = role;
}

/* Whether a need for `fact` is met, for MAIL's sake also when the server does without a hello. */
static bool met(const struct order *order, enum fact_name fact)
{
    if (order->facts[fact].since)
        return true;
    if (fact == FACT_GREETING) /* a session begun midway was greeted before */
        return order->facts[fact].doubtful;
    return fact == FACT_HELLO && order_holds(order, FACT_MAIL);
}

/* Whether what was seen of `fact` says why it does not hold: it was refused for a reason of its
 * own, or taken away. */
static bool fails_by_itself(const struct fact *fact)
{
    return fact->cleared || (fact->refused && !fact->of_order && fact->blame.cause == CAUSE_NONE);
}

/* Whether a fact may hold, though nothing of it was seen. */
static bool may_lie_in_hole(const struct fact *fact)
{
    return fact->doubtful && !fact->refused && !fact->cleared;
}

/* The missing fact that comes first in protocol order, of those that `fact` rests on and itself. */
static enum fact_name first_missing(const struct order *order, enum fact_name fact)
{
    enum fact_name missing = FACT_COUNT;
    for (; fact != FACT_COUNT; fact = fact_lack(fact).rests_on) {
        if (met(order, fact))
            break;
        if (fact == FACT_HELLO && order->hello_waived && missing != FACT_COUNT)
            break; /* MAIL or RCPT is what this server asks for */
        if (missing != FACT_COUNT && may_lie_in_hole(&order->facts[fact]) &&
            fails_by_itself(&order->facts[missing]))
            break; /* what was seen explains it */
        missing = fact;
    }
    return missing;
}

/* The refusal nearest to `missing`, among the facts between it and `wanted`, that was itself an
 * order error: its diagnosis is passed on. */
static const struct fact *passed_on(const struct order *order, enum fact_name missing,
                                    enum fact_name wanted)
{
    const struct fact *found = NULL;
    for (enum fact_name f = wanted; f != missing && f != FACT_COUNT; f = fact_lack(f).rests_on)
        if (order->facts[f].refused && order->facts[f].blame.cause != CAUSE_NONE)
            found = &order->facts[f];
    return found;
}

static void judge_need(const struct order *order, const struct order_command *command,
                       const struct rule *rule, struct verdict *v)
{
    enum fact_name missing = first_missing(order, rule->fact);
    if (missing == FACT_COUNT)
        return;
    const struct fact *fact = &order->facts[missing];
    const struct lack lack = fact_lack(missing);
    const struct fact *inherited = fact->refused && fact->blame.cause != CAUSE_NONE
                                       ? fact
                                       : passed_on(order, missing, rule->fact);
    v->rule = rule;
    v->kind = fact->doubtful ? VERDICT_DOUBTFUL : VERDICT_BROKEN;
    if (inherited) {
        v->cause = inherited->blame.cause;
        v->origin = inherited->blame.origin;
        v->refusal = inherited->blame.refusal;
        v->vague = inherited->blame.vague;
        verdict_relate(v, inherited->refused, ROLE_CASCADE);
    } else if (fact->refused) {
        v->cause = lack.refused;
        v->origin = v->refusal = fact->refused;
        verdict_relate(v, fact->again, ROLE_REFUSAL);
        if (missing == FACT_RCPT) /* known only when the last of the refusals is */
            v->refusal = order->last_rcpt_refusal;
    } else if (fact->cleared) {
        v->cause = lack.cleared;
        v->origin = fact->cleared;
        v->vague = fact->vague;
    } else {
        v->cause = lack.never;
        v->origin = command->wrong ? command->wrong : command->seq;
        v->vague = fact->vague;
        if (missing == FACT_RCPT)
            verdict_relate(v, order->facts[FACT_MAIL].since, ROLE_OPENED);
    }
}

/* A second MAIL: forgotten, or the transaction given up after a refusal that the client had read.
 */
static void judge_second_mail(const struct order *order, const struct order_command *command,
                              struct verdict *v)
{
    event_no opened = order->facts[FACT_MAIL].since;
    if (order->last_refusal && command->saw >= order->last_refusal) {
        v->cause = CAUSE_TRANSACTION_ABANDONED;
        v->origin = v->refusal = order->first_refusal;
    }
    verdict_relate(v, opened, ROLE_OPENED);
}

static void judge_failed_chunks(const struct fact *chunks, struct verdict *v)
{
    v->cause = chunks->cleared ? CAUSE_BDAT_AFTER_LAST : CAUSE_BDAT_AFTER_FAILURE;
    v->origin = v->refusal = chunks->refused;
    if (chunks->blame.cause != CAUSE_NONE) {
        v->cause = chunks->blame.cause;
        v->origin = chunks->blame.origin;
        v->refusal = chunks->blame.refusal;
    }
}

static void judge_ban(const struct order *order, const struct order_command *command,
                      const struct rule *rule, struct verdict *v)
{
    const struct fact *fact = &order->facts[rule->fact];
    if (!fact->since)
        return;
    if (rule->fact == FACT_QUIT && fact->code.number && command->saw < fact->since)
        return; /* the server's farewell was still on its way */
    v->rule = rule;
    v->kind = fact->doubtful ? VERDICT_DOUBTFUL : VERDICT_BROKEN;
    v->cause = rule->cause;
    v->origin = command->seq;
    if (rule->fact == FACT_CHUNKS) {
        judge_failed_chunks(fact, v);
    } else if (rule->fact == FACT_QUIT) {
        v->origin = fact->since;
    } else if (rule->verb == VERB_MAIL) {
        judge_second_mail(order, command, v);
    } else {
        verdict_relate(v, fact->since, ROLE_OPENED);
    }
}

static void judge_offer(const struct order *order, const struct order_command *command,
                        const struct rule *rule, struct verdict *v)
{
    if ((order->extensions | order->shown) & rule->extension)
        return;
    v->rule = rule;
    v->kind =
        order->facts[FACT_HELLO].doubtful || !order->offer ? VERDICT_DOUBTFUL : VERDICT_BROKEN;
    v->cause = rule->cause;
    v->origin = command->seq;
    verdict_relate(v, order->offer, ROLE_OFFER);
    if (!order->offer && !order->facts[FACT_HELLO].doubtful)
        v->kind = VERDICT_BROKEN; /* no hello at all: nothing was offered */
}

static void judge_row(const struct order *order, const struct order_command *command,
                      const struct rule *rule, struct verdict *v)
{
    if (rule->kind == RULE_NEEDS)
        judge_need(order, command, rule, v);
    else if (rule->kind == RULE_FORBIDS)
        judge_ban(order, command, rule, v);
    else if (rule->kind == RULE_OFFERED)
        judge_offer(order, command, rule, v);
}

struct verdict order_judge_rule(const struct order *order, const struct order_command *command,
                                const struct rule *rule)
{
    struct verdict v = {.kind = VERDICT_LEGAL, .cause = CAUSE_NONE};
    judge_row(order, command, rule, &v);
    return v;
}

struct verdict order_judge(const struct order *order, const struct order_command *command)
{
    struct verdict v = {.kind = VERDICT_LEGAL, .cause = CAUSE_NONE};
    size_t count;
    const struct rule *rules = order_rules(&count);
    bool found = false; /* the verb's rows, which stand together */
    for (size_t i = 0; i < count && !v.rule; i++) {
        const struct rule *rule = &rules[i];
        bool own = rule->verb == command->verb;
        if (found && !own)
            break;
        found = own;
        if (!own && !(rule->verb == VERB_COUNT && command->verb != VERB_QUIT))
            continue;
        judge_row(order, command, rule, &v);
    }
    /* A command that was refused between two chunks forbids nothing by the RFC; but Exim takes only
     * RSET after it. */
    const struct fact *chunks = &order->facts[FACT_CHUNKS];
    if (!v.rule && command->verb == VERB_BDAT && chunks->blame.cause != CAUSE_NONE) {
        v.kind = chunks->doubtful ? VERDICT_DOUBTFUL : VERDICT_BROKEN;
        judge_failed_chunks(chunks, &v);
    }
    return v;
}

bool order_doubtful(const struct order *order, enum verb verb)
{
    /* A greeting that was not seen may have refused the session; and only it says what a hello
     * meets. */
    bool hello = verb == VERB_EHLO || verb == VERB_HELO || verb == VERB_LHLO;
    if (order->facts[FACT_GREETING].doubtful || (hello && order->facts[FACT_HELLO].doubtful))
        return true;
    size_t count;
    const struct rule *rules = order_rules(&count);
    for (size_t i = 0; i < count; i++)
        if (rules[i].verb == verb)
            for (enum fact_name f = rules[i].fact; f != FACT_COUNT; f = fact_lack(f).rests_on)
                if (order->facts[f].doubtful)
                    return true;
    return false;
}
