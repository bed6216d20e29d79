/* SPDX-License-Identifier: ISC */
/* Chapters to rows: which session a chapter is of, whether the history holds it already, and where
 * the rows go. */
#include <string.h>

#include "heloscope/base/memory.h"
#include "parts.h"
#include "rows.h"
#include "stage.h"

/* What decides which of two analyses of a session is kept. */
struct held {
    int64_t session_id;
    uint64_t packets, bytes;
    bool unfinished; /* left by a run that was cut short, or by a capture that ended */
};

/* Writes the session's own row, with the number that its capture has in the history. */
static bool write_row(const struct store *store, const struct statements *to,
                      enum statement statement, int64_t session_id, const struct session_row *row)
{
    if (row->capture_id >= 0)
        return rows_session(to, statement, session_id, row);
    struct session_row named = *row;
    named.capture_id = captures_id(store, row->capture_id);
    return rows_session(to, statement, session_id, &named);
}

/* Adds the session to the history unless its uid is held; `*session_id` 0 = it is. */
static bool add(struct store *store, const struct session_row *session, int64_t *session_id)
{
    *session_id = 0;
    if (!write_row(store, &store->history, SESSION_INSERT, 0, session))
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
bool sessions_write_waiting(struct store *store)
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
        return store->waiting_count < BATCH || sessions_write_waiting(store);
    }
    struct held held;
    if (!sessions_write_waiting(store) || !find_held(store, chapter->session.uid, &held))
        return false;
    store->known++;
    note_own(store, held.session_id);
    if (handles_find(&store->open_ids, (uint64_t)held.session_id) ||
        !fuller(&chapter->session, &held))
        return true;
    return history_discard(store->db, held.session_id) &&
           write_row(store, &store->history, SESSION_INSERT, held.session_id, &chapter->session) &&
           rows_chapter(&store->history, held.session_id, chapter);
}

static bool make_stage(struct store *store)
{
    if (!store->staging)
        store->staging = stage_make(store->db) &&
                         statements_prepare(&store->stage, store->db, "temp", &store->feed);
    return store->staging;
}

/* Until its end the history knows whose it is, for the case that this process dies. */
static bool note_unfinished(struct store *store, int64_t session_id)
{
    if (!writers_enter(store))
        return false;
    sqlite3_bind_int64(store->begin_one, 1, session_id);
    sqlite3_bind_int64(store->begin_one, 2, store->writer_id);
    return statement_run(store->begin_one);
}

static bool note_finished(struct store *store, int64_t session_id)
{
    sqlite3_bind_int64(store->end_one, 1, session_id);
    return statement_run(store->end_one);
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
        if (!note_unfinished(store, session_id))
            return false;
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
              write_row(store, &store->stage, SESSION_INSERT, session_id, session)))
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
        return write_row(store, &store->stage, SESSION_UPDATE, at->session_id, row);
    if (!find_held(store, row->uid, &held))
        return write_row(store, &store->history, SESSION_INSERT, at->session_id, row);
    return held.packets > row->packets ||
           write_row(store, &store->history, SESSION_UPDATE, at->session_id, row);
}

static bool write_part(struct store *store, const struct chapter *chapter, bool begun)
{
    if (!sessions_write_waiting(store) || (!begun && !begin_session(store, chapter)))
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
    if (at.place == PLACE_HISTORY && !note_finished(store, at.session_id))
        return false;
    return at.place != PLACE_STAGE || settle(store, at.session_id, &chapter->session);
}

bool sessions_write(struct store *store, const struct chapter *chapter)
{
    const bool begun = handles_find(&store->open, chapter->session.handle) != NULL;
    return chapter->last && !begun ? write_whole(store, chapter)
                                   : write_part(store, chapter, begun);
}
