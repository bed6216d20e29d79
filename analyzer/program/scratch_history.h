/* SPDX-License-Identifier: ISC */
/* A history for one run, which nobody sees: --no-db, or --db :memory:. */
#ifndef ANALYZER_PROGRAM_SCRATCH_HISTORY_H
#define ANALYZER_PROGRAM_SCRATCH_HISTORY_H

#include "heloscope/failure.h"

/* Makes a file of its owner alone in TMPDIR (or /tmp) for a history and returns its path, which is
 * valid until scratch_history_remove(). NULL with `why`. A run that is killed leaves the file
 * behind. */
const char *scratch_history_make(struct failure *why);
void scratch_history_remove(void);

#endif
