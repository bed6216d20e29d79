/* SPDX-License-Identifier: ISC */
/* Findings that are alike: the same client, server, cause and code. A client that makes one mistake
 * in thousands of sessions is printed a few times a minute, and then counted. */
#ifndef ANALYZER_PROGRAM_ALIKE_H
#define ANALYZER_PROGRAM_ALIKE_H

#include "heloscope/db/history.h"
#include "heloscope/output/terminal.h"

struct alike;

/* Never NULL. */
struct alike *alike_new(void);
void alike_free(struct alike *alike); /* NULL is allowed */

/* Whether the finding of `row` is to be printed at `clock_us` (clock_steady_us()): the rows of a
 * session that is are all. */
bool alike_prints(struct alike *alike, const struct history_diagnosis *row, int64_t clock_us);

/* Says how many were not, of each kind once a minute; with `all` what is left. */
void alike_say(struct alike *alike, struct terminal *terminal, int64_t clock_us, bool all);

#endif
