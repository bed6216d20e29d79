/* SPDX-License-Identifier: ISC */
/* heloscope export: the history for other programs. */
#include <signal.h>

#include "command.h"
#include "heloscope/fleet/export.h"
#include "heloscope/fleet/stop.h"

enum status cmd_export(const struct options *options, struct terminal *terminal,
                       struct failure *why)
{
    (void)terminal;
    if (options->word_count) {
        failure_set(why, "export takes no names; --db names the history, --output the file");
        return STATUS_USAGE;
    }
    const struct export_job job = {
        .format = export_format_of(options->format ? options->format : "jsonl"),
        .output = options->output,
        .sensor = options->sensor,
        .follow = options->follow >= 0,
    };
    if (job.format == EXPORT_FORMATS) {
        failure_set(why, "--format is jsonl, eve or zeek, not '%s'", options->format);
        return STATUS_USAGE;
    }
    struct outbox *outbox = outbox_open(options->database, options->cursor, why);
    if (!outbox)
        return STATUS_INCOMPLETE;
    signal(SIGPIPE, SIG_IGN);
    stop_watch();
    const bool done = export_run(outbox, &job, why);
    outbox_close(outbox);
    return done ? STATUS_DONE : STATUS_INCOMPLETE;
}
