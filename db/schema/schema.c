/* SPDX-License-Identifier: ISC */
#include "schema.h"

#include "db/schema/schema_sql.h"
#include "dictionary.h"
#include "db/sql_error.h"

/* A change to the tables is a new step here, with its SQL in a file of its own. A change to
 * views.sql alone needs a step too, with empty SQL. */
static const struct migration steps[] = {
    {1, schema_sql}, /* the tables */
    {2, ""},         /* views: errors under other codes, commonest names */
    {3, step_changes_sql},
    {4, step_upkeep_sql},
    {5, step_connections_sql},
    {6, step_capture_stats_sql},
    {7, step_tls_sql},
    {8, step_repeats_sql},
    {9, step_timelines_sql},
    {10, step_logs_sql},
};

const struct ladder schema_ladder = {steps, sizeof steps / sizeof *steps, views_sql};

/* The one integer that `sql` yields; -1 with the error left in `db`. */
static sqlite3_int64 number_of(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement;
    sqlite3_int64 number = -1;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        return -1;
    const bool row = sqlite3_step(statement) == SQLITE_ROW;
    if (row)
        number = sqlite3_column_int64(statement, 0);
    if (sqlite3_finalize(statement) != SQLITE_OK)
        return -1;
    return number;
}

/* What is wrong with a file of this `application` id and `version`; NULL when nothing is. */
static const char *stranger(sqlite3_int64 application, sqlite3_int64 version, int newest)
{
    if (application != HISTORY_APPLICATION_ID || version < 1)
        return "is a database of another program; name another file with --db";
    if (version > newest)
        return "was written by a newer heloscope; update this one, or name another file with --db";
    return NULL;
}

int schema_version(sqlite3 *db, const char *path, const struct ladder *ladder, struct failure *why)
{
    /* The first read of the file: here SQLite finds out whether it is a database at all. */
    const sqlite3_int64 relations = number_of(db, "SELECT count(*) FROM main.sqlite_schema");
    if (relations < 0) {
        sql_error(db, path, why);
        return -1;
    }
    const sqlite3_int64 application = number_of(db, "PRAGMA main.application_id");
    const sqlite3_int64 version = number_of(db, "PRAGMA main.user_version");
    if (relations == 0 && application == 0 && version == 0)
        return 0;
    const char *problem = stranger(application, version, ladder->count);
    if (problem) {
        failure_set(why, "history '%s' %s", path, problem);
        return -1;
    }
    return (int)version;
}

static bool run(sqlite3 *db, const char *path, const char *sql, struct failure *why)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK || sql_error(db, path, why);
}

/* Runs text that a printf-like format makes. */
static bool run_number(sqlite3 *db, const char *path, const char *format, int number,
                       struct failure *why)
{
    char *sql = sqlite3_mprintf(format, number);
    const bool done = sql ? run(db, path, sql, why) : sql_error_of(SQLITE_NOMEM, path, why);
    sqlite3_free(sql);
    return done;
}

/* Views hold nothing, and an old one may speak of columns that a step has changed. */
static bool drop_views(sqlite3 *db, const char *path, struct failure *why)
{
    static const char names[] = "SELECT group_concat(printf('DROP VIEW main.\"%w\";', name), ' ') "
                                "FROM main.sqlite_schema WHERE type = 'view'";
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(db, names, -1, &statement, NULL) != SQLITE_OK)
        return sql_error(db, path, why);
    char *sql = NULL;
    if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_text(statement, 0))
        sql = sqlite3_mprintf("%s", sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    const bool done = !sql || run(db, path, sql, why);
    sqlite3_free(sql);
    return done;
}

/* From `version` to the top. */
static bool climb(sqlite3 *db, const char *path, const struct ladder *ladder, int version,
                  struct failure *why)
{
    if (!drop_views(db, path, why))
        return false;
    for (int i = version; i < ladder->count; i++)
        if (!run(db, path, ladder->steps[i].sql, why))
            return false;
    return run(db, path, ladder->views, why) &&
           run_number(db, path, "PRAGMA main.application_id = %d", HISTORY_APPLICATION_ID, why) &&
           run_number(db, path, "PRAGMA main.user_version = %d", ladder->count, why);
}

bool schema_bring_forward(sqlite3 *db, const char *path, const struct ladder *ladder,
                          struct failure *why)
{
    if (!run(db, path, "BEGIN IMMEDIATE", why))
        return false;
    /* Asked again under the lock: another program may have brought the file forward meanwhile. */
    const int version = schema_version(db, path, ladder, why);
    bool done = version >= 0;
    if (done && version < ladder->count)
        done = climb(db, path, ladder, version, why);
    done = done && (dictionary_refresh(db) || sql_error(db, path, why)) &&
           run(db, path, "COMMIT", why);
    if (!done)
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return done;
}
