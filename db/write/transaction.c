/* SPDX-License-Identifier: ISC */
/* A transaction of the history: begun when there is something to write, committed, broken off. */
#include <stdlib.h>
#include <string.h>

#include "heloscope/base/memory.h"
#include "parts.h"
#include "db/sql_error.h"

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
enum store_trouble transaction_trouble(const struct store *store)
{
    if (!store->options.patient)
        return STORE_FINE;
    const enum store_trouble trouble = trouble_of(sqlite3_extended_errcode(store->db));
    return trouble == STORE_UNUSABLE && sql_error_is_full(store->db) ? STORE_FULL : trouble;
}

/* --- what a rollback brings back --- */

void transaction_forget(struct store *store)
{
    handles_free(&store->safe.open);
    handles_free(&store->safe.open_ids);
}

static void save(struct store *store)
{
    if (!store->options.patient)
        return;
    transaction_forget(store);
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

void store_roll_back(struct store *store)
{
    sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    store->waiting_count = 0;
    if (store->in_transaction && store->options.patient)
        bring_back(store);
    store->in_transaction = false;
}

bool store_break_off(struct store *store, struct failure *why)
{
    store->trouble = transaction_trouble(store);
    store_error(store, &store->problem);
    store->broken = !store->trouble;
    store_roll_back(store);
    return failure_set(why, "%s", store->problem.text);
}

/* --- a file that is another one --- */

/* All that was not committed is to be written again, and what goes on begins anew in a new file. */
static bool move_on(struct store *store, struct failure *why)
{
    if (store->in_transaction)
        store_roll_back(store);
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
    store->trouble = transaction_trouble(store);
    if (!store->trouble)
        store->trouble = STORE_UNUSABLE; /* another file may come in its place */
    opening_close(store);
    return false;
}

static bool is_ready(struct store *store, struct failure *why)
{
    if (store->db && opening_moved(store))
        return move_on(store, why);
    return store->db || open_again(store, why);
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
        store->trouble = transaction_trouble(store);
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
