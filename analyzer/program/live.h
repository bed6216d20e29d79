/* SPDX-License-Identifier: ISC */
/* A capture that goes on: what is found is in the history before it is on the screen, and on the
 * screen while the session is still open. What `monitor` and `analyze --follow` share. */
#ifndef ANALYZER_PROGRAM_LIVE_H
#define ANALYZER_PROGRAM_LIVE_H

#include "command.h"
#include "recording.h"

/* Reads `capture` to its end, or until SIGINT or SIGTERM comes, which is a good end. `doing` is the
 * word for it ("listening on"). What could not be read is said at the end. */
enum status live_run(const struct options *options, struct terminal *terminal,
                     struct capture *capture, struct keylog *keylog, const char *doing,
                     struct failure *why);

#endif
