/* SPDX-License-Identifier: ISC */
#include "report_sections.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "heloscope/output/timeline_print.h"
#include "heloscope/software/client_habits.h"
#include "heloscope/output/rows_print.h"

static const char causes[] =
    "SELECT d.cause, sum(1 + d.repeats) AS errors, "
    "sum((1 + d.repeats) * (d.code = 503)) AS errors_503, "
    "sum((1 + d.repeats) * (d.code <> 503)) AS errors_other, "
    "count(DISTINCT d.session_id || '/' || ifnull(d.origin_seq, 0)) AS origins, "
    "count(DISTINCT d.session_id) AS sessions, "
    "count(DISTINCT coalesce(s.proxied_addr, s.client_addr)) AS clients, "
    "count(DISTINCT s.server_addr) AS servers, "
    "strftime('%Y-%m-%d %H:%M:%S', min(r.ts_us) / 1000000, 'unixepoch') AS first_seen, "
    "strftime('%Y-%m-%d %H:%M:%S', max(r.ts_us) / 1000000, 'unixepoch') AS last_seen, "
    "c.title FROM diagnoses d JOIN sessions s ON s.session_id = d.session_id "
    "LEFT JOIN single_events r ON r.id = (d.session_id << 24 | d.reply_seq) "
    "LEFT JOIN causes c ON c.cause = d.cause GROUP BY d.cause ORDER BY errors DESC, d.cause";

static const struct section {
    const char *by, *title, *sql;
} sections[] = {
    {"cause", "causes", causes},
    {"client", "clients", "SELECT * FROM errors_by_client"},
    {"client-software", "programs of clients", "SELECT * FROM errors_by_client_software"},
    {"server", "servers", "SELECT * FROM errors_by_server"},
    {"software", "programs of servers", "SELECT * FROM errors_by_software"},
    {"problem", "problems that come again", "SELECT * FROM recurring_problems"},
    {"day", "days (UTC)", "SELECT * FROM errors_by_day"},
    {"hour", "hours (UTC)", "SELECT * FROM errors_by_hour"},
};
#define SECTIONS (sizeof sections / sizeof *sections)

enum {
    OVERVIEW_ROWS = 10
};

/* --- figures --- */

static const char count_sessions[] =
    "SELECT count(*) AS sessions, "
    "sum(session_id IN (SELECT session_id FROM diagnoses)) AS troubled, "
    "sum(messages) AS messages, min(started_us) AS first_us, max(ended_us) AS last_us, "
    "sum(bytes_missing > 0) AS holes, sum(bytes_missing) AS octets, sum(midstream) AS midstream, "
    "sum(one_sided) AS one_sided, (SELECT sum(dropped) FROM captures WHERE capture_id IN "
    "(SELECT capture_id FROM sessions)) AS dropped, "
    "(SELECT ifnull(sum(1 + repeats), 0) FROM diagnoses) AS errors, "
    "(SELECT ifnull(sum(1 + repeats), 0) FROM diagnoses WHERE code = 503) AS errors_503, "
    "(SELECT count(*) FROM (SELECT DISTINCT session_id, ifnull(origin_seq, 0), cause FROM "
    "diagnoses)) AS origins, "
    "(SELECT count(DISTINCT session_id) FROM log_lines WHERE session_id IN "
    "(SELECT session_id FROM sessions)) AS logged, "
    "(SELECT count(*) FROM log_lines WHERE alone AND session_id IN "
    "(SELECT session_id FROM sessions)) AS log_alone FROM sessions";

static const struct {
    const char *name;
    size_t at;
} figure_rows[] = {
    {"sessions", offsetof(struct figures, sessions)},
    {"troubled", offsetof(struct figures, troubled)},
    {"messages", offsetof(struct figures, messages)},
    {"first_us", offsetof(struct figures, first_us)},
    {"last_us", offsetof(struct figures, last_us)},
    {"errors", offsetof(struct figures, errors)},
    {"errors_503", offsetof(struct figures, errors_503)},
    {"origins", offsetof(struct figures, origins)},
    {"holes", offsetof(struct figures, holes)},
    {"octets", offsetof(struct figures, octets)},
    {"midstream", offsetof(struct figures, midstream)},
    {"one_sided", offsetof(struct figures, one_sided)},
    {"dropped", offsetof(struct figures, dropped)},
    {"logged", offsetof(struct figures, logged)},
    {"log_alone", offsetof(struct figures, log_alone)},
};
#define FIGURES (sizeof figure_rows / sizeof *figure_rows)

static int64_t *figure(struct figures *figures, size_t i)
{
    return (int64_t *)(void *)((char *)figures + figure_rows[i].at);
}

static bool take_figures(void *context, const struct history_row *row)
{
    struct figures *figures = context;
    for (int i = 0; row->cells && i < row->columns; i++)
        for (size_t k = 0; k < FIGURES; k++)
            if (strcmp(figure_rows[k].name, row->names[i]) == 0 && row->cells[i])
                *figure(figures, k) = strtoll(row->cells[i], NULL, 10);
    return true;
}

static bool take_cause(void *context, const struct history_row *row)
{
    struct figures *figures = context;
    if (row->cells && row->cells[0] && row->cells[1])
        figures->causes[cause_by_name(bytes_of_string(row->cells[0]))] =
            strtoll(row->cells[1], NULL, 10);
    return true;
}

static bool count_for(struct report *report, const struct selection *selection,
                      struct figures *figures, struct failure *why)
{
    static const struct question all = {.name = "report", .sql = count_sessions};
    static const struct question each = {
        .name = "report", .sql = "SELECT cause, sum(1 + repeats) FROM diagnoses GROUP BY cause"};
    return history_restrict(report->history, selection, why) &&
           history_ask(report->history, &all, take_figures, figures, why) &&
           history_ask(report->history, &each, take_cause, figures, why);
}

bool report_count(struct report *report, struct failure *why)
{
    const struct selection *selection = &report->options->selection;
    report->has_before = selection->from_us && !selection->last;
    if (report->has_before) {
        const int64_t end = selection->to_us ? selection->to_us : (int64_t)time(NULL) * 1000000;
        struct selection before = *selection;
        before.to_us = selection->from_us;
        before.from_us = 2 * selection->from_us - end > 0 ? 2 * selection->from_us - end : 1;
        if (!count_for(report, &before, &report->before, why))
            return false;
    }
    return count_for(report, selection, &report->now, why) &&
           (report->options->by ||
            history_gather(report->history, !selection_is_all(selection), why));
}

/* --- tables --- */

static const struct section *find_section(const char *by)
{
    for (size_t i = 0; i < SECTIONS; i++)
        if (strcmp(sections[i].by, by) == 0)
            return &sections[i];
    return NULL;
}

long report_table(const struct report *report, const char *by, long limit, struct failure *why)
{
    const struct section *section = find_section(by);
    struct rows_print print = {.form = options_form(report->options),
                               .out = stdout,
                               .terminal = report->terminal,
                               .limit = limit};
    const struct question question = {.name = "report", .sql = section->sql};
    const bool done = history_ask(report->history, &question, rows_print, &print, why);
    rows_print_end(&print);
    return done ? print.rows : -1;
}

static bool print_habit(void *context, const struct history_row *row)
{
    bool *begun = context;
    char habit[HABIT_TEXT];
    if (!row->cells || !row->cells[0] || !client_habit_sum_up(row->cells[0], habit))
        return true;
    fputs(*begun ? "" : "\nas measured, behind each refusal\n", stdout);
    *begun = true;
    printf("  %s\n    ", row->cells[0]);
    text_wrap(stdout, habit, 4, 4, TIMELINE_WIDTH);
    return true;
}

bool report_habits(const struct report *report, struct failure *why)
{
    bool begun = false;
    const struct question question = {.name = "report",
                                      .sql = find_section("client-software")->sql};
    return history_ask(report->history, &question, print_habit, &begun, why);
}

/* --- in words --- */

static void print_label(const char *label)
{
    printf("  %-12s", label);
}

static void print_share(const struct figures *figures)
{
    printf("%" PRId64 ", %" PRId64 " in trouble", figures->sessions, figures->troubled);
    if (figures->sessions)
        printf(" (%.1f %%)", 100.0 * (double)figures->troubled / (double)figures->sessions);
}

static void print_errors(const struct figures *figures)
{
    char words[TEXT_COUNT];
    printf("%" PRId64, figures->errors);
    if (figures->errors)
        printf(" (%" PRId64 " 503s, %" PRId64 " the like) of %s", figures->errors_503,
               figures->errors - figures->errors_503,
               text_counted((uint64_t)figures->origins, "origin", words));
}

/* "12 packets dropped, 3 sessions with holes (420 octets)": what limits all that is said. */
static void print_limits(const struct figures *f)
{
    char words[TEXT_COUNT], octets[TEXT_COUNT];
    const char *comma = "";
    if (!f->dropped && !f->holes && !f->midstream && !f->one_sided)
        return;
    print_label("not seen");
    if (f->dropped) {
        printf("%s dropped while capturing", text_counted((uint64_t)f->dropped, "packet", words));
        comma = ", ";
    }
    if (f->holes) {
        printf("%s%s with holes (%s)", comma, text_counted((uint64_t)f->holes, "session", words),
               text_counted((uint64_t)f->octets, "octet", octets));
        comma = ", ";
    }
    if (f->midstream) {
        printf("%s%s begun before the capture", comma,
               text_counted((uint64_t)f->midstream, "session", words));
        comma = ", ";
    }
    if (f->one_sided)
        printf("%s%s captured in one direction", comma,
               text_counted((uint64_t)f->one_sided, "session", words));
    putchar('\n');
}

/* What the servers' own logs add. */
static void print_logs(const struct figures *f)
{
    char words[TEXT_COUNT];
    if (!f->logged)
        return;
    print_label("logs");
    printf("lines of %s", text_counted((uint64_t)f->logged, "session", words));
    if (f->log_alone)
        printf("; %s of refusals that only the log knows (heloscope query only_in_logs)",
               text_counted((uint64_t)f->log_alone, "line", words));
    putchar('\n');
}

/* Causes that were not there before, are gone, have become more, less. */
static void print_changes(const struct report *report)
{
    static const char *const labels[] = {"new", "gone", "more", "less"};
    for (int kind = 0; kind < 4; kind++) {
        bool any = false;
        for (int i = 0; i < CAUSE_COUNT; i++) {
            const int64_t now = report->now.causes[i], before = report->before.causes[i];
            const int is = now == before ? -1 : !before ? 0 : !now ? 1 : now > before ? 2 : 3;
            if (is != kind)
                continue;
            if (!any)
                print_label(labels[kind]);
            printf("%s%s %" PRId64 " -> %" PRId64, any ? ", " : "",
                   cause_entry((enum cause)i)->name, before, now);
            any = true;
        }
        if (any)
            putchar('\n');
    }
}

static void print_figures(const struct report *report)
{
    const struct figures *now = &report->now;
    char first[TEXT_TIME], last[TEXT_TIME], words[TEXT_COUNT];
    printf("%sReport on ", terminal_style(report->terminal, STYLE_HEADING));
    text_print(stdout, bytes_of_string(report->options->database));
    if (now->sessions)
        printf(", %s to %s", terminal_time(report->terminal, now->first_us, first),
               terminal_time(report->terminal, now->last_us, last));
    printf("%s\n", terminal_style(report->terminal, STYLE_PLAIN));
    print_label("sessions");
    print_share(now);
    printf(", %s\n", text_counted((uint64_t)now->messages, "message", words));
    print_label("errors");
    print_errors(now);
    putchar('\n');
    if (report->has_before) {
        print_label("before");
        print_share(&report->before);
        fputs("; errors ", stdout);
        print_errors(&report->before);
        puts(", in as long a time");
        print_changes(report);
    }
    print_limits(now);
    print_logs(now);
}

bool report_text(const struct report *report, struct failure *why)
{
    const long limit = report->options->limit < 0 ? OVERVIEW_ROWS : report->options->limit;
    if (report->options->csv || report->options->jsonl)
        return report_table(report, "problem", report->options->limit, why) >= 0;
    print_figures(report);
    for (size_t i = 0; report->now.errors && i < SECTIONS; i++) {
        printf("\n%s%s%s\n", terminal_style(report->terminal, STYLE_ORIGIN), sections[i].title,
               terminal_style(report->terminal, STYLE_PLAIN));
        if (report_table(report, sections[i].by, limit, why) < 0)
            return false;
    }
    return true;
}

/* --- as one document --- */

static void json_figures(struct json *json, const char *name, const struct figures *figures)
{
    struct figures copy = *figures;
    json_open(json, name, '{');
    for (size_t i = 0; i < FIGURES; i++)
        json_integer(json, figure_rows[i].name, *figure(&copy, i));
    json_close(json);
}

bool report_json(const struct report *report, struct failure *why)
{
    struct json json = {.out = stdout};
    json_open(&json, NULL, '{');
    json_figures(&json, "summary", &report->now);
    if (report->has_before)
        json_figures(&json, "before", &report->before);
    for (size_t i = 0; i < SECTIONS; i++) {
        struct rows_print print = {.form = ROWS_JSON,
                                   .out = stdout,
                                   .terminal = report->terminal,
                                   .limit = report->options->limit};
        const struct question question = {.name = "report", .sql = sections[i].sql};
        print.name = sections[i].by;
        print.into = &json;
        if (!history_ask(report->history, &question, rows_print, &print, why))
            return false;
        rows_print_end(&print);
    }
    json_close(&json);
    return true;
}
