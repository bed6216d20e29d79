/* SPDX-License-Identifier: ISC */
#include "heloscope/db/history.h"

#include <stdlib.h>
#include <unistd.h>

#include "heloscope/base/memory.h"
#include "columns.h"
#include "query.h"
#include "db/event_key.h"
#include "db/file_name.h"
#include "db/schema/schema.h"
#include "db/sql_error.h"

/* A reader of a WAL database waits only in odd moments, such as while the last writer tidies up. */
#define BUSY_MS 4000

/* ------------------------------------------------------------------------------------- opening */

static bool usable(struct history *history, struct failure *why)
{
    const int version = schema_version(history->db, history->path, &schema_ladder, why);
    if (version < 0)
        return false;
    if (version == 0)
        return failure_set(why, "history '%s' is empty; heloscope analyze fills it", history->path);
    if (version < schema_ladder.count)
        return failure_set(why,
                           "history '%s' was written by an older heloscope; one run of heloscope "
                           "analyze or monitor on it brings it forward",
                           history->path);
    return true;
}

/* A name as a URI that tells SQLite that nobody writes. */
static char *immutable_uri(const char *path)
{
    static const char hex[] = "0123456789ABCDEF";
    static const char head[] = "file:", tail[] = "?immutable=1";
    char *uri = memory_get(sizeof head + 3 * strlen(path) + sizeof tail);
    char *out = stpcpy(uri, head);
    for (const unsigned char *c = (const unsigned char *)path; *c; c++) {
        if (*c == '%' || *c == '?' || *c == '#') {
            *out++ = '%';
            *out++ = hex[*c >> 4];
            *out++ = hex[*c & 15];
        } else {
            *out++ = (char)*c;
        }
    }
    strcpy(out, tail);
    return uri;
}

static bool wal_exists(const char *path)
{
    const size_t length = strlen(path);
    char *wal = memory_get(length + sizeof "-wal");
    memcpy(stpcpy(wal, path), "-wal", sizeof "-wal");
    const bool exists = access(wal, F_OK) == 0;
    free(wal);
    return exists;
}

static bool open_as(struct history *history, const char *name, int flags, struct failure *why)
{
    sqlite3_close(history->db);
    history->db = NULL;
    if (sqlite3_open_v2(name, &history->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | flags,
                        NULL) != SQLITE_OK)
        return sql_error(history->db, history->path, why);
    sqlite3_busy_timeout(history->db, BUSY_MS);
    return usable(history, why);
}

/* In WAL mode even a reader needs a -shm file beside the history. Where it cannot make one (a
 * read-only folder, a DVD) and no WAL is left to be read, the file cannot change either. */
static bool open_file(struct history *history, struct failure *why)
{
    char *name = file_name_plain(history->path);
    const bool plain = open_as(history, name, 0, why);
    free(name);
    if (plain)
        return true;
    const int code = sqlite3_errcode(history->db) & 0xff;
    if ((code != SQLITE_CANTOPEN && code != SQLITE_READONLY) || wal_exists(history->path))
        return false;
    char *uri = immutable_uri(history->path);
    const bool done = open_as(history, uri, SQLITE_OPEN_URI, why);
    free(uri);
    return done;
}

struct history *history_open(const char *path, struct failure *why)
{
    if (access(path, F_OK) != 0) {
        failure_set(why,
                    "history '%s' does not exist; heloscope analyze makes one, --db names "
                    "another",
                    path);
        return NULL;
    }
    struct history *history = memory_get(sizeof *history);
    history->path = strcpy(memory_get(strlen(path) + 1), path);
    if (open_file(history, why))
        return history;
    history_close(history);
    return NULL;
}

void history_close(struct history *history)
{
    if (!history)
        return;
    sqlite3_close(history->db);
    free(history->path);
    free(history);
}

/* ---------------------------------------------------------------------------------- statements */

sqlite3_stmt *reader_prepare(struct history *history, const char *sql, struct failure *why)
{
    sqlite3_stmt *statement = NULL;
    if (!sql)
        sql_error_of(SQLITE_NOMEM, history->path, why);
    else if (sqlite3_prepare_v2(history->db, sql, -1, &statement, NULL) != SQLITE_OK)
        sql_error(history->db, history->path, why);
    return statement;
}

bool reader_row(sqlite3_stmt *statement)
{
    return sqlite3_step(statement) == SQLITE_ROW;
}

bool reader_finish(struct history *history, sqlite3_stmt *statement, struct failure *why)
{
    return sqlite3_finalize(statement) == SQLITE_OK || sql_error(history->db, history->path, why);
}

/* ------------------------------------------------------------------------------------ sessions */

#define SELECT_SESSIONS                                                                            \
    "SELECT session_id, started_us, ended_us, source, uid, community_id, client_addr, "            \
    "server_addr, helo, server_software, client_software, protocol, tls_version, tls_sni, "        \
    "outcome, client_port, server_port, packets, commands, replies, messages, violations, "        \
    "errors_503, (SELECT ifnull(sum(1 + d.repeats), 0) FROM diagnoses d WHERE d.session_id = "     \
    "sessions.session_id AND d.code <> 503), bytes_missing, midstream, proxied_addr, "             \
    "proxied_port FROM sessions "

static bool give_session(sqlite3_stmt *statement, history_session_fn *fn, void *context)
{
    struct columns c = {statement, 0};
    struct history_session row = {0};
    row.session_id = number(&c);
    row.started_us = number(&c);
    row.ended_us = number(&c);
    row.source = text(&c);
    row.uid = text(&c);
    row.community_id = text(&c);
    row.client_addr = text(&c);
    row.server_addr = text(&c);
    row.helo = text(&c);
    row.server_software = text(&c);
    row.client_software = text(&c);
    row.protocol = text(&c);
    row.tls_version = text(&c);
    row.tls_sni = text(&c);
    row.outcome = text(&c);
    row.client_port = (int)number(&c);
    row.server_port = (int)number(&c);
    row.packets = number(&c);
    row.commands = number(&c);
    row.replies = number(&c);
    row.messages = number(&c);
    row.violations = number(&c);
    row.errors_503 = number(&c);
    row.errors_other = number(&c);
    row.bytes_missing = number(&c);
    row.midstream = number(&c) != 0;
    row.proxied_addr = text(&c);
    row.proxied_port = (int)number(&c);
    return fn(context, &row);
}

bool history_session(struct history *history, int64_t session_id, history_session_fn *fn,
                     void *context, struct failure *why)
{
    sqlite3_stmt *statement = reader_prepare(history, SELECT_SESSIONS "WHERE session_id = ?1", why);
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, session_id);
    const bool found = reader_row(statement);
    if (found)
        give_session(statement, fn, context);
    return reader_finish(history, statement, why) &&
           (found || failure_set(why, "history '%s' has no session %lld", history->path,
                                 (long long)session_id));
}

bool reader_sessions(struct history *history, const int64_t *session_ids, size_t count,
                     history_session_fn *fn, void *context, struct failure *why)
{
    sqlite3_stmt *statement = reader_prepare(history, SELECT_SESSIONS "WHERE session_id = ?1", why);
    if (!statement)
        return false;
    bool wanted = true;
    for (size_t i = 0; wanted && i < count; i++) {
        sqlite3_bind_int64(statement, 1, session_ids[i]);
        if (reader_row(statement))
            wanted = give_session(statement, fn, context);
        if (sqlite3_reset(statement) != SQLITE_OK)
            break;
    }
    return reader_finish(history, statement, why);
}

bool history_sessions(struct history *history, bool only_errors, history_session_fn *fn,
                      void *context, struct failure *why)
{
    const char *sql =
        only_errors ? SELECT_SESSIONS
            "WHERE errors_503 > 0 OR EXISTS (SELECT 1 FROM diagnoses d "
            "WHERE d.session_id = sessions.session_id) ORDER BY started_us, session_id"
                    : SELECT_SESSIONS "ORDER BY started_us, session_id";
    sqlite3_stmt *statement = reader_prepare(history, sql, why);
    if (!statement)
        return false;
    while (reader_row(statement) && give_session(statement, fn, context))
        ;
    return reader_finish(history, statement, why);
}

/* -------------------------------------------------------------------------------------- events */

/* Lookups by key only: the events of one session, and for each what points at it. */
static const char select_events[] =
    "SELECT e.seq, e.ts_us, e.packet, e.side, e.kind, e.verb, e.code, e.enhanced, "
    "e.text, e.bytes, e.answers, e.saw, e.note, "
    "EXISTS (SELECT 1 FROM diagnoses o WHERE o.session_id = ?1 "
    "AND o.origin_seq = e.seq), d.cause, d.origin_seq, "
    "(SELECT group_concat(v.rule, ', ') FROM violations v WHERE v.session_id = ?1 "
    "AND v.seq = e.seq) "
    "FROM events e "
    "LEFT JOIN diagnoses d ON d.session_id = ?1 AND d.reply_seq = e.seq "
    "WHERE e.session_id = ?1 AND e.seq BETWEEN ?2 AND ?3 ORDER BY e.seq";

/* A damaged file can lack what the schema demands. */
static char side_of(const char *side)
{
    return side && *side == 'C' ? 'C' : 'S';
}

static bool give_event(sqlite3_stmt *statement, history_event_fn *fn, void *context)
{
    struct columns c = {statement, 0};
    struct history_event row = {0};
    row.seq = (event_no)number(&c);
    row.ts_us = number(&c);
    row.packet = number(&c);
    row.side = side_of(text(&c));
    row.kind = text(&c);
    row.verb = text(&c);
    row.code = (int)number(&c);
    row.enhanced = text(&c);
    row.text = text(&c);
    row.bytes = number_or(&c, -1);
    row.answers = (event_no)number(&c);
    row.saw = (event_no)number(&c);
    row.note = text(&c);
    row.is_origin = number(&c) != 0;
    row.cause = text(&c);
    row.origin = (event_no)number(&c);
    row.violation = text(&c);
    return fn(context, &row);
}

bool history_events(struct history *history, int64_t session_id, event_no first, event_no last,
                    history_event_fn *fn, void *context, struct failure *why)
{
    /* Beyond this a session's keys would wrap around to those of another. */
    if (session_id < 0 || session_id > INT64_MAX >> EVENT_BITS || first > EVENT_LAST)
        return true;
    sqlite3_stmt *statement = reader_prepare(history, select_events, why);
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, session_id);
    sqlite3_bind_int64(statement, 2, first);
    sqlite3_bind_int64(statement, 3, last < EVENT_LAST ? last : EVENT_LAST);
    while (reader_row(statement) && give_event(statement, fn, context))
        ;
    return reader_finish(history, statement, why);
}
