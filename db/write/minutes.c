/* SPDX-License-Identifier: ISC */
/* What is told of the capture itself, minute by minute and when something happens to it: kept until
 * the history can be written, so that whoever tells it waits for nothing. */
#include <stdlib.h>
#include <string.h>

#include "heloscope/base/limits.h"
#include "heloscope/base/memory.h"
#include "parts.h"

struct kept_row {
    bool written; /* in the open transaction */
    bool is_incident;
    struct store_minute minute;
    struct store_incident incident;
    char text[400];
};

/* A new row; of too many the oldest goes. Under the desk's lock. */
static struct kept_row *keep(struct store *store)
{
    if (store->kept_count == MINUTES_KEPT)
        memmove(store->kept, store->kept + 1, --store->kept_count * sizeof *store->kept);
    store->kept = memory_resize(store->kept, (store->kept_count + 1) * sizeof *store->kept);
    struct kept_row *row = &store->kept[store->kept_count++];
    memset(row, 0, sizeof *row);
    return row;
}

void store_minute(struct store *store, const struct store_minute *minute)
{
    pthread_mutex_lock(&store->desk);
    keep(store)->minute = *minute;
    pthread_mutex_unlock(&store->desk);
}

void store_keep_incident(struct store *store, const struct store_incident *incident)
{
    pthread_mutex_lock(&store->desk);
    struct kept_row *row = keep(store);
    row->is_incident = true;
    row->incident = *incident;
    if (incident->text)
        snprintf(row->text, sizeof row->text, "%s", incident->text);
    pthread_mutex_unlock(&store->desk);
}

static bool write_minute(struct store *store, const struct store_minute *minute)
{
    static const char sql[] =
        "INSERT INTO main.capture_stats VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) "
        "ON CONFLICT DO UPDATE SET packets = packets + ?3, bytes = bytes + ?4, "
        "dropped = dropped + ?5, sessions = sessions + ?6, errors_503 = errors_503 + ?7, "
        "ring_bytes = max(ring_bytes, ?8), queue_bytes = max(queue_bytes, ?9), "
        "print_bytes = max(print_bytes, ?10)";
    const int64_t capture_id = captures_id(store, minute->capture_id);
    const uint64_t values[] = {(uint64_t)minute->minute_us,
                               (uint64_t)capture_id,
                               minute->packets,
                               minute->bytes,
                               minute->dropped,
                               minute->sessions,
                               minute->errors_503,
                               minute->ring_bytes,
                               minute->queue_bytes,
                               minute->print_bytes};
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) != SQLITE_OK)
        return false;
    struct binder row = {statement, 0};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        next_number(&row, values[i]);
    const bool done = statement_run(statement);
    sqlite3_finalize(statement);
    return done;
}

bool minutes_insert_incident(struct store *store, const struct store_incident *incident)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(store->db,
                           "INSERT INTO main.incidents (began_us, ended_us, kind, events, "
                           "sessions, findings, text) VALUES (?, ?, ?, ?, ?, ?, ?)",
                           -1, &statement, NULL) != SQLITE_OK)
        return false;
    struct binder row = {statement, 0};
    next_number(&row, (uint64_t)incident->began_us);
    next_number(&row, (uint64_t)incident->ended_us);
    next_word(&row, incident->kind);
    next_number(&row, incident->events);
    next_number(&row, incident->sessions);
    next_number(&row, incident->findings);
    next_word(&row, incident->text);
    const bool done = statement_run(statement);
    sqlite3_finalize(statement);
    return done;
}

static bool write_row(struct store *store, struct kept_row *row)
{
    if (!row->is_incident)
        return write_minute(store, &row->minute);
    struct store_incident incident = row->incident;
    incident.text = row->text[0] ? row->text : NULL;
    return minutes_insert_incident(store, &incident);
}

bool minutes_wait(struct store *store)
{
    pthread_mutex_lock(&store->desk);
    const bool any = store->kept_count;
    pthread_mutex_unlock(&store->desk);
    return any;
}

bool minutes_write(struct store *store)
{
    bool done = true;
    pthread_mutex_lock(&store->desk);
    for (size_t i = 0; done && i < store->kept_count; i++) {
        done = store->kept[i].written || write_row(store, &store->kept[i]);
        store->kept[i].written = true;
    }
    pthread_mutex_unlock(&store->desk);
    return done;
}

void minutes_settle(struct store *store, bool committed)
{
    size_t left = 0;
    pthread_mutex_lock(&store->desk);
    for (size_t i = 0; i < store->kept_count; i++) {
        if (committed && store->kept[i].written)
            continue;
        store->kept[left] = store->kept[i];
        store->kept[left++].written = false;
    }
    store->kept_count = left;
    pthread_mutex_unlock(&store->desk);
}
