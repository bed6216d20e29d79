/* SPDX-License-Identifier: ISC */
/* The history's writing half: chapters in, rows of SQLite out. Threads take turns. */
#ifndef HELOSCOPE_DB_STORE_H
#define HELOSCOPE_DB_STORE_H

#include "heloscope/failure.h"
#include "heloscope/timeline.h"

struct store;

/* Opens `path`, creating it (and its schema) when it is not there, in WAL mode. Older schemas are
 * brought forward. NULL, with a line in `why` that names the file and the remedy, when the file is
 * no heloscope database, is newer than this program, locked by another writer, read-only, or out of
 * space. */
struct store *store_open(const char *path, struct failure *why);

/* A capture that is about to be read. `kind` is "file" or "live"; `started_us` the time of its
 * first packet (0 when it has none). A file that was read before (same source and start) keeps its
 * row. Returns its id, or 0 with `why`. */
int64_t store_capture(struct store *store, const char *source, const char *kind, int64_t started_us,
                      struct failure *why);

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

/* Hands over the sessions, by session_id, that this process has written findings of since the last
 * call, and those of its input that were known before; some may come twice. The caller frees the
 * array. Returns how many. */
size_t store_take_own(struct store *store, int64_t **session_ids);

/* Commits, lets SQLite tidy up (one file without -wal remains when nobody else reads), frees.
 * Also after a failed write. NULL is allowed. */
bool store_close(struct store *store, struct failure *why);

#endif
