/* SPDX-License-Identifier: ISC */
/* What the file is, whom it belongs to, and how it gets from one version to the next. */
#include <criterion/criterion.h>

#include "db/schema/schema.h"
#include "tests/db/scratch.h"

static struct scratch at;

static void make(void)
{
    scratch_make(&at);
}

static void clean(void)
{
    scratch_remove(&at);
}

TestSuite(schema, .init = make, .fini = clean);

/* Relations and columns that people's queries rely on. */
static const struct {
    const char *relation, *columns;
} published[] = {
    {"captures", "capture_id, source, kind, packets, bytes, dropped, duplicates, overlaps"},
    {"sessions",
     "session_id, capture_id, source, uid, community_id, client_addr, client_port, server_addr, "
     "server_port, started_us, ended_us, helo, server_software, client_software, commands, "
     "replies, messages, violations, errors_503, bytes_missing, outcome"},
    {"events", "session_id, seq, ts_us, packet, side, kind, verb, code, enhanced, text, bytes, "
               "answers, saw"},
    {"violations", "session_id, seq, rule, tolerated"},
    {"diagnoses", "session_id, reply_seq, command_seq, origin_seq, code, cause, fault, certainty, "
                  "server_says, explanation, advice"},
    {"related_events", "session_id, reply_seq, seq, role"},
    {"transactions", "session_id, tx, mail_from, recipients, accepted, bytes, outcome, queue_id, "
                     "message_id"},
    {"recipients", "session_id, tx, address, code"},
    {"causes", "cause, title, meaning, rule, client_advice, server_advice"},
    {"timeline", "session_id, seq, time, packet, side, kind, text, mark, note"},
    {"errors_503", "session_id, time, client, server, command, reply, cause, fault, certainty, "
                   "origin_seq, origin, explanation, advice, source"},
    {"errors_by_cause", "cause, errors, sessions, first_seen, last_seen"},
    {"errors_by_client", "client, errors, sessions, first_seen, last_seen"},
    {"errors_by_server", "server, errors, sessions, first_seen, last_seen"},
    {"errors_by_software", "software, errors, sessions, first_seen, last_seen"},
    {"errors_by_client_software", "software, errors, sessions, first_seen, last_seen"},
    {"errors_by_day", "day, errors, sessions, first_seen, last_seen"},
    {"errors_by_hour", "hour, errors, sessions, first_seen, last_seen"},
    {"recurring_problems", "client, server, cause, verb, reply, origin, errors, sessions, "
                           "first_seen, last_seen"},
    {"evidence", "session_id, reply_seq, role, seq, text"},
};

Test(schema, the_published_columns_are_there)
{
    scratch_fill(&at);
    for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
        char sql[512];
        snprintf(sql, sizeof sql, "SELECT count(*) > 0 FROM (SELECT %s FROM %s)",
                 published[i].columns, published[i].relation);
        cr_expect_str_eq(scratch_ask(&at, sql), "1", "%s is empty", published[i].relation);
    }
}

/* The file is so many steps above the top of this program's ladder. */
static void expect_version(int above)
{
    char wanted[16];
    snprintf(wanted, sizeof wanted, "%d", schema_ladder.count + above);
    cr_expect_str_eq(scratch_ask(&at, "PRAGMA user_version"), wanted);
}

Test(schema, a_new_file_is_a_history_in_wal_mode_with_strict_tables)
{
    scratch_close(scratch_store(&at));
    cr_expect_str_eq(scratch_ask(&at, "PRAGMA application_id"), "1212501071");
    expect_version(0);
    cr_expect_str_eq(scratch_ask(&at, "PRAGMA auto_vacuum"), "2");
    cr_expect_str_eq(scratch_ask(&at, "PRAGMA journal_mode"), "wal");
    cr_expect_str_eq(scratch_ask(&at, "PRAGMA page_size"), "16384");
    cr_expect_str_eq(scratch_ask(&at, "PRAGMA integrity_check"), "ok");
    cr_expect_str_eq(scratch_ask(&at, "SELECT group_concat(name) FROM pragma_table_list "
                                      "WHERE schema = 'main' AND type = 'table' "
                                      "AND name NOT LIKE 'sqlite%' AND NOT strict"),
                     "NULL");
}

Test(schema, the_comments_of_the_columns_travel_with_the_file)
{
    scratch_close(scratch_store(&at));
    cr_expect_str_eq(scratch_ask(&at, "SELECT sql LIKE '%-- joins with Zeek%' FROM sqlite_schema "
                                      "WHERE name = 'sessions'"),
                     "1");
}

/* The lines of the plan of `sql`. */
static const char *plan_of(const char *sql)
{
    static char lines[2048];
    char explained[512];
    sqlite3 *db;
    sqlite3_stmt *plan;
    snprintf(explained, sizeof explained, "EXPLAIN QUERY PLAN %s", sql);
    cr_assert_eq(sqlite3_open(at.path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_prepare_v2(db, explained, -1, &plan, NULL), SQLITE_OK, "%s",
                 sqlite3_errmsg(db));
    lines[0] = '\0';
    while (sqlite3_step(plan) == SQLITE_ROW) {
        const size_t used = strlen(lines);
        snprintf(lines + used, sizeof lines - used, "%s\n",
                 (const char *)sqlite3_column_text(plan, 3));
    }
    sqlite3_finalize(plan);
    sqlite3_close(db);
    return lines;
}

/* No relation is read from end to end, but the text that holds a session's events; where they are a
 * row each, they are a range of integer keys. */
static void searches_only(const char *sql)
{
    const char *plan = plan_of(sql), *text = strstr(plan, "SCAN e VIRTUAL TABLE");
    cr_expect_not_null(text, "%s:\n%s", sql, plan);
    cr_expect_eq(strstr(plan, "SCAN"), text, "%s:\n%s", sql, plan);
    cr_expect_null(text ? strstr(text + 1, "SCAN") : NULL, "%s:\n%s", sql, plan);
    cr_expect_not_null(strstr(plan, "t USING INTEGER PRIMARY KEY (rowid=?)"), "%s:\n%s", sql, plan);
    cr_expect_null(strstr(plan, "AUTOMATIC"), "%s:\n%s", sql, plan);
    cr_expect_not_null(strstr(plan, "r USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"), "%s:\n%s",
                       sql, plan);
}

Test(schema, one_session_is_a_range_of_integer_keys)
{
    scratch_fill(&at);
    searches_only("SELECT * FROM events WHERE session_id = 7");
    searches_only("SELECT * FROM events WHERE session_id = 7 AND kind = 'reply' ORDER BY seq");
    searches_only("SELECT * FROM timeline WHERE session_id = 7");
    searches_only("SELECT * FROM timeline WHERE session_id = 7 AND mark <> '' ORDER BY seq");
}

/* Others join what they ask for with the events. */
Test(schema, a_session_found_otherwise_has_its_events_found_by_key)
{
    scratch_fill(&at);
    searches_only(
        "SELECT e.text FROM sessions s JOIN events e USING (session_id) WHERE s.uid = 'x'");
    searches_only(
        "SELECT (SELECT e.text FROM events e WHERE e.session_id = s.session_id AND e.seq = 3) "
        "FROM sessions s WHERE s.uid = 'x'");
}

/* A session can have a hundred thousand errors: what points at an event must not be searched among
 * all of them. */
Test(schema, marks_are_found_by_event)
{
    scratch_fill(&at);
    const char *plan = plan_of("SELECT * FROM timeline WHERE session_id = 7");
    cr_expect_not_null(strstr(plan, "diagnoses_by_origin (session_id=? AND origin_seq=?)"), "%s",
                       plan);
    cr_expect_not_null(strstr(plan, "(session_id=? AND reply_seq=?)"), "%s", plan);
    cr_expect_not_null(strstr(plan, "v USING PRIMARY KEY (session_id=? AND seq=?)"), "%s", plan);
}

Test(schema, an_error_finds_its_events_by_key)
{
    scratch_fill(&at);
    const char *plan = plan_of("SELECT * FROM errors_503");
    cr_expect_null(strstr(plan, "SCAN s"), "%s", plan);
    cr_expect_null(strstr(plan, "SCAN e"), "%s", plan);
    cr_expect_null(strstr(plan, "SCAN r"), "%s", plan);
    cr_expect_null(strstr(plan, "AUTOMATIC"), "%s", plan);
}

Test(schema, an_event_belongs_to_one_session_only)
{
    scratch_fill(&at);
    cr_expect_str_eq(scratch_ask(&at, "SELECT (SELECT count(*) FROM events) = "
                                      "(SELECT count(*) FROM event_rows)"),
                     "1");
    cr_expect_str_eq(scratch_ask(&at, "SELECT count(*) FROM events e JOIN event_rows r "
                                      "ON r.id = (e.session_id << 24 | e.seq)"),
                     "28");
}

/* ---------------------------------------------------------------------------------- the ladder */

static const char second[] = "ALTER TABLE sessions ADD COLUMN mood TEXT;";
static const char third[] = "CREATE TABLE moods (mood TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;"
                            "INSERT INTO moods VALUES ('calm'); UPDATE sessions SET mood = 'calm';";
static const char other_views[] = "CREATE VIEW calm AS SELECT session_id FROM sessions "
                                  "WHERE mood = 'calm'";

/* This program's ladder with two steps more; `steps` has room for them all. */
static struct ladder longer(struct migration *steps, const char *one, const char *two)
{
    const int count = schema_ladder.count;
    memcpy(steps, schema_ladder.steps, (size_t)count * sizeof *steps);
    steps[count] = (struct migration){count + 1, one};
    steps[count + 1] = (struct migration){count + 2, two};
    return (struct ladder){steps, count + 2, other_views};
}

/* Brings the file to `ladder`; what went wrong is left in `why`. */
static bool climb(const struct ladder *ladder, struct failure *why)
{
    sqlite3 *db;
    cr_assert_eq(sqlite3_open(at.path, &db), SQLITE_OK);
    const bool done = schema_bring_forward(db, at.path, ladder, why);
    cr_expect(sqlite3_get_autocommit(db), "a transaction was left open");
    sqlite3_close(db);
    return done;
}

/* Events that were stored before they could be one row stay where they are, and are read as before.
 */
Test(schema, events_of_an_old_history_are_read_as_before)
{
    struct failure why = {""};
    const struct ladder old = {schema_ladder.steps, 7, "CREATE VIEW events AS SELECT 1"};
    cr_assert(climb(&old, &why), "%s", why.text);
    scratch_run(
        &at, "INSERT INTO sessions (session_id, capture_id, source, uid, client_addr, client_port, "
             "server_addr, server_port, started_us, ended_us, tls_records, commands, replies, "
             "messages, violations, errors_503, packets, bytes_client, bytes_server, "
             "bytes_missing, retransmitted, midstream, one_sided, outcome) VALUES "
             "(1, 1, '', 'u', '', 1, '', 25, 1000, 2000, 0, 1, 1, 0, 0, 0, 2, 5, 0, 0, 0, 0, 0, "
             "'quit');"
             "INSERT INTO event_rows (id, ts_us, packet, side, kind, verb, text, saw) "
             "VALUES (1 << 24 | 1, 1000, 1, 'C', 'open', NULL, NULL, NULL), "
             "(1 << 24 | 3, 1500, 2, 'C', 'command', 'QUIT', 'quit', 2)");
    cr_assert(climb(&schema_ladder, &why), "%s", why.text);
    cr_expect_str_eq(
        scratch_ask(&at,
                    "SELECT group_concat(seq || ' ' || ts_us || kind || coalesce(verb || text || "
                    "saw, '')) FROM events WHERE session_id = 1"),
        "1 1000open,3 1500commandQUITquit2");
    cr_expect_str_eq(scratch_ask(&at, "SELECT group_concat(id & 15) FROM event_rows"), "1,3");
}

Test(schema, an_old_history_climbs_step_by_step_and_keeps_its_rows)
{
    scratch_fill(&at);
    struct migration steps[64];
    const struct ladder ladder = longer(steps, second, third);
    struct failure why = {""};
    cr_assert(climb(&ladder, &why), "%s", why.text);
    expect_version(2);
    cr_expect_str_eq(scratch_ask(&at, "SELECT count(*) FROM calm"), "2");
    cr_expect_str_eq(scratch_ask(&at, "SELECT count(*) FROM single_events"), "13");
    cr_expect_str_eq(scratch_ask(&at, "SELECT json_array_length(events) FROM timelines"), "15");
    cr_expect_str_eq(scratch_ask(&at, "SELECT group_concat(name) FROM sqlite_schema "
                                      "WHERE type = 'view'"),
                     "calm", "the old views are still there");
    /* The same from an empty file, and a second time nothing happens. */
    cr_assert(climb(&ladder, &why), "%s", why.text);
    scratch_remove(&at);
    scratch_make(&at);
    cr_assert(climb(&ladder, &why), "%s", why.text);
    cr_expect_str_eq(scratch_ask(&at, "SELECT count(*) FROM moods"), "1");
}

Test(schema, a_step_that_fails_leaves_the_file_as_it_was)
{
    scratch_fill(&at);
    struct migration steps[64];
    const struct ladder ladder = longer(steps, second, "INSERT INTO nowhere VALUES (1)");
    struct failure why = {""};
    cr_expect_not(climb(&ladder, &why));
    cr_expect_not_null(strstr(why.text, "nowhere"), "%s", why.text);
    expect_version(0);
    cr_expect_str_eq(scratch_ask(&at, "SELECT count(*) FROM pragma_table_info('sessions') "
                                      "WHERE name = 'mood'"),
                     "0");
    cr_expect_str_eq(scratch_ask(&at, "SELECT count(*) FROM timeline"), "28");
}

Test(schema, the_ladder_of_this_program_has_no_hole)
{
    for (int i = 0; i < schema_ladder.count; i++)
        cr_expect_eq(schema_ladder.steps[i].version, i + 1);
    scratch_close(scratch_store(&at));
}
