/* SPDX-License-Identifier: ISC */
/* Which commands may be followed by others before their reply is there: RFC 2920. */
#ifndef HELOSCOPE_ORDER_PIPELINING_RULES_H
#define HELOSCOPE_ORDER_PIPELINING_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/application/smtp_command.h"

/* Whether more may follow a command before its reply is there. */
enum following {
    FOLLOWING_NONE,        /* it must be the last of its group */
    FOLLOWING_ANY,         /* it may stand anywhere */
    FOLLOWING_IF_COMPLETE, /* AUTH with its initial response needs no more */
};

struct pipelining_rule {
    enum verb verb; /* VERB_COUNT: every verb that has no row of its own */
    enum following following;
    bool barrier; /* the rest of its group stays at fault when its reply has been sent */
    const char *section;
};

/* Returns the table; `*count` is its number of rows. Static storage. */
const struct pipelining_rule *pipelining_rules(size_t *count);

/* Returns the row of `verb`; that of all other verbs when it has none of its own. Never NULL. */
const struct pipelining_rule *pipelining_rule_of(enum verb verb);

#endif
