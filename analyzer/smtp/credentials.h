/* SPDX-License-Identifier: ISC */
/* Where credentials stand in lines that are no AUTH as RFC 4954 has it: mistyped, of other
 * protocols, behind octets that do not belong there. In doubt a word is taken for one. */
#ifndef ANALYZER_SMTP_CREDENTIALS_H
#define ANALYZER_SMTP_CREDENTIALS_H

#include "heloscope/application/smtp_command.h"

/* How many octets of the line may be stored; all of them when there is nothing to hide. What is
 * behind them is the credential, blanks first. */
size_t credentials_storable(struct bytes line, const struct smtp_command *command);

/* Whether `word` is the name of a SASL mechanism and not a credential in its place. */
bool credentials_is_mechanism(struct bytes word);

/* Whether it is spelled as the name of a mechanism: up to twenty capital letters, "-" and "_"; the
 * digits that RFC 4422 section 3.1 allows as well would let base64 pass. */
bool credentials_could_be_mechanism(struct bytes word);

#endif
