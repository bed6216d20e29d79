/* SPDX-License-Identifier: ISC */
#include "cmd_fleet.h"

#include <string.h>

#include "heloscope/base/text.h"
#include "heloscope/fleet/ask.h"
#include "heloscope/output/table.h"
#include "scratch_history.h"

enum {
    OVERVIEW_ROWS = 10,
    LIST_ROWS = 1000
};

bool fleet_is_asked(const struct options *options)
{
    return options->fleet || options->credentials;
}

static struct fleet *open_fleet(const struct options *options, struct failure *why)
{
    const struct fleet_words words = {
        .credentials = options->credentials, .url = options->fleet, .partial = options->partial};
    return fleet_open(&words, why);
}

/* --- tables --- */

struct printed {
    struct table table;
    const struct terminal *terminal;
    long rows;
};

static bool add_row(void *context, int columns, const char *const *cells, bool header)
{
    struct printed *printed = context;
    if (header) {
        table_begin(&printed->table, stdout, printed->terminal, columns, cells);
        return true;
    }
    table_row(&printed->table, cells);
    printed->rows++;
    return true;
}

/* Returns the number of rows, -1 with `why`. */
static long print_table(struct fleet *fleet, const char *sql, const struct terminal *terminal,
                        struct failure *why)
{
    struct printed printed = {.terminal = terminal};
    const bool done = fleet_table(fleet, sql, add_row, &printed, why);
    if (printed.table.columns)
        table_end(&printed.table);
    return done ? printed.rows : -1;
}

static const char *const rankings[] = {"cause",           "client", "server", "software",
                                       "client-software", "day",    "hour"};
#define RANKINGS (sizeof rankings / sizeof *rankings)

static bool print_rankings(struct fleet *fleet, long limit, const struct terminal *terminal,
                           struct failure *why)
{
    for (size_t i = 0; i < RANKINGS; i++) {
        printf("%s%serrors by %s%s\n", i ? "\n" : "", terminal_style(terminal, STYLE_ORIGIN),
               rankings[i], terminal_style(terminal, STYLE_PLAIN));
        const char *sql = fleet_ranking(rankings[i], limit, why);
        const long rows = sql ? print_table(fleet, sql, terminal, why) : -1;
        if (rows < 0)
            return false;
        if (!rows) {
            puts("none");
            return true;
        }
    }
    return true;
}

static bool print_one(struct fleet *fleet, const struct options *options,
                      const struct terminal *terminal, struct failure *why)
{
    const char *sql = fleet_ranking(options->by, options->limit, why);
    if (!sql)
        return false;
    if (options->json)
        return fleet_json(fleet, sql, stdout, why);
    const long rows = print_table(fleet, sql, terminal, why);
    if (!rows)
        puts("none");
    return rows >= 0;
}

static bool print_all_json(struct fleet *fleet, long limit, struct failure *why)
{
    for (size_t i = 0; i < RANKINGS; i++) {
        printf("%s\"%s\": ", i ? ", " : "{", rankings[i]);
        if (!fleet_json(fleet, fleet_ranking(rankings[i], limit, why), stdout, why))
            return false;
    }
    puts("}");
    return true;
}

enum status cmd_report_fleet(const struct options *options, struct terminal *terminal,
                             struct failure *why)
{
    if (options->html) {
        failure_set(why, "a page is made of a history, not of a fleet");
        return STATUS_USAGE;
    }
    struct fleet *fleet = open_fleet(options, why);
    if (!fleet)
        return STATUS_INCOMPLETE;
    bool done;
    if (options->by)
        done = print_one(fleet, options, terminal, why);
    else if (options->json)
        done = print_all_json(fleet, options->limit, why);
    else
        done = print_rankings(fleet, options->limit < 0 ? OVERVIEW_ROWS : options->limit, terminal,
                              why);
    fleet_close(fleet);
    return done ? STATUS_DONE : STATUS_INCOMPLETE;
}

/* --- questions --- */

/* The tables that lie below the views are not for people. */
static bool add_view(void *context, int columns, const char *const *cells, bool header)
{
    const char *name = cells[0];
    const size_t length = strlen(name);
    (void)context, (void)columns;
    if (header || (length > 5 && strcmp(name + length - 5, "_rows") == 0) ||
        (length > 4 && strcmp(name + length - 4, "_all") == 0))
        return true;
    text_print(stdout, bytes_of_string(name));
    putchar('\n');
    return true;
}

enum status cmd_query_fleet(const struct options *options, const char *sql,
                            struct terminal *terminal, struct failure *why)
{
    if (options->csv || options->jsonl || options->word_count > 1) {
        failure_set(why, "of a fleet, query prints a table or --json, and a query has no values");
        return STATUS_USAGE;
    }
    struct fleet *fleet = open_fleet(options, why);
    if (!fleet)
        return STATUS_INCOMPLETE;
    bool done;
    if (!sql)
        done = fleet_table(fleet, "SHOW TABLES FROM @DB@", add_view, NULL, why);
    else if (options->json)
        done = fleet_json(fleet, sql, stdout, why);
    else
        done = print_table(fleet, sql, terminal, why) >= 0;
    fleet_close(fleet);
    return done ? STATUS_DONE : STATUS_INCOMPLETE;
}

/* --- sessions --- */

enum status cmd_list_fleet(const struct options *options, struct terminal *terminal,
                           struct failure *why)
{
    char sql[1024];
    if (options->selection.term_count || options->selection.from_us || options->selection.to_us) {
        failure_set(why, "of a fleet, show takes uids, --errors and --last; a query says the rest");
        return STATUS_USAGE;
    }
    struct fleet *fleet = open_fleet(options, why);
    if (!fleet)
        return STATUS_INCOMPLETE;
    snprintf(
        sql, sizeof sql,
        "SELECT session_id AS session, sensor, substring(toString(toDateTime(intDiv(started_us, "
        "1000000), 'UTC')), 1, 19) AS start, concat(client_addr, ' ', toString(client_port)) AS "
        "client, concat(server_addr, ' ', toString(server_port)) AS server, ifNull(helo, '-') AS "
        "name, messages, errors_503, outcome FROM @DB@.sessions%s ORDER BY started_us DESC "
        "LIMIT %ld",
        options->selection.errors_only ? " WHERE errors_503 > 0 OR session_id GLOBAL IN (SELECT "
                                         "session_id FROM @DB@.diagnoses)"
                                       : "",
        options->selection.last ? options->selection.last : (long)LIST_ROWS);
    bool done;
    if (options->json)
        done = fleet_json(fleet, sql, stdout, why);
    else
        done = print_table(fleet, sql, terminal, why) >= 0;
    fleet_close(fleet);
    return done ? STATUS_DONE : STATUS_INCOMPLETE;
}

struct history *fleet_history(const struct options *options, struct failure *why)
{
    struct history *history = NULL;
    struct fleet *fleet = open_fleet(options, why);
    const char *path = fleet ? scratch_history_make(why) : NULL;
    if (path && fleet_fetch(fleet, options->words, options->word_count, path, why))
        history = history_open(path, why);
    fleet_close(fleet);
    return history;
}
