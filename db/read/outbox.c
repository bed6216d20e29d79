/* SPDX-License-Identifier: ISC */
#include "heloscope/db/outbox.h"

#include <stdlib.h>
#include <time.h>

#include "heloscope/base/clock.h"
#include "heloscope/base/memory.h"
#include "outbox.h"
#include "db/schema/schema.h"
#include "db/sql_error.h"

/* Others may write all the time and let go of the lock for moments only, so it is asked for often:
 * every half millisecond, for at most two seconds. */
enum {
    LOCK_WAIT_NS = 500000,
    LOCK_TRIES = 4000
};

static int wait_for_lock(void *context, int tries)
{
    (void)context;
    nanosleep(&(struct timespec){0, LOCK_WAIT_NS}, NULL);
    return tries < LOCK_TRIES;
}

/* --- the cursor --- */

static bool error(struct outbox *outbox, struct failure *why)
{
    return sql_error(outbox->writer, outbox->history->path, why);
}

/* Runs a statement on the cursor's row: ?1 its name, ?2 a change, ?3 now. */
static int run(struct outbox *outbox, const char *sql, int64_t change)
{
    sqlite3_stmt *statement;
    int result = sqlite3_prepare_v2(outbox->writer, sql, -1, &statement, NULL);
    if (result != SQLITE_OK)
        return result;
    sqlite3_bind_text(statement, 1, outbox->cursor, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 2, change);
    sqlite3_bind_int64(statement, 3, clock_wall_us());
    if (sqlite3_step(statement) == SQLITE_ROW) {
        outbox->change = sqlite3_column_int64(statement, 0);
        outbox->epoch = sqlite3_column_int64(statement, 1);
    }
    result = sqlite3_finalize(statement);
    return result & 0xff;
}

/* An epoch never falls behind an earlier one of the same history, whatever the clock says. */
#define SET_OUT                                                                                    \
    "epoch = max(excluded.epoch, epoch + (SELECT coalesce(max(seq), 0) FROM sqlite_sequence "      \
    "WHERE name = 'changes') + 1)"

static bool read_cursor(struct outbox *outbox, struct failure *why)
{
    return run(outbox,
               "INSERT INTO cursors (name, change, epoch, updated_us) VALUES (?1, ?2, ?3, ?3) "
               "ON CONFLICT (name) DO UPDATE SET name = name RETURNING change, epoch",
               0) == SQLITE_OK ||
           error(outbox, why);
}

bool outbox_restart(struct outbox *outbox, struct failure *why)
{
    return run(outbox,
               "INSERT INTO cursors (name, change, epoch, updated_us) VALUES (?1, ?2, ?3, ?3) "
               "ON CONFLICT (name) DO UPDATE SET change = ?2, updated_us = ?3, " SET_OUT
               " RETURNING change, epoch",
               0) == SQLITE_OK ||
           error(outbox, why);
}

bool outbox_move(struct outbox *outbox, int64_t change, bool *busy, struct failure *why)
{
    const int result = run(outbox,
                           "UPDATE cursors SET change = ?2, updated_us = ?3 WHERE name = ?1 "
                           "RETURNING change, epoch",
                           change);
    *busy = result == SQLITE_BUSY || result == SQLITE_LOCKED;
    return result == SQLITE_OK || (!*busy && error(outbox, why));
}

int64_t outbox_change(const struct outbox *outbox)
{
    return outbox->change;
}

int64_t outbox_epoch(const struct outbox *outbox)
{
    return outbox->epoch;
}

/* --- opening --- */

/* A writer's connection beside the reader's: what is read is not locked for others. */
static bool open_writer(struct outbox *outbox, const char *cursor, struct failure *why)
{
    outbox->cursor = strcpy(memory_get(strlen(cursor) + 1), cursor);
    if (sqlite3_open_v2(outbox->history->path, &outbox->writer,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return error(outbox, why);
    if (sqlite3_db_readonly(outbox->writer, "main") == 1)
        return sql_error_of(SQLITE_READONLY, outbox->history->path, why);
    sqlite3_busy_handler(outbox->writer, wait_for_lock, NULL);
    return read_cursor(outbox, why);
}

struct outbox *outbox_open(const char *path, const char *cursor, struct failure *why)
{
    /* Without counts of its memory SQLite needs no lock for each piece of it; once something in the
     * process has used SQLite this changes nothing any more. */
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    struct history *history = history_open(path, why);
    if (!history)
        return NULL;
    struct outbox *outbox = memory_get(sizeof *outbox);
    outbox->history = history;
    if (!cursor || open_writer(outbox, cursor, why))
        return outbox;
    outbox_close(outbox);
    return NULL;
}

void outbox_close(struct outbox *outbox)
{
    if (!outbox)
        return;
    for (int i = 0; i < OUTBOX_SHAPES; i++)
        sqlite3_finalize(outbox->shapes[i]);
    for (int i = 0; i < OUTBOX_TABLES; i++)
        sqlite3_finalize(outbox->tables[i]);
    outbox_object_free(&outbox->object);
    sqlite3_finalize(outbox->changed);
    history_close(outbox->history);
    sqlite3_close(outbox->writer);
    free(outbox->cursor);
    free(outbox);
}

/* --- reading --- */

void outbox_hold(struct outbox *outbox)
{
    sqlite3_exec(outbox->history->db, "BEGIN", NULL, NULL, NULL);
}

void outbox_release(struct outbox *outbox)
{
    sqlite3_exec(outbox->history->db, "COMMIT", NULL, NULL, NULL);
}

bool outbox_failed(struct outbox *outbox, struct failure *why)
{
    return sql_error(outbox->history->db, outbox->history->path, why);
}

long outbox_changed(struct outbox *outbox, int64_t after, struct outbox_session *out, size_t room,
                    struct failure *why)
{
    static const char sql[] =
        "SELECT c.change, c.session_id, s.outcome = 'open', s.uid, s.started_us, s.violations > 0 "
        "OR "
        "EXISTS (SELECT 1 FROM diagnoses d WHERE d.session_id = c.session_id) OR "
        "EXISTS (SELECT 1 FROM violations v WHERE v.session_id = c.session_id) FROM changes c "
        "JOIN sessions s ON s.session_id = c.session_id "
        "WHERE c.change > ?1 ORDER BY c.change LIMIT ?2";
    if (!outbox->changed && !(outbox->changed = reader_prepare(outbox->history, sql, why)))
        return -1;
    sqlite3_bind_int64(outbox->changed, 1, after);
    sqlite3_bind_int64(outbox->changed, 2, (sqlite3_int64)room);
    size_t count = 0;
    while (count < room && reader_row(outbox->changed)) {
        struct outbox_session *session = &out[count++];
        session->change = sqlite3_column_int64(outbox->changed, 0);
        session->session_id = sqlite3_column_int64(outbox->changed, 1);
        session->open = sqlite3_column_int(outbox->changed, 2);
        session->started_us = sqlite3_column_int64(outbox->changed, 4);
        session->troubled = sqlite3_column_int(outbox->changed, 5);
        const char *uid = reader_text(outbox->changed, 3);
        snprintf(session->uid, sizeof session->uid, "%s", uid ? uid : "");
    }
    if (sqlite3_reset(outbox->changed) == SQLITE_OK)
        return (long)count;
    outbox_failed(outbox, why);
    return -1;
}

bool outbox_give(sqlite3_stmt *statement, outbox_row_fn *fn, void *context)
{
    struct bytes cells[OUTBOX_CELLS];
    const int count = sqlite3_column_count(statement);
    for (int i = 0; i < count && i < OUTBOX_CELLS; i++) {
        const unsigned char *text = sqlite3_column_text(statement, i);
        cells[i] = bytes_of(text, text ? (size_t)sqlite3_column_bytes(statement, i) : 0);
    }
    return fn(context, cells, count);
}

bool outbox_rows(struct outbox *outbox, enum outbox_shape shape,
                 const struct outbox_session *session, int64_t version, const char *sensor,
                 outbox_row_fn *fn, void *context, struct failure *why)
{
    if (!outbox->shapes[shape] && !outbox_shape_prepare(outbox, shape, why))
        return false;
    sqlite3_stmt *statement = outbox->shapes[shape];
    sqlite3_bind_int64(statement, 1, session->session_id);
    sqlite3_bind_int64(statement, 2, version);
    sqlite3_bind_text(statement, 3, sensor, -1, SQLITE_STATIC);
    while (reader_row(statement) && outbox_give(statement, fn, context))
        ;
    return sqlite3_reset(statement) == SQLITE_OK || outbox_failed(outbox, why);
}
