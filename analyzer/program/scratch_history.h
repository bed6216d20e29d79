/* SPDX-License-Identifier: ISC */
/* A history for one run, which nobody sees: --no-db, or --db :memory:. */
#ifndef ANALYZER_PROGRAM_SCRATCH_HISTORY_H
#define ANALYZER_PROGRAM_SCRATCH_HISTORY_H

#include "heloscope/failure.h"

/* Makes a folder of its owner alone in TMPDIR (or /tmp) and returns the path of a history in it,
 * which is valid until scratch_history_remove(). NULL with `why`. A run that is killed leaves the
 * folder behind. */
const char *scratch_history_make(struct failure *why);
void scratch_history_remove(void);

#endif
