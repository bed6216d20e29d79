/* SPDX-License-Identifier: ISC */
#include "heloscope/fleet/ask.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/base/memory.h"
#include "heloscope/db/import.h"
#include "heloscope/output/terminal.h"
#include "lines.h"
#include "setup.h"

enum {
    COLUMNS = 64,
    SHARD_DOWN = 279 /* ALL_CONNECTION_TRIES_FAILED */
};

/* 64-bit integers are numbers in JSON. */
#define SETTINGS "&output_format_json_quote_64bit_integers=0"

struct fleet {
    struct account account;
    struct http *http;
    bool partial;
};

struct fleet *fleet_open(const struct fleet_words *words, struct failure *why)
{
    struct fleet *fleet = memory_get(sizeof *fleet);
    int version = 0;
    fleet->partial = words->partial;
    if (account_read(words, &fleet->account, why) &&
        (fleet->http = http_open(&fleet->account, why)) != NULL &&
        setup_version(&(struct setup){&fleet->account, fleet->http}, &version, why) == HTTP_DONE) {
        if (version == SETUP_VERSION)
            return fleet;
        failure_set(why, "fleet database '%s' is %s; run heloscope ship --init, or update this one",
                    fleet->account.database, version ? "of another version" : "not there");
    }
    fleet_close(fleet);
    return NULL;
}

void fleet_close(struct fleet *fleet)
{
    if (!fleet)
        return;
    http_close(fleet->http);
    free(fleet);
}

/* The query with the database's name in its places, and a format. */
static char *query_of(const struct fleet *fleet, const char *sql, const char *format)
{
    static const char mark[] = "@DB@";
    char *query = NULL;
    size_t size;
    FILE *out = open_memstream(&query, &size);
    for (const char *at; (at = strstr(sql, mark)) != NULL; sql = at + sizeof mark - 1)
        fprintf(out, "%.*s`%s`", (int)(at - sql), sql, fleet->account.database);
    fprintf(out, "%s FORMAT %s", sql, format);
    fclose(out);
    return query;
}

/* Asks the endpoints in turn. The answer is handed on only when it is whole, since the server may
 * find out late that it has none. */
static bool ask(struct fleet *fleet, const char *sql, const char *format, struct lines *lines,
                struct failure *why)
{
    struct terminal terminal = {0};
    char *query = query_of(fleet, sql, format);
    enum http_outcome outcome;
    do {
        lines_clear(lines);
        outcome = http_ask(fleet->http, query, SETTINGS, lines_take, lines, why);
    } while (outcome == HTTP_LATER && http_code(fleet->http) != SHARD_DOWN &&
             !http_next(fleet->http));
    if (outcome != HTTP_DONE && http_code(fleet->http) == SHARD_DOWN && fleet->partial) {
        terminal_warn(&terminal, "%s; what follows is without it", why->text);
        lines_clear(lines);
        outcome = http_ask(fleet->http, query, SETTINGS "&skip_unavailable_shards=1", lines_take,
                           lines, why);
        if (outcome == HTTP_DONE)
            why->text[0] = '\0';
    }
    free(query);
    return outcome == HTTP_DONE;
}

/* --- tables --- */

/* Undoes the escapes of TabSeparated in place. */
static char *plain(char *cell)
{
    static const char escapes[] = "b\bf\fr\rn\nt\t0\0'\'\\\\";
    if (strcmp(cell, "\\N") == 0)
        return memset(cell, 0, 1);
    char *out = cell;
    for (const char *in = cell; *in; in++) {
        const char *known = *in == '\\' && in[1] && in[1] != '0' ? strchr(escapes, in[1]) : NULL;
        *out++ = known ? known[1] : *in;
        in += known != NULL;
    }
    *out = '\0';
    return cell;
}

bool fleet_table(struct fleet *fleet, const char *sql, history_table_fn *fn, void *context,
                 struct failure *why)
{
    struct lines lines = {0};
    bool wanted = ask(fleet, sql, "TabSeparatedWithNames", &lines, why);
    const bool done = wanted;
    char *line;
    for (bool header = true; wanted && (line = lines_next(&lines)) != NULL; header = false) {
        const char *cells[COLUMNS];
        int count = 0;
        for (char *next; line && count < COLUMNS; line = next) {
            next = strchr(line, '\t');
            if (next)
                *next++ = '\0';
            cells[count++] = plain(line);
        }
        wanted = fn(context, count, cells, header);
    }
    lines_free(&lines);
    return done;
}

bool fleet_json(struct fleet *fleet, const char *sql, FILE *out, struct failure *why)
{
    struct lines lines = {0};
    const bool done = ask(fleet, sql, "JSONEachRow", &lines, why);
    fputc('[', out);
    const char *line;
    for (bool first = true; done && (line = lines_next(&lines)) != NULL; first = false)
        fprintf(out, "%s%s", first ? "\n" : ",\n", line);
    fputs("\n]\n", out);
    lines_free(&lines);
    return done;
}

/* As a history's report has it: the view's columns, and what is wrong counted by its origin. */
static const char by_cause[] =
    "(SELECT cause, errors, errors_503, errors_other, origins, sessions, clients, servers, "
    "first_seen, last_seen, title FROM @DB@.errors_by_cause AS v ANY LEFT JOIN (SELECT cause, "
    "uniqExact(session_id, ifNull(origin_seq, 0)) AS origins FROM @DB@.diagnoses GROUP BY cause) "
    "AS o USING cause ORDER BY errors DESC, cause)";

const char *fleet_ranking(const char *by, long limit, struct failure *why)
{
    static const struct {
        const char *by, *rows;
    } rankings[] = {
        {"cause", by_cause},
        {"client", "@DB@.errors_by_client"},
        {"client-software", "@DB@.errors_by_client_software"},
        {"server", "@DB@.errors_by_server"},
        {"software", "@DB@.errors_by_software"},
        {"day", "@DB@.errors_by_day"},
        {"hour", "@DB@.errors_by_hour"},
    };
    static char sql[sizeof by_cause + 128];
    for (size_t i = 0; i < sizeof rankings / sizeof *rankings; i++) {
        if (strcmp(rankings[i].by, by) != 0)
            continue;
        const int used = snprintf(sql, sizeof sql, "SELECT * FROM %s", rankings[i].rows);
        if (limit >= 0)
            snprintf(sql + used, sizeof sql - (size_t)used, " LIMIT %ld", limit);
        return sql;
    }
    failure_set(why, "the fleet has no ranking by '%s'", by);
    return NULL;
}

/* --- a session --- */

/* A text of ours in SQL: a uid has letters and digits only, a sensor's name may have anything. */
static void quoted(char *out, size_t room, const char *text)
{
    size_t used = 0;
    out[used++] = '\'';
    for (; *text && used + 3 < room; text++) {
        if (*text == '\'' || *text == '\\')
            out[used++] = '\\';
        out[used++] = *text;
    }
    out[used++] = '\'';
    out[used] = '\0';
}

struct place {
    char sensor[2 * ACCOUNT_TEXT + 3];
    char version[24];
    bool found;
};

static bool take_place(void *context, int columns, const char *const *cells, bool header)
{
    struct place *place = context;
    if (header || columns < 2)
        return true;
    quoted(place->sensor, sizeof place->sensor, cells[0]);
    snprintf(place->version, sizeof place->version, "%s", cells[1]);
    place->found = true;
    return false;
}

static bool is_uid(const char *text)
{
    const char *at = text;
    while (isalnum((unsigned char)*at))
        at++;
    return at > text && !*at;
}

/* The rows of one table; versions ascend, so that the newest of a row is the last. */
static bool fetch_table(struct fleet *fleet, struct import *import, size_t table, const char *uid,
                        const struct place *place, int64_t session_id, struct failure *why)
{
    char sql[4 * ACCOUNT_TEXT];
    struct lines lines = {0};
    snprintf(sql, sizeof sql,
             "SELECT * FROM @DB@.%s_all WHERE sensor = %s AND uid = '%s' AND version >= %s ORDER "
             "BY version",
             outbox_tables[table].name, place->sensor, uid, place->version);
    bool done = ask(fleet, sql, "JSONEachRow", &lines, why);
    const char *line;
    while (done && (line = lines_next(&lines)) != NULL)
        done = import_row(import, table, session_id, bytes_of_string(line), why);
    lines_free(&lines);
    return done;
}

static bool fetch_session(struct fleet *fleet, struct import *import, const char *uid,
                          int64_t session_id, struct failure *why)
{
    char sql[256];
    struct place place = {.found = false};
    if (!is_uid(uid) || strlen(uid) > 64)
        return failure_set(why, "'%.40s' is no uid; in a fleet sessions are named by theirs", uid);
    snprintf(sql, sizeof sql,
             "SELECT sensor, version FROM @DB@.sessions_all WHERE uid = '%s' ORDER BY version DESC "
             "LIMIT 1",
             uid);
    if (!fleet_table(fleet, sql, take_place, &place, why))
        return false;
    if (!place.found)
        return failure_set(why, "the fleet has no session %s", uid);
    for (size_t table = 0; table < OUTBOX_TABLES; table++)
        if (!fetch_table(fleet, import, table, uid, &place, session_id, why))
            return false;
    return true;
}

bool fleet_fetch(struct fleet *fleet, const char *const *uids, size_t count, const char *path,
                 struct failure *why)
{
    struct import *import = import_open(path, why);
    if (!import)
        return false;
    bool done = true;
    for (size_t i = 0; done && i < count; i++)
        done = fetch_session(fleet, import, uids[i], (int64_t)i + 1, why);
    return import_close(import, done ? why : NULL) && done;
}
