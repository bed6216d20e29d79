/* SPDX-License-Identifier: ISC */
/* Where an analysis is kept that may turn out to be the poorer of two.
 *
 * A session that the history holds from an earlier run and that now comes in several chapters is
 * written to temporary tables: only its last chapter tells which of the two analyses is the
 * fuller, readers must not see both meanwhile, and if this run is cut short the earlier analysis
 * stands as it was. A staged session has the session_id of the one that it may replace. */
#ifndef DB_WRITE_STAGE_H
#define DB_WRITE_STAGE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "heloscope/timeline.h"

/* Makes the temporary tables, copies of those of the history. All: false with the error left
 * in `db`. */
bool stage_make(sqlite3 *db);

/* Moves a staged session into the history, in the place of the one that it replaces. */
bool stage_move(sqlite3 *db, int64_t session_id);

/* Gives a staged session another number. */
bool stage_renumber(sqlite3 *db, int64_t from, int64_t to);

/* Removes a session with all that hangs on it. */
bool stage_discard(sqlite3 *db, int64_t session_id);
bool history_discard(sqlite3 *db, int64_t session_id);
bool session_discard(sqlite3 *db, const char *database, int64_t session_id);

/* Makes of a session's timeline a row for each event, so that others can be put behind them.
 * Changes nothing when it has none. */
bool history_unpack(sqlite3 *db, int64_t session_id);

/* Removes from the history what has the numbers of a chapter: a record that ended before the
 * connection did has an end there. */
bool chapter_discard(sqlite3 *db, int64_t session_id, const struct chapter *chapter);

#endif
