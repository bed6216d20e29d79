/* SPDX-License-Identifier: ISC */
/* What the files of the outbox share. */
#ifndef DB_READ_OUTBOX_H
#define DB_READ_OUTBOX_H

#include "heloscope/db/outbox.h"
#include "query.h"

enum {
    OUTBOX_CELLS = 16 /* more than the widest shape has */
};

/* An object that is being written: what all of a session's have in front, and a row's members. */
struct object {
    char *text;
    size_t length, size, head;
};

struct outbox {
    struct history *history; /* reads */
    sqlite3 *writer;         /* moves the cursor; NULL = there is none */
    char *cursor;
    int64_t change, epoch;
    sqlite3_stmt *changed;
    sqlite3_stmt *shapes[OUTBOX_SHAPES];
    sqlite3_stmt *tables[OUTBOX_TABLES];
    struct object object;
};

/* Says what SQLite said of the reading half; returns false. */
bool outbox_failed(struct outbox *outbox, struct failure *why);

/* Prepares the statement of a shape: ?1 is the session, ?2 its version, ?3 the sensor. */
bool outbox_shape_prepare(struct outbox *outbox, enum outbox_shape shape, struct failure *why);

/* Begins the objects of a session: sensor, uid, version and started_us. */
void outbox_object_begin(struct object *object, const struct outbox_session *session,
                         int64_t version, const char *sensor);

/* The object of a row, whose columns are `columns`; what is NULL is left out. Valid until the next.
 */
struct bytes outbox_object(struct object *object, sqlite3_stmt *row,
                           const struct outbox_column *columns);
void outbox_object_free(struct object *object);

/* Hands a row over; what `fn` returned. */
bool outbox_give(sqlite3_stmt *statement, outbox_row_fn *fn, void *context);

#endif
