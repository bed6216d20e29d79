/* SPDX-License-Identifier: ISC */
#include "heloscope/db/import.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "db/sql_error.h"
#include "heloscope/base/memory.h"
#include "heloscope/db/outbox.h"
#include "heloscope/db/store.h"

struct import {
    sqlite3 *db;
    char *path;
    sqlite3_stmt *insert[OUTBOX_TABLES];
};

static bool error(struct import *import, struct failure *why)
{
    return sql_error(import->db, import->path, why);
}

/* A new history is made as any other is, so that its schema is that of the program. */
static bool make_history(const char *path, struct failure *why)
{
    struct store *store = store_open(path, why);
    return store && store_close(store, why);
}

struct import *import_open(const char *path, struct failure *why)
{
    if (!make_history(path, why))
        return NULL;
    struct import *import = memory_get(sizeof *import);
    import->path = strcpy(memory_get(strlen(path) + 1), path);
    if (sqlite3_open_v2(path, &import->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) ==
            SQLITE_OK &&
        sqlite3_exec(import->db,
                     "BEGIN; INSERT OR IGNORE INTO captures (capture_id, source, kind, started_us) "
                     "VALUES (1, 'fleet', 'live', 0)",
                     NULL, NULL, NULL) == SQLITE_OK)
        return import;
    error(import, why);
    import_close(import, NULL);
    return NULL;
}

/* The column of the history that a column of the fleet is; NULL: it has none. */
static const char *column_of(const char *table, const char *name)
{
    static const char *const made_for_the_fleet[] = {
        "ts_us",   "client", "server", "port",   "helo", "client_software", "server_software",
        "command", "reply",  "origin", "source", "verb", "status",          "origin_status"};
    if (strcmp(table, "transactions") == 0 && strcmp(name, "begun_us") == 0)
        return "started_us";
    if (strcmp(table, "events") == 0 && (strcmp(name, "mark") == 0 || strcmp(name, "seq") == 0))
        return NULL; /* the number is in the key */
    if (strcmp(table, "diagnoses") == 0)
        for (size_t i = 0; i < sizeof made_for_the_fleet / sizeof *made_for_the_fleet; i++)
            if (strcmp(made_for_the_fleet[i], name) == 0)
                return NULL;
    return name;
}

/* ?1 is the session, ?2 the object. */
static char *insert_of(const struct outbox_table *table)
{
    const bool events = strcmp(table->name, "events") == 0;
    sqlite3_str *names = sqlite3_str_new(NULL), *values = sqlite3_str_new(NULL);
    sqlite3_str_appendall(names, events ? "id" : "session_id");
    sqlite3_str_appendall(values, events ? "?1 << 24 | json_extract(?2, '$.seq')" : "?1");
    if (!*table->key) { /* the session itself */
        sqlite3_str_appendall(names, ", capture_id, uid, started_us");
        sqlite3_str_appendall(values,
                              ", 1, json_extract(?2, '$.uid'), json_extract(?2, '$.started_us')");
    }
    for (size_t i = 0; i < table->count; i++) {
        const char *column = column_of(table->name, table->columns[i].name);
        if (!column)
            continue;
        sqlite3_str_appendf(names, ", %s", column);
        sqlite3_str_appendf(values, ", json_extract(?2, '$.%s')", table->columns[i].name);
    }
    char *left = sqlite3_str_finish(names), *right = sqlite3_str_finish(values);
    char *sql = sqlite3_mprintf("INSERT OR REPLACE INTO %s (%s) VALUES (%s)",
                                events ? "single_events" : table->name, left, right);
    sqlite3_free(left);
    sqlite3_free(right);
    return sql;
}

static bool prepare(struct import *import, size_t table, struct failure *why)
{
    char *sql = insert_of(&outbox_tables[table]);
    const bool done =
        sqlite3_prepare_v2(import->db, sql, -1, &import->insert[table], NULL) == SQLITE_OK;
    sqlite3_free(sql);
    return done || error(import, why);
}

bool import_row(struct import *import, size_t table, int64_t session_id, struct bytes object,
                struct failure *why)
{
    if (!import->insert[table] && !prepare(import, table, why))
        return false;
    sqlite3_stmt *insert = import->insert[table];
    sqlite3_bind_int64(insert, 1, session_id);
    sqlite3_bind_text64(insert, 2, (const char *)object.at, object.len, SQLITE_STATIC, SQLITE_UTF8);
    sqlite3_step(insert);
    return sqlite3_reset(insert) == SQLITE_OK || error(import, why);
}

bool import_close(struct import *import, struct failure *why)
{
    const bool done =
        sqlite3_exec(import->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK || error(import, why);
    for (size_t i = 0; i < OUTBOX_TABLES; i++)
        sqlite3_finalize(import->insert[i]);
    sqlite3_close(import->db);
    free(import->path);
    free(import);
    return done;
}
