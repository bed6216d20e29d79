/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "heloscope/base/memory.h"
#include "query.h"

static const struct {
    const char *by, *view;
} rankings[] = {
    {"cause", "errors_by_cause"},
    {"client", "errors_by_client"},
    {"server", "errors_by_server"},
    {"software", "errors_by_software"},
    {"day", "errors_by_day"},
    {"hour", "errors_by_hour"},
    {"client-software", "errors_by_client_software"},
};

const char *report_view(const char *by, struct failure *why)
{
    for (size_t i = 0; i < sizeof rankings / sizeof *rankings; i++)
        if (strcmp(rankings[i].by, by) == 0)
            return rankings[i].view;
    failure_set(why,
                "no ranking by '%s'; there is one by cause, client, server, software, "
                "client-software, day and hour",
                by);
    return NULL;
}

static bool give_names(sqlite3_stmt *statement, int columns, const char **cells,
                       history_table_fn *fn, void *context)
{
    for (int i = 0; i < columns; i++)
        cells[i] = sqlite3_column_name(statement, i);
    return fn(context, columns, cells, true);
}

static bool give_row(sqlite3_stmt *statement, int columns, const char **cells, history_table_fn *fn,
                     void *context)
{
    for (int i = 0; i < columns; i++) {
        const char *cell = reader_text(statement, i);
        cells[i] = cell ? cell : "";
    }
    return fn(context, columns, cells, false);
}

bool history_report(struct history *history, const char *by, history_table_fn *fn, void *context,
                    struct failure *why)
{
    const char *view = report_view(by, why);
    if (!view)
        return false;
    char *sql = sqlite3_mprintf("SELECT * FROM %s", view);
    sqlite3_stmt *statement = reader_prepare(history, sql, why);
    sqlite3_free(sql);
    if (!statement)
        return false;
    const int columns = sqlite3_column_count(statement);
    const char **cells = memory_get((size_t)columns * sizeof *cells);
    bool wanted = give_names(statement, columns, cells, fn, context);
    while (wanted && reader_row(statement))
        wanted = give_row(statement, columns, cells, fn, context);
    free(cells);
    return reader_finish(history, statement, why);
}
