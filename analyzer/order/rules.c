/* SPDX-License-Identifier: ISC */
/* The rules of order as a table: what each command needs, forbids, must have been offered. */
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
