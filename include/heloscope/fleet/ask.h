/* SPDX-License-Identifier: ISC */
/* Questions to the database of a fleet. */
#ifndef HELOSCOPE_FLEET_ASK_H
#define HELOSCOPE_FLEET_ASK_H

#include "heloscope/db/history.h"
#include "heloscope/fleet/fleet.h"

struct fleet;

/* Opens the fleet that `words` name; its database must have been made by this version. NULL with
 * `why`. */
struct fleet *fleet_open(const struct fleet_words *words, struct failure *why);
void fleet_close(struct fleet *fleet);

/* The table that a query yields: the names of its columns, then its rows. NULL is "". In `sql` @DB@
 * stands for the database. When a shard is down it is an error, or with --partial a warning with
 * its name and what the others have. */
bool fleet_table(struct fleet *fleet, const char *sql, history_table_fn *fn, void *context,
                 struct failure *why);

/* The same as a JSON array of objects, written to `out`. */
bool fleet_json(struct fleet *fleet, const char *sql, FILE *out, struct failure *why);

/* A ranking as history_report() has it; `limit` -1 = all rows. The SQL of it, of static storage;
 * NULL with `why`. */
const char *fleet_ranking(const char *by, long limit, struct failure *why);

/* Fetches a session by its uid into a history of its own at `path`, as session `session_id`. */
bool fleet_fetch(struct fleet *fleet, const char *const *uids, size_t count, const char *path,
                 struct failure *why);

#endif
