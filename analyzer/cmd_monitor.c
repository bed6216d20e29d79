/* heloscope monitor: an interface, until stopped. What is found is in the history before it is on
 * the screen. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "heloscope/command.h"
#include "heloscope/finding_print.h"
#include "heloscope/memory.h"
#include "heloscope/recording.h"
#include "heloscope/text.h"

enum {
    COMMIT_US = 1000000, /* at least so often ... */
    NEWS_US = 100000,    /* ... and when there is news, but not more often than this */
    NEWS_LIMIT = 1000,   /* findings printed after one commit */
};

struct monitor {
    const struct options *options;
    struct terminal *terminal;
    struct capture *capture;
    struct capture_source *source;
    struct recording recording;
    struct history *history;
    int64_t last_diagnosis;
    int64_t committed_clock;    /* when the last commit was */
    uint64_t committed_packets; /* and how many packets there were then */
    bool reader_gone;           /* nobody reads what is printed */
};

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* The words behind the options are one filter. */
static char *join_words(const struct options *options)
{
    size_t size = 1;
    for (size_t i = 0; i < options->word_count; i++)
        size += strlen(options->words[i]) + 1;
    char *filter = memory_get(size), *end = filter;
    for (size_t i = 0; i < options->word_count; i++)
        end += sprintf(end, "%s%s", i ? " " : "", options->words[i]);
    return filter;
}

/* ---------------------------------------------------------------------------------------- news */

struct news {
    struct monitor *monitor;
    struct findings findings;
};

static bool add_diagnosis(void *context, const struct history_diagnosis *row)
{
    struct news *news = context;
    findings_add(&news->findings, row);
    news->monitor->last_diagnosis = row->id;
    return true;
}

static bool print_finding(struct monitor *monitor, const struct finding *finding,
                          struct failure *why)
{
    if (monitor->options->json) {
        struct json json = {.out = stdout, .one_line = true};
        return finding_json(&json, monitor->history, finding, why);
    }
    if (!finding_print_brief(stdout, monitor->terminal, monitor->history, finding, why))
        return false;
    putchar('\n');
    return true;
}

static bool print_list(struct monitor *monitor, const struct finding_list *list,
                       struct failure *why)
{
    for (size_t i = 0; i < list->count; i++)
        if (!print_finding(monitor, &list->all[i], why))
            return false;
    return true;
}

static bool print_news(struct monitor *monitor, struct failure *why)
{
    struct news news = {.monitor = monitor};
    findings_begin(&news.findings, NEWS_LIMIT);
    bool done = history_diagnoses(monitor->history, monitor->last_diagnosis, false, add_diagnosis,
                                  &news, why);
    if (!monitor->options->quiet)
        done = done && print_list(monitor, &news.findings.with_503, why) &&
               print_list(monitor, &news.findings.other, why);
    findings_free(&news.findings);
    if (fflush(stdout) != 0 && errno == EPIPE) {
        monitor->reader_gone = true;
        clearerr(stdout);
    }
    return done;
}

/* ------------------------------------------------------------------------------------- capturing
 */

static bool commit(struct monitor *monitor, int64_t capture_us, struct failure *why)
{
    bool grown = monitor->source->packets != monitor->committed_packets;
    bool news = pipeline_has_news(monitor->recording.pipeline);
    monitor->committed_packets = monitor->source->packets;
    if (grown && !recording_totals(&monitor->recording, why))
        return false;
    if (!pipeline_flush(monitor->recording.pipeline, capture_us, why))
        return false;
    return !news || print_news(monitor, why);
}

static bool commit_when_due(struct monitor *monitor, int64_t capture_us, struct failure *why)
{
    int64_t clock = terminal_clock();
    int64_t wait = pipeline_has_news(monitor->recording.pipeline) ? NEWS_US : COMMIT_US;
    if (clock - monitor->committed_clock < wait)
        return true;
    monitor->committed_clock = clock;
    return commit(monitor, capture_us, why);
}

static bool listen_on(struct monitor *monitor, struct failure *why)
{
    struct packet_record packet;
    enum capture_result result;
    while (!monitor->reader_gone &&
           (result = capture_next(monitor->capture, &packet)) != CAPTURE_END) {
        bool there = result == CAPTURE_PACKET;
        if (there && !recording_packet(&monitor->recording, &packet, why))
            return false;
        if (!commit_when_due(monitor, there ? packet.ts_us : now_us(), why))
            return false;
    }
    return recording_finish(&monitor->recording, why) && print_news(monitor, why);
}

static void print_start(const struct monitor *monitor)
{
    if (monitor->options->quiet)
        return;
    fprintf(stderr, "heloscope: listening on %s, history in %s; Ctrl-C ends it\n",
            monitor->source->name, monitor->options->database);
}

static void print_end(const struct monitor *monitor)
{
    struct pipeline_totals totals;
    char words[TEXT_COUNT];
    if (monitor->options->quiet)
        return;
    pipeline_totals(monitor->recording.pipeline, &totals);
    fprintf(stderr, "heloscope: %s", text_counted(monitor->source->packets, "packet", words));
    fprintf(stderr, " (%" PRIu64 " dropped by the kernel)", monitor->source->dropped);
    fprintf(stderr, ", %s", text_counted(totals.sessions, "session", words));
    fprintf(stderr, ", %s", text_counted(totals.messages, "message", words));
    fprintf(stderr, ", %s 503\n", text_counted(totals.errors_503, "error", words));
}

/* ------------------------------------------------------------------------------------ altogether
 */

static bool open_history(struct monitor *monitor, struct failure *why)
{
    monitor->history = history_open(monitor->options->database, why);
    if (!monitor->history)
        return false;
    monitor->last_diagnosis = history_last_diagnosis(monitor->history);
    return true;
}

static bool run(struct monitor *monitor, struct failure *why)
{
    if (!recording_open(&monitor->recording, monitor->options, monitor->capture, monitor->terminal,
                        why))
        return false;
    bool done = open_history(monitor, why);
    if (done) {
        print_start(monitor);
        done = listen_on(monitor, why);
    }
    if (done)
        print_end(monitor);
    /* The reader first: the last to leave tidies the history up. */
    history_close(monitor->history);
    return recording_close(&monitor->recording, done ? why : NULL) && done;
}

static struct capture *open_interface(const struct options *options, struct failure *why)
{
    char *filter = join_words(options);
    const struct capture_live live = {
        .interface = options->interface,
        .filter = *filter ? filter : NULL,
        .snap_length = options->snap_length,
        .promiscuous = !options->no_promiscuous,
        .buffer_kib = options->buffer_kib,
    };
    struct capture *capture = capture_open_live(&live, why);
    free(filter);
    return capture;
}

enum status cmd_monitor(const struct options *options, struct terminal *terminal,
                        struct failure *why)
{
    if (options->list_interfaces)
        return capture_list_interfaces(stdout, why) ? STATUS_DONE : STATUS_INCOMPLETE;
    struct monitor monitor = {.options = options, .terminal = terminal};
    monitor.capture = open_interface(options, why);
    if (!monitor.capture)
        return STATUS_INCOMPLETE;
    struct capture_source **sources;
    capture_sources(monitor.capture, &sources);
    monitor.source = sources[0];

    signal(SIGPIPE, SIG_IGN); /* a reader that goes away must not cost the open sessions */
    interrupt_watch(monitor.capture);
    bool done = run(&monitor, why);
    interrupt_watch(NULL);
    bool ended_itself = recording_warn(monitor.capture, terminal) > 0;
    capture_close(monitor.capture);
    return done && !ended_itself && !monitor.recording.incomplete ? STATUS_DONE : STATUS_INCOMPLETE;
}
