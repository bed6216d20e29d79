/* SPDX-License-Identifier: ISC */
/* What the files of the writing half share: the store, and what each of them does for it. */
#ifndef DB_WRITE_PARTS_H
#define DB_WRITE_PARTS_H

#include <pthread.h>
#include <sys/types.h>

#include "handles.h"
#include "kin.h"
#include "heloscope/db/store.h"
#include "statements.h"
#include "db/sql_error.h"

/* How many chapters go into one statement. A few dozen are as cheap as thousands, and stay in the
 * cache. */
enum {
    BATCH = 32,
    NOTICES_KEPT = 16, /* that nobody has taken yet; of more the oldest go */
};

/* A capture that a patient store was told of: it is written when the history can be. */
struct capture_entry {
    char *source, *problem;
    const char *kind; /* static */
    int64_t started_us;
    int64_t id, safe_id; /* in the history; 0 = not there. The latter: committed */
    struct capture_totals totals;
    bool dirty, written; /* has totals to write; wrote in the open transaction */
};

/* Two sessions that are parts of one connection. */
struct cut_pair {
    int64_t session_id[2];
    uint32_t endpoints;
};

/* What a rollback brings back. */
struct safe_state {
    struct handles open, open_ids;
    uint64_t added, known;
    int64_t writer_id;
    bool staging;
};

struct store {
    pthread_mutex_t lock; /* one thread writes chapters while another names captures */
    struct store_options options;
    sqlite3 *db;       /* NULL: a patient store that could not open its file yet */
    char *path, *name; /* as it was given, and as SQLite is to be told */
    dev_t device;      /* which file it is ... */
    ino_t inode;       /* ... that was opened */
    struct feed feed;
    struct statements history, stage;
    struct fed waiting[BATCH]; /* new sessions whose own rows are written already */
    size_t waiting_count;
    sqlite3_stmt *held; /* the session that holds a uid */
    struct kin_statements kin;
    sqlite3_stmt *begin_one, *end_one; /* rows of `unfinished` */
    sqlite3_stmt *trim_one;            /* events of a session in which nothing is wrong */
    bool staging;                      /* the stage is made */
    bool in_transaction;
    bool broken; /* a write failed half-way, and not of what may pass; `problem` says why */
    struct failure problem;
    enum store_trouble trouble;
    struct handles open;     /* sessions that have begun and not ended, by their handle */
    struct handles open_ids; /* the same by session_id */
    struct safe_state safe;  /* only of a patient store */
    uint64_t added, known;
    struct own_findings *own; /* of the open transaction */
    size_t own_count, own_size;
    bool joining;         /* what is written was read before: nothing of it is this run's alone */
    struct cut_pair *cut; /* parts of connections that lie beside each other */
    size_t cut_count;
    int lock_file; /* -1 = none */
    char *lock_path;
    int64_t writer_id; /* 0 = none */
    struct prune_state pruning;
    int64_t pruned_us;  /* when the last pass ended, by a clock that only goes forward */
    uint64_t unfetched; /* in all passes, sessions that a cursor had still to fetch */
    bool unfetched_told;
    int64_t aside_us;    /* when it was last looked for what was put aside, by the same clock */
    int aside_tries;     /* in vain */
    uint64_t taken_back; /* sessions of it since it was last said */
    uint64_t wal_pages;  /* in the WAL behind the last commit */
    bool wal_told;
    int64_t wal_waits_from_ms;              /* for readers, by a clock that only goes forward */
    int64_t wal_changed_ns, waits_since_ms; /* while another writer holds the lock */

    /* What threads look at that must not wait for a write. */
    pthread_mutex_t desk;
    struct capture_entry *captures;
    size_t capture_count;
    struct own_findings *own_done; /* as `own`, but committed */
    size_t own_done_count, own_done_size;
    uint64_t added_done, known_done;
    unsigned generation;
    struct kept_row *kept; /* of minutes.c */
    size_t kept_count;
    bool rotates; /* somebody wants to copy or move the file */
    struct store_notice notices[NOTICES_KEPT];
    size_t notice_count;
};

/* Sets `why` to what SQLite said last; returns false. */
static inline bool store_error(const struct store *store, struct failure *why)
{
    return sql_error(store->db, store->path, why);
}

/* --- transactions (transaction.c) --- */

/* Why the last statement failed, of a store that waits for it to pass; STORE_FINE for what does not
 * pass, and of others. */
enum store_trouble transaction_trouble(const struct store *store);

/* Frees what a rollback would bring back. */
void transaction_forget(struct store *store);

/* After a failure inside a transaction: whatever is half written must not be committed. */
bool store_break_off(struct store *store, struct failure *why);

/* Undoes the open transaction, if there is one: all of it is to be written again. */
void store_roll_back(struct store *store);

/* Takes the lock at once: a transaction that begins by reading may find later that it cannot
 * write. A lock that is not to be had breaks nothing: the caller may try again. */
bool store_begin(struct store *store, struct failure *why);

/* Ends the open transaction, under the store's mutex. */
bool store_commit_held(struct store *store, struct failure *why);

/* --- the lock (lock_wait.c) --- */

/* Sets how long SQLite waits for a lock. */
void lock_wait(struct store *store);

/* --- the file (opening.c) --- */

/* Opens the file, makes it a history, and prepares what is written with. */
bool opening_open(struct store *store, struct failure *why);

/* Closes the file; what stands for sessions and captures stays. */
void opening_close(struct store *store);

/* Whether the path leads to another file than the one that is open, or to none. */
bool opening_moved(const struct store *store);

/* Says farewell to a file that was moved away: the sessions that go on elsewhere are marked. */
void opening_leave(struct store *store);

/* --- who writes (writers.c) --- */

/* Marks as interrupted the sessions that dead writers left open. Nothing is written when there are
 * none. False with the error left in `db`. */
bool writers_bury(struct store *store);

/* Enters this store among the writers, in the open transaction, if it is not there yet. False with
 * the error left in `db`. */
bool writers_enter(struct store *store);

/* The transaction was rolled back, and with it the entry, if it was made in it. */
void writers_rolled_back(struct store *store);

/* Takes the entry away, and the lock with it. */
void writers_leave(struct store *store);

/* --- captures (captures.c) --- */

/* Writes the row of a capture in the open transaction, and what it has come to. 0 or false with the
 * error left in `db`. */
int64_t captures_insert(struct store *store, const char *source, const char *kind,
                        int64_t started_us);
bool captures_update(struct store *store, int64_t id, const struct capture_totals *totals);

/* Keeps them until they can be written, of a patient store; returns a number that captures_id()
 * knows. */
int64_t captures_keep(struct store *store, const char *source, const char *kind,
                      int64_t started_us);
void captures_keep_totals(struct store *store, int64_t capture_id,
                          const struct capture_totals *totals);

/* Whether a patient store was told of something that is not written yet. */
bool captures_wait(struct store *store);

/* Writes what a patient store was told, in the open transaction. False with the error left in
 * `db`. */
bool captures_write(struct store *store);

/* The open transaction was committed, or rolled back. */
void captures_settle(struct store *store, bool committed);

/* The file is another one, that has none of them yet. */
void captures_forget(struct store *store);

/* The number in the history of a capture that store_capture() has given a number. */
int64_t captures_id(const struct store *store, int64_t capture_id);
void captures_free(struct store *store);

/* --- what is told of the capture itself (minutes.c) --- */

/* As those of captures. */
bool minutes_wait(struct store *store);
bool minutes_write(struct store *store);
void minutes_settle(struct store *store, bool committed);

/* Writes a row of `incidents`. False with the error left in `db`. */
bool minutes_insert_incident(struct store *store, const struct store_incident *incident);

/* --- sessions (sessions.c) --- */

/* Writes a chapter; the rows of several may wait until sessions_write_waiting(). False with the
 * error left in `db`. */
bool sessions_write(struct store *store, const struct chapter *chapter);
bool sessions_write_waiting(struct store *store);

/* --- what the history holds of a connection already (verdict.c) --- */

/* What becomes of a session and of those that it is compared with. */
struct verdict {
    int64_t keeper;               /* the session that holds it already; 0 = none */
    enum kinship kept_as;         /* KIN_SAME, or KIN_INSIDE */
    int64_t taken[KIN_LIMIT + 1]; /* without a keeper: the sessions that it replaces */
    size_t taken_count;
    int64_t beside[KIN_LIMIT]; /* those that have another part */
    size_t beside_count;
};

/* Finds the session of that name. False when there is none, or with the error left in `db`. */
bool verdict_find_held(struct store *store, struct bytes uid, struct held *held);

/* Compares a session with those of the same connection, except `session_id` (0 = none), which is
 * its own row. False with the error left in `db`. */
bool verdict_find(struct store *store, int64_t session_id, const struct session_row *row,
                  struct verdict *verdict);

/* A number for what an event is, to know it again. */
uint32_t verdict_mark(const struct event *event);

/* Whether the record of a session in the history, which another process has written meanwhile, has
 * the event that was written last under the number that it had. */
bool verdict_agrees(struct store *store, int64_t session_id, const struct handle *at);

/* --- what may be joined (cut.c) --- */

/* Remembers which sessions lie beside one that was stored. */
void cut_note(struct store *store, int64_t session_id, const struct session_row *row,
              const struct verdict *verdict);

/* --- which findings are of this run (own.c) --- */

/* Those of a chapter that was written. */
void own_note_written(struct store *store, int64_t session_id, const struct chapter *chapter);

/* Those of a session between two events. */
void own_note_range(struct store *store, int64_t session_id, event_no first, event_no last);

/* Those of a session that is there already, as far as `part` reaches (NULL = all of it), behind
 * event `after`. */
void own_note_part(struct store *store, int64_t session_id, event_no after,
                   const struct session_row *part);

/* What was noted of a session is in another one now. */
void own_rename(struct store *store, int64_t from, int64_t to);

/* --- what was put aside (aside.c) --- */

/* Takes sessions out of the small history beside this one (its name with -aside) into it, until
 * `until_us` by clock_steady_us(). What cannot be done now is tried again; outside a transaction,
 * under the store's mutex. */
void aside_take_back(struct store *store, int64_t until_us);

/* --- the WAL (wal.c) --- */

/* Watches how long the WAL grows. */
void wal_watch(struct store *store);

/* Behind a commit: brings the WAL back to its bound, or says that a reader holds it. */
void wal_bound(struct store *store);

#endif
