/* SPDX-License-Identifier: ISC */
/* What a run of `analyze` or `monitor` still has to reach, and the sandbox made of it. */
#ifndef ANALYZER_PROGRAM_SANDBOX_RUN_H
#define ANALYZER_PROGRAM_SANDBOX_RUN_H

#include "heloscope/db/store.h"
#include "options.h"
#include "sandbox.h"

/* Confines the thread that reads, before it has read a packet, and those that it starts later; with
 * --no-sandbox only says so. The history is open, the captures are too. */
void sandbox_run_enter(const struct options *options, struct store *store,
                       struct terminal *terminal);

/* What of it holds; nothing before. */
struct sandbox sandbox_run_state(void);

#endif
