/* SPDX-License-Identifier: ISC */
/* How long SQLite waits while another holds the lock. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "heloscope/base/clock.h"
#include "heloscope/base/memory.h"
#include "parts.h"

/* How long another writer may hold the lock: the monitor commits once a second. A patient store
 * tries again by itself, and holds nobody up meanwhile. */
enum {
    BUSY_MS = 4000,
    PATIENT_BUSY_MS = 50,
    LOCK_POLL_US = 2000,
};

/* What another writer writes goes into the WAL. */
static int64_t wal_changed_ns(const struct store *store)
{
    char *path = memory_get(strlen(store->name) + sizeof "-wal");
    struct stat file;
    memcpy(stpcpy(path, store->name), "-wal", sizeof "-wal");
    const bool there = stat(path, &file) == 0;
    free(path);
    return there ? (int64_t)file.st_mtim.tv_sec * 1000000000 + file.st_mtim.tv_nsec : 0;
}

/* Waits for a lock as long as whoever holds it gets on: BUSY_MS without a change of the WAL end it.
 * Looks often: one that writes much leaves but a short pause now and then (WRITER_PAUSE_US). */
static int wait_for_lock(void *context, int tries)
{
    struct store *store = context;
    const int64_t changed_ns = wal_changed_ns(store);
    if (!tries || changed_ns != store->wal_changed_ns) {
        store->wal_changed_ns = changed_ns;
        store->waits_since_ms = clock_steady_us() / 1000;
    }
    if (clock_steady_us() / 1000 - store->waits_since_ms > BUSY_MS)
        return 0;
    usleep(LOCK_POLL_US);
    return 1;
}

void lock_wait(struct store *store)
{
    if (store->options.patient)
        sqlite3_busy_timeout(store->db, PATIENT_BUSY_MS);
    else
        sqlite3_busy_handler(store->db, wait_for_lock, store);
}
