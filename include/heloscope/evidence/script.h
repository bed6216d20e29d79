/* SPDX-License-Identifier: ISC */
/* What a client said, as a script for the shell that says it again to a test server. */
#ifndef HELOSCOPE_EVIDENCE_SCRIPT_H
#define HELOSCOPE_EVIDENCE_SCRIPT_H

#include "heloscope/db/history.h"

/* Prints the script (POSIX sh, with nc or, for what was said inside TLS, openssl). What was sent
 * without waiting is sent in one piece. Messages and credentials are not in the history: in their
 * place stands a test message, and variables that the user sets. Nothing that a client sent can
 * leave its quotes. False with `why` when the history cannot be read. */
bool script_print(FILE *out, struct history *history, int64_t session_id, struct failure *why);

/* Writes `text` as the part of a format of printf(1) between single quotes: it prints just these
 * octets. */
void script_quote(FILE *out, struct bytes text);

#endif
