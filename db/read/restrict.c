/* SPDX-License-Identifier: ISC */
/* A history of which only some sessions are to be seen. Tables of this connection alone say which;
 * views of the same names as the tables of the history, which SQLite finds first, show no others.
 * The views that people read are made once more from their own text, so that they are of these. */
#include <stdlib.h>

#include "heloscope/base/memory.h"
#include "heloscope/db/selection.h"
#include "query.h"
#include "selection_sql.h"
#include "db/sql_error.h"

static bool run(struct history *history, const char *sql, struct failure *why)
{
    return sqlite3_exec(history->db, sql, NULL, NULL, NULL) == SQLITE_OK ||
           sql_error(history->db, history->path, why);
}

/* Runs each statement that `sql` yields. */
static bool run_each(struct history *history, const char *sql, struct failure *why)
{
    sqlite3_stmt *statement = reader_prepare(history, sql, why);
    char *all = NULL;
    if (!statement)
        return false;
    if (reader_row(statement) && reader_text(statement, 0))
        all = sqlite3_mprintf("%s", reader_text(statement, 0));
    bool done = reader_finish(history, statement, why);
    done = done && (!all || run(history, all, why));
    sqlite3_free(all);
    return done;
}

bool history_restrict_end(struct history *history, struct failure *why)
{
    return run_each(history,
                    "SELECT group_concat(printf('DROP %s temp.\"%w\";', type, name), ' ') FROM "
                    "temp.sqlite_schema WHERE type = 'view' OR name IN ('chosen', "
                    "'chosen_findings', 'gathered')",
                    why);
}

static bool fill(struct history *history, const struct selection *selection, bool findings,
                 struct failure *why)
{
    char tail[80] = "";
    struct selection_sql sql;
    selection_sql_begin(&sql, history->db);
    if (findings)
        selection_sql_findings(&sql, selection);
    else
        selection_sql_sessions(&sql, selection);
    if (selection->last && !findings)
        snprintf(tail, sizeof tail, " ORDER BY s.started_us DESC, s.session_id DESC LIMIT %ld",
                 selection->last);
    sqlite3_stmt *statement = selection_sql_prepare(
        &sql, history,
        findings ? "INSERT INTO temp.chosen_findings SELECT d.id FROM main.diagnoses d WHERE "
                   "d.session_id IN (SELECT session_id FROM temp.chosen) AND "
                 : "INSERT INTO temp.chosen SELECT s.session_id FROM main.sessions s WHERE ",
        tail, why);
    if (!statement)
        return false;
    reader_row(statement);
    return reader_finish(history, statement, why);
}

/* The views of the history once more, from their own text, so that they are of the tables and views
 * of this connection that have the names of the history's; those that `except` names are left out.
 */
static bool copy_views(struct history *history, const char *except, struct failure *why)
{
    char *sql = sqlite3_mprintf(
        "SELECT group_concat(replace(sql, 'CREATE VIEW ', 'CREATE TEMP VIEW '), ';') FROM (SELECT "
        "sql FROM main.sqlite_schema WHERE type = 'view' AND name <> %Q ORDER BY rowid)",
        except);
    const bool done = run_each(history, sql, why);
    sqlite3_free(sql);
    return done;
}

bool history_gather(struct history *history, bool restricted, struct failure *why)
{
    return run(history,
               "DROP TABLE IF EXISTS temp.gathered;"
               "CREATE TEMP TABLE gathered AS SELECT * FROM errors_facts;"
               "DROP VIEW IF EXISTS temp.errors_facts;"
               "CREATE TEMP VIEW errors_facts AS SELECT * FROM temp.gathered",
               why) &&
           (restricted || copy_views(history, "errors_facts", why));
}

bool history_restrict(struct history *history, const struct selection *selection,
                      struct failure *why)
{
    static const char tables[] = "CREATE TEMP TABLE chosen (session_id INTEGER PRIMARY KEY);"
                                 "CREATE TEMP TABLE chosen_findings (id INTEGER PRIMARY KEY)";
    static const char views[] =
        "CREATE TEMP VIEW sessions AS SELECT * FROM main.sessions WHERE session_id IN "
        "(SELECT session_id FROM temp.chosen);"
        "CREATE TEMP VIEW transactions AS SELECT * FROM main.transactions WHERE session_id IN "
        "(SELECT session_id FROM temp.chosen);"
        "CREATE TEMP VIEW violations AS SELECT * FROM main.violations WHERE session_id IN "
        "(SELECT session_id FROM temp.chosen);"
        "CREATE TEMP VIEW diagnoses AS SELECT * FROM main.diagnoses WHERE id IN "
        "(SELECT id FROM temp.chosen_findings)";
    int64_t *ids = NULL;
    size_t count;
    if (!history_restrict_end(history, why))
        return false;
    if (selection_is_all(selection))
        return true;
    /* Complains of sessions and of ids of mail that are not there. */
    if (selection->term_count && !history_select_ids(history, selection, &ids, &count, why))
        return false;
    free(ids);
    return run(history, tables, why) && fill(history, selection, false, why) &&
           fill(history, selection, true, why) && run(history, views, why) &&
           copy_views(history, "", why);
}
