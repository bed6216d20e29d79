/* SPDX-License-Identifier: ISC */
/* What SQLite refuses, told to the user: which file, what is wrong with it, what to do. */
#ifndef DB_SQL_ERROR_H
#define DB_SQL_ERROR_H

#include <sqlite3.h>

#include "heloscope/failure.h"

/* The last error of `db` as one line about the history `path`. Returns false. */
bool sql_error(sqlite3 *db, const char *path, struct failure *why);

/* Whether what the system said of the last error of `db` is that the disk is full. */
bool sql_error_is_full(sqlite3 *db);

/* As sql_error(), for a result code that no connection remembers. */
bool sql_error_of(int code, const char *path, struct failure *why);

#endif
