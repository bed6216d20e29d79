/* SPDX-License-Identifier: ISC */
#include "heloscope/db/logbook.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <time.h>

#include "db/file_name.h"
#include "db/sql_error.h"
#include "heloscope/base/memory.h"
#include "heloscope/db/store.h"

enum {
    BUSY_MS = 20000 /* a monitor commits twice a second */
};

struct logbook {
    sqlite3 *db;
    char *path;
    sqlite3_stmt *insert;
    sqlite3_int64 log_id;
    bool begun;
};

static bool error(struct logbook *book, struct failure *why)
{
    return sql_error(book->db, book->path, why);
}

static bool run(struct logbook *book, const char *sql, struct failure *why)
{
    return sqlite3_exec(book->db, sql, NULL, NULL, NULL) == SQLITE_OK || error(book, why);
}

/* A history of an older program is brought forward as any writer does it. */
static bool bring_forward(const char *path, struct failure *why)
{
    struct store *store = store_open(path, why);
    return store && store_close(store, why);
}

struct logbook *logbook_open(const char *path, struct failure *why)
{
    static const char insert[] =
        "INSERT INTO log_lines (session_id, ts_us, text, n, log_id, clock_us, seq, server, kind, "
        "code, joined, alone, answer, line) SELECT ?1, ?2, ?3, 1 + same, ?4, ?5, ?6, ?7, ?8, "
        "nullif(?9, 0), ?10, ?11, ?12, ?13 FROM (SELECT count(*) AS same FROM log_lines WHERE "
        "session_id = ?1 AND ts_us = ?2 AND text = ?3 AND log_id = ?4) WHERE NOT EXISTS (SELECT 1 "
        "FROM log_lines WHERE session_id = ?1 AND ts_us = ?2 AND text = ?3 AND log_id <> ?4)";
    if (!bring_forward(path, why))
        return NULL;
    struct logbook *book = memory_get(sizeof *book);
    book->path = strcpy(memory_get(strlen(path) + 1), path);
    char *name = file_name_plain(path);
    const int code =
        sqlite3_open_v2(name, &book->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    free(name);
    sqlite3_busy_timeout(book->db, BUSY_MS);
    if (code == SQLITE_OK &&
        sqlite3_prepare_v2(book->db, insert, -1, &book->insert, NULL) == SQLITE_OK)
        return book;
    error(book, why);
    logbook_close(book);
    return NULL;
}

/* The file's row, and nothing else of it. */
static bool take_file(struct logbook *book, const char *path, struct failure *why)
{
    sqlite3_stmt *statement = NULL;
    char *sql = sqlite3_mprintf(
        "INSERT INTO logs (path, servers, lines, known, visits, visits_joined, joined, stray, "
        "unclear, first_us, last_us, read_us) VALUES (%Q, '', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) "
        "ON CONFLICT (path) DO UPDATE SET read_us = 0 RETURNING log_id",
        path);
    const bool there = sqlite3_prepare_v2(book->db, sql, -1, &statement, NULL) == SQLITE_OK &&
                       sqlite3_step(statement) == SQLITE_ROW;
    if (there)
        book->log_id = sqlite3_column_int64(statement, 0);
    sqlite3_free(sql);
    const bool done = sqlite3_finalize(statement) == SQLITE_OK && there;
    sql = sqlite3_mprintf("DELETE FROM log_lines WHERE log_id = %lld", book->log_id);
    const bool emptied = done && run(book, sql, why);
    sqlite3_free(sql);
    return emptied || (!done && error(book, why));
}

bool logbook_begin(struct logbook *book, const char *path, struct failure *why)
{
    if (!run(book, "BEGIN IMMEDIATE", why))
        return false;
    book->begun = true;
    return book->log_id || take_file(book, path, why);
}

bool logbook_add(struct logbook *book, const struct log_line *line, struct failure *why)
{
    const sqlite3_int64 numbers[] = {line->session_id, line->ts_us,    0,
                                     book->log_id,     line->clock_us, line->seq};
    for (int i = 0; i < 6; i++)
        sqlite3_bind_int64(book->insert, i + 1, numbers[i]);
    sqlite3_bind_text64(book->insert, 3, (const char *)line->text.at, line->text.len, SQLITE_STATIC,
                        SQLITE_UTF8);
    sqlite3_bind_text(book->insert, 7, line->server, -1, SQLITE_STATIC);
    sqlite3_bind_text(book->insert, 8, line->kind, -1, SQLITE_STATIC);
    sqlite3_bind_int(book->insert, 9, line->code);
    sqlite3_bind_text(book->insert, 10, line->joined, -1, SQLITE_STATIC);
    sqlite3_bind_int(book->insert, 11, line->alone);
    sqlite3_bind_int(book->insert, 12, line->answer);
    sqlite3_bind_int64(book->insert, 13, line->line);
    sqlite3_step(book->insert);
    return sqlite3_reset(book->insert) == SQLITE_OK || error(book, why);
}

bool logbook_end(struct logbook *book, const struct log_file *file, struct failure *why)
{
    char clock[32] = "NULL";
    if (file->has_clock)
        snprintf(clock, sizeof clock, "%lld", (long long)file->clock_us);
    char *sql = sqlite3_mprintf(
        "UPDATE logs SET servers = %Q, lines = %lld, known = %lld, visits = %lld, visits_joined = "
        "%lld, joined = %lld, stray = %lld, unclear = %lld, clock_us = %s, first_us = %lld, "
        "last_us = %lld, read_us = %lld WHERE log_id = %lld; COMMIT",
        file->servers, (long long)file->lines, (long long)file->known, (long long)file->visits,
        (long long)file->visits_joined, (long long)file->joined, (long long)file->stray,
        (long long)file->unclear, clock, (long long)file->first_us, (long long)file->last_us,
        (long long)time(NULL) * 1000000, book->log_id);
    const bool done = run(book, sql, why);
    sqlite3_free(sql);
    book->begun = !done;
    if (file->over)
        book->log_id = 0;
    return done;
}

void logbook_close(struct logbook *book)
{
    if (!book)
        return;
    sqlite3_finalize(book->insert);
    if (book->begun)
        sqlite3_exec(book->db, "ROLLBACK", NULL, NULL, NULL);
    sqlite3_close(book->db);
    free(book->path);
    free(book);
}
