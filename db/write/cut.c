/* SPDX-License-Identifier: ISC */
#include "heloscope/db/cut.h"

#include <stdlib.h>

#include "heloscope/base/memory.h"
#include "parts.h"

static const char make_asked[] = "CREATE TEMP TABLE IF NOT EXISTS cut_sessions (session_id INTEGER "
                                 "PRIMARY KEY); DELETE FROM temp.cut_sessions";
static const char insert_asked[] = "INSERT OR IGNORE INTO temp.cut_sessions VALUES (?1)";
static const char select_files[] =
    "SELECT c.capture_id, c.started_us, c.source, f.path FROM main.captures c "
    "JOIN main.capture_files f ON f.capture_id = c.capture_id WHERE c.capture_id IN "
    "(SELECT s.capture_id FROM main.sessions s JOIN temp.cut_sessions t USING (session_id) UNION "
    "SELECT p.capture_id FROM main.session_captures p JOIN temp.cut_sessions t USING (session_id)) "
    "ORDER BY c.capture_id";

void cut_note(struct store *store, int64_t session_id, const struct session_row *row,
              const struct verdict *verdict)
{
    if (!verdict->beside_count || store->joining || store->options.patient)
        return;
    const size_t count = store->cut_count + verdict->beside_count;
    store->cut = memory_resize(store->cut, count * sizeof *store->cut);
    for (size_t i = 0; i < verdict->beside_count; i++)
        store->cut[store->cut_count++] =
            (struct cut_pair){{session_id, verdict->beside[i]}, row->endpoints};
}

static bool ask(struct store *store)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_exec(store->db, make_asked, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(store->db, insert_asked, -1, &statement, NULL) != SQLITE_OK)
        return false;
    bool done = true;
    for (size_t i = 0; done && i < 2 * store->cut_count; i++) {
        sqlite3_bind_int64(statement, 1, store->cut[i / 2].session_id[i % 2]);
        done = statement_run(statement);
    }
    sqlite3_finalize(statement);
    return done;
}

static char *column_text(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    return text ? strcpy(memory_get(strlen(text) + 1), text) : memory_get(1);
}

static bool read_files(struct store *store, struct cut *cut)
{
    sqlite3_stmt *row = NULL;
    if (sqlite3_prepare_v2(store->db, select_files, -1, &row, NULL) != SQLITE_OK)
        return false;
    while (sqlite3_step(row) == SQLITE_ROW) {
        cut->files = memory_resize(cut->files, (cut->file_count + 1) * sizeof *cut->files);
        cut->files[cut->file_count++] =
            (struct cut_file){.capture_id = sqlite3_column_int64(row, 0),
                              .started_us = sqlite3_column_int64(row, 1),
                              .source = column_text(row, 2),
                              .path = column_text(row, 3)};
    }
    return sqlite3_finalize(row) == SQLITE_OK;
}

static int by_number(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void list_endpoints(struct store *store, struct cut *cut)
{
    cut->endpoint_count = store->cut_count;
    cut->endpoints = memory_get((store->cut_count + 1) * sizeof *cut->endpoints);
    for (size_t i = 0; i < store->cut_count; i++)
        cut->endpoints[i] = store->cut[i].endpoints;
    qsort(cut->endpoints, cut->endpoint_count, sizeof *cut->endpoints, by_number);
}

static bool take(struct store *store, struct cut *cut, struct failure *why)
{
    if (!store->cut_count)
        return true;
    const bool done = (ask(store) && read_files(store, cut)) || store_error(store, why);
    list_endpoints(store, cut);
    store->cut_count = 0;
    store->joining = true;
    return done;
}

bool store_take_cut(struct store *store, struct cut *cut, struct failure *why)
{
    *cut = (struct cut){0};
    pthread_mutex_lock(&store->lock);
    const bool done = take(store, cut, why);
    pthread_mutex_unlock(&store->lock);
    return done;
}

void cut_free(struct cut *cut)
{
    for (size_t i = 0; i < cut->file_count; i++) {
        free(cut->files[i].source);
        free(cut->files[i].path);
    }
    free(cut->files);
    free(cut->endpoints);
    *cut = (struct cut){0};
}
