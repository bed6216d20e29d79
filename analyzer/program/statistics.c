/* SPDX-License-Identifier: ISC */
#include "statistics.h"

#include <inttypes.h>
#include <stdlib.h>

#include "heloscope/base/clock.h"
#include "heloscope/base/memory.h"
#include "metrics.h"
#include "heloscope/base/text.h"
#include "heloscope/output/totals_print.h"

enum {
    METRICS_US = 10 * 1000000, /* node_exporter is asked each 15 s or so */
};
#define MINUTE_US (INT64_C(60) * 1000000)

void statistics_begin(struct statistics *s, struct recording *recording, struct speech *speech,
                      const char *metrics)
{
    struct capture_source **sources;
    *s = (struct statistics){.recording = recording, .speech = speech, .metrics = metrics};
    s->count = capture_sources(recording->capture, &sources);
    s->of = memory_get((s->count + 1) * sizeof *s->of);
    s->began_us = clock_wall_us();
    s->minute_us = s->began_us / MINUTE_US * MINUTE_US;
}

static void hand_over_one(struct statistics *s, struct interface_statistics *before,
                          const struct capture_source *now)
{
    const struct store_minute minute = {
        .minute_us = s->minute_us,
        .capture_id = now->capture_id,
        .packets = now->packets - before->packets,
        .bytes = now->bytes - before->bytes,
        .dropped = now->dropped - before->dropped,
        .sessions = now->sessions - before->sessions,
        .errors_503 = now->errors_503 - before->errors_503,
        .ring_bytes = before->ring_bytes,
        .queue_bytes = s->queue_bytes,
        .print_bytes = s->print_bytes,
    };
    if (!now->capture_id)
        return; /* nothing was captured yet */
    if (minute.packets || minute.dropped || minute.sessions)
        store_minute(s->recording->store, &minute);
    before->packets = now->packets;
    before->bytes = now->bytes;
    before->dropped = now->dropped;
    before->sessions = now->sessions;
    before->errors_503 = now->errors_503;
    before->ring_bytes = 0;
}

static void hand_over(struct statistics *s)
{
    struct capture_source **sources;
    capture_sources(s->recording->capture, &sources);
    for (size_t i = 0; i < s->count; i++)
        hand_over_one(s, &s->of[i], sources[i]);
    s->queue_bytes = s->print_bytes = 0;
}

/* At once, and then once a minute. */
static void tell_drops(struct statistics *s, struct interface_statistics *before,
                       const struct capture_source *now)
{
    const int64_t clock = clock_steady_us();
    char words[TEXT_COUNT];
    if (now->dropped <= before->dropped_told ||
        (before->told_clock && clock - before->told_clock < MINUTE_US))
        return;
    terminal_warn(s->speech->terminal,
                  "%s: %s lost before they could be captured, %" PRIu64
                  " in all; a filter, or a larger --buffer-size, helps",
                  now->name, text_counted(now->dropped - before->dropped_told, "packet", words),
                  now->dropped);
    before->dropped_told = now->dropped;
    before->told_clock = clock;
}

/* A file that cannot be written is said once, and again when it could be meanwhile. */
static void write_metrics(struct statistics *s)
{
    struct failure why;
    s->metrics_clock = clock_steady_us();
    const bool done = metrics_write(s->metrics, s, &why);
    if (!done && !s->metrics_refused)
        terminal_warn(s->speech->terminal, "%s", why.text);
    s->metrics_refused = !done;
}

static void draw_line(struct statistics *s, const struct pipeline_totals *totals)
{
    const uint64_t dropped = sources_dropped(s->recording->capture);
    char packets[TEXT_COUNT], sessions[TEXT_COUNT], errors[TEXT_COUNT], open[TEXT_COUNT];
    terminal_status(s->speech->terminal, "%s, %" PRIu64 " lost, %s ended, %s 503, %s open",
                    text_counted(totals->packets, "packet", packets), dropped,
                    text_counted(totals->sessions, "session", sessions),
                    text_counted(totals->errors_503, "error", errors),
                    text_counted(totals->open, "connection", open));
}

static uint64_t greater(uint64_t one, uint64_t other)
{
    return one > other ? one : other;
}

void statistics_look(struct statistics *s)
{
    struct capture_source **sources;
    struct pipeline_totals totals;
    const int64_t minute_us = clock_wall_us() / MINUTE_US * MINUTE_US;
    capture_sources(s->recording->capture, &sources);
    pipeline_totals(s->recording->pipeline, &totals);
    for (size_t i = 0; i < s->count; i++) {
        s->of[i].ring_bytes = greater(s->of[i].ring_bytes, sources[i]->waiting);
        tell_drops(s, &s->of[i], sources[i]);
    }
    s->queue_bytes = greater(s->queue_bytes, totals.queue_octets);
    s->print_bytes = greater(s->print_bytes, outlet_waiting(s->speech->out));
    draw_line(s, &totals);
    if (s->metrics && (!s->metrics_clock || clock_steady_us() - s->metrics_clock >= METRICS_US))
        write_metrics(s);
    if (minute_us == s->minute_us)
        return;
    hand_over(s);
    s->minute_us = minute_us;
}

void statistics_end(struct statistics *s)
{
    if (!s->of)
        return;
    terminal_progress_end(s->speech->terminal);
    hand_over(s);
    if (s->metrics)
        write_metrics(s);
    free(s->of);
    s->of = NULL;
}

void statistics_print_interfaces(struct capture *capture, FILE *out)
{
    struct capture_source **sources;
    const size_t count = capture_sources(capture, &sources);
    char words[TEXT_COUNT];
    if (count < 2 || !sources[0]->live)
        return;
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "%s: %s", sources[i]->name,
                text_counted(sources[i]->packets, "packet", words));
        fprintf(out, ", %" PRIu64 " dropped", sources[i]->dropped);
        fprintf(out, ", %s", text_counted(sources[i]->sessions, "session", words));
        fprintf(out, ", %s 503\n", text_counted(sources[i]->errors_503, "error", words));
    }
}
