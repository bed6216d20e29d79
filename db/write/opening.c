/* SPDX-License-Identifier: ISC */
/* The file of a history: made, opened, left when its path leads elsewhere. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "heloscope/base/limits.h"
#include "heloscope/base/memory.h"
#include "parts.h"
#include "db/schema/schema.h"
#include "db/sql_error.h"

/* A page of 16 KiB holds a session or two: fewer levels, fewer splits. It can be chosen only before
 * the file has content, as can that pages which come free go back to the system, and WAL is a
 * property of the file too. */
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
                                     "PRAGMA main.auto_vacuum = INCREMENTAL;"
                                     "PRAGMA main.journal_mode = WAL;"
                                     "PRAGMA main.synchronous = NORMAL;";
    if (sqlite3_exec(store->db, settings, NULL, NULL, NULL) != SQLITE_OK)
        return store_error(store, why);
    /* Room for the upper levels of the index on uid, whose order has nothing to do with time. */
    if (sqlite3_exec(store->db, "PRAGMA main.cache_size = -16384", NULL, NULL, NULL) != SQLITE_OK)
        return store_error(store, why);
    return schema_bring_forward(store->db, store->path, &schema_ladder, why);
}

static bool prepare_one(struct store *store, const char *sql, sqlite3_stmt **out)
{
    return sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL) ==
           SQLITE_OK;
}

static bool prepare_statements(struct store *store)
{
    return feed_make(store->db, &store->feed) &&
           statements_prepare(&store->history, store->db, "main", &store->feed) &&
           prepare_one(store,
                       "SELECT session_id, packets, bytes_client + bytes_server - "
                       "bytes_missing, " UNFINISHED(
                           "outcome") ", capture_id, EXISTS (SELECT 1 FROM main.timelines t "
                                      "WHERE t.session_id = s.session_id) FROM main.sessions s "
                                      "WHERE uid = ?",
                       &store->held) &&
           kin_prepare(&store->kin, store->db) &&
           prepare_one(store, "INSERT OR REPLACE INTO main.unfinished VALUES (?1, ?2)",
                       &store->begin_one) &&
           prepare_one(store, "DELETE FROM main.unfinished WHERE session_id = ?1",
                       &store->end_one) &&
           prepare_one(store,
                       "DELETE FROM main.single_events WHERE id BETWEEN (?1 << 24) AND (?1 << 24 | "
                       "16777215) AND NOT EXISTS (SELECT 1 FROM main.diagnoses WHERE session_id = "
                       "?1) AND NOT EXISTS (SELECT 1 FROM main.violations WHERE session_id = ?1)",
                       &store->trim_one);
}

/* An error leaves no transaction open. */
static bool bury(struct store *store, struct failure *why)
{
    if (writers_bury(store))
        return true;
    store_error(store, why);
    if (!sqlite3_get_autocommit(store->db))
        sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return false;
}

/* A new history is for its owner only; SQLite gives its -wal and -shm the same mode. A file that is
 * there keeps its own. What goes wrong here SQLite will find again, and tell. */
static void make_private(const char *name)
{
    const int file = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file >= 0)
        close(file);
}

/* Remembers which file it is. A file that is opened again is no new one for readers. */
static void identify(struct store *store)
{
    struct stat file;
    if (stat(store->name, &file) != 0 ||
        (store->generation && file.st_dev == store->device && file.st_ino == store->inode))
        return;
    store->device = file.st_dev;
    store->inode = file.st_ino;
    pthread_mutex_lock(&store->desk);
    store->generation++;
    pthread_mutex_unlock(&store->desk);
}

/* SQLite takes an empty name for a database that vanishes when it is closed. */
static bool open_file(struct store *store, struct failure *why)
{
    if (!*store->path)
        return failure_set(why, "history '' has no name; name a file with --db");
    make_private(store->name);
    if (sqlite3_open_v2(store->name, &store->db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK)
        return store_error(store, why);
    lock_wait(store);
    return prepare_file(store, why) && (prepare_statements(store) || store_error(store, why)) &&
           bury(store, why);
}

bool opening_open(struct store *store, struct failure *why)
{
    if (!open_file(store, why))
        return false;
    identify(store);
    wal_watch(store);
    return true;
}

void opening_close(struct store *store)
{
    writers_leave(store);
    statements_finalize(&store->history);
    statements_finalize(&store->stage);
    kin_finalize(&store->kin);
    sqlite3_finalize(store->held);
    sqlite3_finalize(store->begin_one);
    sqlite3_finalize(store->end_one);
    sqlite3_finalize(store->trim_one);
    store->held = store->begin_one = store->end_one = store->trim_one = NULL;
    store->staging = false;
    sqlite3_close(store->db);
    store->db = NULL;
}

bool opening_moved(const struct store *store)
{
    struct stat file;
    return stat(store->name, &file) != 0 || file.st_dev != store->device ||
           file.st_ino != store->inode;
}

/* The WAL does not move with the file. All that it holds goes into the file, and it is emptied, so
 * that it cannot be taken for that of a file which comes in the place of this one. */
void opening_leave(struct store *store)
{
    char sql[256];
    snprintf(sql, sizeof sql,
             "UPDATE main.sessions SET outcome = 'continued' WHERE outcome = 'open' AND session_id "
             "IN (SELECT session_id FROM main.unfinished WHERE writer_id = %lld)",
             (long long)store->writer_id);
    sqlite3_exec(store->db, sql, NULL, NULL, NULL);
    snprintf(sql, sizeof sql, "DELETE FROM main.unfinished WHERE writer_id = %lld",
             (long long)store->writer_id);
    sqlite3_exec(store->db, sql, NULL, NULL, NULL);
    writers_leave(store);
    sqlite3_wal_checkpoint_v2(store->db, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    opening_close(store);
}
