/* SPDX-License-Identifier: ISC */
/* The shape of the database file: whether a file is a history, which version, and how an old one
 * is brought forward. */
#ifndef DB_SCHEMA_SCHEMA_H
#define DB_SCHEMA_SCHEMA_H

#include <sqlite3.h>

#include "heloscope/failure.h"

/* "HELO": stands in the file's header, and tells a history from any other SQLite database. */
#define HISTORY_APPLICATION_ID 0x48454C4F

/* A step of the ladder: what brings a file of version - 1 to `version`. */
struct migration {
    int version;
    const char *sql;
};

struct ladder {
    const struct migration *steps; /* versions 1, 2, 3 ... without a hole */
    int count;
    const char *views; /* made anew after a climb */
};

/* The ladder of this program. */
extern const struct ladder schema_ladder;

/* The version of the history in `db`; 0 for an empty file. -1 with `why` when the file is no
 * history, or newer than `ladder`. */
int schema_version(sqlite3 *db, const char *path, const struct ladder *ladder, struct failure *why);

/* Brings the file to the top of `ladder` in one transaction, and the dictionary of causes up to
 * date. Takes the write lock even when nothing is to be done, so that it tells at once whether the
 * file can be written. */
bool schema_bring_forward(sqlite3 *db, const char *path, const struct ladder *ladder,
                          struct failure *why);

#endif
