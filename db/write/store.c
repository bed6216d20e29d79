/* SPDX-License-Identifier: ISC */
#include "heloscope/db/store.h"

#include <stdlib.h>
#include <string.h>

#include "heloscope/base/memory.h"
#include "parts.h"
#include "db/file_name.h"
#include "db/sql_error.h"

bool store_error(struct store *store, struct failure *why)
{
    return sql_error(store->db, store->path, why);
}

/* --- what may pass --- */

static enum store_trouble trouble_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        return STORE_LOCKED;
    case SQLITE_FULL:
        return STORE_FULL;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return STORE_UNUSABLE;
    default:
        return STORE_FINE;
    }
}

/* The reason for a failure, of a store that waits for it to pass. */
static enum store_trouble find_trouble(const struct store *store)
{
    if (!store->options.patient)
        return STORE_FINE;
    const enum store_trouble trouble = trouble_of(sqlite3_extended_errcode(store->db));
    return trouble == STORE_UNUSABLE && sql_error_is_full(store->db) ? STORE_FULL : trouble;
}

enum store_trouble store_trouble(const struct store *store)
{
    return store->trouble;
}

const char *store_path(const struct store *store)
{
    return store->path;
}

const char *store_trouble_name(enum store_trouble trouble)
{
    static const char *const names[] = {[STORE_FINE] = "fine",
                                        [STORE_MOVED] = "moved",
                                        [STORE_LOCKED] = "locked",
                                        [STORE_FULL] = "full",
                                        [STORE_UNUSABLE] = "unusable"};
    return names[trouble];
}

/* --- what a rollback brings back --- */

static void free_safe(struct store *store)
{
    handles_free(&store->safe.open);
    handles_free(&store->safe.open_ids);
}

static void save(struct store *store)
{
    if (!store->options.patient)
        return;
    free_safe(store);
    store->safe = (struct safe_state){handles_copy(&store->open),
                                      handles_copy(&store->open_ids),
                                      store->added,
                                      store->known,
                                      store->writer_id,
                                      store->staging};
}

/* The temporary tables were rolled back too. */
static void bring_back(struct store *store)
{
    handles_free(&store->open);
    handles_free(&store->open_ids);
    store->open = store->safe.open;
    store->open_ids = store->safe.open_ids;
    store->added = store->safe.added;
    store->known = store->safe.known;
    if (store->staging && !store->safe.staging)
        statements_finalize(&store->stage);
    store->staging = store->safe.staging;
    writers_rolled_back(store);
    store->safe = (struct safe_state){0};
    store->own_count = 0;
    captures_settle(store, false);
    minutes_settle(store, false);
}

static void roll_back(struct store *store)
{
    sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    store->waiting_count = 0;
    if (store->in_transaction && store->options.patient)
        bring_back(store);
    store->in_transaction = false;
}

bool store_break_off(struct store *store, struct failure *why)
{
    store->trouble = find_trouble(store);
    store_error(store, &store->problem);
    store->broken = !store->trouble;
    roll_back(store);
    return failure_set(why, "%s", store->problem.text);
}

/* --- a file that is another one --- */

/* A staged session cannot go on in a file that was opened again. */
static void unstage(struct store *store)
{
    for (size_t i = 0; i < store->open.size; i++) {
        struct handle *at = &store->open.slots[i];
        if (at->used && at->place == PLACE_STAGE)
            at->place = PLACE_NOWHERE;
    }
}

/* All that was not committed is to be written again, and what goes on begins anew in a new file. */
static bool move_on(struct store *store, struct failure *why)
{
    if (store->in_transaction)
        roll_back(store);
    opening_leave(store);
    handles_free(&store->open);
    handles_free(&store->open_ids);
    captures_forget(store);
    store_say(store,
              "history '%s' was moved, replaced or deleted: a new one is opened; what was written "
              "before is in the old one, where sessions that go on are 'continued'",
              store->path);
    store->trouble = STORE_MOVED;
    return failure_set(why, "history '%s' was moved, replaced or deleted", store->path);
}

/* Opens the file of a patient store that has none open. */
static bool open_again(struct store *store, struct failure *why)
{
    if (opening_open(store, why))
        return true;
    store->trouble = find_trouble(store);
    if (!store->trouble)
        store->trouble = STORE_UNUSABLE; /* another file may come in its place */
    opening_close(store);
    return false;
}

/* A file whose reading or writing failed is opened anew, the session's places in it stay. */
static void let_go(struct store *store)
{
    if (store->trouble != STORE_UNUSABLE || !store->db)
        return;
    unstage(store);
    opening_close(store);
}

static bool is_ready(struct store *store, struct failure *why)
{
    if (store->db && opening_moved(store))
        return move_on(store, why);
    return store->db || open_again(store, why);
}

void store_reopen(struct store *store)
{
    pthread_mutex_lock(&store->desk);
    store->rotates = true;
    pthread_mutex_unlock(&store->desk);
}

unsigned store_generation(struct store *store)
{
    pthread_mutex_lock(&store->desk);
    const unsigned generation = store->generation;
    pthread_mutex_unlock(&store->desk);
    return generation;
}

/* --- transactions --- */

bool store_begin(struct store *store, struct failure *why)
{
    if (store->broken)
        return failure_set(why, "%s", store->problem.text);
    if (store->options.patient && !is_ready(store, why))
        return false;
    if (store->in_transaction)
        return true;
    save(store);
    if (sqlite3_exec(store->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK) {
        store->trouble = find_trouble(store);
        return store_error(store, why);
    }
    store->in_transaction = true;
    return !store->options.patient || (captures_write(store) && minutes_write(store)) ||
           store_break_off(store, why);
}

/* What was noted of sessions counts now. */
static void settle_own(struct store *store)
{
    pthread_mutex_lock(&store->desk);
    const size_t count = store->own_done_count + store->own_count;
    if (count > store->own_done_size) {
        store->own_done_size = 2 * count;
        store->own_done = memory_resize(store->own_done, 2 * count * sizeof *store->own_done);
    }
    if (store->own_count)
        memcpy(store->own_done + store->own_done_count, store->own,
               store->own_count * sizeof *store->own);
    store->own_done_count = count;
    store->own_count = 0;
    store->added_done = store->added;
    store->known_done = store->known;
    pthread_mutex_unlock(&store->desk);
}

bool store_commit_held(struct store *store, struct failure *why)
{
    if (store->broken)
        return failure_set(why, "%s", store->problem.text);
    if (store->options.patient && !store->in_transaction &&
        (!is_ready(store, why) ||
         ((captures_wait(store) || minutes_wait(store)) && !store_begin(store, why))))
        return false;
    if (!store->in_transaction) {
        store->trouble = STORE_FINE;
        return true;
    }
    if (sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
        return store_break_off(store, why);
    store->in_transaction = false;
    store->trouble = STORE_FINE;
    captures_settle(store, true);
    minutes_settle(store, true);
    settle_own(store);
    return true;
}

/* --- opening and closing --- */

static void release(struct store *store)
{
    opening_close(store);
    handles_free(&store->open);
    handles_free(&store->open_ids);
    free_safe(store);
    captures_free(store);
    free(store->kept);
    free(store->own);
    free(store->own_done);
    free(store->cut);
    free(store->path);
    free(store->name);
    pthread_mutex_destroy(&store->lock);
    pthread_mutex_destroy(&store->desk);
    free(store);
}

struct store *store_open_as(const char *path, const struct store_options *options,
                            struct failure *why)
{
    /* Without counts of its memory SQLite needs no lock for each piece of it. Once something in
     * the process has used SQLite this changes nothing any more. */
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    struct store *store = memory_get(sizeof *store);
    pthread_mutex_init(&store->lock, NULL);
    pthread_mutex_init(&store->desk, NULL);
    store->lock_file = -1;
    if (options)
        store->options = *options;
    store->path = strcpy(memory_get(strlen(path) + 1), path);
    store->name = file_name_plain(path);
    if (opening_open(store, why))
        return store;
    store->trouble = find_trouble(store);
    if (store->trouble == STORE_LOCKED || store->trouble == STORE_FULL) {
        opening_close(store);
        return store;
    }
    release(store);
    return NULL;
}

struct store *store_open(const char *path, struct failure *why)
{
    return store_open_as(path, NULL, why);
}

/* The last connection to go moves the WAL into the file and removes it. While somebody reads, the
 * WAL stays, but what it holds is moved as far as the reader allows. */
bool store_close(struct store *store, struct failure *why)
{
    if (!store)
        return true;
    const bool done = store->broken || store_commit_held(store, why);
    if (done && !store->broken && store->db) {
        sqlite3_busy_timeout(store->db, 0);
        sqlite3_wal_checkpoint_v2(store->db, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    }
    release(store);
    return done;
}

/* --- one at a time --- */

static bool write_list(struct store *store, const struct chapter *first, struct failure *why)
{
    if (!store_begin(store, why))
        return false;
    for (const struct chapter *chapter = first; chapter; chapter = chapter->next)
        if (!sessions_write(store, chapter))
            return store_break_off(store, why);
    return sessions_write_waiting(store) || store_break_off(store, why);
}

bool store_write_list(struct store *store, const struct chapter *first, struct failure *why)
{
    pthread_mutex_lock(&store->lock);
    const bool done = write_list(store, first, why);
    if (!done)
        let_go(store);
    pthread_mutex_unlock(&store->lock);
    return done;
}

bool store_write(struct store *store, const struct chapter *chapter, struct failure *why)
{
    struct chapter alone = *chapter;
    alone.next = NULL;
    return store_write_list(store, &alone, why);
}

bool store_commit(struct store *store, struct failure *why)
{
    pthread_mutex_lock(&store->lock);
    const bool done = store_commit_held(store, why);
    if (done && store->db)
        wal_bound(store);
    if (!done)
        let_go(store);
    pthread_mutex_unlock(&store->lock);
    return done;
}

bool store_insert_incident(struct store *store, const struct store_incident *incident)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(store->db,
                           "INSERT INTO main.incidents (began_us, ended_us, kind, events, "
                           "sessions, findings, text) VALUES (?, ?, ?, ?, ?, ?, ?)",
                           -1, &statement, NULL) != SQLITE_OK)
        return false;
    struct binder row = {statement, 0};
    next_number(&row, (uint64_t)incident->began_us);
    next_number(&row, (uint64_t)incident->ended_us);
    next_word(&row, incident->kind);
    next_number(&row, incident->events);
    next_number(&row, incident->sessions);
    next_number(&row, incident->findings);
    next_word(&row, incident->text);
    const bool done = statement_run(statement);
    sqlite3_finalize(statement);
    return done;
}

bool store_note_incident(struct store *store, const struct store_incident *incident,
                         struct failure *why)
{
    pthread_mutex_lock(&store->lock);
    const bool done = store_begin(store, why) &&
                      (store_insert_incident(store, incident) || store_break_off(store, why));
    pthread_mutex_unlock(&store->lock);
    return done;
}

/* --- what others ask, without waiting for a write --- */

void store_counts(struct store *store, uint64_t *added, uint64_t *known)
{
    pthread_mutex_lock(&store->desk);
    *added = store->added_done;
    *known = store->known_done;
    pthread_mutex_unlock(&store->desk);
}

size_t store_take_own(struct store *store, struct own_findings **own)
{
    pthread_mutex_lock(&store->desk);
    const size_t count = store->own_done_count;
    *own = store->own_done;
    store->own_done = NULL;
    store->own_done_count = store->own_done_size = 0;
    pthread_mutex_unlock(&store->desk);
    return count;
}
