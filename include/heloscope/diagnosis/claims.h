/* SPDX-License-Identifier: ISC */
/* What a reply's text says of the cause. */
#ifndef HELOSCOPE_DIAGNOSIS_CLAIMS_H
#define HELOSCOPE_DIAGNOSIS_CLAIMS_H

#include "heloscope/cause.h"
#include "heloscope/order/order.h"
#include "heloscope/application/smtp_command.h"
#include "heloscope/software/identify.h"

/* CAUSE_NONE when the text makes no claim. `software` (the server's product, NULL = not recognised)
 * narrows the search. */
enum cause claim_of_reply(const char *software, int code, struct bytes enhanced, struct bytes text,
                          enum verb verb);

/* The same of the server that `id` knows; what was found out is remembered there. */
enum cause claim_of_server(const struct identify *id, int code, struct bytes enhanced,
                           struct bytes text, enum verb verb);

/* Whether a text makes no claim, or one that several causes may lie behind. */
bool claim_is_vague(enum cause claim);

/* Whether an enhanced status code has this subject and detail, ".5.1", whatever its class (RFC 3463
 * section 2). */
bool enhanced_is(struct bytes enhanced, const char *subject_and_detail);

/* Whether a text that claims `claim` is a fair description of `cause`. */
bool claim_agrees(enum cause claim, enum cause cause);

/* Whether `claim` describes no other cause than itself. */
bool claim_is_distinct(enum cause claim);

/* Whether a refusal says, by its codes or its text, that the command came at the wrong time; else
 * it has a reason of its own. In doubt it does. */
bool refusal_of_order(const struct reply_code *code, enum cause claim);

#endif
