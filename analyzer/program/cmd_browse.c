/* SPDX-License-Identifier: ISC */
/* heloscope browse: the history on a full screen. */
#include "command.h"
#include "heloscope/screens/browse.h"

enum status cmd_browse(const struct options *options, struct terminal *terminal,
                       struct failure *why)
{
    struct history *history = history_open(options->database, why);
    if (!history)
        return STATUS_INCOMPLETE;
    const struct browse_job job = {options->database, &options->selection, terminal->utc};
    const bool done = browse(history, &job, why);
    history_close(history);
    return done ? STATUS_DONE : STATUS_INCOMPLETE;
}
