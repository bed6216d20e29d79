/* SPDX-License-Identifier: ISC */
#include "heloscope/db/watch.h"

#include "query.h"

int64_t history_version(struct history *history)
{
    sqlite3_stmt *statement = reader_prepare(history, "PRAGMA main.data_version", NULL);
    if (!statement)
        return -1;
    const int64_t version = reader_row(statement) ? sqlite3_column_int64(statement, 0) : -1;
    sqlite3_finalize(statement);
    return version;
}
