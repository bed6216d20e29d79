/* SPDX-License-Identifier: ISC */
/* heloscope analyze: captures in, findings out. */
#include <stdlib.h>
#include <inttypes.h>

#include "heloscope/capture/capture.h"
#include "analyze_run.h"
#include "assertion.h"
#include "command.h"
#include "heloscope/output/finding_print.h"
#include "recording.h"
#include "rejoin.h"
#include "heloscope/base/text.h"
#include "heloscope/output/totals_print.h"
#include "live.h"
#include "next_command.h"

enum {
    DEFAULT_LIMIT = 10,
    JSON_LIMIT = 1000000,
    PROGRESS_EVERY = 1024,
    NAMED_FILES = 3
};

/* ------------------------------------------------------------------------------------------- in */

static bool read_packets(struct run *run, struct recording *recording, struct failure *why)
{
    struct packet_record packet;
    uint64_t packets = 0, done, total;
    while (capture_next(run->capture, &packet) == CAPTURE_PACKET) {
        if (!recording_packet(recording, &packet, why))
            return false;
        if (++packets % PROGRESS_EVERY == 0) {
            capture_progress(run->capture, &done, &total);
            terminal_progress(run->terminal, done, total, packets);
        }
    }
    return recording_finish(recording, why);
}

/* From the capture to the committed history. */
static bool record(struct run *run, struct recording *recording, struct failure *why)
{
    bool done = read_packets(run, recording, why);
    terminal_progress_end(run->terminal);
    if (done)
        pipeline_totals(recording->pipeline, &run->totals);
    done = done && rejoin(recording, run->options, why);
    run->own_count = store_take_own(recording->store, &run->own);
    return done;
}

/* ------------------------------------------------------------------------------- what was found */

static bool add_diagnosis(void *context, const struct history_diagnosis *row)
{
    struct run *run = context;
    findings_add(&run->findings, row);
    return true;
}

static bool collect(struct run *run, struct history *history, struct failure *why)
{
    long limit = run->options->limit;
    if (limit < 0)
        limit = run->options->json ? JSON_LIMIT : DEFAULT_LIMIT;
    findings_begin(&run->findings, (size_t)limit);
    return history_diagnoses_of(history, run->own, run->own_count, add_diagnosis, run, why);
}

/* --------------------------------------------------------------------------------- on the screen
 */

static bool print_list(const struct run *run, const struct finding_list *list,
                       struct history *history, struct failure *why)
{
    for (size_t i = 0; i < list->count; i++) {
        if (!finding_print(stdout, run->terminal, history, &list->all[i], why))
            return false;
        putchar('\n');
    }
    return true;
}

static void print_sources(const struct run *run)
{
    struct capture_source **sources;
    size_t count = capture_sources(run->capture, &sources);
    char words[TEXT_COUNT];
    if (count > NAMED_FILES) {
        fputs(text_counted(count, "file", words), stdout);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        fputs(i ? ", " : "", stdout);
        text_print(stdout, bytes_of_string(capture_source_title(sources[i]->name)));
    }
}

static void print_row(const char *label)
{
    printf("  %-12s", label);
}

static void print_sessions(const struct pipeline_totals *totals)
{
    char words[TEXT_COUNT];
    print_row("sessions");
    printf("%" PRIu64, totals->sessions);
    if (totals->sessions_known)
        printf(" (%" PRIu64 " known from an earlier run)", totals->sessions_known);
    if (totals->not_smtp)
        printf(" (%" PRIu64 " not SMTP)", totals->not_smtp);
    printf(", %s", text_counted(totals->commands, "command", words));
    printf(", %s\n", text_counted(totals->messages, "message", words));
    if (totals->tls_no_entry) {
        print_row("TLS");
        printf("%s without an entry in the key log, not decrypted\n",
               text_counted(totals->tls_no_entry, "session", words));
    }
    if (totals->tls_wrong) {
        print_row("TLS");
        printf("%s with an entry in the key log that does not decrypt them\n",
               text_counted(totals->tls_wrong, "session", words));
    }
    if (totals->silent) {
        print_row("silent");
        printf("%s to mail ports that carried nothing\n",
               text_counted(totals->silent, "connection", words));
    }
}

static void print_packets(const struct run *run)
{
    const struct pipeline_totals *totals = &run->totals;
    const uint64_t dropped = sources_dropped(run->capture);
    char words[TEXT_COUNT];
    print_row("packets");
    printf("%" PRIu64 " (", totals->packets);
    totals_print_packets(stdout, totals);
    puts(")");
    if (dropped) {
        print_row("dropped");
        printf("%s before they could be captured\n", text_counted(dropped, "packet", words));
    }
    if (totals->cut) {
        print_row("cut");
        printf("%s by the snap length; capture whole packets (tcpdump -s 0)\n",
               text_counted(totals->cut, "packet", words));
    }
    if (totals->bytes_missing) {
        print_row("missing");
        printf("%s that the capture does not hold\n",
               text_counted(totals->bytes_missing, "octet", words));
    }
}

/* The causes, the most frequent first. */
static void print_causes(const struct findings *findings)
{
    bool printed[CAUSE_COUNT] = {false};
    for (;;) {
        int most = -1;
        for (int i = 0; i < CAUSE_COUNT; i++)
            if (!printed[i] && findings->errors_503[i] &&
                (most < 0 || findings->errors_503[i] > findings->errors_503[most]))
                most = i;
        if (most < 0)
            return;
        printed[most] = true;
        const struct cause_entry *entry = cause_entry((enum cause)most);
        printf("  %10" PRIu64 "  %-24s %s\n", findings->errors_503[most], entry->name,
               entry->title);
    }
}

static void print_errors(const struct findings *findings)
{
    char words[TEXT_COUNT];
    print_row("503s");
    if (findings->total_503) {
        printf("%s", text_counted(findings->total_503, "error", words));
        printf(", %s\n", text_counted(findings->total_origins_503, "cause", words));
    } else {
        puts("none");
    }
    print_causes(findings);
    if (!findings->total_other)
        return;
    print_row("the like");
    printf("%s", text_counted(findings->total_other, "error", words));
    printf(" of order under other codes, %s\n",
           text_counted(findings->total_origins_other, "cause", words));
}

/* Which history holds it all, and how to look further. */
static void print_next(const struct run *run)
{
    const struct findings *findings = &run->findings;
    const struct finding_list *list =
        findings->with_503.count ? &findings->with_503 : &findings->other;
    if (run->options->no_database)
        return;
    print_row("history");
    text_print(stdout, bytes_of_string(run->options->database));
    fputs("; to go on: ", stdout);
    next_command_show(stdout, run->options, list->count ? list->all[0].session_id : 0);
    putchar('\n');
}

static void print_summary(const struct run *run)
{
    const struct findings *findings = &run->findings;
    char words[TEXT_COUNT], more[TEXT_COUNT];
    if (!run->totals.sessions) {
        fputs("no SMTP in ", stdout);
        print_sources(run);
        printf(": %s, ", text_counted(run->totals.packets, "packet", words));
        if (run->totals.packets && !run->totals.ip_packets)
            totals_print_no_ip(stdout, &run->totals);
        else
            fputs(text_counted(run->totals.connections, "TCP connection", more), stdout);
        putchar('\n');
        return;
    }
    printf("%sSummary of ", terminal_style(run->terminal, STYLE_HEADING));
    print_sources(run);
    printf("%s\n", terminal_style(run->terminal, STYLE_PLAIN));
    print_packets(run);
    print_sessions(&run->totals);
    costs_print(stdout, "  limits      ", &run->totals.costs);
    print_errors(findings);
    print_next(run);
    uint64_t all = findings->total_origins_503 + findings->total_origins_other;
    uint64_t shown = findings->with_503.count + findings->other.count;
    if (shown < all)
        printf("  %" PRIu64 " of %" PRIu64 " findings are printed; --limit changes that, "
               "heloscope show SESSION prints any\n",
               shown, all);
}

static bool print_text(const struct run *run, struct history *history, struct failure *why)
{
    if (!print_list(run, &run->findings.with_503, history, why) ||
        !print_list(run, &run->findings.other, history, why))
        return false;
    print_summary(run);
    return true;
}

/* ------------------------------------------------------------------------------------ altogether
 */

/* The lines of --fail-on go where they are seen in any case, but not into a document. */
static bool check_assertion(struct run *run, struct history *history, struct failure *why)
{
    return !run->options->fail_on ||
           assertion_check(run->options->fail_on, history, run->own, run->own_count,
                           run->options->json ? stderr : stdout, &run->broken, why);
}

static bool print_run(struct run *run, struct failure *why)
{
    const bool quiet = run->options->quiet && !run->options->json;
    if (quiet && !run->options->fail_on)
        return true;
    struct history *history = history_open(run->options->database, why);
    if (!history)
        return false;
    bool done =
        quiet ||
        (collect(run, history, why) &&
         (run->options->json ? analyze_json(run, history, why) : print_text(run, history, why)));
    done = done && check_assertion(run, history, why);
    findings_free(&run->findings);
    history_close(history);
    return done;
}

static bool any_is_readable(struct capture *capture)
{
    struct capture_source **sources;
    size_t count = capture_sources(capture, &sources);
    for (size_t i = 0; i < count; i++)
        if (!sources[i]->problem[0] || sources[i]->started_us)
            return true;
    return capture_expects_files(capture);
}

/* Warnings about the input, then what was found in it. */
static bool report_run(struct run *run, struct recording *recording, struct failure *why)
{
    if (recording_warn(run->capture, run->terminal))
        recording->incomplete = true;
    if (interrupt_came()) {
        terminal_warn(run->terminal, "interrupted; what was read up to here is stored");
        recording->incomplete = true;
    }
    return print_run(run, why);
}

static enum status analyze(struct run *run, struct failure *why)
{
    struct recording recording;
    if (!recording_open(&recording, run->options, PERSISTENCE_NONE, run->capture, run->terminal,
                        run->keylog, why))
        return STATUS_INCOMPLETE;
    interrupt_watch(run->capture);
    bool done = record(run, &recording, why);
    interrupt_watch(NULL);
    /* The writer leaves last, since it tidies the history up. */
    done = done && report_run(run, &recording, why);
    done = recording_close(&recording, done ? why : NULL) && done;
    if (run->broken)
        return STATUS_FOUND;
    return done && !recording.incomplete ? STATUS_DONE : STATUS_INCOMPLETE;
}

static struct capture *open_capture(const struct options *options, struct keylog *keylog,
                                    struct failure *why)
{
    const struct capture_files files = {
        .paths = options->words,
        .count = options->word_count,
        .filter = options->filter,
        .keylog = keylog,
        .growing = options->follow >= 0,
        .quiet_seconds = options->follow > 0 ? options->follow : 0,
    };
    return capture_open(&files, why);
}

enum status cmd_analyze(const struct options *options, struct terminal *terminal,
                        struct failure *why)
{
    if (!options->word_count) {
        failure_set(why, "analyze needs the name of a capture file (- is standard input)");
        return STATUS_USAGE;
    }
    struct run run = {.options = options, .terminal = terminal};
    run.keylog = recording_keylog(options, options->follow >= 0, why);
    if (!run.keylog)
        return STATUS_USAGE;
    run.capture = open_capture(options, run.keylog, why);
    if (!run.capture) {
        keylog_free(run.keylog);
        return STATUS_USAGE;
    }
    enum status status = STATUS_INCOMPLETE;
    if (!any_is_readable(run.capture)) /* not even a history is made */
        recording_warn(run.capture, terminal);
    else if (options->follow >= 0)
        status = live_run(options, terminal, run.capture, run.keylog, "following", why);
    else
        status = analyze(&run, why);
    free(run.own);
    capture_close(run.capture);
    keylog_free(run.keylog);
    return status;
}
