/* SPDX-License-Identifier: ISC */
/* Pruning: what goes, what stays, how long the lock is held. */
#include <criterion/criterion.h>
#include <sys/stat.h>

#include "tests/db/scratch.h"

static struct scratch at;
static const int64_t day = INT64_C(86400) * 1000000, now = INT64_C(1700000000) * 1000000;

static void make(void)
{
    scratch_make(&at);
}

static void clean(void)
{
    scratch_remove(&at);
}

TestSuite(retention, .init = make, .fini = clean);

/* A session that began so many days ago: troubled, or with a message that was accepted. */
static void session(struct store *store, int days, bool troubled)
{
    char uid[32];
    struct story story;
    snprintf(uid, sizeof uid, "uid-%d-%d", days, troubled);
    story_begin(&story, uid, now - days * day, 1);
    if (troubled)
        story_mail_rejected(&story);
    else
        story_accepted(&story, "Q");
    scratch_write(store, story_chapter(&story, true));
    story_free(&story);
}

static struct prune_state prune(struct store *store, const struct retention *keep)
{
    struct prune_state state = {0};
    struct failure why = {""};
    while (!store_prune_is_over(&state))
        cr_assert(store_prune(store, keep, &state, now, &why), "%s", why.text);
    return state;
}

/* What a capture did in the minute that began so many days ago, and in the next. */
static void minutes(struct store *store, int64_t capture, int days)
{
    const int64_t first = (now - days * day) / 60000000 * 60000000;
    for (int i = 0; i < 2; i++)
        store_minute(store, &(struct store_minute){.minute_us = first + i * INT64_C(60000000),
                                                   .capture_id = capture,
                                                   .packets = 1});
}

/* Nothing hangs on a session that is gone. */
static void no_orphans(void)
{
    static const char *const tables[] = {"diagnoses",    "violations",       "related_events",
                                         "transactions", "recipients",       "changes",
                                         "connections",  "session_captures", "timelines"};
    char sql[256];
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        snprintf(sql, sizeof sql,
                 "SELECT count(*) FROM %s WHERE session_id NOT IN (SELECT session_id FROM "
                 "sessions)",
                 tables[i]);
        scratch_expect(&at, sql, "0");
    }
    scratch_expect(&at,
                   "SELECT count(*) FROM single_events WHERE id >> 24 NOT IN (SELECT session_id "
                   "FROM sessions)",
                   "0");
    scratch_expect(&at, "PRAGMA integrity_check", "ok");
}

Test(retention, the_old_go_with_all_that_hangs_on_them)
{
    struct store *store = scratch_store(&at);
    for (int days = 1; days <= 60; days++) {
        session(store, days, true);
        session(store, days, false);
    }
    const struct prune_state state = prune(store, &(struct retention){.keep_us = 30 * day});
    cr_expect_eq(state.sessions, 60);
    scratch_close(store);
    scratch_expect(&at, "SELECT count(*) || ' ' || (SELECT count(*) FROM diagnoses) FROM sessions",
                   "60 60");
    no_orphans();
}

Test(retention, what_is_open_stays)
{
    struct story story;
    struct store *store = scratch_store(&at);
    story_begin(&story, "uid-open", now - 50 * day, 1);
    story_event(&story, SIDE_CLIENT, EVENT_OPEN, NULL);
    story.chapter.session.outcome = "open";
    scratch_write(store, story_chapter(&story, false));
    story_free(&story);
    session(store, 40, true);
    cr_expect_eq(prune(store, &(struct retention){.keep_us = day}).sessions, 1);
    scratch_expect(&at, "SELECT group_concat(uid) FROM sessions", "uid-open");
    scratch_close(store);
}

/* By age it waits for whoever has to fetch it; by size it goes, and is counted. */
Test(retention, what_a_cursor_has_still_to_fetch_goes_only_for_the_sake_of_the_size)
{
    struct store *store = scratch_store(&at);
    for (int days = 40; days > 0; days--)
        session(store, days, true);
    cr_assert(store_commit(store, NULL));
    scratch_run(&at, "INSERT INTO cursors SELECT 'slow', change, 0, 0 FROM changes JOIN sessions "
                     "USING (session_id) WHERE uid = 'uid-21-1'");
    struct prune_state state = prune(store, &(struct retention){.keep_us = 10 * day});
    cr_expect_eq(state.sessions, 20); /* of 40 to 21 days */
    scratch_expect(&at, "SELECT count(*) FROM sessions", "20");
    state = prune(store, &(struct retention){.max_octets = 100000});
    cr_expect_gt(state.sessions, 0);
    cr_expect_geq(state.unfetched, state.sessions - 1);
    no_orphans();
    scratch_close(store);
}

Test(retention, events_of_healthy_sessions_go_and_the_rest_of_them_stays)
{
    struct store *store = scratch_store(&at);
    for (int days = 1; days <= 20; days++) {
        session(store, days, true);
        session(store, days, false);
    }
    const struct prune_state state = prune(store, &(struct retention){.problems_only = true});
    cr_expect_eq(state.trimmed, 20);
    cr_expect_eq(state.sessions, 0);
    scratch_close(store);
    scratch_expect(&at,
                   "SELECT count(*) || ' ' || (SELECT count(*) FROM transactions WHERE "
                   "queue_id = 'Q') || ' ' || (SELECT count(*) FROM recipients) > 0 FROM "
                   "sessions",
                   "1");
    scratch_expect(&at, "SELECT count(*) FROM sessions", "40");
    scratch_expect(&at, "SELECT count(*) FROM transactions WHERE queue_id = 'Q'", "20");
    scratch_expect(&at, "SELECT count(DISTINCT session_id) FROM events", "20");
    no_orphans();
}

/* The same from the start, whole and in chapters. */
Test(retention, a_store_of_problems_keeps_no_events_of_healthy_sessions)
{
    const struct store_options options = {.keep = {.problems_only = true}};
    struct store *store = store_open_as(at.path, &options, NULL);
    cr_assert_not_null(store);
    session(store, 1, true);
    session(store, 1, false);
    for (int troubled = 0; troubled < 2; troubled++) {
        struct story story;
        story_begin(&story, troubled ? "uid-bad" : "uid-good", now, 1);
        story.chapter.session.handle = 100 + (uint64_t)troubled;
        story_event(&story, SIDE_CLIENT, EVENT_OPEN, NULL);
        scratch_write(store, story_chapter(&story, false));
        story_next(&story);
        const event_no noop = story_command(&story, "NOOP", "NOOP");
        story_reply(&story, noop, troubled ? 503 : 250, "x");
        if (troubled)
            story_diagnosis(&story, 3, 2, 2, 503, CAUSE_HELLO_MISSING);
        scratch_write(store, story_chapter(&story, true));
        story_free(&story);
    }
    scratch_close(store);
    scratch_expect(&at,
                   "SELECT group_concat(DISTINCT uid) FROM events JOIN sessions USING "
                   "(session_id)",
                   "uid-1-1,uid-bad");
    scratch_expect(&at,
                   "SELECT count(*) FROM events JOIN sessions USING (session_id) WHERE uid = "
                   "'uid-bad'",
                   "3");
    scratch_expect(&at, "SELECT count(*) FROM sessions", "4");
}

/* Thirty megabytes of sessions and one of tens of thousands of events. */
Test(retention, the_file_comes_below_its_bound_and_nobody_waits_long_for_the_lock)
{
    enum {
        BOUND = 8000000
    };
    static char line[1000];
    memset(line, 'x', sizeof line - 1);
    struct store *store = scratch_store(&at);
    for (int i = 0; i < 300; i++) {
        char uid[16];
        struct story story;
        snprintf(uid, sizeof uid, "uid-%d", i);
        story_begin(&story, uid, now + i, 1);
        story.chapter.session.outcome = "quit";
        for (int n = 0; n < (i == 5 ? 20000 : 50); n++)
            story_command(&story, "NOOP", line);
        scratch_write(store, story_chapter(&story, true));
        story_free(&story);
    }
    cr_assert(store_commit(store, NULL));
    const struct prune_state state = prune(store, &(struct retention){.max_octets = BOUND});
    cr_expect_gt(state.sessions, 100, "%d sessions, batch %d", (int)state.sessions, state.batch);
    /* 50 ms at most; a machine that does other things too may take the processor away meanwhile. */
    cr_expect_lt(state.longest_us, 250000, "%d us", (int)state.longest_us);
    int64_t file, used;
    bool shrinks;
    store_size(store, &file, &used, &shrinks);
    cr_expect(shrinks);
    cr_expect_leq(file, BOUND, "%d of %d used", (int)used, (int)file);
    cr_expect_gt(file, BOUND / 2);
    scratch_expect(&at,
                   "SELECT min(started_us) > 1700000000000100 AND max(started_us) = "
                   "1700000000000299 FROM sessions",
                   "1");
    scratch_close(store);
    struct stat on_disk;
    cr_assert_eq(stat(at.path, &on_disk), 0);
    cr_expect_leq(on_disk.st_size, BOUND);
    no_orphans();
}

static struct store *open_with_minutes(void)
{
    const struct store_options options = {.patient = true};
    struct store *store = store_open_as(at.path, &options, NULL);
    cr_assert(store);
    const int64_t capture = store_capture(store, "eth7", "live", 1, NULL);
    for (int days = 0; days < 10; days++) {
        session(store, days, days % 2);
        minutes(store, capture, days);
    }
    for (int i = 0; i < 2; i++) /* minutes are written with what comes after them */
        cr_assert(store_commit(store, NULL));
    scratch_expect(&at, "SELECT count(*) FROM capture_stats", "20");
    return store;
}

Test(retention, minutes_of_captures_go_by_age)
{
    struct store *store = open_with_minutes();
    prune(store, &(struct retention){.keep_us = 5 * day});
    scratch_close(store);
    scratch_expect(&at, "SELECT count(*) FROM capture_stats", "12");
    scratch_expect(&at, "SELECT count(*) FROM sessions", "6");
}

/* They take little, but for ever: what is older than the oldest session goes where size is the
 * bound.
 */
Test(retention, minutes_of_captures_go_with_the_sessions_of_their_time)
{
    struct store *store = open_with_minutes();
    prune(store, &(struct retention){.max_octets = INT64_C(1) << 40});
    scratch_expect(&at, "SELECT count(*) FROM capture_stats", "20");
    prune(store, &(struct retention){.max_octets = 1});
    scratch_expect(&at, "SELECT count(*) FROM sessions", "0");
    session(store, 3, true);
    prune(store, &(struct retention){.max_octets = INT64_C(1) << 40});
    scratch_close(store);
    scratch_expect(&at, "SELECT count(*) FROM capture_stats", "8");
}
