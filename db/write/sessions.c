/* SPDX-License-Identifier: ISC */
/* Chapters to rows: which session a chapter is of, whether the history holds it already, and where
 * the rows go. */
#include <string.h>

#include "heloscope/base/memory.h"
#include "parts.h"
#include "pack.h"
#include "rows.h"
#include "stage.h"

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

/* Adds the rows that few chapters have, and that want the numbers of captures in the history. */
static bool write_captures(struct store *store, const struct statements *to, int64_t session_id,
                           const struct chapter *chapter)
{
    for (const struct capture_passed *p = chapter->captures; p; p = p->next) {
        struct binder row = {to->of[CAPTURE_INSERT], 0};
        next_number(&row, (uint64_t)session_id);
        next_number(&row, (uint64_t)captures_id(store, p->capture_id));
        if (!statement_run(row.statement))
            return false;
    }
    return true;
}

/* Writes what hangs on the sessions that wait. */
bool sessions_write_waiting(struct store *store)
{
    const size_t count = store->waiting_count;
    store->waiting_count = 0;
    return !count || rows_chapters(&store->history, store->waiting, count);
}

/* Takes the sessions away that `verdict` says are replaced. Returns the number that the one that
 * replaces them has from now on, that of the oldest of them; -1 with the error left in `db`. */
static int64_t replace(struct store *store, const struct verdict *verdict)
{
    int64_t oldest = INT64_MAX;
    for (size_t i = 0; i < verdict->taken_count; i++)
        if (verdict->taken[i] < oldest)
            oldest = verdict->taken[i];
    for (size_t i = 0; i < verdict->taken_count; i++) {
        if (!history_discard(store->db, verdict->taken[i]))
            return -1;
        own_rename(store, verdict->taken[i], oldest);
    }
    return oldest;
}

/* Stores a session that comes in one chapter where others of its connection are: `session_id` is
 * its own row, if it has one already. */
static bool write_beside(struct store *store, const struct chapter *chapter, int64_t session_id,
                         const struct verdict *verdict)
{
    const struct session_row *row = &chapter->session;
    if (session_id && (verdict->keeper || verdict->taken_count) &&
        !history_discard(store->db, session_id))
        return false;
    if (verdict->keeper) {
        store->known++;
        own_note_part(store, verdict->keeper, 0, verdict->kept_as == KIN_SAME ? NULL : row);
        return true;
    }
    if (verdict->taken_count) {
        store->known++;
        session_id = replace(store, verdict);
        if (session_id < 0 || !write_row(store, &store->history, SESSION_INSERT, session_id, row) ||
            !kin_write(&store->kin, session_id, row))
            return false;
    } else {
        store->added++;
    }
    own_note_part(store, session_id, 0, row);
    cut_note(store, session_id, row, verdict);
    return rows_chapter(&store->history, session_id, chapter) &&
           write_captures(store, &store->history, session_id, chapter);
}

/* Nothing points at its events, so nobody will look for one of them. */
static bool is_quiet(const struct chapter *chapter)
{
    return !chapter->diagnoses && !chapter->violations;
}

/* A session that comes in one chapter: most of them, and most are of a connection that the history
 * knows nothing of. */
static bool write_whole(struct store *store, const struct chapter *chapter)
{
    const struct session_row *row = &chapter->session;
    struct verdict verdict;
    struct held named;
    int64_t session_id;
    if (!add(store, row, &session_id))
        return false;
    if (!session_id) {
        if (!sessions_write_waiting(store) || !verdict_find_held(store, row->uid, &named))
            return false;
        if (handles_find(&store->open_ids, (uint64_t)named.session_id)) {
            store->known++;
            return true;
        }
    }
    if (!verdict_find(store, session_id, row, &verdict) ||
        (session_id && !kin_write(&store->kin, session_id, row)))
        return false;
    if (!session_id || verdict.keeper || verdict.taken_count || verdict.beside_count)
        return sessions_write_waiting(store) && write_beside(store, chapter, session_id, &verdict);
    store->added++;
    own_note_written(store, session_id, chapter);
    if (!write_captures(store, &store->history, session_id, chapter))
        return false;
    const bool no_events = store->options.keep.problems_only && is_quiet(chapter);
    store->waiting[store->waiting_count++] =
        (struct fed){chapter, session_id, no_events, is_quiet(chapter) && pack_suits(chapter)};
    return store->waiting_count < BATCH || sessions_write_waiting(store);
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

/* The session of the history that a session that begins is staged beside: 0 = there is none. */
static int64_t rival(const struct verdict *verdict)
{
    return verdict->keeper ? verdict->keeper : verdict->taken_count ? verdict->taken[0] : 0;
}

/* Finds the place of a session of which this is the first chapter. */
static bool begin_session(struct store *store, const struct chapter *chapter)
{
    const struct session_row *row = &chapter->session;
    struct handle at = {.key = row->handle, .place = PLACE_HISTORY};
    struct verdict verdict;
    struct held named = {0};
    int64_t added;
    if (!add(store, row, &added) || (!added && !verdict_find_held(store, row->uid, &named)) ||
        !verdict_find(store, added, row, &verdict))
        return false;
    at.session_id = added ? added : named.session_id;
    at.same_name = !added;
    if (!added && handles_find(&store->open_ids, (uint64_t)named.session_id)) {
        at.place = PLACE_NOWHERE;
    } else if (!added || rival(&verdict)) {
        if (added && !history_discard(store->db, added))
            return false;
        at.place = PLACE_STAGE;
        at.session_id = added ? rival(&verdict) : named.session_id;
        if (!make_stage(store) ||
            !write_row(store, &store->stage, SESSION_INSERT, at.session_id, row))
            return false;
    } else if (!note_unfinished(store, added) || !kin_write(&store->kin, added, row)) {
        return false;
    }
    store->added += at.place == PLACE_HISTORY;
    store->known += at.place != PLACE_HISTORY;
    handles_add(&store->open, &at);
    if (at.place != PLACE_NOWHERE)
        handles_add(&store->open_ids, &(struct handle){.key = (uint64_t)at.session_id,
                                                       .session_id = at.session_id,
                                                       .place = at.place});
    return true;
}

/* --- how a session that was staged is settled --- */

/* A number that no session has. */
static int64_t free_number(struct store *store)
{
    sqlite3_stmt *statement = NULL;
    int64_t number = -1;
    if (sqlite3_prepare_v2(store->db, "SELECT max(session_id) + 1 FROM main.sessions", -1,
                           &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        number = sqlite3_column_int64(statement, 0);
    return sqlite3_finalize(statement) == SQLITE_OK && number > 0 ? number : -1;
}

/* Moves a staged session into the history: in the place of those that it replaces, or beside all
 * of them. */
static bool move_staged(struct store *store, const struct handle *at, const struct session_row *row,
                        const struct verdict *verdict)
{
    const int64_t number = verdict->taken_count ? replace(store, verdict) : free_number(store);
    if (number < 0 ||
        (number != at->session_id && !stage_renumber(store->db, at->session_id, number)) ||
        !stage_move(store->db, number) || !kin_write(&store->kin, number, row))
        return false;
    own_note_part(store, number, at->told, row);
    cut_note(store, number, row, verdict);
    return true;
}

/* The last chapter of a staged session is written: now it can be told which analysis stays. */
static bool settle_staged(struct store *store, const struct handle *at,
                          const struct session_row *row)
{
    struct verdict verdict;
    if (!verdict_find(store, 0, row, &verdict))
        return false;
    if (!verdict.keeper)
        return move_staged(store, at, row, &verdict);
    own_note_part(store, verdict.keeper, at->told, verdict.kept_as == KIN_SAME ? NULL : row);
    return stage_discard(store->db, at->session_id);
}

/* Only its end tells that nothing was wrong in a session that came in several chapters. */
static bool trim(struct store *store, int64_t session_id)
{
    if (!store->options.keep.problems_only)
        return true;
    sqlite3_bind_int64(store->trim_one, 1, session_id);
    return statement_run(store->trim_one);
}

/* A session that was written into the history as it went on is over: what others have stored of
 * its connection meanwhile, or before, may be parts of it, or hold it. */
static bool settle_written(struct store *store, const struct handle *at,
                           const struct session_row *row)
{
    struct verdict verdict;
    if (!note_finished(store, at->session_id) ||
        !verdict_find(store, at->session_id, row, &verdict))
        return false;
    if (verdict.keeper) {
        own_rename(store, at->session_id, verdict.keeper);
        return history_discard(store->db, at->session_id);
    }
    for (size_t i = 0; i < verdict.taken_count; i++) {
        if (!history_discard(store->db, verdict.taken[i]))
            return false;
        own_rename(store, verdict.taken[i], at->session_id);
    }
    cut_note(store, at->session_id, row, &verdict);
    return trim(store, at->session_id);
}

/* --- chapters of sessions that go on --- */

/* The session goes on in another row than before. */
static bool move_to(struct store *store, struct handle *at, int64_t session_id)
{
    const int64_t before = at->session_id;
    if (session_id == before)
        return true;
    at->session_id = session_id;
    handles_remove(&store->open_ids, (uint64_t)before);
    if (!handles_find(&store->open_ids, (uint64_t)session_id))
        handles_add(&store->open_ids, &(struct handle){.key = (uint64_t)session_id,
                                                       .session_id = session_id,
                                                       .place = PLACE_HISTORY});
    return note_finished(store, before) && note_unfinished(store, session_id);
}

/* The row was taken away, and nobody has another record of the session: it comes back. */
static bool bring_back(struct store *store, struct handle *at, const struct session_row *row)
{
    if (!write_row(store, &store->history, SESSION_INSERT, 0, row))
        return false;
    const int64_t session_id = sqlite3_last_insert_rowid(store->db);
    return move_to(store, at, session_id) && kin_write(&store->kin, session_id, row);
}

/* Another process has stored a record of a session that is open here. What comes is written into it
 * if both tell the same under the same numbers; else that record stays as it is. */
static bool follow_other(struct store *store, struct handle *at, const struct session_row *row,
                         int64_t other)
{
    if (verdict_agrees(store, other, at)) {
        at->follows = true;
        return move_to(store, at, other) && history_unpack(store->db, other) &&
               write_row(store, &store->history, SESSION_UPDATE, other, row);
    }
    at->place = PLACE_NOWHERE;
    handles_remove(&store->open_ids, (uint64_t)at->session_id);
    return note_finished(store, at->session_id);
}

/* The row under the session's own name is gone. Whoever took it away may have a record of it. */
static bool look_for_other(struct store *store, struct handle *at, const struct session_row *row)
{
    struct verdict verdict;
    const struct handle own = *handles_find(&store->open_ids, (uint64_t)at->session_id);
    handles_remove(&store->open_ids, own.key);
    const bool done = verdict_find(store, 0, row, &verdict);
    handles_add(&store->open_ids, &own);
    if (!done)
        return false;
    return rival(&verdict) ? follow_other(store, at, row, rival(&verdict))
                           : bring_back(store, at, row);
}

/* Brings the session's own row up to date. */
static bool update_row(struct store *store, struct handle *at, const struct session_row *row)
{
    struct held held;
    if (at->place == PLACE_STAGE)
        return write_row(store, &store->stage, SESSION_UPDATE, at->session_id, row);
    if (at->place == PLACE_NOWHERE)
        return true;
    if (!verdict_find_held(store, row->uid, &held))
        return look_for_other(store, at, row);
    if (held.session_id != at->session_id || held.packets > row->packets ||
        held.capture_id != captures_id(store, row->capture_id))
        return follow_other(store, at, row, held.session_id);
    return (!held.packed || history_unpack(store->db, held.session_id)) &&
           write_row(store, &store->history, SESSION_UPDATE, at->session_id, row);
}

/* Findings of a staged session are this run's as soon as the history has them, from whomever. */
static bool tell_staged(struct store *store, struct handle *at, const struct chapter *chapter)
{
    event_no last = 0;
    for (const struct diagnosis *d = chapter->diagnoses; d; d = d->next)
        last = d->reply > last && !d->left_out ? d->reply : last;
    if (!last || !at->same_name)
        return true;
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(store->db,
                           "SELECT max(reply_seq) FROM main.diagnoses "
                           "WHERE session_id = ?",
                           -1, &statement, NULL) != SQLITE_OK)
        return false;
    sqlite3_bind_int64(statement, 1, at->session_id);
    if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_int64(statement, 0) >= last) {
        own_note_range(store, at->session_id, at->told + 1, last);
        at->told = last;
    }
    return sqlite3_finalize(statement) == SQLITE_OK;
}

static bool write_rows(struct store *store, struct handle *at, const struct chapter *chapter)
{
    const struct statements *to = at->place == PLACE_STAGE ? &store->stage : &store->history;
    if (at->place == PLACE_NOWHERE)
        return true;
    if (at->place == PLACE_HISTORY)
        own_note_written(store, at->session_id, chapter);
    if ((at->follows && !chapter_discard(store->db, at->session_id, chapter)) ||
        !rows_chapter(to, at->session_id, chapter))
        return false;
    for (const struct event *event = chapter->events; event; event = event->next)
        if (!event->left_out) {
            at->last_event = event->seq;
            at->last_mark = verdict_mark(event);
        }
    return write_captures(store, to, at->session_id, chapter) &&
           (at->place != PLACE_STAGE || tell_staged(store, at, chapter));
}

static bool write_part(struct store *store, const struct chapter *chapter, bool begun)
{
    if (!sessions_write_waiting(store) || (!begun && !begin_session(store, chapter)))
        return false;
    const struct session_row *row = &chapter->session;
    struct handle *at = handles_find(&store->open, row->handle);
    if ((begun && !update_row(store, at, row)) || !write_rows(store, at, chapter))
        return false;
    if (!chapter->last)
        return true;
    const struct handle ended = *at;
    handles_remove(&store->open, row->handle);
    if (ended.place == PLACE_NOWHERE)
        return true;
    handles_remove(&store->open_ids, (uint64_t)ended.session_id);
    return ended.place == PLACE_STAGE ? settle_staged(store, &ended, row)
                                      : settle_written(store, &ended, row);
}

bool sessions_write(struct store *store, const struct chapter *chapter)
{
    const bool begun = handles_find(&store->open, chapter->session.handle) != NULL;
    return chapter->last && !begun ? write_whole(store, chapter)
                                   : write_part(store, chapter, begun);
}
