/* SPDX-License-Identifier: ISC */
/* A selection as a condition of SQL, with its values apart. */
#ifndef DB_READ_SELECTION_SQL_H
#define DB_READ_SELECTION_SQL_H

#include <sqlite3.h>

#include "heloscope/db/selection.h"

enum {
    SELECTION_VALUES = 6 /* at most, of one term */
};

/* A condition that grows, and the values of its question marks in their order. */
struct selection_sql {
    sqlite3_str *text;
    struct selection_value {
        char *text; /* owned; NULL: the number */
        const uint8_t *octets;
        int64_t number;
        int length;
    } * values;
    size_t count;
};

/* Appends the condition on the table `sessions s` ("1" for all), without --last. */
void selection_sql_sessions(struct selection_sql *sql, const struct selection *selection);

/* Appends the condition on the table `diagnoses d`: that of its session, and what is asked of the
 * finding itself. */
void selection_sql_findings(struct selection_sql *sql, const struct selection *selection);

void selection_sql_begin(struct selection_sql *sql, sqlite3 *db);

/* Prepares `head`, the condition, `tail`, with the values bound; frees the whole. NULL with `why`.
 */
sqlite3_stmt *selection_sql_prepare(struct selection_sql *sql, struct history *history,
                                    const char *head, const char *tail, struct failure *why);

#endif
