/* SPDX-License-Identifier: ISC */
/* heloscope tail: what a monitor prints, from the history that it writes. */
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "command.h"
#include "heloscope/base/limits.h"
#include "heloscope/base/text.h"
#include "heloscope/output/finding_print.h"

enum {
    LOOK_NS = 200 * 1000 * 1000 /* between two looks */
};

struct tail {
    const struct options *options;
    struct terminal *terminal;
    struct history *history;
    struct stat file; /* which one is open */
    int64_t last_diagnosis, last_change;
    struct failure *why;
};

/* --- findings --- */

static bool add_diagnosis(void *context, const struct history_diagnosis *row)
{
    findings_add(context, row);
    return true;
}

static bool print_finding(struct tail *tail, const struct finding *finding)
{
    if (tail->options->json) {
        struct json json = {.out = stdout, .one_line = true};
        return finding_json(&json, tail->history, finding, tail->why);
    }
    if (!finding_print_brief(stdout, tail->terminal, tail->history, finding, tail->why))
        return false;
    putchar('\n');
    return true;
}

static bool print_list(struct tail *tail, const struct finding_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (!print_finding(tail, &list->all[i]))
            return false;
    return true;
}

static bool print_findings(struct tail *tail)
{
    struct findings findings;
    const int64_t newest = history_last_diagnosis(tail->history);
    if (newest <= tail->last_diagnosis)
        return true;
    findings_begin(&findings, NEWS_LIMIT);
    const bool done = history_diagnoses_selected(tail->history, tail->last_diagnosis, newest,
                                                 &tail->options->selection, add_diagnosis,
                                                 &findings, tail->why) &&
                      print_list(tail, &findings.with_503) && print_list(tail, &findings.other);
    tail->last_diagnosis = newest;
    findings_free(&findings);
    return done;
}

/* --- sessions --- */

static void print_text(const struct history_session *row)
{
    char when[TEXT_TIME], words[TEXT_COUNT];
    printf("%s  session %" PRId64 "  ", text_time(row->started_us, when), row->session_id);
    text_endpoint(stdout, row->client_addr, row->client_port);
    fputs(" -> ", stdout);
    text_endpoint(stdout, row->server_addr, row->server_port);
    printf("  %s", text_counted((uint64_t)row->messages, "message", words));
    printf(", %s 503  ", text_counted((uint64_t)row->errors_503, "error", words));
    text_print(stdout, bytes_of_string(text_or(row->outcome, "?")));
    putchar('\n');
}

static void print_json(const struct history_session *row)
{
    struct json json = {.out = stdout, .one_line = true};
    json_open(&json, NULL, '{');
    json_integer(&json, "session_id", row->session_id);
    json_string(&json, "uid", row->uid);
    json_integer(&json, "started_us", row->started_us);
    json_integer(&json, "ended_us", row->ended_us);
    finding_json_parties(&json, row);
    json_string(&json, "outcome", row->outcome);
    json_integer(&json, "messages", row->messages);
    json_integer(&json, "errors_503", row->errors_503);
    json_close(&json);
}

static bool print_session(void *context, const struct history_session *row)
{
    const struct tail *tail = context;
    if (tail->options->json)
        print_json(row);
    else
        print_text(row);
    return true;
}

static bool take_change(void *context, int64_t change, int64_t session_id)
{
    struct tail *tail = context;
    tail->last_change = change;
    if (!history_is_selected(tail->history, &tail->options->selection, session_id, tail->why))
        return !tail->why->text[0];
    return history_session(tail->history, session_id, print_session, tail, tail->why);
}

/* --- the file --- */

/* What is there already is old; of a file that came in the place of another all is new. */
static bool open_history(struct tail *tail, bool at_start)
{
    struct failure passing = {""};
    struct stat file;
    if (stat(tail->options->database, &file) != 0 && !at_start)
        return true; /* it will come */
    if (tail->history && file.st_dev == tail->file.st_dev && file.st_ino == tail->file.st_ino)
        return true;
    struct history *history =
        history_open(tail->options->database, at_start ? tail->why : &passing);
    if (!history)
        return !at_start;
    history_close(tail->history);
    tail->history = history;
    tail->file = file;
    tail->last_diagnosis = at_start ? history_last_diagnosis(history) : 0;
    tail->last_change = at_start ? history_last_change(history) : 0;
    return true;
}

/* A reader that is gone ends it; so does an error that does not pass. */
static bool look(struct tail *tail)
{
    if (!print_findings(tail) ||
        (tail->options->all &&
         !history_ended(tail->history, tail->last_change, take_change, tail, tail->why)))
        return false;
    return fflush(stdout) == 0 && open_history(tail, false);
}

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

enum status cmd_tail(const struct options *options, struct terminal *terminal, struct failure *why)
{
    const struct timespec pause = {.tv_nsec = LOOK_NS};
    struct tail tail = {.options = options, .terminal = terminal, .why = why};
    const struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    if (options->selection.last) {
        failure_set(why, "tail prints what comes; --last is for show");
        return STATUS_USAGE;
    }
    if (!open_history(&tail, true))
        return STATUS_INCOMPLETE;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    bool done = true;
    while (done && !stopped) {
        done = look(&tail);
        if (done && !stopped)
            nanosleep(&pause, NULL);
    }
    history_close(tail.history);
    return done || !why->text[0] ? STATUS_DONE : STATUS_INCOMPLETE;
}
