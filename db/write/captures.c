/* SPDX-License-Identifier: ISC */
/* Rows of captures. A store that is not patient writes them at once. A patient one keeps what it is
 * told, so that nobody waits for a lock, and so that a history which is opened anew has them too:
 * its captures have numbers below 0 outside. */
#include <stdlib.h>
#include <string.h>

#include "heloscope/base/memory.h"
#include "parts.h"

/* Prepared each time: there are a few captures in a run, not a few thousand. */
static sqlite3_stmt *prepare(struct store *store, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
    return statement;
}

/* Where a file lies, so that it can be found again. */
static bool insert_path(struct store *store, int64_t capture_id, const char *source)
{
    char *path = realpath(source, NULL);
    if (!path)
        return true;
    sqlite3_stmt *statement = prepare(
        store, "INSERT OR REPLACE INTO main.capture_files (capture_id, path) VALUES (?, ?)");
    struct binder row = {statement, 0};
    next_number(&row, (uint64_t)capture_id);
    next_word(&row, path);
    const bool done = statement && statement_run(statement);
    sqlite3_finalize(statement);
    free(path);
    return done;
}

/* A file that is read again has its row; what one program sees on an interface is no other's. */
static const char insert_file[] =
    "INSERT INTO main.captures (source, kind, started_us) VALUES (?, ?, ?) "
    "ON CONFLICT (source, started_us) DO UPDATE SET kind = excluded.kind RETURNING capture_id";
static const char insert_live[] =
    "INSERT INTO main.captures (source, kind, started_us) VALUES (?1, ?2, "
    "(WITH RECURSIVE later(us) AS (SELECT ?3 UNION ALL SELECT us + 1 FROM later WHERE EXISTS "
    "(SELECT 1 FROM main.captures WHERE source = ?1 AND started_us = us)) SELECT max(us) FROM "
    "later)) RETURNING capture_id";

/* Returns the row's id; 0 with the error left in `db`. */
int64_t captures_insert(struct store *store, const char *source, const char *kind,
                        int64_t started_us)
{
    const bool is_live = strcmp(kind, "live") == 0 && started_us;
    sqlite3_stmt *statement = prepare(store, is_live ? insert_live : insert_file);
    struct binder row = {statement, 0};
    next_word(&row, source);
    next_word(&row, kind);
    next_number(&row, (uint64_t)started_us);
    int64_t id = 0;
    if (sqlite3_step(statement) == SQLITE_ROW)
        id = sqlite3_column_int64(statement, 0);
    if (sqlite3_finalize(statement) != SQLITE_OK || !id)
        return 0;
    const bool is_file = strcmp(kind, "file") == 0 && strcmp(source, "-") != 0;
    return !is_file || store->options.nameless || insert_path(store, id, source) ? id : 0;
}

/* Totals never shrink: the sessions of the longer reading are kept, and so is what it counted. */
bool captures_update(struct store *store, int64_t capture_id, const struct capture_totals *totals)
{
    sqlite3_stmt *statement = prepare(
        store, "UPDATE main.captures SET packets = max(packets, ?2), bytes = max(bytes, ?3), "
               "dropped = max(dropped, ?4), duplicates = max(duplicates, ?5), "
               "overlaps = max(overlaps, ?6), ended_us = max(ended_us, ?7), "
               "problem = iif(?2 >= packets, ?8, problem) WHERE capture_id = ?1");
    struct binder row = {statement, 0};
    next_number(&row, (uint64_t)capture_id);
    next_number(&row, totals->packets);
    next_number(&row, totals->bytes);
    next_number(&row, totals->dropped);
    next_number(&row, totals->duplicates);
    next_number(&row, totals->overlaps);
    next_number(&row, (uint64_t)totals->ended_us);
    next_word(&row, totals->problem);
    const bool done = statement && statement_run(statement);
    sqlite3_finalize(statement);
    return done;
}

/* --- what a patient store keeps --- */

static char *copy(const char *text)
{
    return text ? strcpy(memory_get(strlen(text) + 1), text) : NULL;
}

static struct capture_entry *entry_of(const struct store *store, int64_t capture_id)
{
    return capture_id < 0 && (size_t)-capture_id <= store->capture_count
               ? &store->captures[-capture_id - 1]
               : NULL;
}

int64_t captures_keep(struct store *store, const char *source, const char *kind, int64_t started_us)
{
    pthread_mutex_lock(&store->desk);
    const size_t size = (store->capture_count + 1) * sizeof *store->captures;
    store->captures = memory_resize(store->captures, size);
    store->captures[store->capture_count++] = (struct capture_entry){
        .source = copy(source), .kind = kind, .started_us = started_us, .dirty = true};
    const int64_t number = -(int64_t)store->capture_count;
    pthread_mutex_unlock(&store->desk);
    return number;
}

void captures_keep_totals(struct store *store, int64_t capture_id,
                          const struct capture_totals *totals)
{
    pthread_mutex_lock(&store->desk);
    struct capture_entry *entry = entry_of(store, capture_id);
    if (entry) {
        free(entry->problem);
        entry->problem = copy(totals->problem);
        entry->totals = *totals;
        entry->totals.problem = entry->problem;
        entry->dirty = true;
    }
    pthread_mutex_unlock(&store->desk);
}

static bool write_entry(struct store *store, struct capture_entry *entry)
{
    if (!entry->id)
        entry->id = captures_insert(store, entry->source, entry->kind, entry->started_us);
    entry->written = true;
    entry->dirty = false;
    return entry->id && captures_update(store, entry->id, &entry->totals);
}

bool captures_wait(struct store *store)
{
    bool any = false;
    pthread_mutex_lock(&store->desk);
    for (size_t i = 0; i < store->capture_count; i++)
        any |= store->captures[i].dirty;
    pthread_mutex_unlock(&store->desk);
    return any;
}

bool captures_write(struct store *store)
{
    bool done = true;
    pthread_mutex_lock(&store->desk);
    for (size_t i = 0; done && i < store->capture_count; i++)
        if (store->captures[i].dirty || !store->captures[i].id)
            done = write_entry(store, &store->captures[i]);
    pthread_mutex_unlock(&store->desk);
    return done;
}

void captures_settle(struct store *store, bool committed)
{
    pthread_mutex_lock(&store->desk);
    for (size_t i = 0; i < store->capture_count; i++) {
        struct capture_entry *entry = &store->captures[i];
        if (committed) {
            entry->safe_id = entry->id;
        } else if (entry->written) {
            entry->id = entry->safe_id;
            entry->dirty = true;
        }
        entry->written = false;
    }
    pthread_mutex_unlock(&store->desk);
}

void captures_forget(struct store *store)
{
    pthread_mutex_lock(&store->desk);
    for (size_t i = 0; i < store->capture_count; i++) {
        store->captures[i].id = store->captures[i].safe_id = 0;
        store->captures[i].dirty = true;
    }
    pthread_mutex_unlock(&store->desk);
}

int64_t captures_id(const struct store *store, int64_t capture_id)
{
    const struct capture_entry *entry = entry_of(store, capture_id);
    return entry ? entry->id : capture_id;
}

void captures_free(struct store *store)
{
    for (size_t i = 0; i < store->capture_count; i++) {
        free(store->captures[i].source);
        free(store->captures[i].problem);
    }
    free(store->captures);
}

/* --- either way --- */

void store_each_capture_path(struct store *store, void (*take)(void *context, const char *path),
                             void *context)
{
    pthread_mutex_lock(&store->lock);
    sqlite3_stmt *statement =
        store->db ? prepare(store, "SELECT path FROM main.capture_files") : NULL;
    while (statement && sqlite3_step(statement) == SQLITE_ROW)
        if (sqlite3_column_text(statement, 0))
            take(context, (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    pthread_mutex_unlock(&store->lock);
}
