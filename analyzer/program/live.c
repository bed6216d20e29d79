/* SPDX-License-Identifier: ISC */
#include "live.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/base/clock.h"
#include "heloscope/base/limits.h"
#include "heloscope/base/text.h"
#include "heloscope/capture/capture.h"
#include "heloscope/output/totals_print.h"
#include "heloscope/tls/keylog.h"
#include "news.h"
#include "service.h"
#include "signals.h"
#include "speech.h"
#include "statistics.h"

enum {
    COMMIT_US = 1000000, /* at least so often ... */
    NEWS_US = 100000,    /* ... and when there is news, but not more often than this */
};

struct watched {
    const struct options *options;
    struct terminal *terminal;
    struct capture *capture;
    struct keylog *keylog;
    int64_t polled_clock; /* when it was last asked for more */
    const char *doing;
    struct recording recording;
    struct speech speech;
    struct news news;
    int64_t committed_clock;    /* when the last commit was */
    uint64_t committed_packets; /* and how many packets there were then */
    int64_t base_us;            /* the capture's time ... */
    int64_t base_clock;         /* ... at this moment */
    bool live;                  /* interfaces */
    struct statistics statistics;
};

/* ----------------------------------------------------------------------------------- what is said
 */

static void print_title(const struct watched *w, FILE *out)
{
    struct capture_source **sources;
    const size_t count = capture_sources(w->capture, &sources);
    char words[TEXT_COUNT];
    if (count && sources[0]->live)
        for (size_t i = 0; i < count; i++)
            fprintf(out, "%s%s", i ? ", " : "", sources[i]->name);
    else if (w->options->word_count == 1) /* it may be a directory, still empty */
        fputs(capture_source_title(w->options->words[0]), out);
    else
        fputs(text_counted(w->options->word_count, "file", words), out);
}

/* Says each line of a text that print() makes. */
static void say_lines(struct watched *w, void (*print)(const struct watched *w, FILE *out))
{
    char *text = NULL, *rest = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    if (!out)
        return;
    print(w, out);
    if (fclose(out) == 0)
        for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
            terminal_say(w->terminal, "%s", line);
    free(text);
}

static void print_start(const struct watched *w, FILE *out)
{
    fprintf(out, "%s ", w->doing);
    print_title(w, out);
    fprintf(out, ", history in %s; Ctrl-C ends it\n", w->options->database);
}

static void print_statistics(const struct watched *w, FILE *out)
{
    struct pipeline_totals totals;
    const uint64_t dropped = sources_dropped(w->capture);
    char words[TEXT_COUNT];
    pipeline_totals(w->recording.pipeline, &totals);
    fprintf(out, "%s (", text_counted(totals.packets, "packet", words));
    totals_print_packets(out, &totals);
    fputs(")", out);
    if (dropped)
        fprintf(out, ", %" PRIu64 " dropped before they could be captured", dropped);
    fputc('\n', out);
    statistics_print_interfaces(w->capture, out);
    fprintf(out, "%s", text_counted(totals.sessions, "session", words));
    fprintf(out, ", %s", text_counted(totals.messages, "message", words));
    fprintf(out, ", %s 503\n", text_counted(totals.errors_503, "error", words));
    costs_print(out, "", &totals.costs);
}

/* -------------------------------------------------------------------------------------- watching
 */

/* The capture's time. Files tell it by their packets, and it goes on while none comes; that of
 * interfaces goes by a clock that nobody sets, since packets are stamped by one that is. */
static int64_t time_now(const struct watched *w, int64_t clock)
{
    return w->base_us + (clock - w->base_clock);
}

static void note_time(struct watched *w, int64_t clock)
{
    if (w->live)
        pipeline_tell_time(w->recording.pipeline, time_now(w, clock));
    else {
        w->base_us = pipeline_time(w->recording.pipeline);
        w->base_clock = clock;
    }
}

static void begin_time(struct watched *w)
{
    struct capture_source **sources;
    w->live = capture_sources(w->capture, &sources) && sources[0]->live;
    w->base_us = w->live ? clock_wall_us() : 0;
    w->base_clock = clock_steady_us();
    if (w->live)
        note_time(w, w->base_clock);
}

static uint64_t count_packets(const struct watched *w)
{
    struct capture_source **sources;
    size_t count = capture_sources(w->capture, &sources);
    uint64_t packets = 0;
    for (size_t i = 0; i < count; i++)
        packets += sources[i]->packets;
    return packets;
}

/* What happened to interfaces is said, and when it is over noted. */
static void heed_notices(struct watched *w)
{
    struct capture_notice notice;
    while (capture_take_notice(w->capture, &notice)) {
        terminal_warn(w->terminal, "%s", notice.text);
        if (notice.ended_us)
            store_keep_incident(w->recording.store,
                                &(struct store_incident){.began_us = notice.began_us,
                                                         .ended_us = notice.ended_us,
                                                         .kind = "interface",
                                                         .text = notice.text});
    }
}

static bool commit(struct watched *w, int64_t capture_us, struct failure *why)
{
    uint64_t packets = count_packets(w);
    bool grown = packets != w->committed_packets;
    w->committed_packets = packets;
    if (grown && !recording_totals(&w->recording, why))
        return false;
    if (!pipeline_flush(w->recording.pipeline, capture_us, why))
        return false;
    news_print(&w->news);
    heed_notices(w);
    service_alive();
    if (w->live)
        statistics_look(&w->statistics);
    return true;
}

static bool commit_when_due(struct watched *w, int64_t clock, struct failure *why)
{
    int64_t wait = pipeline_has_news(w->recording.pipeline) ? NEWS_US : COMMIT_US;
    if (clock - w->committed_clock < wait)
        return true;
    w->committed_clock = clock;
    return commit(w, time_now(w, clock), why);
}

/* Secrets that come late are for octets that wait. */
static void poll_keylog(struct watched *w, int64_t clock)
{
    if (!keylog_may_grow(w->keylog) || clock - w->polled_clock < NEWS_US)
        return;
    w->polled_clock = clock;
    keylog_poll(w->keylog);
    recording_warn_keylog(w->keylog);
    pipeline_poll(w->recording.pipeline, time_now(w, clock));
}

static void heed_signals(struct watched *w)
{
    switch (signals_next()) {
    case WISH_REOPEN:
        store_reopen(w->recording.store);
        w->committed_clock = 0; /* which the next commit does */
        break;
    case WISH_STATISTICS:
        say_lines(w, print_statistics);
        break;
    case WISH_END:
        terminal_say(w->terminal, "the terminal has gone");
        capture_stop(w->capture);
        break;
    case WISH_NONE:
        break;
    }
}

static bool read_on(struct watched *w, struct failure *why)
{
    struct packet_record packet;
    enum capture_result result;
    while ((result = capture_next(w->capture, &packet)) != CAPTURE_END) {
        int64_t clock = clock_steady_us();
        if (result == CAPTURE_PACKET) {
            if (!recording_packet(&w->recording, &packet, why))
                return false;
            note_time(w, clock);
        }
        poll_keylog(w, clock);
        heed_signals(w);
        if (!commit_when_due(w, clock, why))
            return false;
    }
    capture_finish(w->capture);
    heed_notices(w);
    if (!recording_finish(&w->recording, why))
        return false;
    statistics_end(&w->statistics);
    news_print(&w->news);
    return true;
}

/* ------------------------------------------------------------------------------------ altogether
 */

static bool run(struct watched *w, struct failure *why)
{
    const enum persistence persistence =
        w->options->follow >= 0 ? PERSISTENCE_WAITS : PERSISTENCE_SHEDS;
    if (!recording_open(&w->recording, w->options, persistence, w->capture, w->terminal, w->keylog,
                        why))
        return false;
    w->news =
        (struct news){.options = w->options,
                      .speech = &w->speech,
                      .recording = &w->recording,
                      .alike = w->options->json || w->options->follow >= 0 ? NULL : alike_new()};
    news_open(&w->news);
    begin_time(w);
    if (w->live)
        statistics_begin(&w->statistics, &w->recording, &w->speech, w->options->metrics);
    if (!w->options->quiet)
        say_lines(w, print_start);
    service_ready();
    const bool done = read_on(w, why);
    service_stopping();
    if (done && !w->options->quiet)
        say_lines(w, print_statistics);
    /* The reader first: the last to leave tidies the history up. */
    news_close(&w->news);
    return recording_close(&w->recording, done ? why : NULL) && done;
}

enum status live_run(const struct options *options, struct terminal *terminal,
                     struct capture *capture, struct keylog *keylog, const char *doing,
                     struct failure *why)
{
    struct watched watched = {.options = options,
                              .terminal = terminal,
                              .capture = capture,
                              .keylog = keylog,
                              .doing = doing};
    signal(SIGPIPE, SIG_IGN); /* a reader that goes away must not cost what is captured */
    if (!speech_begin(&watched.speech, terminal, why))
        return STATUS_INCOMPLETE;
    signals_begin(terminal_of_service(terminal));
    interrupt_watch(capture);
    bool done = run(&watched, why);
    interrupt_watch(NULL);
    signals_end();
    bool incomplete = recording_warn(capture, terminal) > 0 || watched.recording.incomplete;
    speech_end(&watched.speech);
    if (done && watched.news.broken)
        return STATUS_FOUND;
    return done && !incomplete ? STATUS_DONE : STATUS_INCOMPLETE;
}
