/* SPDX-License-Identifier: ISC */
/* The history's writing half: chapters in, rows of SQLite out. Threads take turns. */
#ifndef HELOSCOPE_DB_STORE_H
#define HELOSCOPE_DB_STORE_H

#include "heloscope/failure.h"
#include "heloscope/db/own.h"

struct store;

/* Opens `path`, creating it (and its schema) when it is not there, in WAL mode. Older schemas are
 * brought forward. NULL, with a line in `why` that names the file and the remedy, when the file is
 * no heloscope database, is newer than this program, locked by another writer, read-only, or out of
 * space. */
struct store *store_open(const char *path, struct failure *why);

/* How much of the past is kept. */
struct retention {
    int64_t keep_us;    /* sessions that began longer ago go; 0 = none by age */
    int64_t max_octets; /* of the file: the oldest go until it fits; 0 = no bound */
    bool problems_only; /* events of sessions in which nothing is wrong go */
    bool reuse;         /* free pages stay in a file that is within its bound, to be used again */
};

/* How a store behaves that nobody looks after. */
struct store_options {
    /* What may pass by itself ends nothing: a lock that another writer holds, a full disk, a file
     * that was moved away. The open transaction is rolled back, the call fails, store_trouble()
     * tells, and whoever wrote writes again all that was not committed. Captures and their totals
     * are kept until they can be written; also opening waits for what may pass. Before each
     * transaction and at each commit it is seen whether the path still leads to the same file, so
     * that a commit is all that a rotation asks for. */
    bool patient;
    bool nameless;         /* where capture files lie is not written down */
    struct retention keep; /* with `problems_only` other events are not even stored */
};

/* As store_open(), with `options`; NULL = none. */
struct store *store_open_as(const char *path, const struct store_options *options,
                            struct failure *why);

/* Why the last call failed, if trying again can help. */
enum store_trouble {
    STORE_FINE,
    STORE_MOVED,    /* the path leads to another file, or to none: the next call opens anew */
    STORE_LOCKED,   /* another writer holds the lock */
    STORE_FULL,     /* no space left */
    STORE_UNUSABLE, /* anything else that may pass: permissions, a disk that fails */
};
enum store_trouble store_trouble(const struct store *store);

/* The path as it was given. */
const char *store_path(const struct store *store);

/* "locked", "full" ...; static storage. */
const char *store_trouble_name(enum store_trouble trouble);

/* For a rotation: the next commit moves the WAL into the file, as far as readers allow, so that it
 * can be copied; a file that was moved away is noticed without being told. Any thread may call it.
 */
void store_reopen(struct store *store);

/* Grows by one with each file that was opened: a reader of the history opens its file anew then. */
unsigned store_generation(struct store *store);

/* Where a pass of pruning is; all zero is its beginning. */
struct prune_state {
    int phase, batch;
    int64_t place;
    uint64_t sessions;  /* that went */
    uint64_t trimmed;   /* whose events went */
    uint64_t unfetched; /* of the former: those that a cursor had still to fetch */
    int64_t longest_us; /* that the lock was held */
};

/* One step of the pass, a transaction of a few milliseconds. Sessions that are open stay, and what
 * a cursor has still to fetch goes only for the sake of the size. `now_us`: since 1970. */
bool store_prune(struct store *store, const struct retention *retention, struct prune_state *state,
                 int64_t now_us, struct failure *why);
bool store_prune_is_over(const struct prune_state *state);

/* Prunes by the store's own options for a moment, now and then. For a patient store, behind a
 * commit; what fails is tried again. */
void store_upkeep(struct store *store);

/* Octets of the file, and of them those in use; `*shrinks`: it can give pages back. Histories made
 * by the first versions cannot. */
void store_size(struct store *store, int64_t *file, int64_t *used, bool *shrinks);

/* What happened to the recording itself, for the table `incidents`. What was left out is counted.
 */
struct store_incident {
    int64_t began_us, ended_us; /* of the clock on the wall */
    const char *kind;           /* store_trouble_name(), or another word; static */
    uint64_t events, sessions, findings;
    const char *text;
};

/* Writes it in the open transaction (begun when none is). */
bool store_note_incident(struct store *store, const struct store_incident *incident,
                         struct failure *why);

/* The same of a patient store, which keeps it until it can be written: nobody waits. */
void store_keep_incident(struct store *store, const struct store_incident *incident);

/* What a capture did in a minute, for the table `capture_stats`. */
struct store_minute {
    int64_t minute_us;  /* when it began, by the clock on the wall */
    int64_t capture_id; /* as store_capture() returned it */
    uint64_t packets, bytes, dropped, sessions, errors_503;
    uint64_t ring_bytes, queue_bytes, print_bytes; /* the most that waited */
};

/* A patient store keeps it until it can be written. */
void store_minute(struct store *store, const struct store_minute *minute);

/* A line for whoever looks after the program, complete and without line end. */
struct store_notice {
    char text[400];
};

/* Adds such a line; of those that nobody takes the oldest go. Any thread may call it. */
__attribute__((format(printf, 2, 3))) void store_say(struct store *store, const char *format, ...);

/* Hands over the oldest line; false when there is none. Any thread may call it. */
bool store_take_notice(struct store *store, struct store_notice *out);

/* A capture that is about to be read. `kind` is "file" or "live"; `started_us` the time of its
 * first packet (0 when it has none). A file that was read before (same source and start) keeps its
 * row. Returns its id, or 0 with `why`; of a patient store a number below 0, which chapters may
 * name like an id. */
int64_t store_capture(struct store *store, const char *source, const char *kind, int64_t started_us,
                      struct failure *why);

/* Calls `take` with the path of each capture file that the history names, borrowed for the call.
 * What cannot be read is passed over. */
void store_each_capture_path(struct store *store, void (*take)(void *context, const char *path),
                             void *context);

/* Totals of a capture, so far or in the end. */
struct capture_totals {
    uint64_t packets, bytes, dropped, duplicates, overlaps;
    int64_t ended_us;
    const char *problem; /* what could not be read, or NULL */
};

bool store_capture_totals(struct store *store, int64_t capture_id,
                          const struct capture_totals *totals, struct failure *why);

/* Writes one chapter inside the open transaction (begun when none is). A session whose uid the
 * database holds from an earlier run is not stored twice: the fuller of the two stays, with the
 * session_id of the older. The chapter stays the caller's. */
bool store_write(struct store *store, const struct chapter *chapter, struct failure *why);

/* Writes the chapters that hang together by `next`, in their order: the same as one by one, at less
 * cost. */
bool store_write_list(struct store *store, const struct chapter *first, struct failure *why);

/* Ends the open transaction, if there is one. What was written before is safe and visible to
 * readers. */
bool store_commit(struct store *store, struct failure *why);

/* How many sessions were new in this run, and how many the database had already. */
void store_counts(struct store *store, uint64_t *added, uint64_t *known);

/* Hands over which findings this process has written since the last call, and which of its input
 * were there before; only those that are committed. The caller frees the array. Returns how many.
 */
size_t store_take_own(struct store *store, struct own_findings **own);

/* Commits, lets SQLite tidy up (one file without -wal remains when nobody else reads), frees.
 * Also after a failed write. NULL is allowed. */
bool store_close(struct store *store, struct failure *why);

#endif
