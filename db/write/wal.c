/* SPDX-License-Identifier: ISC */
/* The WAL grows as long as a reader holds an old state of the history: SQLite can begin it anew
 * only when nobody reads from it any more. What can be done is to shorten it as soon as that is
 * over. */
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

/* No waiting: a reader may stay for hours. */
static bool checkpoint(struct store *store, int manner)
{
    int left = 0, moved = 0;
    sqlite3_busy_timeout(store->db, 0);
    const int result = sqlite3_wal_checkpoint_v2(store->db, "main", manner, &left, &moved);
    lock_wait(store);
    return result == SQLITE_OK;
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
    if (rotates(store) && checkpoint(store, SQLITE_CHECKPOINT_TRUNCATE))
        store->wal_pages = 0;
    if (octets(store) < WAL_PASSIVE)
        return;
    if (octets(store) < WAL_LIMIT) {
        checkpoint(store, SQLITE_CHECKPOINT_PASSIVE);
        return;
    }
    if (checkpoint(store, SQLITE_CHECKPOINT_TRUNCATE)) {
        store->wal_pages = 0;
        if (store->wal_told)
            store_say(store, "the WAL of history '%s' is short again", store->path);
        store->wal_told = false;
    } else if (!store->wal_told) {
        store->wal_told = true;
        store_say(store,
                  "history '%s': a reader holds an old state of it, so that its WAL grows (%llu MB "
                  "now); it is shortened when the reader ends",
                  store->path, (unsigned long long)(octets(store) >> 20));
    }
}
