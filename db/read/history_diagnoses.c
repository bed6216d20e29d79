/* SPDX-License-Identifier: ISC */
/* What was found in sessions: diagnoses and violations. */
#include "columns.h"
#include "selection_sql.h"
#include "db/sql_error.h"

#define SELECT_DIAGNOSES                                                                           \
    "SELECT d.id, d.session_id, d.reply_seq, d.command_seq, d.origin_seq, d.code, r.ts_us, "       \
    "d.cause, d.fault, d.certainty, d.server_says, d.explanation, d.advice, d.agrees, "            \
    "d.repeats, s.client_addr, s.server_addr, s.helo, s.source, s.client_port, s.server_port, "    \
    "s.client_software "                                                                           \
    "FROM diagnoses d JOIN sessions s ON s.session_id = d.session_id "                             \
    "LEFT JOIN single_events r ON r.id = (d.session_id << 24 | d.reply_seq) "

static const char select_diagnoses[] =
    SELECT_DIAGNOSES "WHERE d.id > ?1 AND (d.code = 503 OR NOT ?2) ORDER BY d.id";

/* What is asked for, in a table that only this connection sees. */
static const char make_asked[] =
    "CREATE TEMP TABLE IF NOT EXISTS asked (session_id INTEGER, first INTEGER, last INTEGER, "
    "from_us INTEGER, to_us INTEGER, PRIMARY KEY (session_id, first, last, from_us, to_us)) "
    "WITHOUT ROWID; DELETE FROM temp.asked";
static const char insert_asked[] = "INSERT OR IGNORE INTO temp.asked VALUES (?1, ?2, ?3, ?4, ?5)";
static const char select_asked_diagnoses[] =
    SELECT_DIAGNOSES "WHERE d.session_id IN (SELECT session_id FROM temp.asked) AND EXISTS "
                     "(SELECT 1 FROM temp.asked a WHERE a.session_id = d.session_id AND "
                     "d.reply_seq BETWEEN a.first AND a.last AND "
                     "coalesce(r.ts_us, a.from_us) BETWEEN a.from_us AND a.to_us) ORDER BY d.id";

static const char select_session_diagnoses[] =
    SELECT_DIAGNOSES "WHERE d.session_id = ?1 ORDER BY d.reply_seq";

static bool give_diagnosis(sqlite3_stmt *statement, history_diagnosis_fn *fn, void *context)
{
    struct columns c = {statement, 0};
    struct history_diagnosis row = {0};
    row.id = number(&c);
    row.session_id = number(&c);
    row.reply = (event_no)number(&c);
    row.command = (event_no)number(&c);
    row.origin = (event_no)number(&c);
    row.code = (int)number(&c);
    row.ts_us = number(&c);
    row.cause = text(&c);
    row.fault = text(&c);
    row.certainty = text(&c);
    row.server_says = text(&c);
    row.explanation = text(&c);
    row.advice = text(&c);
    row.agrees = (int)number_or(&c, -1);
    row.repeats = (uint64_t)number(&c);
    row.client_addr = text(&c);
    row.server_addr = text(&c);
    row.helo = text(&c);
    row.source = text(&c);
    row.client_port = (int)number(&c);
    row.server_port = (int)number(&c);
    row.client_software = text(&c);
    return fn(context, &row);
}

bool history_diagnoses(struct history *history, int64_t after, bool only_503,
                       history_diagnosis_fn *fn, void *context, struct failure *why)
{
    sqlite3_stmt *statement = reader_prepare(history, select_diagnoses, why);
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, after);
    sqlite3_bind_int(statement, 2, only_503);
    while (reader_row(statement) && give_diagnosis(statement, fn, context))
        ;
    return reader_finish(history, statement, why);
}

/* Also the words that are asked of the session: the statement joins it as s. */
static sqlite3_stmt *prepare_selected(struct history *history, int64_t after, int64_t upto,
                                      const struct selection *selection, struct failure *why)
{
    struct selection_sql sql;
    char head[1024];
    snprintf(head, sizeof head, SELECT_DIAGNOSES "WHERE d.id > %lld AND d.id <= %lld AND ",
             (long long)after, (long long)upto);
    selection_sql_begin(&sql, history->db);
    selection_sql_sessions(&sql, selection);
    sqlite3_str_appendall(sql.text, " AND ");
    selection_sql_findings(&sql, selection);
    return selection_sql_prepare(&sql, history, head, " ORDER BY d.id", why);
}

bool history_diagnoses_selected(struct history *history, int64_t after, int64_t upto,
                                const struct selection *selection, history_diagnosis_fn *fn,
                                void *context, struct failure *why)
{
    sqlite3_stmt *statement = prepare_selected(history, after, upto, selection, why);
    if (!statement)
        return false;
    while (reader_row(statement) && give_diagnosis(statement, fn, context))
        ;
    return reader_finish(history, statement, why);
}

static bool ask_for(struct history *history, const struct own_findings *own, size_t count,
                    struct failure *why)
{
    if (sqlite3_exec(history->db, make_asked, NULL, NULL, NULL) != SQLITE_OK)
        return sql_error(history->db, history->path, why);
    sqlite3_stmt *statement = reader_prepare(history, insert_asked, why);
    if (!statement)
        return false;
    for (size_t i = 0; i < count; i++) {
        sqlite3_bind_int64(statement, 1, own[i].session_id);
        sqlite3_bind_int64(statement, 2, own[i].first);
        sqlite3_bind_int64(statement, 3, own[i].last);
        sqlite3_bind_int64(statement, 4, own[i].from_us);
        sqlite3_bind_int64(statement, 5, own[i].to_us);
        sqlite3_step(statement);
        sqlite3_reset(statement);
    }
    return reader_finish(history, statement, why);
}

bool history_diagnoses_of(struct history *history, const struct own_findings *own, size_t count,
                          history_diagnosis_fn *fn, void *context, struct failure *why)
{
    if (!count)
        return true;
    sqlite3_stmt *statement = ask_for(history, own, count, why)
                                  ? reader_prepare(history, select_asked_diagnoses, why)
                                  : NULL;
    if (!statement)
        return false;
    while (reader_row(statement) && give_diagnosis(statement, fn, context))
        ;
    return reader_finish(history, statement, why);
}

static const char select_asked_violations[] =
    "SELECT v.session_id, v.seq, v.rule, v.tolerated FROM violations v LEFT JOIN single_events e "
    "ON e.id = (v.session_id << 24 | v.seq) "
    "WHERE v.session_id IN (SELECT session_id FROM temp.asked) AND EXISTS "
    "(SELECT 1 FROM temp.asked a WHERE a.session_id = v.session_id AND v.seq BETWEEN "
    "a.first AND a.last AND coalesce(e.ts_us, a.from_us) BETWEEN a.from_us AND a.to_us) "
    "ORDER BY v.session_id, v.seq, v.rule";

static bool give_violation(sqlite3_stmt *statement, history_violation_fn *fn, void *context)
{
    struct columns c = {statement, 0};
    struct history_violation row = {0};
    row.session_id = number(&c);
    row.seq = (event_no)number(&c);
    row.rule = text(&c);
    row.tolerated = number(&c) != 0;
    return fn(context, &row);
}

bool history_violations_of(struct history *history, const struct own_findings *own, size_t count,
                           history_violation_fn *fn, void *context, struct failure *why)
{
    if (!count)
        return true;
    sqlite3_stmt *statement = ask_for(history, own, count, why)
                                  ? reader_prepare(history, select_asked_violations, why)
                                  : NULL;
    if (!statement)
        return false;
    while (reader_row(statement) && give_violation(statement, fn, context))
        ;
    return reader_finish(history, statement, why);
}

bool history_session_diagnoses(struct history *history, int64_t session_id,
                               history_diagnosis_fn *fn, void *context, struct failure *why)
{
    sqlite3_stmt *statement = reader_prepare(history, select_session_diagnoses, why);
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, session_id);
    while (reader_row(statement) && give_diagnosis(statement, fn, context))
        ;
    return reader_finish(history, statement, why);
}

int64_t history_last_diagnosis(struct history *history)
{
    sqlite3_stmt *statement = reader_prepare(history, "SELECT max(id) FROM diagnoses", NULL);
    const int64_t last =
        statement && reader_row(statement) ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    return last;
}
