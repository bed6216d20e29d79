/* SPDX-License-Identifier: ISC */
/* A history of its own for each test, in a folder that goes when the test has ended, and a second
 * look into it that shares no code with the reader under test. */
#ifndef TESTS_DB_SCRATCH_H
#define TESTS_DB_SCRATCH_H

#include <sqlite3.h>

#include "heloscope/db/store.h"
#include "tests/support/chapters.h"

struct scratch {
    char folder[64];
    char path[96]; /* folder/history.db, not made yet */
};

void scratch_make(struct scratch *scratch);
void scratch_remove(struct scratch *scratch);

/* Opens a store that must open. */
struct store *scratch_store(const struct scratch *scratch);

/* Writes, commits and closes; each must succeed. */
void scratch_write(struct store *store, const struct chapter *chapter);
void scratch_close(struct store *store);

/* Stores the session of story_mail_rejected() under `uid`. */
void scratch_write_rejected(struct store *store, const char *uid);

/* The store has counted so many sessions as new and as known. */
void scratch_counted(struct store *store, uint64_t added, uint64_t known);

/* Stores a capture and the sessions of story_mail_rejected() and story_accepted(), as sessions 1
 * and 2, in a run of their own. */
void scratch_fill(const struct scratch *scratch);

/* The first column of the first row of `sql`, as text, on a connection of its own; "NULL" for
 * NULL, "" when there is no row. Valid until the next call. */
const char *scratch_ask(const struct scratch *scratch, const char *sql);

/* That answer is `wanted`. */
void scratch_expect(const struct scratch *scratch, const char *sql, const char *wanted);

/* A question about all rows of all tables that hang on sessions, to compare two states of a
 * history. Ids of diagnoses are left out: they tell when a row was stored. */
extern const char scratch_everything[];

/* Runs `sql` on a connection of its own; must succeed. */
void scratch_run(const struct scratch *scratch, const char *sql);

/* Whether folder/name exists. */
bool scratch_has(const struct scratch *scratch, const char *name);

#endif
