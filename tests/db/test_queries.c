/* SPDX-License-Identifier: ISC */
/* Each ready-made query runs, changes nothing, and answers what its first line promises. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdlib.h>
#include <time.h>

#include "heloscope/db/logbook.h"
#include "scratch.h"

static struct scratch at;

static int64_t now_us(void)
{
    return (int64_t)time(NULL) * 1000000;
}

/* A session of today whose capture has a hole: EHLO is out of it, a violation is tolerated, and a
 * 503 can be explained only as likely. */
static void write_doubtful(struct store *store)
{
    struct story story;
    story_begin(&story, "uid-doubtful", now_us() - 60 * INT64_C(1000000), 1);
    struct session_row *session = &story.chapter.session;
    session->client.octets[3] = 3;
    session->community_id = bytes_of_string("1:abc=");
    session->server_software = bytes_of_string("Exim");
    session->client_software = bytes_of_string("Mailer 1.0");
    session->bytes_missing = 120;
    session->midstream = true;
    story_event(&story, SIDE_CLIENT, EVENT_GAP, NULL);
    story_last_event(&story)->bytes = 120;
    story_last_event(&story)->has_bytes = true;
    const event_no vrfy = story_command(&story, "VRFY", "VRFY a");
    story_reply(&story, vrfy, 252, "252 try it");
    story_violation(&story, vrfy, "vrfy_needs_hello", true);
    const event_no rcpt = story_command(&story, "RCPT", "RCPT TO:<gone@mx.test>");
    const event_no reply = story_reply(&story, rcpt, 503, "503 sender not yet given");
    struct diagnosis *d = story_diagnosis(&story, reply, rcpt, 1, 503, CAUSE_UNKNOWN);
    d->fault = FAULT_UNKNOWN;
    d->certainty = CERTAINTY_LIKELY;
    struct transaction *t = story_transaction(&story, 0, NULL, "refused");
    story_recipient(&story, t, rcpt, "gone@mx.test", 503);
    scratch_write(store, story_chapter(&story, true));
    story_free(&story);
}

/* A log of two lines, of which one is joined with the first session. */
static void write_log(void)
{
    struct logbook *book = logbook_open(at.path, NULL);
    const struct log_line line = {
        .session_id = 1,
        .ts_us = INT64_C(1700000000) * 1000000,
        .clock_us = 2000000,
        .seq = 3,
        .line = 1,
        .server = "Exim",
        .kind = "disorder",
        .joined = "queue id",
        .text = bytes_of_string("SMTP protocol error"),
        .alone = true,
    };
    const struct log_file file = {
        .path = "mainlog",
        .servers = "Exim",
        .lines = 2,
        .known = 2,
        .visits = 2,
        .visits_joined = 1,
        .joined = 1,
        .stray = 1,
        .has_clock = true,
        .clock_us = 2000000,
        .over = true,
    };
    cr_assert(book && logbook_begin(book, "mainlog", NULL) && logbook_add(book, &line, NULL) &&
              logbook_end(book, &file, NULL));
    logbook_close(book);
}

static void make(void)
{
    scratch_make(&at);
    scratch_fill(&at);
    struct store *store = scratch_store(&at);
    write_doubtful(store);
    scratch_close(store);
    write_log();
}

static void clean(void)
{
    scratch_remove(&at);
}

TestSuite(queries, .init = make, .fini = clean);

/* What each query gives on the sessions above: its rows, and cells of the first of them. */
static const struct {
    const char *file;
    const char *parameter, *value; /* NULL: it has none */
    int rows;
    const char *first; /* cells, in their order, others between them left out */
} queries[] = {
    {"captures_read.sql", NULL, NULL, 1, "1|test.pcap|file|2023-11-14 22:13:20|27|3|3"},
    {"cascades.sql", NULL, NULL, 1, "1|6|550 5.1.8 sender unknown|mail_rejected|2|8|10"},
    {"causes_by_client_software.sql", NULL, NULL, 2, "not recognised|mail_rejected|2|1|1"},
    {"causes_by_server_software.sql", NULL, NULL, 2, "Exim|unknown|1|1|1|1"},
    {"client_software.sql", NULL, NULL, 2, "not recognised|2|1|1|1"},
    {"encryption.sql", NULL, NULL, 1, "none||25|3|2"},
    {"errors_by_hour.sql", NULL, NULL, 2,
     "2023-11-14 22:00|2|1|1|1|22:13:20|22:13:20|mail_rejected"},
    {"errors_last_hour.sql", NULL, NULL, 1, "3|127.0.0.3|RCPT TO:<gone@mx.test>|unknown"},
    {"evidence_by_role.sql", NULL, NULL, 8, "mail_rejected|command|DATA|1|1"},
    {"ignored_refusals.sql", NULL, NULL, 1, "127.0.0.1|client.test|2|1|550|mail_rejected"},
    {"logs_read.sql", NULL, NULL, 1, "mainlog|Exim|2|2|2|1|1|0|2.0"},
    {"misleading_replies.sql", NULL, NULL, 2, "1|8|mail_missing|mail_rejected"},
    {"noisiest_clients.sql", NULL, NULL, 2, "127.0.0.1|client.test|2|1|mail_rejected"},
    {"not_certain.sql", NULL, NULL, 1, "3|5|503|unknown|likely|120|1|0"},
    {"only_in_logs.sql", NULL, NULL, 1,
     "1|2023-11-14 22:13:18|127.0.0.1|127.0.0.2|Exim|disorder|NULL|SMTP protocol error"},
    {"recurring.sql", NULL, NULL, 3,
     "127.0.0.1|127.0.0.2|mail_rejected|DATA|503|550 5.1.8|1|1|2023-11-14 22:13:20"},
    {"refused_recipients.sql", NULL, NULL, 1, "gone@mx.test|503|1|503 sender not yet given"},
    {"session_evidence.sql", ":session", "1", 8,
     "8|503|mail_rejected|opened|5|MAIL FROM:<nobody@client.test>"},
    {"session_explained.sql", ":session", "1", 2, "8|503|mail_rejected|client|6|#5 opened"},
    {"session_timeline.sql", ":session", "1", 13, "1|2023-11-14 22:13:20.000000|1|C -->|open"},
    {"sessions_of_community_id.sql", ":community_id", "1:abc=", 1, "3|127.0.0.3|127.0.0.2|1"},
    {"sessions_of_queue_id.sql", ":queue_id", "4XyZ12", 1, "2|1|client.test||1|2048|accepted"},
    {"sessions_with_gaps.sql", NULL, NULL, 1, "3|test.pcap|120|1|1|0|1"},
    {"tolerated_violations.sql", NULL, NULL, 1, "vrfy_needs_hello|Exim|1|1|1|3"},
};
#define QUERIES (sizeof queries / sizeof *queries)

/* Automake tells where the sources are. */
static const char *folder(void)
{
    static char path[512];
    const char *srcdir = getenv("srcdir");
    snprintf(path, sizeof path, "%s/db/queries", srcdir ? srcdir : ".");
    return path;
}

static char *read_query(const char *name)
{
    static char text[8192];
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder(), name);
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file, "%s", path);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

/* Whether the cells of `wanted` are among those of the row, in this order. */
static void row_has(const char *name, sqlite3_stmt *row, const char *wanted)
{
    int column = 0;
    for (const char *cell = wanted; cell;) {
        const size_t length = strcspn(cell, "|");
        bool found = false;
        while (!found && column < sqlite3_column_count(row)) {
            const char *text = (const char *)sqlite3_column_text(row, column++);
            text = text ? text : "NULL";
            found = strlen(text) == length && memcmp(text, cell, length) == 0;
        }
        cr_expect(found, "%s: no '%.*s' where it should be", name, (int)length, cell);
        cell = cell[length] ? cell + length + 1 : NULL;
    }
}

static void runs(sqlite3 *db, size_t i)
{
    const char *name = queries[i].file, *tail;
    const char *text = read_query(name);
    sqlite3_stmt *statement;
    cr_expect(strncmp(text, "-- ", 3) == 0, "%s does not say what it answers", name);
    cr_expect_not_null(strstr(text, name), "%s does not say how it is run", name);
    cr_assert_eq(sqlite3_prepare_v2(db, text, -1, &statement, &tail), SQLITE_OK, "%s: %s", name,
                 sqlite3_errmsg(db));
    cr_expect(strspn(tail, "\n") == strlen(tail), "%s holds more than a query", name);
    cr_expect(sqlite3_stmt_readonly(statement), "%s writes", name);
    cr_expect_eq(sqlite3_bind_parameter_count(statement), queries[i].parameter ? 1 : 0, "%s", name);
    if (queries[i].parameter) {
        const int at_index = sqlite3_bind_parameter_index(statement, queries[i].parameter);
        cr_expect_neq(at_index, 0, "%s does not know %s", name, queries[i].parameter);
        sqlite3_bind_text(statement, at_index, queries[i].value, -1, SQLITE_STATIC);
    }
    int rows = 0;
    for (; sqlite3_step(statement) == SQLITE_ROW; rows++)
        if (rows == 0)
            row_has(name, statement, queries[i].first);
    cr_expect_eq(sqlite3_finalize(statement), SQLITE_OK, "%s: %s", name, sqlite3_errmsg(db));
    cr_expect_eq(rows, queries[i].rows, "%s: %d rows", name, rows);
}

Test(queries, each_answers)
{
    sqlite3 *db;
    cr_assert_eq(sqlite3_open_v2(at.path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    for (size_t i = 0; i < QUERIES; i++)
        runs(db, i);
    sqlite3_close(db);
}

Test(queries, none_is_untested)
{
    DIR *files = opendir(folder());
    cr_assert_not_null(files, "%s", folder());
    size_t count = 0;
    for (struct dirent *file; (file = readdir(files));) {
        if (file->d_name[0] == '.')
            continue;
        bool tested = false;
        for (size_t i = 0; i < QUERIES; i++)
            tested = tested || strcmp(queries[i].file, file->d_name) == 0;
        cr_expect(tested, "%s is in no test", file->d_name);
        count++;
    }
    closedir(files);
    cr_expect_eq(count, QUERIES);
}

/* ------------------------------------------------------------------------------------ the views */

static void line(int session, int seq, const char *columns, const char *wanted)
{
    char sql[256];
    snprintf(sql, sizeof sql, "SELECT %s FROM timeline WHERE session_id = %d AND seq = %d", columns,
             session, seq);
    const char *got = scratch_ask(&at, sql);
    cr_expect_str_eq(got, wanted, "#%d: '%s' is not '%s'", seq, got, wanted);
}

Test(queries, the_timeline_marks_origin_error_and_violation)
{
    line(1, 6, "mark", "ORIGIN of 503 at #8 and 1 more (mail_rejected)");
    line(1, 8, "mark", "503 <- origin #6: mail_rejected (client, certain)");
    line(1, 10, "mark", "503 <- origin #6: mail_rejected (client, certain)");
    line(1, 7, "mark", "violates: rcpt_needs_mail");
    line(3, 1, "mark", "ORIGIN of 503 at #5 (unknown)");
    line(3, 2, "mark", "violates: vrfy_needs_hello (tolerated)");
    line(1, 5, "mark", "");
    line(2, 11, "mark", "");
}

Test(queries, the_timeline_reads_as_lines)
{
    line(1, 4, "side || ' ' || text", "<-- S 250-mx.test (+2 lines)");
    line(1, 5, "side || ' ' || text", "C --> MAIL FROM:<nobody@client.test>");
    line(2, 11, "kind || ' ' || text", "data [2048 octets]");
    line(3, 1, "kind || ' ' || text", "gap [120 octets not captured]");
    line(1, 6, "time", "2023-11-14 22:13:20.005000");
}

Test(queries, the_timeline_shortens)
{
    struct store *store = scratch_store(&at);
    struct story story;
    char text[400];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    story_begin(&story, "uid-wide", 1, 1);
    story_command(&story, NULL, text);
    story_reply(&story, 1, 503, "503-one\n503 two");
    story_diagnosis(&story, 2, 1, 0, 503, CAUSE_UNKNOWN);
    story_diagnosis(&story, 1, 1, 1, 550, CAUSE_POLICY);
    story_violation(&story, 1, "a_rule", false);
    scratch_write(store, story_chapter(&story, true));
    story_free(&story);
    scratch_close(store);
    line(4, 1, "length(text) || substr(text, -4)", "163x...");
    line(4, 2, "text", "503-one (+1 line)");
    line(4, 2, "mark", "503 <- origin not captured: unknown (client, certain)");
    line(4, 1, "mark",
         "ORIGIN of 550 at #1 (policy) | 550 <- origin #1: policy (client, certain) | violates: "
         "a_rule");
}

Test(queries, errors_503_tells_each_with_its_origin)
{
    cr_expect_str_eq(scratch_ask(&at, "SELECT json_array(session_id, time, client, server, "
                                      "command, reply, cause, fault, certainty, origin_seq, "
                                      "origin, source) FROM errors_503"),
                     "[1,\"2023-11-14 22:13:20.007000\",\"127.0.0.1\",\"127.0.0.2\","
                     "\"RCPT TO:<a@mx.test>\",\"503 5.5.1 Error: need MAIL command\","
                     "\"mail_rejected\",\"client\",\"certain\",6,\"550 5.1.8 sender unknown\","
                     "\"test.pcap\"]");
    cr_expect_str_eq(scratch_ask(&at, "SELECT count(*) FROM errors_503"), "3");
}

Test(queries, what_comes_again_stands_first)
{
    struct store *store = scratch_store(&at);
    scratch_write_rejected(store, "uid-again");
    scratch_close(store);
    scratch_expect(&at, "SELECT count(*) FROM recurring_problems WHERE sessions > 1", "2");
    scratch_expect(
        &at,
        "SELECT json_array(client, server, cause, verb, reply, origin, errors, sessions, "
        "last_session) FROM recurring_problems LIMIT 1",
        "[\"127.0.0.1\",\"127.0.0.2\",\"mail_rejected\",\"DATA\",\"503\","
        "\"550 5.1.8\",2,2,4]");
}

Test(queries, evidence_has_each_event_with_its_role)
{
    scratch_expect(&at,
                   "SELECT group_concat(seq || ' ' || role, ', ') FROM evidence "
                   "WHERE session_id = 1 AND reply_seq = 8",
                   "5 opened, 6 origin, 7 command, 8 reply");
    scratch_expect(&at, "SELECT text FROM evidence WHERE session_id = 1 AND role = 'origin'",
                   "550 5.1.8 sender unknown");
    scratch_expect(&at, "SELECT count(*) FROM evidence WHERE session_id = 2", "0");
}

Test(queries, hours_and_client_software_are_counted)
{
    scratch_expect(&at, "SELECT group_concat(errors, ' ') FROM errors_by_hour", "1 2");
    scratch_expect(&at,
                   "SELECT group_concat(software || ' ' || errors, ', ') FROM "
                   "errors_by_client_software",
                   "not recognised 2, Mailer 1.0 1");
}
