/* SPDX-License-Identifier: ISC */
/* A history is sent to its fleet while it is written: monitor --ship. */
#ifndef HELOSCOPE_FLEET_BESIDE_H
#define HELOSCOPE_FLEET_BESIDE_H

#include "heloscope/fleet/fleet.h"

struct beside;

/* Begins to send, in a thread of its own; `database` and what `words` names must outlive it. NULL
 * with `why` when the credentials are wrong or the history cannot be made. Later failures are
 * warnings, and recording goes on. */
struct beside *beside_begin(const char *database, const struct fleet_words *words,
                            struct failure *why);

/* Sends what is left once the history is closed. False with `why` when that did not succeed; it
 * stays for heloscope ship. NULL is allowed. */
bool beside_end(struct beside *beside, struct failure *why);

#endif
