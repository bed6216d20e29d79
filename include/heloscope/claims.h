/* What a reply's text says of the cause. */
#ifndef HELOSCOPE_CLAIMS_H
#define HELOSCOPE_CLAIMS_H

#include "heloscope/cause.h"
#include "heloscope/smtp_command.h"

/* CAUSE_NONE when the text makes no claim. `software` (the server's product, NULL = not recognised)
 * narrows the search. */
enum cause claim_of_reply(const char *software, int code, struct bytes enhanced, struct bytes text,
                          enum verb verb);

/* Whether a text that claims `claim` is a fair description of `cause`. */
bool claim_agrees(enum cause claim, enum cause cause);

#endif
