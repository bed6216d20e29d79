/* SPDX-License-Identifier: ISC */
#include "heloscope/order/order.h"

/* What a fact rests on, what it is forgotten with, and what it means when it is needed and does not
 * hold. */
static const struct fact_row {
    const char *label;
    enum fact_name rests_on, part_of; /* FACT_COUNT: on nothing, of nothing */
    enum cause never, refused, cleared;
} fact_rows[FACT_COUNT] = {
    [FACT_GREETING] = {"greeting", FACT_COUNT, FACT_COUNT, CAUSE_EARLY_TALKER,
                       CAUSE_SESSION_REFUSED, CAUSE_SESSION_REFUSED},
    [FACT_HELLO] = {"hello", FACT_COUNT, FACT_COUNT, CAUSE_HELLO_MISSING, CAUSE_HELLO_REJECTED,
                    CAUSE_HELLO_RESET},
    [FACT_TLS] = {"tls", FACT_COUNT, FACT_COUNT, CAUSE_TLS_REQUIRED, CAUSE_TLS_FAILED,
                  CAUSE_TLS_FAILED},
    [FACT_AUTH] = {"auth", FACT_COUNT, FACT_COUNT, CAUSE_AUTH_REQUIRED, CAUSE_AUTH_REJECTED,
                   CAUSE_AUTH_REQUIRED},
    [FACT_MAIL] = {"mail", FACT_HELLO, FACT_COUNT, CAUSE_MAIL_MISSING, CAUSE_MAIL_REJECTED,
                   CAUSE_TRANSACTION_RESET},
    [FACT_RCPT] = {"rcpt", FACT_MAIL, FACT_MAIL, CAUSE_RCPT_MISSING, CAUSE_ALL_RCPT_REJECTED,
                   CAUSE_TRANSACTION_RESET},
    [FACT_BDAT] = {"bdat", FACT_COUNT, FACT_MAIL, CAUSE_BDAT_DATA_MIX, CAUSE_BDAT_AFTER_FAILURE,
                   CAUSE_BDAT_AFTER_LAST},
    [FACT_CHUNKS] = {"chunks", FACT_COUNT, FACT_MAIL, CAUSE_NONE, CAUSE_BDAT_AFTER_FAILURE,
                     CAUSE_BDAT_AFTER_LAST},
    [FACT_BINARY] = {"binary", FACT_COUNT, FACT_MAIL, CAUSE_NONE, CAUSE_NONE, CAUSE_NONE},
    [FACT_QUIT] = {"quit", FACT_COUNT, FACT_COUNT, CAUSE_NONE, CAUSE_NONE, CAUSE_NONE},
};

#define ANY VERB_COUNT /* a row for every verb but QUIT */

const char rule_greeting[] = "wait for a 220 greeting";
const char rule_group_end[] = "last command of a group";
const char rule_group_offer[] = "no PIPELINING was offered";
const char rule_content[] = "no content before 354";

static const struct rule rules[] = {
#define NEEDS(verb, fact, name, section)                                                           \
    {                                                                                              \
        verb, RULE_NEEDS, FACT_##fact, 0, CAUSE_NONE, name, section                                \
    }
#define FORBIDS(verb, fact, cause, name, section)                                                  \
    {                                                                                              \
        verb, RULE_FORBIDS, FACT_##fact, 0, CAUSE_##cause, name, section                           \
    }
#define OFFERED(verb, ext, cause, name, section)                                                   \
    {                                                                                              \
        verb, RULE_OFFERED, FACT_HELLO, EXT_##ext, CAUSE_##cause, name, section                    \
    }
#define WAITS(verb, ext, cause, name, section)                                                     \
    {                                                                                              \
        verb, RULE_WAITS, FACT_COUNT, ext, CAUSE_##cause, name, section                            \
    }
    NEEDS(ANY, GREETING, rule_greeting, "RFC 5321 3.1, 4.3.1"),
    FORBIDS(ANY, QUIT, SESSION_OVER, "nothing after QUIT or 421", "RFC 5321 4.1.1.10, 3.8"),
    WAITS(ANY, EXT_PIPELINING, PIPELINING_VIOLATION, rule_group_offer,
          "RFC 2920 2, RFC 5321 4.3.1"),
    WAITS(ANY, 0, PIPELINING_VIOLATION, rule_group_end, "RFC 2920 3.1"),

    NEEDS(VERB_MAIL, HELLO, "MAIL needs a hello", "RFC 5321 4.1.4"),
    FORBIDS(VERB_MAIL, MAIL, NESTED_MAIL, "no MAIL in a transaction", "RFC 5321 4.1.4"),

    NEEDS(VERB_RCPT, MAIL, "RCPT needs MAIL", "RFC 5321 3.3, 4.1.4"),
    FORBIDS(VERB_RCPT, BDAT, BDAT_DATA_MIX, "no RCPT between chunks", "RFC 3030 2"),

    NEEDS(VERB_DATA, RCPT, "DATA needs an accepted RCPT", "RFC 5321 3.3, 4.1.4"),
    FORBIDS(VERB_DATA, BDAT, BDAT_DATA_MIX, "no DATA after BDAT", "RFC 3030 2"),
    FORBIDS(VERB_DATA, BINARY, BINARYMIME_DATA, "no DATA for BINARYMIME", "RFC 3030 3"),
    WAITS(VERB_DATA, 0, CONTENT_AS_COMMANDS, rule_content, "RFC 5321 3.3, 4.1.1.4"),

    NEEDS(VERB_BDAT, HELLO, "BDAT needs EHLO", "RFC 3030 2, RFC 5321 4.1.4"),
    OFFERED(VERB_BDAT, CHUNKING, BDAT_NOT_OFFERED, "BDAT needs CHUNKING", "RFC 3030 2"),
    FORBIDS(VERB_BDAT, CHUNKS, BDAT_AFTER_FAILURE, "no chunk after a failed or last one",
            "RFC 3030 2"),
    NEEDS(VERB_BDAT, RCPT, "BDAT needs an accepted RCPT", "RFC 3030 2"),

    NEEDS(VERB_BURL, HELLO, "BURL needs EHLO", "RFC 4468 3.2"),
    OFFERED(VERB_BURL, BURL, COMMAND_NOT_OFFERED, "BURL must be offered", "RFC 4468 3.1"),
    NEEDS(VERB_BURL, RCPT, "BURL needs an accepted RCPT", "RFC 4468 3.2"),

    NEEDS(VERB_AUTH, HELLO, "AUTH needs EHLO", "RFC 4954 4"),
    FORBIDS(VERB_AUTH, AUTH, AUTH_REPEATED, "no second AUTH", "RFC 4954 4"),
    OFFERED(VERB_AUTH, AUTH, AUTH_NOT_OFFERED, "AUTH must be offered", "RFC 4954 3, 4"),
    FORBIDS(VERB_AUTH, MAIL, AUTH_IN_TRANSACTION, "no AUTH in a transaction", "RFC 4954 4"),

    NEEDS(VERB_STARTTLS, HELLO, "STARTTLS needs EHLO", "RFC 3207 4"),
    FORBIDS(VERB_STARTTLS, TLS, STARTTLS_REPEATED, "no second STARTTLS", "RFC 3207 4.2"),
    OFFERED(VERB_STARTTLS, STARTTLS, STARTTLS_NOT_OFFERED, "STARTTLS must be offered",
            "RFC 3207 3, 4"),
    FORBIDS(VERB_STARTTLS, MAIL, STARTTLS_IN_TRANSACTION, "no STARTTLS in a transaction",
            "RFC 3207 4.2"),

    NEEDS(VERB_ETRN, HELLO, "ETRN needs EHLO", "RFC 1985 5"),
    FORBIDS(VERB_ETRN, MAIL, COMMAND_IN_TRANSACTION, "no ETRN in a transaction", "RFC 1985 5"),

    FORBIDS(VERB_ATRN, MAIL, COMMAND_IN_TRANSACTION, "no ATRN in a transaction", "RFC 2645 5"),

    NEEDS(VERB_XCLIENT, HELLO, "XCLIENT needs EHLO", "Postfix XCLIENT"),
    FORBIDS(VERB_XCLIENT, MAIL, COMMAND_IN_TRANSACTION, "no XCLIENT in a transaction",
            "Postfix XCLIENT"),

    NEEDS(VERB_XFORWARD, HELLO, "XFORWARD needs EHLO", "Postfix XFORWARD"),
    FORBIDS(VERB_XFORWARD, MAIL, COMMAND_IN_TRANSACTION, "no XFORWARD in a transaction",
            "Postfix XFORWARD"),
#undef NEEDS
#undef FORBIDS
#undef OFFERED
#undef WAITS
};

const struct rule *order_rules(size_t *count)
{
    *count = sizeof rules / sizeof *rules;
    return rules;
}

const char *fact_label(enum fact_name fact)
{
    return fact_rows[fact].label;
}

enum fact_name fact_part_of(enum fact_name fact)
{
    return fact_rows[fact].part_of;
}

struct lack fact_lack(enum fact_name fact)
{
    const struct fact_row *row = &fact_rows[fact];
    return (struct lack){row->rests_on, row->never, row->refused, row->cleared};
}

size_t rule_causes(const struct rule *rule, enum cause out[RULE_CAUSES])
{
    enum cause all[RULE_CAUSES] = {rule->cause, CAUSE_NONE, CAUSE_NONE};
    if (rule->kind == RULE_NEEDS) {
        const struct fact_row *row = &fact_rows[rule->fact];
        memcpy(all, (enum cause[]){row->never, row->refused, row->cleared}, sizeof all);
    } else if (rule->kind == RULE_FORBIDS && rule->fact == FACT_CHUNKS) /* judge_failed_chunks() */
        all[1] = fact_rows[FACT_CHUNKS].cleared;
    else if (rule->kind == RULE_FORBIDS && rule->verb == VERB_MAIL) /* judge_second_mail() */
        all[1] = CAUSE_TRANSACTION_ABANDONED;
    size_t count = 0;
    for (size_t i = 0; i < RULE_CAUSES; i++)
        if (all[i] != CAUSE_NONE && (!count || all[i] != out[count - 1]))
            out[count++] = all[i];
    return count;
}

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
    for (; fact != FACT_COUNT; fact = fact_rows[fact].rests_on) {
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
    for (enum fact_name f = wanted; f != missing && f != FACT_COUNT; f = fact_rows[f].rests_on)
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
    const struct fact_row *row = &fact_rows[missing];
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
        v->cause = row->refused;
        v->origin = v->refusal = fact->refused;
        verdict_relate(v, fact->again, ROLE_REFUSAL);
        if (missing == FACT_RCPT) /* known only when the last of the refusals is */
            v->refusal = order->last_rcpt_refusal;
    } else if (fact->cleared) {
        v->cause = row->cleared;
        v->origin = fact->cleared;
        v->vague = fact->vague;
    } else {
        v->cause = row->never;
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
    bool found = false; /* the verb's rows, which stand together */
    for (size_t i = 0; i < sizeof rules / sizeof *rules && !v.rule; i++) {
        const struct rule *rule = &rules[i];
        bool own = rule->verb == command->verb;
        if (found && !own)
            break;
        found = own;
        if (!own && !(rule->verb == ANY && command->verb != VERB_QUIT))
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
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (rules[i].verb == verb)
            for (enum fact_name f = rules[i].fact; f != FACT_COUNT; f = fact_rows[f].rests_on)
                if (order->facts[f].doubtful)
                    return true;
    return false;
}
