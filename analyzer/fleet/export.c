/* SPDX-License-Identifier: ISC */
#include "heloscope/fleet/export.h"

#include <string.h>
#include <time.h>

#include "heloscope/fleet/stop.h"
#include "sink.h"
#include "zeek.h"

enum {
    BATCH = 500,   /* sessions that are read at once */
    PAUSE_MS = 500 /* between two looks at a history that has nothing new */
};

static const struct {
    const char *name;
    enum outbox_shape shapes[2];
    int count;
} formats[EXPORT_FORMATS] = {
    [EXPORT_JSONL] = {"jsonl", {OUTBOX_SESSION_LINE, OUTBOX_FINDING_LINE}, 2},
    [EXPORT_EVE] = {"eve", {OUTBOX_EVE_LINE}, 1},
    [EXPORT_ZEEK] = {"zeek", {OUTBOX_ZEEK_ROW}, 1},
};

enum export_format export_format_of(const char *name)
{
    enum export_format format = 0;
    while (format < EXPORT_FORMATS && strcmp(formats[format].name, name) != 0)
        format++;
    return format;
}

static bool put_row(void *context, const struct bytes *cells, int count)
{
    struct sink *sink = context;
    if (count > 1) {
        zeek_line(sink, cells);
    } else {
        sink_put(sink, cells[0]);
        sink_put(sink, bytes_of("\n", 1));
    }
    return true;
}

static bool put_session(struct outbox *outbox, const struct export_job *job,
                        const struct outbox_session *session, struct sink *sink,
                        struct failure *why)
{
    const int64_t version = outbox_epoch(outbox) + session->change;
    for (int i = 0; i < formats[job->format].count; i++)
        if (!outbox_rows(outbox, formats[job->format].shapes[i], session, version, job->sensor,
                         put_row, sink, why))
            return false;
    return true;
}

/* Reads the sessions after `after` into the sink; how many, -1 with `why`. */
static long fill(struct outbox *outbox, const struct export_job *job, int64_t *after,
                 struct sink *sink, struct failure *why)
{
    static struct outbox_session sessions[BATCH];
    outbox_hold(outbox);
    const long count = outbox_changed(outbox, *after, sessions, BATCH, why);
    bool done = count >= 0;
    for (long i = 0; done && i < count; i++) {
        done = sessions[i].open || put_session(outbox, job, &sessions[i], sink, why);
        *after = sessions[i].change;
    }
    outbox_release(outbox);
    return done ? count : -1;
}

/* Moves the cursor, again and again when others hold the history for long. */
static bool settle(struct outbox *outbox, int64_t change, bool patient, struct failure *why)
{
    enum {
        ATTEMPTS = 15
    };
    bool busy = true;
    for (int i = 0; busy && i < (patient ? ATTEMPTS : 1); i++)
        if (!outbox_move(outbox, change, &busy, why) && !busy)
            return false;
    return !busy || !patient ||
           failure_set(why, "the history is locked by others all the time, so the cursor could not "
                            "be moved: what was written last comes again");
}

static bool write_on(struct outbox *outbox, const struct export_job *job, struct sink *sink,
                     bool has_cursor, struct failure *why)
{
    int64_t after = has_cursor ? outbox_change(outbox) : 0, settled = after;
    for (;;) {
        const long count = fill(outbox, job, &after, sink, why);
        if (count < 0 || !sink_flush(sink, why))
            return false;
        const bool last = stop_came() || (!count && !job->follow);
        if (has_cursor && after != settled) {
            if (!settle(outbox, after, last, why))
                return false;
            settled = outbox_change(outbox);
        }
        if (last)
            return true;
        if (!count)
            stop_wait(PAUSE_MS);
    }
}

bool export_run(struct outbox *outbox, const struct export_job *job, struct failure *why)
{
    char header[2048];
    struct sink sink;
    if (job->format == EXPORT_ZEEK)
        zeek_header(header, sizeof header, (long long)time(NULL));
    sink_begin(&sink, job->output, job->format == EXPORT_ZEEK ? header : NULL);
    const bool done = write_on(outbox, job, &sink, outbox_epoch(outbox) != 0, why);
    sink_end(&sink);
    return done;
}
