/* SPDX-License-Identifier: ISC */
#include "heloscope/db/store.h"

#include <pthread.h>
#include <stdlib.h>

#include "handles.h"
#include "heloscope/base/memory.h"
#include "rows.h"
#include "db/schema/schema.h"
#include "db/sql_error.h"
#include "stage.h"

/* How long another writer may hold the lock: the monitor commits once a second. */
#define BUSY_MS 4000

/* How many chapters go into one statement. A few dozen are as cheap as thousands, and stay in the
 * cache. */
enum {
    BATCH = 32
};

struct store {
    pthread_mutex_t lock; /* one thread writes chapters while another names captures */
    sqlite3 *db;
    char *path;
    struct feed feed;
    struct statements history, stage;
    struct fed waiting[BATCH]; /* new sessions whose own rows are written already */
    size_t waiting_count;
    sqlite3_stmt *held; /* the session that holds a uid */
    bool staging;       /* the stage is made */
    bool in_transaction;
    bool broken; /* a write failed half-way; `problem` says why */
    struct failure problem;
    struct handles open;     /* sessions that have begun and not ended, by their handle */
    struct handles open_ids; /* the same by session_id */
    uint64_t added, known;
    int64_t *own; /* sessions with findings, or known before, since store_take_own() */
    size_t own_count, own_size;
};

/* What decides which of two analyses of a session is kept. */
struct held {
    int64_t session_id;
    uint64_t packets, bytes;
    bool unfinished; /* left by a run that was cut short, or by a capture that ended */
};

static bool error(struct store *store, struct failure *why)
{
    return sql_error(store->db, store->path, why);
}

/* After a failure inside a transaction: whatever is half written must not be committed. */
static bool break_off(struct store *store, struct failure *why)
{
    error(store, &store->problem);
    store->broken = true;
    sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    store->in_transaction = false;
    return failure_set(why, "%s", store->problem.text);
}

/* ------------------------------------------------------------------------------------- opening */

/* A page of 16 KiB holds a session or two: fewer levels, fewer splits. It can be chosen only before
 * the file has content, and WAL is a property of the file too. */
static bool prepare_file(struct store *store, struct failure *why)
{
    const int version = schema_version(store->db, store->path, &schema_ladder, why);
    if (version < 0)
        return false;
    if (sqlite3_db_readonly(store->db, "main") == 1)
        return sql_error_of(SQLITE_READONLY, store->path, why);
    const char *settings = version ? "PRAGMA main.journal_mode = WAL;"
                                     "PRAGMA main.synchronous = NORMAL;"
                                   : "PRAGMA main.page_size = 16384;"
                                     "PRAGMA main.journal_mode = WAL;"
                                     "PRAGMA main.synchronous = NORMAL;";
    if (sqlite3_exec(store->db, settings, NULL, NULL, NULL) != SQLITE_OK)
        return error(store, why);
    /* Room for the upper levels of the index on uid, whose order has nothing to do with time. */
    if (sqlite3_exec(store->db, "PRAGMA main.cache_size = -16384", NULL, NULL, NULL) != SQLITE_OK)
        return error(store, why);
    return schema_bring_forward(store->db, store->path, &schema_ladder, why);
}

static bool prepare_statements(struct store *store)
{
    static const char held[] = "SELECT session_id, packets, bytes_client + bytes_server, "
                               "outcome = 'open' FROM main.sessions WHERE uid = ?";
    return feed_make(store->db, &store->feed) &&
           statements_prepare(&store->history, store->db, "main", &store->feed) &&
           sqlite3_prepare_v3(store->db, held, -1, SQLITE_PREPARE_PERSISTENT, &store->held, NULL) ==
               SQLITE_OK;
}

static void release(struct store *store)
{
    statements_finalize(&store->history);
    statements_finalize(&store->stage);
    sqlite3_finalize(store->held);
    sqlite3_close(store->db);
    handles_free(&store->open);
    handles_free(&store->open_ids);
    free(store->own);
    free(store->path);
    free(store);
}

/* SQLite takes an empty name for a database that vanishes when it is closed. */
static bool open_file(struct store *store, struct failure *why)
{
    if (!*store->path)
        return failure_set(why, "history '' has no name; name a file with --db");
    if (sqlite3_open_v2(store->path, &store->db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK)
        return error(store, why);
    sqlite3_busy_timeout(store->db, BUSY_MS);
    return prepare_file(store, why) && (prepare_statements(store) || error(store, why));
}

struct store *store_open(const char *path, struct failure *why)
{
    /* Without counts of its memory SQLite needs no lock for each piece of it. Once something in
     * the process has used SQLite this changes nothing any more. */
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    struct store *store = memory_get(sizeof *store);
    pthread_mutex_init(&store->lock, NULL);
    store->path = memcpy(memory_get(strlen(path) + 1), path, strlen(path) + 1);
    if (open_file(store, why))
        return store;
    release(store);
    return NULL;
}

/* ---------------------------------------------------------------------------------- transactions
 */

/* Takes the lock at once: a transaction that begins by reading may find later that it cannot
 * write. A lock that is not to be had breaks nothing: the caller may try again. */
static bool begin(struct store *store, struct failure *why)
{
    if (store->broken)
        return failure_set(why, "%s", store->problem.text);
    if (store->in_transaction)
        return true;
    if (sqlite3_exec(store->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
        return error(store, why);
    store->in_transaction = true;
    return true;
}

static bool commit(struct store *store, struct failure *why)
{
    if (store->broken)
        return failure_set(why, "%s", store->problem.text);
    if (!store->in_transaction)
        return true;
    if (sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
        return break_off(store, why);
    store->in_transaction = false;
    return true;
}

/* --------------------------------------------------------------------------------------- captures
 */

/* Prepared each time: there are a few captures in a run, not a few thousand. */
static sqlite3_stmt *prepare(struct store *store, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
    return statement;
}

static int64_t capture(struct store *store, const char *source, const char *kind,
                       int64_t started_us, struct failure *why)
{
    if (!begin(store, why))
        return 0;
    sqlite3_stmt *statement =
        prepare(store, "INSERT INTO main.captures (source, kind, started_us) VALUES (?, ?, ?) "
                       "ON CONFLICT (source, started_us) DO UPDATE SET kind = excluded.kind "
                       "RETURNING capture_id");
    struct binder row = {statement, 0};
    next_word(&row, source);
    next_word(&row, kind);
    next_number(&row, (uint64_t)started_us);
    int64_t id = 0;
    if (sqlite3_step(statement) == SQLITE_ROW)
        id = sqlite3_column_int64(statement, 0);
    const bool done = sqlite3_finalize(statement) == SQLITE_OK && id;
    if (!done)
        break_off(store, why);
    return done ? id : 0;
}

/* Totals never shrink: the sessions of the longer reading are kept, and so is what it counted. */
static bool note_totals(struct store *store, int64_t capture_id,
                        const struct capture_totals *totals, struct failure *why)
{
    if (!begin(store, why))
        return false;
    sqlite3_stmt *statement = prepare(
        store, "UPDATE main.captures SET packets = max(packets, ?2), bytes = max(bytes, ?3), "
               "dropped = max(dropped, ?4), duplicates = max(duplicates, ?5), "
               "overlaps = max(overlaps, ?6), ended_us = max(ended_us, ?7), "
               "problem = iif(?2 >= packets, ?8, problem) WHERE capture_id = ?1");
    struct binder row = {statement, 0};
    next_number(&row, (uint64_t)capture_id);
    next_number(&row, totals->packets);
    next_number(&row, totals->bytes);
    next_number(&row, totals->dropped);
    next_number(&row, totals->duplicates);
    next_number(&row, totals->overlaps);
    next_number(&row, (uint64_t)totals->ended_us);
    next_word(&row, totals->problem);
    const bool done = statement && statement_run(statement);
    sqlite3_finalize(statement);
    return done || break_off(store, why);
}

/* --------------------------------------------------------------------------------------- sessions
 */

/* Adds the session to the history unless its uid is held; `*session_id` 0 = it is. */
static bool add(struct store *store, const struct session_row *session, int64_t *session_id)
{
    *session_id = 0;
    if (!rows_session(&store->history, SESSION_INSERT, 0, session))
        return false;
    if (sqlite3_changes64(store->db))
        *session_id = sqlite3_last_insert_rowid(store->db);
    return true;
}

/* Remembers that the session is one of this run's, for store_take_own(). */
static void note_own(struct store *store, int64_t session_id)
{
    if (store->own_count && store->own[store->own_count - 1] == session_id)
        return;
    if (store->own_count == store->own_size) {
        store->own_size = store->own_size ? 2 * store->own_size : 64;
        store->own = memory_resize(store->own, store->own_size * sizeof *store->own);
    }
    store->own[store->own_count++] = session_id;
}

static bool find_held(struct store *store, struct bytes uid, struct held *held)
{
    bind_text(store->held, 1, uid);
    const bool found = sqlite3_step(store->held) == SQLITE_ROW;
    if (found)
        *held = (struct held){
            .session_id = sqlite3_column_int64(store->held, 0),
            .packets = (uint64_t)sqlite3_column_int64(store->held, 1),
            .bytes = (uint64_t)sqlite3_column_int64(store->held, 2),
            .unfinished = sqlite3_column_int(store->held, 3),
        };
    return sqlite3_reset(store->held) == SQLITE_OK && found;
}

/* More packets, then more bytes; between equals the one that knows how the session ended. */
static bool fuller(const struct session_row *session, const struct held *held)
{
    const uint64_t bytes = session->bytes_client + session->bytes_server;
    if (session->packets != held->packets)
        return session->packets > held->packets;
    if (bytes != held->bytes)
        return bytes > held->bytes;
    return held->unfinished && strcmp(session->outcome, "open") != 0;
}

/* Writes what hangs on the sessions that wait. */
static bool write_waiting(struct store *store)
{
    const size_t count = store->waiting_count;
    store->waiting_count = 0;
    return !count || rows_chapters(&store->history, store->waiting, count);
}

/* A session that comes in one chapter: most of them. */
static bool write_whole(struct store *store, const struct chapter *chapter)
{
    int64_t session_id;
    if (!add(store, &chapter->session, &session_id))
        return false;
    if (session_id) {
        store->added++;
        if (chapter->diagnoses)
            note_own(store, session_id);
        store->waiting[store->waiting_count++] = (struct fed){chapter, session_id};
        return store->waiting_count < BATCH || write_waiting(store);
    }
    struct held held;
    if (!write_waiting(store) || !find_held(store, chapter->session.uid, &held))
        return false;
    store->known++;
    note_own(store, held.session_id);
    if (handles_find(&store->open_ids, (uint64_t)held.session_id) ||
        !fuller(&chapter->session, &held))
        return true;
    return history_discard(store->db, held.session_id) &&
           rows_session(&store->history, SESSION_INSERT, held.session_id, &chapter->session) &&
           rows_chapter(&store->history, held.session_id, chapter);
}

static bool make_stage(struct store *store)
{
    if (!store->staging)
        store->staging = stage_make(store->db) &&
                         statements_prepare(&store->stage, store->db, "temp", &store->feed);
    return store->staging;
}

/* Finds the place of a session of which this is the first chapter. */
static bool begin_session(struct store *store, const struct chapter *chapter)
{
    const struct session_row *session = &chapter->session;
    enum place place = PLACE_HISTORY;
    int64_t session_id;
    if (!add(store, session, &session_id))
        return false;
    if (session_id) {
        store->added++;
    } else {
        struct held held;
        if (!find_held(store, session->uid, &held))
            return false;
        store->known++;
        note_own(store, held.session_id);
        session_id = held.session_id;
        place = handles_find(&store->open_ids, (uint64_t)session_id) ? PLACE_NOWHERE : PLACE_STAGE;
        if (place == PLACE_STAGE &&
            !(make_stage(store) &&
              rows_session(&store->stage, SESSION_INSERT, session_id, session)))
            return false;
    }
    handles_add(&store->open, session->handle, session_id, place);
    if (place != PLACE_NOWHERE)
        handles_add(&store->open_ids, (uint64_t)session_id, session_id, place);
    return true;
}

/* The last chapter of a staged session is written: now it can be told which analysis stays. */
static bool settle(struct store *store, int64_t session_id, const struct session_row *session)
{
    struct held held;
    if (!find_held(store, session->uid, &held))
        return false;
    return fuller(session, &held) ? stage_move(store->db, session_id)
                                  : stage_discard(store->db, session_id);
}

/* Brings the session's own row up to date, unless another process has stored a fuller record of it
 * meanwhile; one that was taken away comes back. */
static bool update_row(struct store *store, const struct handle *at, const struct session_row *row)
{
    struct held held;
    if (at->place == PLACE_STAGE)
        return rows_session(&store->stage, SESSION_UPDATE, at->session_id, row);
    if (!find_held(store, row->uid, &held))
        return rows_session(&store->history, SESSION_INSERT, at->session_id, row);
    return held.packets > row->packets ||
           rows_session(&store->history, SESSION_UPDATE, at->session_id, row);
}

static bool write_part(struct store *store, const struct chapter *chapter, bool begun)
{
    if (!write_waiting(store) || (!begun && !begin_session(store, chapter)))
        return false;
    const uint64_t key = chapter->session.handle;
    const struct handle at = *handles_find(&store->open, key);
    const struct statements *to = at.place == PLACE_STAGE ? &store->stage : &store->history;
    if (chapter->diagnoses && at.place == PLACE_HISTORY)
        note_own(store, at.session_id);
    if (at.place != PLACE_NOWHERE && !((!begun || update_row(store, &at, &chapter->session)) &&
                                       rows_chapter(to, at.session_id, chapter)))
        return false;
    if (!chapter->last)
        return true;
    handles_remove(&store->open, key);
    if (at.place != PLACE_NOWHERE)
        handles_remove(&store->open_ids, (uint64_t)at.session_id);
    return at.place != PLACE_STAGE || settle(store, at.session_id, &chapter->session);
}

static bool write_chapter(struct store *store, const struct chapter *chapter)
{
    const bool begun = handles_find(&store->open, chapter->session.handle) != NULL;
    return chapter->last && !begun ? write_whole(store, chapter)
                                   : write_part(store, chapter, begun);
}

static bool write_one(struct store *store, const struct chapter *chapter, struct failure *why)
{
    return begin(store, why) &&
           ((write_chapter(store, chapter) && write_waiting(store)) || break_off(store, why));
}

static bool write_list(struct store *store, const struct chapter *first, struct failure *why)
{
    if (!begin(store, why))
        return false;
    for (const struct chapter *chapter = first; chapter; chapter = chapter->next)
        if (!write_chapter(store, chapter))
            return break_off(store, why);
    return write_waiting(store) || break_off(store, why);
}

/* ---------------------------------------------------------------------------------------- closing
 */

/* The last connection to go moves the WAL into the file and removes it. While somebody reads, the
 * WAL stays, but what it holds is moved as far as the reader allows. */
bool store_close(struct store *store, struct failure *why)
{
    if (!store)
        return true;
    const bool done = store->broken || commit(store, why);
    if (done && !store->broken) {
        sqlite3_busy_timeout(store->db, 0);
        sqlite3_wal_checkpoint_v2(store->db, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    }
    release(store);
    return done;
}

/* ------------------------------------------------------------------------------------- one at a
 * time
 */

bool store_commit(struct store *store, struct failure *why)
{
    pthread_mutex_lock(&store->lock);
    const bool done = commit(store, why);
    pthread_mutex_unlock(&store->lock);
    return done;
}

int64_t store_capture(struct store *store, const char *source, const char *kind, int64_t started_us,
                      struct failure *why)
{
    pthread_mutex_lock(&store->lock);
    const int64_t id = capture(store, source, kind, started_us, why);
    pthread_mutex_unlock(&store->lock);
    return id;
}

bool store_capture_totals(struct store *store, int64_t capture_id,
                          const struct capture_totals *totals, struct failure *why)
{
    pthread_mutex_lock(&store->lock);
    const bool done = note_totals(store, capture_id, totals, why);
    pthread_mutex_unlock(&store->lock);
    return done;
}

bool store_write(struct store *store, const struct chapter *chapter, struct failure *why)
{
    pthread_mutex_lock(&store->lock);
    const bool done = write_one(store, chapter, why);
    pthread_mutex_unlock(&store->lock);
    return done;
}

bool store_write_list(struct store *store, const struct chapter *first, struct failure *why)
{
    pthread_mutex_lock(&store->lock);
    const bool done = write_list(store, first, why);
    pthread_mutex_unlock(&store->lock);
    return done;
}

void store_counts(struct store *store, uint64_t *added, uint64_t *known)
{
    pthread_mutex_lock(&store->lock);
    *added = store->added;
    *known = store->known;
    pthread_mutex_unlock(&store->lock);
}

size_t store_take_own(struct store *store, int64_t **session_ids)
{
    pthread_mutex_lock(&store->lock);
    const size_t count = store->own_count;
    *session_ids = store->own;
    store->own = NULL;
    store->own_count = store->own_size = 0;
    pthread_mutex_unlock(&store->lock);
    return count;
}
