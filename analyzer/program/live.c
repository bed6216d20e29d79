/* SPDX-License-Identifier: ISC */
#include "live.h"

#include <stdlib.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>

#include "heloscope/capture/capture.h"
#include "heloscope/tls/keylog.h"
#include "heloscope/output/finding_print.h"
#include "heloscope/base/text.h"
#include "heloscope/output/totals_print.h"
#include "heloscope/base/limits.h"

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
    struct history *history;    /* NULL = not opened yet, or it cannot be */
    unsigned generation;        /* of the file that it was opened for */
    int64_t committed_clock;    /* when the last commit was */
    uint64_t committed_packets; /* and how many packets there were then */
    int64_t newest_us;          /* time of the last packet ... */
    int64_t newest_clock;       /* ... and when it was read */
    bool reader_gone;           /* nobody reads what is printed */
};

/* ---------------------------------------------------------------------------------------- news */

struct news {
    struct watched *watched;
    struct findings findings;
};

static bool add_diagnosis(void *context, const struct history_diagnosis *row)
{
    struct news *news = context;
    findings_add(&news->findings, row);
    return true;
}

static bool print_finding(struct watched *w, const struct finding *finding, struct failure *why)
{
    if (w->options->json) {
        struct json json = {.out = stdout, .one_line = true};
        return finding_json(&json, w->history, finding, why);
    }
    if (!finding_print_brief(stdout, w->terminal, w->history, finding, why))
        return false;
    putchar('\n');
    return true;
}

static bool print_list(struct watched *w, const struct finding_list *list, struct failure *why)
{
    for (size_t i = 0; i < list->count; i++)
        if (!print_finding(w, &list->all[i], why))
            return false;
    return true;
}

/* A flood of findings is not all printed. */
static void print_rest(const struct watched *w, const struct findings *findings)
{
    uint64_t rest = findings->total_origins_503 + findings->total_origins_other -
                    findings->with_503.count - findings->other.count;
    char words[TEXT_COUNT];
    if (rest && !w->options->quiet)
        fprintf(stderr, "heloscope: %s more, not printed; heloscope show SESSION prints any\n",
                text_counted(rest, "finding", words));
}

/* The reader's own look at the history; another one when the store has opened another file. */
static bool open_history(struct watched *w)
{
    const unsigned generation = store_generation(w->recording.store);
    if (w->history && w->generation == generation)
        return true;
    history_close(w->history);
    w->history = generation ? history_open(w->options->database, NULL) : NULL;
    w->generation = generation;
    return w->history != NULL;
}

static bool print_findings(struct watched *w, const struct own_findings *own, size_t count,
                           struct failure *why)
{
    struct news news = {.watched = w};
    findings_begin(&news.findings, NEWS_LIMIT);
    bool done = history_diagnoses_of(w->history, own, count, add_diagnosis, &news, why);
    if (!w->options->quiet)
        done = done && print_list(w, &news.findings.with_503, why) &&
               print_list(w, &news.findings.other, why);
    print_rest(w, &news.findings);
    findings_free(&news.findings);
    return done;
}

/* What is committed and was not printed yet. A history that cannot be read, for a reason that may
 * pass, ends nothing. */
static void print_news(struct watched *w, struct failure *why)
{
    struct own_findings *own;
    recording_say(&w->recording);
    const size_t count = store_take_own(w->recording.store, &own);
    if (count && open_history(w) && !print_findings(w, own, count, why)) {
        terminal_warn(w->terminal, "%s", why->text);
        why->text[0] = '\0';
    }
    free(own);
    if (fflush(stdout) != 0 && errno == EPIPE) {
        w->reader_gone = true;
        clearerr(stdout);
    }
}

/* -------------------------------------------------------------------------------------- watching
 */

static uint64_t count_packets(const struct watched *w)
{
    struct capture_source **sources;
    size_t count = capture_sources(w->capture, &sources);
    uint64_t packets = 0;
    for (size_t i = 0; i < count; i++)
        packets += sources[i]->packets;
    return packets;
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
    print_news(w, why);
    return true;
}

/* The capture's clock goes on while no packet comes. */
static bool commit_when_due(struct watched *w, int64_t clock, struct failure *why)
{
    int64_t wait = pipeline_has_news(w->recording.pipeline) ? NEWS_US : COMMIT_US;
    if (clock - w->committed_clock < wait)
        return true;
    w->committed_clock = clock;
    return commit(w, w->newest_us + (clock - w->newest_clock), why);
}

/* Secrets that come late are for octets that wait. */
static void poll_keylog(struct watched *w, int64_t clock)
{
    if (!keylog_may_grow(w->keylog) || clock - w->polled_clock < NEWS_US)
        return;
    w->polled_clock = clock;
    keylog_poll(w->keylog);
    pipeline_poll(w->recording.pipeline, w->newest_us + (clock - w->newest_clock));
}

static bool read_on(struct watched *w, struct failure *why)
{
    struct packet_record packet;
    enum capture_result result;
    while (!w->reader_gone && (result = capture_next(w->capture, &packet)) != CAPTURE_END) {
        int64_t clock = terminal_clock();
        if (result == CAPTURE_PACKET) {
            if (!recording_packet(&w->recording, &packet, why))
                return false;
            w->newest_us = packet.ts_us;
            w->newest_clock = clock;
        }
        poll_keylog(w, clock);
        if (!commit_when_due(w, clock, why))
            return false;
    }
    if (!recording_finish(&w->recording, why))
        return false;
    print_news(w, why);
    return true;
}

static void print_start(const struct watched *w)
{
    struct capture_source **sources;
    size_t count = capture_sources(w->capture, &sources);
    char words[TEXT_COUNT];
    if (w->options->quiet)
        return;
    fprintf(stderr, "heloscope: %s ", w->doing);
    if (count && sources[0]->live)
        text_print(stderr, bytes_of_string(sources[0]->name));
    else if (w->options->word_count == 1) /* it may be a directory, still empty */
        text_print(stderr, bytes_of_string(capture_source_title(w->options->words[0])));
    else
        fputs(text_counted(w->options->word_count, "file", words), stderr);
    fprintf(stderr, ", history in %s; Ctrl-C ends it\n", w->options->database);
}

static void print_end(const struct watched *w)
{
    struct pipeline_totals totals;
    const uint64_t dropped = sources_dropped(w->capture);
    char words[TEXT_COUNT];
    if (w->options->quiet)
        return;
    pipeline_totals(w->recording.pipeline, &totals);
    fprintf(stderr, "heloscope: %s (", text_counted(totals.packets, "packet", words));
    totals_print_packets(stderr, &totals);
    fputs(")", stderr);
    if (dropped)
        fprintf(stderr, ", %" PRIu64 " dropped before they could be captured", dropped);
    fputc('\n', stderr);
    fprintf(stderr, "heloscope: %s", text_counted(totals.sessions, "session", words));
    fprintf(stderr, ", %s", text_counted(totals.messages, "message", words));
    fprintf(stderr, ", %s 503\n", text_counted(totals.errors_503, "error", words));
    costs_print(stderr, "heloscope: ", &totals.costs);
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
    open_history(w);
    print_start(w);
    const bool done = read_on(w, why);
    if (done)
        print_end(w);
    /* The reader first: the last to leave tidies the history up. */
    history_close(w->history);
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
    signal(SIGPIPE, SIG_IGN); /* a reader that goes away must not cost the open sessions */
    interrupt_watch(capture);
    bool done = run(&watched, why);
    interrupt_watch(NULL);
    bool incomplete = recording_warn(capture, terminal) > 0 || watched.recording.incomplete;
    return done && !incomplete ? STATUS_DONE : STATUS_INCOMPLETE;
}
