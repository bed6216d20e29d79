/* SPDX-License-Identifier: ISC */
/* The WAL grows as long as a reader holds an old state of the history: SQLite can begin it anew
 * only when nobody reads from it any more. Readers that come and go leave no moment without one:
 * there is one when those are waited for that are there, since who comes meanwhile reads from the
 * file alone. Behind one that stays it is shortened as soon as that is over. */

#include "heloscope/base/clock.h"
#include "heloscope/base/limits.h"
#include "parts.h"

static int on_commit(void *context, sqlite3 *db, const char *name, int pages)
{
    (void)db, (void)name;
    ((struct store *)context)->wal_pages = (uint64_t)pages;
    return SQLITE_OK;
}

void wal_watch(struct store *store)
{
    store->wal_pages = 0;
    sqlite3_wal_hook(store->db, on_commit, store);
}

static uint64_t octets(const struct store *store)
{
    return store->wal_pages * HISTORY_PAGE;
}

static bool checkpoint(struct store *store, int manner, int wait_ms)
{
    int left = 0, moved = 0;
    sqlite3_busy_timeout(store->db, wait_ms);
    const int result = sqlite3_wal_checkpoint_v2(store->db, "main", manner, &left, &moved);
    lock_wait(store);
    return result == SQLITE_OK;
}

/* A reader may stay for hours: that it did not end in time is known for a while. */
static bool shorten(struct store *store)
{
    const int64_t now_ms = clock_steady_us() / 1000;
    const bool waits = now_ms >= store->wal_waits_from_ms;
    const bool done = checkpoint(store, SQLITE_CHECKPOINT_TRUNCATE, waits ? WAL_WAIT_MS : 0);
    if (done)
        store->wal_pages = 0;
    else if (waits)
        store->wal_waits_from_ms = now_ms + WAL_WAIT_MS + WAL_PAUSE_MS;
    return done;
}

static bool rotates(struct store *store)
{
    pthread_mutex_lock(&store->desk);
    const bool rotates = store->rotates;
    store->rotates = false;
    pthread_mutex_unlock(&store->desk);
    return rotates;
}

void wal_bound(struct store *store)
{
    if (rotates(store) && checkpoint(store, SQLITE_CHECKPOINT_TRUNCATE, 0))
        store->wal_pages = 0;
    if (octets(store) < WAL_PASSIVE)
        return;
    if (octets(store) < WAL_SHORTEN) {
        checkpoint(store, SQLITE_CHECKPOINT_PASSIVE, 0);
        return;
    }
    if (shorten(store)) {
        if (store->wal_told)
            store_say(store, "the WAL of history '%s' is short again", store->path);
        store->wal_told = false;
    } else if (!store->wal_told && octets(store) >= WAL_LIMIT) {
        store->wal_told = true;
        store_say(store,
                  "history '%s': a reader holds an old state of it, so that its WAL grows (%llu MB "
                  "now); it is shortened when the reader ends",
                  store->path, (unsigned long long)(octets(store) >> 20));
    }
}
