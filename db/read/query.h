/* SPDX-License-Identifier: ISC */
/* What the files of the reading half share. */
#ifndef DB_READ_QUERY_H
#define DB_READ_QUERY_H

#include <sqlite3.h>

#include "heloscope/db/history.h"

struct history {
    sqlite3 *db;
    char *path;
};

/* A prepared statement, or NULL with `why`. `sql` NULL is what SQLite's printf gives when memory is
 * short. */
sqlite3_stmt *reader_prepare(struct history *history, const char *sql, struct failure *why);

/* Steps to the next row: true while there is one. At the end, or at an error, it is false;
 * reader_finish() tells which. */
bool reader_row(sqlite3_stmt *statement);

/* Finalizes; false with `why` when the reading ended in an error. */
bool reader_finish(struct history *history, sqlite3_stmt *statement, struct failure *why);

/* Text of a column, valid until the next row; NULL = absent. */
static inline const char *reader_text(sqlite3_stmt *statement, int column)
{
    return (const char *)sqlite3_column_text(statement, column);
}

/* Hands over the rows of these sessions, in this order. One that is gone by now is passed over. */
bool reader_sessions(struct history *history, const int64_t *session_ids, size_t count,
                     history_session_fn *fn, void *context, struct failure *why);

/* The view that ranks the errors by `by`; NULL with `why` when there is none. */
const char *report_view(const char *by, struct failure *why);

#endif
