/* SPDX-License-Identifier: ISC */
/* heloscope report: what went wrong, ranked. */
#include <stdlib.h>

#include "cmd_fleet.h"
#include "heloscope/base/memory.h"
#include "heloscope/db/history.h"
#include "heloscope/output/page.h"
#include "heloscope/output/table.h"

enum {
    OVERVIEW_ROWS = 10
};

static const struct {
    const char *by, *title;
} rankings[] = {
    {"cause", "errors by cause"},
    {"client", "errors by client"},
    {"server", "errors by server"},
    {"software", "errors by the server's software"},
    {"client-software", "errors by client software"},
    {"day", "errors by day (UTC)"},
    {"hour", "errors by hour (UTC)"},
};
#define RANKINGS (sizeof rankings / sizeof rankings[0])

struct ranking {
    struct table table;
    const struct terminal *terminal;
    long rows, limit; /* limit -1 = none */
};

static bool add_row(void *context, int columns, const char *const *cells, bool header)
{
    struct ranking *ranking = context;
    if (header) {
        table_begin(&ranking->table, stdout, ranking->terminal, columns, cells);
        return true;
    }
    if (ranking->rows++ == ranking->limit) {
        ranking->rows--;
        return false;
    }
    table_row(&ranking->table, cells);
    return true;
}

/* Returns the number of rows printed, -1 with `why`. */
static long print_ranking(struct history *history, const char *by, long limit,
                          const struct terminal *terminal, struct failure *why)
{
    struct ranking ranking = {.terminal = terminal, .limit = limit};
    bool done = history_report(history, by, add_row, &ranking, why);
    if (ranking.table.columns)
        table_end(&ranking.table);
    return done ? ranking.rows : -1;
}

static bool print_overview(struct history *history, long limit, const struct terminal *terminal,
                           struct failure *why)
{
    for (size_t i = 0; i < RANKINGS; i++) {
        printf("%s%s%s%s\n", i ? "\n" : "", terminal_style(terminal, STYLE_ORIGIN),
               rankings[i].title, terminal_style(terminal, STYLE_PLAIN));
        long rows = print_ranking(history, rankings[i].by, limit, terminal, why);
        if (rows < 0)
            return false;
        if (rows == 0) {
            puts("none");
            return true; /* the other rankings are of the same 503s */
        }
    }
    return true;
}

static bool print_json(struct history *history, const char *by, struct failure *why)
{
    if (by)
        return history_json_report(history, by, stdout, why);
    for (size_t i = 0; i < RANKINGS; i++) {
        printf("%s\"%s\": ", i ? ", " : "{", rankings[i].by);
        if (!history_json_report(history, rankings[i].by, stdout, why))
            return false;
    }
    puts("}");
    return true;
}

static bool print_text(const struct options *options, struct history *history,
                       const struct terminal *terminal, struct failure *why)
{
    if (!options->by)
        return print_overview(history, options->limit < 0 ? OVERVIEW_ROWS : options->limit,
                              terminal, why);
    long rows = print_ranking(history, options->by, options->limit, terminal, why);
    if (rows == 0)
        puts("no 503s");
    return rows >= 0;
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

static bool check(const struct options *options, struct failure *why)
{
    if (options->html)
        return !options->by || failure_set(why, "--html shows all rankings; leave --by out");
    return selection_is_all(&options->selection) ||
           failure_set(why, "report counts the whole history unless --html is asked for; heloscope "
                            "show lists the sessions that are asked for");
}

enum status cmd_report(const struct options *options, struct terminal *terminal,
                       struct failure *why)
{
    if (!check(options, why))
        return STATUS_USAGE;
    if (fleet_is_asked(options))
        return cmd_report_fleet(options, terminal, why);
    struct history *history = history_open(options->database, why);
    if (!history)
        return STATUS_INCOMPLETE;
    bool done;
    if (options->html)
        done = write_page(options, history, why);
    else
        done = options->json ? print_json(history, options->by, why)
                             : print_text(options, history, terminal, why);
    history_close(history);
    return done ? STATUS_DONE : STATUS_INCOMPLETE;
}
