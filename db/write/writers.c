/* SPDX-License-Identifier: ISC */
/* Who writes this history, and who did when it died.
 *
 * Each writer has a row, and holds a lock on one octet of a file beside the history, at the place
 * that its row numbers: the system gives the lock back however a process ends, and it holds across
 * containers, where process ids say nothing. A row whose octet nobody locks is of a dead writer. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "heloscope/base/memory.h"
#include "parts.h"

/* A row that cannot be taken away in time is that of a dead writer: the next one finds it. */
enum {
    LEAVE_MS = 200
};

/* Beside the file itself, whatever links lead to it. The caller frees it. */
static char *lock_path(const struct store *store)
{
    char *real = realpath(store->name, NULL);
    const char *name = real ? real : store->name;
    char *path = memory_get(strlen(name) + sizeof "-writers");
    memcpy(stpcpy(path, name), "-writers", sizeof "-writers");
    free(real);
    return path;
}

/* A lock that belongs to the open file and not to the process (fcntl(2), open file description
 * locks): another open of the file in this process does not lose it. */
static bool lock(int file, int command, short type, int64_t first, int64_t length)
{
    struct flock range = {.l_type = type, .l_whence = SEEK_SET, .l_start = first, .l_len = length};
    int result;
    do
        result = fcntl(file, command, &range);
    while (result < 0 && errno == EINTR);
    return result == 0;
}

static bool is_locked(int file, int64_t octet)
{
    struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = octet, .l_len = 1};
    return fcntl(file, F_OFD_GETLK, &range) < 0 || range.l_type != F_UNLCK;
}

static int open_locks(const char *path)
{
    return open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

/* Gives all locks of this open file back. When nobody else holds an octet nobody needs the file. */
static void close_locks(int file, const char *path)
{
    lock(file, F_OFD_SETLK, F_UNLCK, 0, 0);
    if (lock(file, F_OFD_SETLK, F_WRLCK, 0, 0))
        unlink(path);
    close(file);
}

/* Opens the file of locks and locks the octet of this writer. The last writer to leave removes the
 * file: one that was removed in between is of no use. Where there can be none, nobody can tell
 * later whether this writer lives. */
static void take_lock(struct store *store)
{
    struct stat known;
    store->lock_path = lock_path(store);
    while ((store->lock_file = open_locks(store->lock_path)) >= 0) {
        const bool locked = lock(store->lock_file, F_OFD_SETLKW, F_WRLCK, store->writer_id, 1);
        if (locked && fstat(store->lock_file, &known) == 0 && known.st_nlink)
            return;
        close(store->lock_file);
        store->lock_file = -1;
        if (!locked)
            return;
    }
}

/* Runs `sql` with the writer's number as ?1. */
static bool run_for(struct store *store, const char *sql, int64_t writer_id)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) != SQLITE_OK)
        return false;
    sqlite3_bind_int64(statement, 1, writer_id);
    const bool done = statement_run(statement);
    sqlite3_finalize(statement);
    return done;
}

/* What a writer left open when it died. What was known of these sessions stays. */
static bool bury(struct store *store, int64_t writer_id)
{
    return run_for(store,
                   "UPDATE main.sessions SET outcome = 'interrupted' WHERE outcome = 'open' AND "
                   "session_id IN (SELECT session_id FROM main.unfinished WHERE writer_id = ?1)",
                   writer_id) &&
           run_for(store, "DELETE FROM main.unfinished WHERE writer_id = ?1", writer_id) &&
           run_for(store, "DELETE FROM main.writers WHERE writer_id = ?1", writer_id);
}

/* Which of the writers have died; returns how many. None when nobody has written since. */
static size_t find_dead(struct store *store, int64_t *dead, size_t size)
{
    sqlite3_stmt *statement = NULL;
    size_t count = 0;
    char *path = lock_path(store);
    const int file = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW); /* not there: nobody lives */
    if (sqlite3_prepare_v2(store->db, "SELECT writer_id FROM main.writers", -1, &statement, NULL) ==
        SQLITE_OK)
        while (count < size && sqlite3_step(statement) == SQLITE_ROW) {
            const int64_t other = sqlite3_column_int64(statement, 0);
            if (other != store->writer_id && (file < 0 || !is_locked(file, other)))
                dead[count++] = other;
        }
    sqlite3_finalize(statement);
    if (file >= 0)
        close_locks(file, path);
    free(path);
    return count;
}

/* Looked at once more under the history's lock: another start may have been quicker, and its number
 * may be that of a dead one. */
bool writers_bury(struct store *store)
{
    int64_t dead[64]; /* of more the next start takes care */
    if (!find_dead(store, dead, sizeof dead / sizeof *dead))
        return true;
    bool done = sqlite3_exec(store->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK;
    const size_t count = done ? find_dead(store, dead, sizeof dead / sizeof *dead) : 0;
    for (size_t i = 0; done && i < count; i++)
        done = bury(store, dead[i]);
    return done && sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK;
}

bool writers_enter(struct store *store)
{
    sqlite3_stmt *statement = NULL;
    char host[256] = "";
    if (store->writer_id)
        return true;
    gethostname(host, sizeof host - 1);
    if (sqlite3_prepare_v2(store->db,
                           "INSERT INTO main.writers (host, pid, started_us) VALUES (?, ?, ?)", -1,
                           &statement, NULL) != SQLITE_OK)
        return false;
    struct binder row = {statement, 0};
    next_word(&row, host);
    next_number(&row, (uint64_t)getpid());
    next_number(&row, (uint64_t)time(NULL) * 1000000);
    const bool done = statement_run(statement);
    sqlite3_finalize(statement);
    if (!done)
        return false;
    store->writer_id = sqlite3_last_insert_rowid(store->db);
    take_lock(store);
    return true;
}

/* Gives the lock back. */
static void unlock(struct store *store)
{
    if (store->lock_file >= 0)
        close_locks(store->lock_file, store->lock_path);
    store->lock_file = -1;
    free(store->lock_path);
    store->lock_path = NULL;
    store->writer_id = 0;
}

void writers_rolled_back(struct store *store)
{
    if (!store->safe.writer_id)
        unlock(store);
}

/* A session whose end could not be written is interrupted too. */
void writers_leave(struct store *store)
{
    if (store->db && store->writer_id) {
        sqlite3_busy_timeout(store->db, LEAVE_MS);
        bury(store, store->writer_id);
    }
    unlock(store);
}
