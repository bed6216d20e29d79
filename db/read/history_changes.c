/* SPDX-License-Identifier: ISC */
/* What is new in a history that another process writes. */
#include "query.h"

int64_t history_last_change(struct history *history)
{
    sqlite3_stmt *statement =
        reader_prepare(history, "SELECT coalesce(max(change), 0) FROM changes", NULL);
    const int64_t last =
        statement && reader_row(statement) ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    return last;
}

bool history_ended(struct history *history, int64_t after, history_change_fn *fn, void *context,
                   struct failure *why)
{
    static const char sql[] = "SELECT c.change, c.session_id FROM changes c JOIN sessions s "
                              "ON s.session_id = c.session_id "
                              "WHERE c.change > ?1 AND s.outcome <> 'open' ORDER BY c.change";
    sqlite3_stmt *statement = reader_prepare(history, sql, why);
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, after);
    while (reader_row(statement) &&
           fn(context, sqlite3_column_int64(statement, 0), sqlite3_column_int64(statement, 1)))
        ;
    return reader_finish(history, statement, why);
}
