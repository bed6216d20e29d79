/* SPDX-License-Identifier: ISC */
/* What the files of the outbox share. */
#ifndef DB_READ_OUTBOX_H
#define DB_READ_OUTBOX_H

#include "heloscope/db/outbox.h"
#include "query.h"

enum {
    OUTBOX_CELLS = 16 /* more than the widest shape has */
};

struct outbox {
    struct history *history; /* reads */
    sqlite3 *writer;         /* moves the cursor; NULL = there is none */
    char *cursor;
    int64_t change, epoch;
    sqlite3_stmt *changed;
    sqlite3_stmt *shapes[OUTBOX_SHAPES];
    sqlite3_stmt *tables[OUTBOX_TABLES];
};

/* Says what SQLite said of the reading half; returns false. */
bool outbox_failed(struct outbox *outbox, struct failure *why);

/* Prepares the statement of a shape: ?1 is the session, ?2 its version, ?3 the sensor. */
bool outbox_shape_prepare(struct outbox *outbox, enum outbox_shape shape, struct failure *why);

/* The same for a table of a fleet. */
bool outbox_table_prepare(struct outbox *outbox, size_t table, struct failure *why);

/* Hands a row over; what `fn` returned. */
bool outbox_give(sqlite3_stmt *statement, outbox_row_fn *fn, void *context);

#endif
