/* SPDX-License-Identifier: ISC */
#include "heloscope/db/store.h"

#include <stdlib.h>
#include <string.h>

#include "heloscope/base/memory.h"
#include "parts.h"
#include "db/file_name.h"
#include "db/sql_error.h"

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

/* --- opening and closing --- */

static void release(struct store *store)
{
    opening_close(store);
    handles_free(&store->open);
    handles_free(&store->open_ids);
    transaction_forget(store);
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
    store->trouble = transaction_trouble(store);
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

/* A file whose reading or writing failed is opened anew, the session's places in it stay. */
static void let_go(struct store *store)
{
    if (store->trouble != STORE_UNUSABLE || !store->db)
        return;
    unstage(store);
    opening_close(store);
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

bool store_note_incident(struct store *store, const struct store_incident *incident,
                         struct failure *why)
{
    pthread_mutex_lock(&store->lock);
    const bool done = store_begin(store, why) &&
                      (minutes_insert_incident(store, incident) || store_break_off(store, why));
    pthread_mutex_unlock(&store->lock);
    return done;
}

/* --- captures --- */

int64_t store_capture(struct store *store, const char *source, const char *kind, int64_t started_us,
                      struct failure *why)
{
    if (store->options.patient)
        return captures_keep(store, source, kind, started_us);
    pthread_mutex_lock(&store->lock);
    int64_t id = 0;
    if (store_begin(store, why)) {
        id = captures_insert(store, source, kind, started_us);
        if (!id)
            store_break_off(store, why);
    }
    pthread_mutex_unlock(&store->lock);
    return id;
}

bool store_capture_totals(struct store *store, int64_t capture_id,
                          const struct capture_totals *totals, struct failure *why)
{
    if (store->options.patient) {
        captures_keep_totals(store, capture_id, totals);
        return true;
    }
    pthread_mutex_lock(&store->lock);
    const bool done = store_begin(store, why) &&
                      (captures_update(store, capture_id, totals) || store_break_off(store, why));
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
