/* SPDX-License-Identifier: ISC */
/* JSON for programs. SQLite makes the object of each row; the brackets between them are written
 * here, row by row, so that a long history needs no more memory than a short one. */
#include "query.h"

/* A part of a document: a query with one column of JSON; ?1 is the session where it has one. */
struct part {
    const char *name; /* of the member; NULL: the document itself */
    const char *relation, *rows, *extra;
    bool array;
};

/* What hangs on a diagnosis goes with it. A subquery's value is text until json() says otherwise.
 */
#define RELATED                                                                                    \
    ", 'related', json((SELECT json_group_array(json_object('seq', r.seq, 'role', r.role)) "       \
    "FROM related_events r WHERE r.session_id = t.session_id AND r.reply_seq = t.reply_seq))"

static const struct part session_parts[] = {
    {"session", "sessions", "WHERE session_id = ?1", "", false},
    {"events", "events", "WHERE session_id = ?1 ORDER BY seq", "", true},
    {"violations", "violations", "WHERE session_id = ?1 ORDER BY seq", "", true},
    {"diagnoses", "diagnoses", "WHERE session_id = ?1 ORDER BY reply_seq", RELATED, true},
    {"transactions", "transactions", "WHERE session_id = ?1 ORDER BY tx", "", true},
    {"recipients", "recipients", "WHERE session_id = ?1 ORDER BY tx, n", "", true},
    {"log_lines", "log_lines", "WHERE session_id = ?1 ORDER BY seq, log_id, line", "", true},
};
#define SESSION_PARTS (sizeof session_parts / sizeof *session_parts)

/* 'name', t."name" for each column of `relation`. */
static char *members(struct history *history, const char *relation, struct failure *why)
{
    char *sql = sqlite3_mprintf("SELECT * FROM %s LIMIT 0", relation);
    sqlite3_stmt *statement = reader_prepare(history, sql, why);
    sqlite3_free(sql);
    if (!statement)
        return NULL;
    sqlite3_str *list = sqlite3_str_new(history->db);
    for (int i = 0; i < sqlite3_column_count(statement); i++) {
        const char *name = sqlite3_column_name(statement, i);
        sqlite3_str_appendf(list, "%s%Q, t.\"%w\"", i ? ", " : "", name, name);
    }
    sqlite3_finalize(statement);
    return sqlite3_str_finish(list);
}

static sqlite3_stmt *prepare_part(struct history *history, const struct part *part,
                                  struct failure *why)
{
    char *list = members(history, part->relation, why);
    if (!list)
        return NULL;
    char *sql = sqlite3_mprintf("SELECT json_object(%s%s) FROM %s t %s", list, part->extra,
                                part->relation, part->rows);
    sqlite3_stmt *statement = reader_prepare(history, sql, why);
    sqlite3_free(sql);
    sqlite3_free(list);
    return statement;
}

/* An array has its rows on lines of their own; what is no array is one row. */
static bool print_part(struct history *history, const struct part *part, int64_t session_id,
                       FILE *out, struct failure *why)
{
    sqlite3_stmt *statement = prepare_part(history, part, why);
    if (!statement)
        return false;
    if (sqlite3_bind_parameter_count(statement))
        sqlite3_bind_int64(statement, 1, session_id);
    fputs(part->array ? "[" : "", out);
    for (int rows = 0; reader_row(statement); rows++)
        fprintf(out, "%s%s", !part->array ? "" : rows ? ",\n" : "\n", reader_text(statement, 0));
    fputs(part->array ? "\n]" : "", out);
    return reader_finish(history, statement, why);
}

static bool written(FILE *out, struct failure *why)
{
    if (fflush(out) == 0 && !ferror(out))
        return true;
    return failure_set(why, "the JSON could not be written: %m");
}

static bool nothing(void *context, const struct history_session *row)
{
    (void)context;
    (void)row;
    return true;
}

static bool print_session(struct history *history, int64_t session_id, FILE *out,
                          struct failure *why)
{
    if (!history_session(history, session_id, nothing, NULL, why))
        return false;
    for (size_t i = 0; i < SESSION_PARTS; i++) {
        fprintf(out, "%s\"%s\": ", i ? ",\n" : "{", session_parts[i].name);
        if (!print_part(history, &session_parts[i], session_id, out, why))
            return false;
    }
    fputs("}\n", out);
    return written(out, why);
}

/* In one transaction: all parts show the same moment, also while a session is being written. */
bool history_json_session(struct history *history, int64_t session_id, FILE *out,
                          struct failure *why)
{
    sqlite3_exec(history->db, "BEGIN", NULL, NULL, NULL);
    const bool done = print_session(history, session_id, out, why);
    sqlite3_exec(history->db, "COMMIT", NULL, NULL, NULL);
    return done;
}

static bool print_relation(struct history *history, const char *relation, FILE *out,
                           struct failure *why)
{
    const struct part part = {NULL, relation, "", "", true};
    if (!print_part(history, &part, 0, out, why))
        return false;
    fputs("\n", out);
    return written(out, why);
}

bool history_json_errors(struct history *history, FILE *out, struct failure *why)
{
    return print_relation(history, "errors_503", out, why);
}

bool history_json_report(struct history *history, const char *by, FILE *out, struct failure *why)
{
    const char *view = report_view(by, why);
    return view && print_relation(history, view, out, why);
}
