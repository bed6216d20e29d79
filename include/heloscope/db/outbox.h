/* SPDX-License-Identifier: ISC */
/* The history as an outbox: what was written since a cursor, and how far that cursor has come.
 *
 * Sessions are handed out in the order in which they were last written (the table `changes`), each
 * once and as it is now. A session that is written again comes again, with a higher change; so
 * whoever passes rows on gives them at least once, and the highest change of a session is right. */
#ifndef HELOSCOPE_DB_OUTBOX_H
#define HELOSCOPE_DB_OUTBOX_H

#include "heloscope/bytes.h"
#include "heloscope/failure.h"

struct outbox;

/* Opens the history at `path`. With `cursor` it can be written, and the cursor is made when the
 * history has none of that name; NULL = nothing is written, and all is news. NULL with `why` when
 * the history is missing, of another version, or cannot be written. */
struct outbox *outbox_open(const char *path, const char *cursor, struct failure *why);
void outbox_close(struct outbox *outbox);

/* The change that was passed on last, and when the cursor began, in microseconds since 1970. A
 * change added to that is a version that ascends even when the history is made anew. */
int64_t outbox_change(const struct outbox *outbox);
int64_t outbox_epoch(const struct outbox *outbox);

/* Moves the cursor in a transaction of its own. False with `why`; `*busy` tells that others are
 * writing and it may be tried again, and `why` is left alone then. */
bool outbox_move(struct outbox *outbox, int64_t change, bool *busy, struct failure *why);

/* Begins all over: everything is news again, under higher versions. */
bool outbox_restart(struct outbox *outbox, struct failure *why);

struct outbox_session {
    int64_t session_id, change, started_us;
    bool open;     /* it has not ended, and will be written again */
    bool troubled; /* it has findings, or commands out of order */
    char uid[32];
};

/* The sessions written after `after`, at most `room`, in the order of their changes; -1 with `why`.
 */
long outbox_changed(struct outbox *outbox, int64_t after, struct outbox_session *out, size_t room,
                    struct failure *why);

/* Holds what is read until outbox_release() at one moment. */
void outbox_hold(struct outbox *outbox);
void outbox_release(struct outbox *outbox);

/* What is made of a session. */
enum outbox_shape {
    OUTBOX_SESSION_LINE, /* a JSON object: its row, with "type":"session" */
    OUTBOX_FINDING_LINE, /* one for each diagnosis, "type":"finding" */
    OUTBOX_EVE_LINE,     /* one for each transaction, as Suricata's EVE has it */
    OUTBOX_ZEEK_ROW, /* one for each transaction: ts (us), uid, client, port, server, port, depth,
                        helo, from, recipients with US (0x1f) between them, Message-ID, last reply,
                        tls */
    OUTBOX_SHAPES
};

/* A row, cell by cell; a cell without a value has `at` NULL. Valid until it returns; false stops.
 */
typedef bool outbox_row_fn(void *context, const struct bytes *cells, int count);

/* The rows of a session in a shape. `version` and `sensor` (NULL = none) go into each of them. */
bool outbox_rows(struct outbox *outbox, enum outbox_shape shape,
                 const struct outbox_session *session, int64_t version, const char *sensor,
                 outbox_row_fn *fn, void *context, struct failure *why);

/* A column of a table of a fleet: its name and type there, in ClickHouse's words, the version of
 * the fleet's schema that brought it, and the expression of this history that yields it. */
struct outbox_column {
    const char *name, *value, *type;
    int since;
};

/* Each table has the columns sensor, uid, version and started_us (of the session) in front of its
 * own; `key` is what names a row of a session, as further columns of an ORDER BY. */
struct outbox_table {
    const char *name, *key;
    const struct outbox_column *columns;
    size_t count;
    const char *from;
    bool of_trouble; /* only troubled sessions have rows */
};

enum {
    OUTBOX_TABLES = 7
};

/* In the order in which rows are to be sent: the session itself is the last. */
extern const struct outbox_table outbox_tables[OUTBOX_TABLES];

/* The rows of a session in such a table, each a JSON object in one cell. */
bool outbox_table_rows(struct outbox *outbox, size_t table, const struct outbox_session *session,
                       int64_t version, const char *sensor, outbox_row_fn *fn, void *context,
                       struct failure *why);

#endif
