/* SPDX-License-Identifier: ISC */
/* The thread that writes: nothing is lost or out of order on the way to it, and what it could not
 * write is told to the one who asks. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

#include "heloscope/smtp/decoder.h"
#include "analyzer/pipeline/writer.h"
#include "tests/db/scratch.h"
#include "tests/support/told.h"

struct desk {
    struct scratch scratch;
    struct store *store;
    struct writer *writer;
    int64_t capture;
};

/* `sql` is run on the empty history first; NULL = nothing. */
static void desk_begin_as(struct desk *desk, const char *sql, enum persistence persistence)
{
    const struct store_options options = {.patient = persistence != PERSISTENCE_NONE};
    struct failure why = {""};
    scratch_make(&desk->scratch);
    if (sql) {
        scratch_close(scratch_store(&desk->scratch));
        scratch_run(&desk->scratch, sql);
    }
    desk->store = store_open_as(desk->scratch.path, &options, &why);
    cr_assert_not_null(desk->store, "%s", why.text);
    desk->capture = store_capture(desk->store, "test.pcap", "file", 1, &why);
    cr_assert_neq(desk->capture, 0, "%s", why.text);
    desk->writer = writer_new(desk->store, persistence, &why);
    cr_assert_not_null(desk->writer, "%s", why.text);
}

static void desk_begin(struct desk *desk, const char *sql)
{
    desk_begin_as(desk, sql, PERSISTENCE_NONE);
}

static void desk_end(struct desk *desk)
{
    writer_free(desk->writer);
    store_close(desk->store, NULL);
    scratch_remove(&desk->scratch);
}

/* Session `n`, that said NOOP `lines` times. */
static struct session *talked(const struct desk *desk, unsigned n, unsigned lines)
{
    struct session_begin begin = {
        .client = {.family = 4, .octets = {127, 0, 0, 1}},
        .server = {.family = 4, .octets = {127, 0, 0, 2}},
        .client_port = (uint16_t)(10000 + n % 50000),
        .server_port = 25,
        .source = "test.pcap",
        .capture_id = desk->capture,
        .mark = {.ts_us = 1, .packet = 1},
        .handle = n + 1,
    };
    struct told told = {.session = session_new(&begin), .packet = 1};
    TOLD(&told, "S: 220 localhost");
    for (unsigned i = 0; i < lines; i++)
        TOLD(&told, "C: NOOP", "S: 250 ok");
    return told.session;
}

static struct draft *told(const struct desk *desk, unsigned n, unsigned lines)
{
    struct session *session = talked(desk, n, lines);
    struct mark mark = {.ts_us = 2, .packet = 2};
    session_end(session, &mark, SIDE_CLIENT, NULL);
    struct draft *draft = session_detach(session, true);
    session_free(session);
    return draft;
}

static void put(struct desk *desk, struct draft *draft)
{
    struct failure why = {""};
    cr_assert(writer_put(desk->writer, draft, &why), "%s", why.text);
}

static void commit(struct desk *desk)
{
    struct failure why = {""};
    cr_assert(writer_commit(desk->writer, &why), "%s", why.text);
}

Test(writer, what_is_committed_can_be_read)
{
    struct desk desk;
    desk_begin(&desk, NULL);
    commit(&desk); /* also when there is nothing */
    put(&desk, told(&desk, 0, 1));
    commit(&desk);
    scratch_expect(&desk.scratch, "SELECT group_concat(client_port) FROM sessions", "10000");
    put(&desk, told(&desk, 1, 1));
    put(&desk, told(&desk, 2, 1));
    commit(&desk);
    scratch_expect(&desk.scratch, "SELECT group_concat(client_port) FROM sessions",
                   "10000,10001,10002");
    desk_end(&desk);
}

/* Far more than one batch, and more octets than may wait: the analysis waits in between. */
Test(writer, many_come_in_their_order)
{
    enum {
        MANY = 1500
    };
    struct desk desk;
    desk_begin(&desk, NULL);
    size_t octets = 0;
    for (unsigned n = 0; n < MANY; n++) {
        struct draft *draft = told(&desk, n, 60);
        octets += draft->arena.total;
        put(&desk, draft);
    }
    cr_assert_gt(octets, 20 * 1024 * 1024, "%zu octets are too few for this test", octets);
    commit(&desk);
    scratch_counted(desk.store, MANY, 0);
    scratch_expect(&desk.scratch,
                   "SELECT count(*) || ' ' || sum(client_port = 9999 + session_id) || ' ' || "
                   "sum(commands) FROM sessions",
                   "1500 1500 90000");
    desk_end(&desk);
}

Test(writer, chapters_of_one_session_follow_each_other)
{
    struct desk desk;
    desk_begin(&desk, NULL);
    struct session *session = talked(&desk, 0, 2);
    put(&desk, session_detach(session, false));
    struct mark mark = {.ts_us = 2, .packet = 2};
    session_end(session, &mark, SIDE_CLIENT, NULL);
    put(&desk, session_detach(session, true));
    session_free(session);
    commit(&desk);
    scratch_expect(&desk.scratch, "SELECT count(*) || ' ' || max(seq) FROM events", "7 7");
    scratch_expect(&desk.scratch, "SELECT group_concat(seq) FROM events", "1,2,3,4,5,6,7");
    desk_end(&desk);
}

Test(writer, what_waits_at_the_end_is_written)
{
    struct desk desk;
    desk_begin(&desk, NULL);
    for (unsigned n = 0; n < 5; n++)
        put(&desk, told(&desk, n, 1));
    writer_free(desk.writer);
    desk.writer = NULL;
    cr_expect(store_close(desk.store, NULL));
    desk.store = NULL;
    scratch_expect(&desk.scratch, "SELECT count(*) FROM sessions", "5");
    desk_end(&desk);
}

/* A database that refuses one session: it is told at the next commit, and from then on. */
Test(writer, a_failed_write_is_told_and_nothing_is_written_behind_it)
{
    struct desk desk;
    struct failure why = {""};
    desk_begin(&desk,
               "CREATE TRIGGER refuses BEFORE INSERT ON sessions WHEN new.client_port = 10001 "
               "BEGIN SELECT RAISE(ABORT, 'not this one'); END");
    put(&desk, told(&desk, 0, 1));
    commit(&desk);
    put(&desk, told(&desk, 1, 1));
    cr_expect_not(writer_commit(desk.writer, &why));
    cr_expect_not_null(strstr(why.text, "not this one"), "%s", why.text);
    writer_put(desk.writer, told(&desk, 2, 1), NULL);
    struct failure again = {""};
    cr_expect_not(writer_commit(desk.writer, &again));
    cr_expect_str_eq(again.text, why.text);
    writer_free(desk.writer);
    desk.writer = NULL;
    store_close(desk.store, NULL);
    desk.store = NULL;
    scratch_expect(&desk.scratch, "SELECT group_concat(client_port) FROM sessions", "10000");
    desk_end(&desk);
}

/* --- a history that cannot be written for a while --- */

/* Takes the write lock of the history away from the writer. */
static sqlite3 *hold_lock(const struct desk *desk)
{
    sqlite3 *other;
    cr_assert_eq(sqlite3_open(desk->scratch.path, &other), SQLITE_OK);
    sqlite3_busy_timeout(other, 5000);
    cr_assert_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    return other;
}

static void give_lock_back(sqlite3 *other)
{
    cr_assert_eq(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
}

/* What the store has to say, line by line, as it comes; waits for `words`. */
static void expect_said(const struct desk *desk, const char *words)
{
    struct store_notice notice = {""};
    for (int i = 0; i < 2400 && !strstr(notice.text, words); i++)
        if (!store_take_notice(desk->store, &notice))
            usleep(50000);
    cr_assert_not_null(strstr(notice.text, words), "'%s' was not said", words);
}

/* A session of many lines; a troubled one has a finding. */
static struct draft *long_session(const struct desk *desk, unsigned n, bool troubled)
{
    struct session *session = talked(desk, n, 60);
    struct told told = {.session = session, .packet = 1000};
    if (troubled)
        TOLD(&told, "C: RCPT TO:<b@localhost>", "S: 503 5.5.1 need MAIL");
    struct mark mark = {.ts_us = 2, .packet = 2000};
    session_end(session, &mark, SIDE_CLIENT, NULL);
    struct draft *draft = session_detach(session, true);
    session_free(session);
    return draft;
}

Test(writer, a_lock_is_waited_for_and_everything_is_written_behind_it)
{
    struct desk desk;
    desk_begin_as(&desk, NULL, PERSISTENCE_SHEDS);
    put(&desk, told(&desk, 0, 1));
    commit(&desk);
    sqlite3 *other = hold_lock(&desk);
    put(&desk, told(&desk, 1, 1));
    commit(&desk);
    expect_said(&desk, "is locked by another writer");
    put(&desk, told(&desk, 2, 1));
    commit(&desk);
    give_lock_back(other);
    expect_said(&desk, "nothing was lost");
    commit(&desk);
    scratch_expect(&desk.scratch, "SELECT group_concat(client_port) FROM sessions",
                   "10000,10001,10002");
    scratch_expect(&desk.scratch, "SELECT group_concat(kind || events || findings) FROM incidents",
                   "locked00");
    desk_end(&desk);
}

/* Far more than may wait: the events of sessions in which nothing was wrong are missing in the end,
 * and nothing else. */
Test(writer, of_too_much_the_least_important_is_left_out)
{
    enum {
        MANY = 7000,
        EACH = 10 /* one of so many is troubled */
    };
    struct desk desk;
    desk_begin_as(&desk, NULL, PERSISTENCE_SHEDS);
    sqlite3 *other = hold_lock(&desk);
    for (unsigned n = 0; n < MANY; n++)
        put(&desk, long_session(&desk, n, n % EACH == 0));
    give_lock_back(other);
    expect_said(&desk, "left out: ");
    commit(&desk);
    scratch_expect(&desk.scratch,
                   "SELECT count(*) || ' ' || sum(errors_503) || ' ' || "
                   "(SELECT count(*) FROM diagnoses) FROM sessions",
                   "7000 700 700");
    scratch_expect(&desk.scratch,
                   "SELECT min(n) > 120 FROM (SELECT (SELECT count(*) FROM events e WHERE "
                   "e.session_id = s.session_id) n FROM sessions s WHERE errors_503)",
                   "1");
    scratch_expect(&desk.scratch,
                   "SELECT events > 0 AND sessions = 0 AND findings = 0 AND events = "
                   "(SELECT sum(commands + replies + 2) FROM sessions) - "
                   "(SELECT count(*) FROM events) FROM incidents",
                   "1");
    desk_end(&desk);
}

/* All of it is troubled: findings are put aside rather than lost, however much quicker the analysis
 * is than the writer. */
Test(writer, findings_are_put_aside)
{
    enum {
        MOST = 50000
    };
    struct desk desk;
    desk_begin_as(&desk, NULL, PERSISTENCE_SHEDS);
    sqlite3 *other = hold_lock(&desk);
    unsigned many = 0;
    for (; many < MOST && !scratch_has(&desk.scratch, "history.db-aside"); many++)
        put(&desk, long_session(&desk, many, true));
    give_lock_back(other);
    expect_said(&desk, "-aside");
    commit(&desk);
    char aside[128], all[128];
    snprintf(aside, sizeof aside, "ATTACH '%s-aside' AS aside", desk.scratch.path);
    sqlite3 *db;
    cr_assert_eq(sqlite3_open(desk.scratch.path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, aside, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_stmt *count;
    snprintf(all, sizeof all,
             "SELECT (SELECT count(*) FROM main.diagnoses) + "
             "(SELECT count(*) FROM aside.diagnoses)");
    cr_assert_eq(sqlite3_prepare_v2(db, all, -1, &count, NULL), SQLITE_OK);
    cr_assert_eq(sqlite3_step(count), SQLITE_ROW);
    cr_expect_eq(sqlite3_column_int(count, 0), (int)many);
    sqlite3_finalize(count);
    sqlite3_close(db);
    scratch_expect(&desk.scratch, "SELECT findings FROM incidents", "0");
    desk_end(&desk);
}
