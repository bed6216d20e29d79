/* SPDX-License-Identifier: ISC */
/* Where to go on from what was printed. */
#ifndef ANALYZER_PROGRAM_NEXT_COMMAND_H
#define ANALYZER_PROGRAM_NEXT_COMMAND_H

#include <stdio.h>

#include "options.h"

/* Prints "heloscope show --db 'my history.db' 4" without a line end; the history is left out where
 * it is the usual one, and quoted for a shell where that is needed. `session_id` 0 = the list. */
void next_command_show(FILE *out, const struct options *options, int64_t session_id);

#endif
