/* SPDX-License-Identifier: ISC */
#include "stage.h"

#include <string.h>

#include "rows.h"

/* The tables of a session: the columns that move (NULL: all), and which rows are of session ?1.
 * Diagnoses get new ids when they move: ids ascend in the order in which readers come to see them.
 */
#define BY_SESSION "session_id = ?1"
#define BY_KEY     "id BETWEEN (?1 << 24) AND (?1 << 24 | 16777215)"
static const struct {
    const char *name, *columns, *rows;
} tables[] = {
    {"sessions", NULL, BY_SESSION},
    {"timelines", NULL, BY_SESSION},
    {"single_events", NULL, BY_KEY},
    {"violations", NULL, BY_SESSION},
    {"diagnoses",
     "session_id, reply_seq, command_seq, origin_seq, code, cause, fault, certainty, server_says, "
     "agrees, explanation, advice, repeats",
     BY_SESSION},
    {"related_events", NULL, BY_SESSION},
    {"transactions", NULL, BY_SESSION},
    {"recipients", NULL, BY_SESSION},
    {"session_captures", NULL, BY_SESSION},
    {"connections", NULL, BY_SESSION},
};
#define TABLE_COUNT (sizeof tables / sizeof *tables)

_Static_assert(EVENT_BITS == 24 && EVENT_LAST == 16777215, "the keys in BY_KEY and in views.sql");

/* Runs `sql` with the session as ?1, where it has one, and frees it. Rare enough to be prepared
 * each time. */
static bool run(sqlite3 *db, char *sql, int64_t session_id)
{
    sqlite3_stmt *statement = NULL;
    bool done = sql && sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK;
    if (done) {
        if (sqlite3_bind_parameter_count(statement))
            sqlite3_bind_int64(statement, 1, session_id);
        done = statement_run(statement);
    }
    sqlite3_finalize(statement);
    sqlite3_free(sql);
    return done;
}

/* The text of CREATE TABLE as SQLite keeps it begins in this way, whatever was written. */
#define CREATE_TABLE "CREATE TABLE "

static bool copy_table(sqlite3 *db, const char *name)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(db,
                           "SELECT sql FROM main.sqlite_schema WHERE type = 'table' AND name = ?",
                           -1, &statement, NULL) != SQLITE_OK)
        return false;
    sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    char *sql = NULL;
    if (sqlite3_step(statement) == SQLITE_ROW)
        sql = sqlite3_mprintf("CREATE TEMP TABLE %s",
                              (const char *)sqlite3_column_text(statement, 0) +
                                  sizeof CREATE_TABLE - 1);
    sqlite3_finalize(statement);
    return run(db, sql, 0);
}

bool stage_make(sqlite3 *db)
{
    for (size_t i = 0; i < TABLE_COUNT; i++)
        if (!copy_table(db, tables[i].name))
            return false;
    return true;
}

bool session_discard(sqlite3 *db, const char *database, int64_t session_id)
{
    for (size_t i = 0; i < TABLE_COUNT; i++)
        if (!run(db,
                 sqlite3_mprintf("DELETE FROM %s.%s WHERE %s", database, tables[i].name,
                                 tables[i].rows),
                 session_id))
            return false;
    return true;
}

bool stage_discard(sqlite3 *db, int64_t session_id)
{
    return session_discard(db, "temp", session_id);
}

bool history_discard(sqlite3 *db, int64_t session_id)
{
    return session_discard(db, "main", session_id);
}

bool history_unpack(sqlite3 *db, int64_t session_id)
{
    static const char take_apart[] =
        "INSERT OR IGNORE INTO main.single_events (id, ts_us, packet, side, kind, verb, code, "
        "enhanced, text, bytes, answers, saw, note) SELECT session_id << 24 | seq, ts_us, packet, "
        "side, kind, verb, code, enhanced, text, bytes, answers, saw, note FROM main.events WHERE "
        "session_id = ?1 AND EXISTS (SELECT 1 FROM main.timelines WHERE session_id = ?1)";
    return run(db, sqlite3_mprintf("%s", take_apart), session_id) &&
           run(db, sqlite3_mprintf("DELETE FROM main.timelines WHERE session_id = ?1"), session_id);
}

/* Removes what is numbered from `first` to `last`. */
static bool discard_between(sqlite3 *db, const char *table, const char *column, int64_t session_id,
                            int64_t first, int64_t last)
{
    return run(db,
               sqlite3_mprintf("DELETE FROM main.%s WHERE session_id = ?1 AND %s BETWEEN %lld AND "
                               "%lld",
                               table, column, (long long)first, (long long)last),
               session_id);
}

bool chapter_discard(sqlite3 *db, int64_t session_id, const struct chapter *chapter)
{
    if (chapter->events) {
        const struct event *last = chapter->events;
        while (last->next)
            last = last->next;
        const int64_t first = chapter->events->seq, end = last->seq;
        if (!run(
                db,
                sqlite3_mprintf("DELETE FROM main.single_events WHERE id BETWEEN (?1 << 24 | %lld) "
                                "AND (?1 << 24 | %lld)",
                                (long long)first, (long long)end),
                session_id) ||
            !discard_between(db, "violations", "seq", session_id, first, end) ||
            !discard_between(db, "diagnoses", "reply_seq", session_id, first, end) ||
            !discard_between(db, "related_events", "reply_seq", session_id, first, end))
            return false;
    }
    for (const struct transaction *t = chapter->transactions; t; t = t->next)
        if (!discard_between(db, "transactions", "tx", session_id, t->number, t->number) ||
            !discard_between(db, "recipients", "tx", session_id, t->number, t->number))
            return false;
    return true;
}

static char *move_sql(size_t table)
{
    const char *name = tables[table].name, *columns = tables[table].columns;
    if (!columns)
        return sqlite3_mprintf("INSERT INTO main.%s SELECT * FROM temp.%s WHERE %s", name, name,
                               tables[table].rows);
    return sqlite3_mprintf("INSERT INTO main.%s (%s) SELECT %s FROM temp.%s WHERE %s", name,
                           columns, columns, name, tables[table].rows);
}

static bool renumber(sqlite3 *db, size_t table, int64_t from, int64_t to)
{
    const char *name = tables[table].name;
    const char *change = strcmp(name, "single_events") == 0 ? "id = (id & 16777215) | (%lld << 24)"
                                                            : "session_id = %lld";
    char *set = sqlite3_mprintf(change, (long long)to);
    char *sql =
        set ? sqlite3_mprintf("UPDATE temp.%s SET %s WHERE %s", name, set, tables[table].rows)
            : NULL;
    sqlite3_free(set);
    return run(db, sql, from);
}

bool stage_renumber(sqlite3 *db, int64_t from, int64_t to)
{
    for (size_t i = 0; i < TABLE_COUNT; i++)
        if (!renumber(db, i, from, to))
            return false;
    return true;
}

bool stage_move(sqlite3 *db, int64_t session_id)
{
    if (!history_discard(db, session_id))
        return false;
    for (size_t i = 0; i < TABLE_COUNT; i++)
        if (!run(db, move_sql(i), session_id))
            return false;
    return stage_discard(db, session_id);
}
