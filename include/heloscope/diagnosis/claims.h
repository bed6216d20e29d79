/* SPDX-License-Identifier: ISC */
/* What a reply's text says of the cause. */
#ifndef HELOSCOPE_DIAGNOSIS_CLAIMS_H
#define HELOSCOPE_DIAGNOSIS_CLAIMS_H

#include "heloscope/cause.h"
#include "heloscope/order/order.h"
#include "heloscope/application/smtp_command.h"

/* CAUSE_NONE when the text makes no claim. `software` (the server's product, NULL = not recognised)
 * narrows the search. */
enum cause claim_of_reply(const char *software, int code, struct bytes enhanced, struct bytes text,
                          enum verb verb);

/* Whether a text that claims `claim` is a fair description of `cause`. */
bool claim_agrees(enum cause claim, enum cause cause);

/* Whether `claim` describes no other cause than itself. */
bool claim_is_distinct(enum cause claim);

/* Whether a refusal says, by its codes or its text, that the command came at the wrong time; else
 * it has a reason of its own. In doubt it does. */
bool refusal_of_order(const struct reply_code *code, enum cause claim);

#endif
