/* SPDX-License-Identifier: ISC */
/* The lists of chapters as tables that SQLite reads by itself.
 *
 * Binding, stepping and resetting a statement for each row costs as much as the row. So the rows
 * that are many (events, transactions, recipients) are written by one INSERT ... SELECT for many
 * chapters, from virtual tables that yield what the chapters hold, without a copy. The tables are
 * known to their own connection alone, and nothing of them is in the file. */
#ifndef DB_WRITE_FEED_H
#define DB_WRITE_FEED_H

#include <sqlite3.h>

#include "heloscope/timeline.h"

/* A chapter, and the session whose rows it has. */
struct fed {
    const struct chapter *chapter;
    int64_t session_id;
    bool no_events; /* they are not stored */
    bool packed;    /* they go into timelines */
};

/* What the tables show. The owner points `items` at what is to be written before it runs a
 * statement that reads them. */
struct feed {
    const struct fed *items;
    size_t count;
};

/* Makes the tables chapter_timelines, chapter_events, chapter_transactions and chapter_recipients,
 * with the columns of timelines, single_events, transactions and recipients. `feed` must outlive
 * the connection. False with the error left in `db`. */
bool feed_make(sqlite3 *db, struct feed *feed);

#endif
