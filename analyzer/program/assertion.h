/* SPDX-License-Identifier: ISC */
/* `analyze --fail-on`: a capture that must not hold certain findings, for tests of mail programs.
 */
#ifndef ANALYZER_PROGRAM_ASSERTION_H
#define ANALYZER_PROGRAM_ASSERTION_H

#include "heloscope/db/history.h"
#include "options.h"

/* What --fail-on names, as bits. */
enum {
    FAIL_ON_CLIENT = 1 << 0, /* a finding that is the client's fault */
    FAIL_ON_SERVER = 1 << 1,
    FAIL_ON_503 = 1 << 2,
    FAIL_ON_ANY = 1 << 3,       /* a finding of whatever kind */
    FAIL_ON_VIOLATION = 1 << 4, /* a command out of order, also one that the server accepted */
};

/* Reads "client" or "client,503"; false when a word is none of them. */
bool assertion_read(const char *words, unsigned *fail_on);

/* Prints to `out` one line for each finding of those in `own` that `fail_on` names; a cascade is
 * one finding. `*broken` counts them. False with `why` when the history cannot be read. */
bool assertion_check(unsigned fail_on, struct history *history, const struct own_findings *own,
                     size_t count, FILE *out, uint64_t *broken, struct failure *why);

#endif
