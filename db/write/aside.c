/* SPDX-License-Identifier: ISC */
/* What was put aside while the history could not be written comes back into it, a few sessions at a
 * time: into their own records, where a part of them is there, else as sessions of their own. A
 * session is taken away there only when it is safe here, so that a crash in between does it twice,
 * which changes nothing. */
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "heloscope/base/clock.h"
#include "heloscope/base/limits.h"
#include "heloscope/base/memory.h"
#include "parts.h"
#include "stage.h"

enum {
    STEP_SESSIONS = 16, /* in one transaction */
    TRIES = 30,         /* in vain, a pass each; then it is left alone */
};

/* The tables of a session, and how its number stands in them. The first is for whole sessions:
 * parts that come together have a row for each event. */
static const struct {
    const char *name, *key, *value, *rows;
} tables[] = {
    {"timelines", "session_id", "?2", "session_id = ?1"},
    {"single_events", "id", "(id & 16777215) | (?2 << 24)",
     "id BETWEEN (?1 << 24) AND (?1 << 24 | 16777215)"},
    {"violations", "session_id", "?2", "session_id = ?1"},
    {"diagnoses", "session_id", "?2", "session_id = ?1"},
    {"related_events", "session_id", "?2", "session_id = ?1"},
    {"transactions", "session_id", "?2", "session_id = ?1"},
    {"recipients", "session_id", "?2", "session_id = ?1"},
    {"connections", "session_id", "?2", "session_id = ?1"},
};
#define TABLE_COUNT (sizeof tables / sizeof *tables)

static char *name_with(const struct store *store, const char *ending)
{
    char *name = memory_get(strlen(store->name) + strlen(ending) + 1);
    strcpy(stpcpy(name, store->name), ending);
    return name;
}

/* Whether there is one to which nothing was added for a while, or which is being taken back. */
static bool is_calm(const struct store *store, const char *name)
{
    struct stat file;
    return stat(name, &file) == 0 &&
           (store->taken_back || time(NULL) - file.st_mtime >= ASIDE_CALM_S);
}

static bool run_sql(struct store *store, const char *sql)
{
    return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

/* Runs `sql` with the session there as ?1 and here as ?2, and frees it. */
static bool run_for(struct store *store, char *sql, int64_t there, int64_t here)
{
    sqlite3_stmt *statement = NULL;
    bool done = sql && sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) == SQLITE_OK;
    if (done) {
        sqlite3_bind_int64(statement, 1, there);
        if (sqlite3_bind_parameter_count(statement) > 1)
            sqlite3_bind_int64(statement, 2, here);
        done = statement_run(statement);
    }
    sqlite3_finalize(statement);
    sqlite3_free(sql);
    return done;
}

/* The columns of a table but the numbers of its rows and sessions; freed by sqlite3_free(). */
static char *columns_of(struct store *store, const char *table)
{
    sqlite3_stmt *statement = NULL;
    char *names = NULL;
    if (sqlite3_prepare_v2(store->db,
                           "SELECT group_concat('\"' || name || '\"', ', ') FROM "
                           "pragma_table_info(?1, 'main') WHERE name NOT IN ('id', 'session_id')",
                           -1, &statement, NULL) != SQLITE_OK)
        return NULL;
    sqlite3_bind_text(statement, 1, table, -1, SQLITE_STATIC);
    if (sqlite3_step(statement) == SQLITE_ROW)
        names = sqlite3_mprintf("%s", sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    return names;
}

static bool copy_table(struct store *store, size_t table, int64_t there, int64_t here)
{
    char *columns = columns_of(store, tables[table].name);
    char *sql = !columns ? NULL
                         : sqlite3_mprintf("INSERT OR IGNORE INTO main.%s (%s, %s) SELECT %s, %s "
                                           "FROM aside.%s WHERE %s",
                                           tables[table].name, tables[table].key, columns,
                                           tables[table].value, columns, tables[table].name,
                                           tables[table].rows);
    sqlite3_free(columns);
    return run_for(store, sql, there, here);
}

/* --- one session --- */

struct guest {
    int64_t there, here;
    bool known;  /* the history has a record of it */
    bool fuller; /* than that */
};

static bool add_row(struct store *store, struct guest *guest)
{
    char *columns = columns_of(store, "sessions");
    char *sql = !columns ? NULL
                         : sqlite3_mprintf("INSERT INTO main.sessions (%s) SELECT %s FROM "
                                           "aside.sessions WHERE session_id = ?1",
                                           columns, columns);
    sqlite3_free(columns);
    if (!run_for(store, sql, guest->there, 0))
        return false;
    guest->here = sqlite3_last_insert_rowid(store->db);
    return true;
}

/* Also a row that stays as it is is news for those who fetch: there is more in the session. */
static bool update_row(struct store *store, const struct guest *guest)
{
    char *columns = guest->fuller ? columns_of(store, "sessions") : NULL;
    char *sql = !columns ? sqlite3_mprintf("UPDATE main.sessions SET outcome = outcome WHERE "
                                           "session_id = ?2 AND ?1")
                         : sqlite3_mprintf("UPDATE main.sessions SET (%s) = (SELECT %s FROM "
                                           "aside.sessions WHERE session_id = ?1) WHERE "
                                           "session_id = ?2",
                                           columns, columns);
    sqlite3_free(columns);
    return run_for(store, sql, guest->there, guest->here);
}

/* The captures have other numbers here. */
static bool set_capture(struct store *store, const struct guest *guest)
{
    return run_for(store,
                   sqlite3_mprintf("UPDATE main.sessions SET capture_id = (SELECT "
                                   "max(c.capture_id) FROM main.captures c WHERE c.source = "
                                   "sessions.source AND c.kind = 'live') WHERE session_id = ?2 "
                                   "AND ?1"),
                   guest->there, guest->here);
}

static bool take_in(struct store *store, struct guest *guest)
{
    if (!(guest->known ? update_row(store, guest) : add_row(store, guest)) ||
        (guest->fuller && !set_capture(store, guest)))
        return false;
    if (guest->known && !history_unpack(store->db, guest->here))
        return false;
    for (size_t i = guest->known ? 1 : 0; i < TABLE_COUNT; i++)
        if (!copy_table(store, i, guest->there, guest->here))
            return false;
    own_note_range(store, guest->here, 1, UINT32_MAX);
    return true;
}

/* --- a few --- */

static const char select_guests[] =
    "SELECT a.session_id, coalesce(m.session_id, 0), "
    "m.session_id IS NULL OR (a.packets > m.packets AND a.outcome NOT IN ('open', 'interrupted', "
    "'continued')) FROM aside.sessions a NOT INDEXED LEFT JOIN main.sessions m ON m.uid = a.uid "
    "ORDER BY a.session_id LIMIT 16";
_Static_assert(STEP_SESSIONS == 16, "the number in select_guests");

static const char insert_captures[] =
    "INSERT OR IGNORE INTO main.captures (source, kind, started_us) SELECT source, kind, "
    "started_us FROM aside.captures a WHERE NOT EXISTS (SELECT 1 FROM main.captures m WHERE "
    "m.source = a.source AND m.kind = 'live')";

static size_t find(struct store *store, struct guest *guests)
{
    sqlite3_stmt *row = NULL;
    size_t count = 0;
    if (sqlite3_prepare_v2(store->db, select_guests, -1, &row, NULL) != SQLITE_OK)
        return 0;
    while (count < STEP_SESSIONS && sqlite3_step(row) == SQLITE_ROW)
        guests[count++] = (struct guest){.there = sqlite3_column_int64(row, 0),
                                         .here = sqlite3_column_int64(row, 1),
                                         .known = sqlite3_column_int64(row, 1) != 0,
                                         .fuller = sqlite3_column_int(row, 2)};
    sqlite3_finalize(row);
    return count;
}

/* Takes some in, and away there. Returns how many; 0 = none is left, or it could not be done. */
static size_t move_some(struct store *store)
{
    struct guest guests[STEP_SESSIONS];
    if (!store_begin(store, NULL))
        return 0;
    const size_t count = find(store, guests);
    bool done = run_sql(store, insert_captures);
    for (size_t i = 0; done && i < count; i++)
        done = take_in(store, &guests[i]);
    if (!done) {
        store_roll_back(store);
        return 0;
    }
    if (!store_commit_held(store, NULL) || !run_sql(store, "BEGIN"))
        return 0;
    for (size_t i = 0; done && i < count; i++)
        done = session_discard(store->db, "aside", guests[i].there);
    return run_sql(store, done ? "COMMIT" : "ROLLBACK") && done ? count : 0;
}

static bool is_empty(struct store *store)
{
    sqlite3_stmt *row = NULL;
    bool empty = false;
    if (sqlite3_prepare_v2(store->db, "SELECT NOT EXISTS (SELECT 1 FROM aside.sessions)", -1, &row,
                           NULL) == SQLITE_OK)
        empty = sqlite3_step(row) == SQLITE_ROW && sqlite3_column_int(row, 0);
    sqlite3_finalize(row);
    return empty;
}

static void remove_file(const struct store *store)
{
    static const char *const endings[] = {"-aside", "-aside-wal", "-aside-shm", "-aside-writers"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        char *name = name_with(store, endings[i]);
        unlink(name);
        free(name);
    }
}

/* It may have been made by an earlier version, and its writer may have died. */
static bool attach(struct store *store, const char *name)
{
    struct store *aside = store_open(name, NULL);
    if (!store_close(aside, NULL) || !aside)
        return false;
    char *sql = sqlite3_mprintf("ATTACH %Q AS aside", name);
    const bool done = sql && run_sql(store, sql);
    sqlite3_free(sql);
    return done;
}

static void say_taken(struct store *store)
{
    store_say(store,
              "%llu sessions with findings that had been put aside are in history '%s' again",
              (unsigned long long)store->taken_back, store->path);
    store->taken_back = 0;
}

/* What passes by itself is not said. */
static void note_failure(struct store *store, const char *name)
{
    if (++store->aside_tries == TRIES)
        store_say(store, "what was put aside in '%s' cannot be taken back into the history: %s",
                  name, sqlite3_errmsg(store->db));
}

/* Whether all of it is here. However long it took to open it, some are moved. */
static bool take_all(struct store *store, int64_t until_us)
{
    const uint64_t before = store->taken_back;
    size_t moved;
    do
        store->taken_back += moved = move_some(store);
    while (moved && clock_steady_us() < until_us);
    if (store->taken_back > before)
        store->aside_tries = 0;
    return is_empty(store);
}

void aside_take_back(struct store *store, int64_t until_us)
{
    char *name = name_with(store, "-aside");
    const uint64_t before = store->taken_back;
    if (store->db && !store->in_transaction && store->aside_tries < TRIES && is_calm(store, name)) {
        const bool attached = attach(store, name);
        const bool done = attached && take_all(store, until_us);
        if (!attached || (!done && store->taken_back == before))
            note_failure(store, name);
        if (attached)
            run_sql(store, "DETACH aside");
        if (done) {
            remove_file(store);
            say_taken(store);
        }
    }
    free(name);
}
