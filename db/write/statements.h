/* SPDX-License-Identifier: ISC */
/* The statements that write rows, prepared once: preparing costs five times what inserting does. */
#ifndef DB_WRITE_STATEMENTS_H
#define DB_WRITE_STATEMENTS_H

#include <sqlite3.h>

#include "feed.h"
#include "heloscope/bytes.h"

enum statement {
    SESSION_INSERT, /* changes nothing when the uid is held already */
    SESSION_UPDATE,
    TIMELINES_INSERT, /* all rows that the feed shows; likewise the other three */
    EVENTS_INSERT,
    TRANSACTIONS_INSERT,
    RECIPIENTS_INSERT,
    VIOLATION_INSERT,
    DIAGNOSIS_INSERT,
    CAPTURE_INSERT,
    RELATED_INSERT,
    KINDS_SELECT, /* the findings of session ?1 by kind: how many, and the newest */
    REPEATS_ADD,  /* to the finding of session ?1 at reply ?2: ?3 more are counted */
    STATEMENT_COUNT
};

/* One set for each database that rows go to: "main" the file, "temp" the stage. */
struct statements {
    sqlite3 *db;
    struct feed *feed;
    sqlite3_stmt *of[STATEMENT_COUNT];
};

/* `feed` is the one that feed_make() was given. False with the error left in `db`. */
bool statements_prepare(struct statements *statements, sqlite3 *db, const char *database,
                        struct feed *feed);
void statements_finalize(struct statements *statements);

/* Runs a bound statement to its end and makes it ready for the next row. False with the error left
 * in the connection. */
bool statement_run(sqlite3_stmt *statement);

/* Binding. Text is borrowed until the statement has run. NULL where a value is absent: text whose
 * `at` is NULL, a word that is NULL, a number that is 0 with bind_present(). */
void bind_text(sqlite3_stmt *statement, int column, struct bytes text);
void bind_word(sqlite3_stmt *statement, int column, const char *word);
void bind_number(sqlite3_stmt *statement, int column, uint64_t number);
void bind_present(sqlite3_stmt *statement, int column, uint64_t number);

/* Binds for a row's columns from left to right. */
struct binder {
    sqlite3_stmt *statement;
    int column; /* the last one bound */
};

static inline void next_text(struct binder *b, struct bytes text)
{
    bind_text(b->statement, ++b->column, text);
}

static inline void next_word(struct binder *b, const char *word)
{
    bind_word(b->statement, ++b->column, word);
}

static inline void next_number(struct binder *b, uint64_t number)
{
    bind_number(b->statement, ++b->column, number);
}

static inline void next_present(struct binder *b, uint64_t number)
{
    bind_present(b->statement, ++b->column, number);
}

#endif
