/* SPDX-License-Identifier: ISC */
/* heloscope report: what went wrong, ranked. */
#include <stdlib.h>

#include "cmd_fleet.h"
#include "heloscope/base/memory.h"
#include "heloscope/db/selection.h"
#include "heloscope/output/page.h"
#include "report_sections.h"

static bool print_report(struct report *report, struct failure *why)
{
    const struct options *options = report->options;
    if (!report_count(report, why))
        return false;
    if (!options->by)
        return options->json ? report_json(report, why) : report_text(report, why);
    const long rows = report_table(report, options->by, options->limit, why);
    if (rows == 0 && options_form(options) == ROWS_TABLE)
        puts("no errors");
    return rows >= 0 && (strcmp(options->by, "client-software") != 0 || !rows ||
                         options_form(options) != ROWS_TABLE || report_habits(report, why));
}

/* --- the page --- */

/* The command as it was given, for the reader of the page. */
static const char *command_line(const struct options *options, struct arena *arena)
{
    const char *line = "heloscope";
    for (char *const *word = options->arguments; *word; word++)
        line = (const char *)arena_print(arena, strpbrk(*word, " \"'") ? "%s '%s'" : "%s %s", line,
                                         *word)
                   .at;
    return line;
}

static bool write_page(const struct options *options, struct history *history, struct failure *why)
{
    struct arena arena = {0};
    int64_t *ids;
    size_t count;
    if (!history_select_ids(history, &options->selection, &ids, &count, why))
        return false;
    const struct page_job job = {
        .output = options->html,
        .database = options->database,
        .command = command_line(options, &arena),
        .limit = options->limit,
        .utc = options->utc,
    };
    const bool done = page_write(history, ids, count, &job, why);
    free(ids);
    arena_free(&arena);
    return done;
}

enum status cmd_report(const struct options *options, struct terminal *terminal,
                       struct failure *why)
{
    if (options->html && options->by) {
        failure_set(why, "--html shows all rankings; leave --by out");
        return STATUS_USAGE;
    }
    if (fleet_is_asked(options))
        return cmd_report_fleet(options, terminal, why);
    struct report report = {.options = options, .terminal = terminal};
    report.history = history_open(options->database, why);
    if (!report.history)
        return STATUS_INCOMPLETE;
    const bool done =
        options->html ? write_page(options, report.history, why) : print_report(&report, why);
    history_close(report.history);
    return done ? STATUS_DONE : STATUS_INCOMPLETE;
}
