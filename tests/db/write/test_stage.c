/* SPDX-License-Identifier: ISC */
/* Sessions that are written as they go on, and what a second analysis does to them. */
#include <criterion/criterion.h>

#include "tests/db/scratch.h"

static struct scratch at;
static const int64_t start = INT64_C(1700000000000000);

static void make(void)
{
    scratch_make(&at);
}

static void clean(void)
{
    scratch_remove(&at);
}

TestSuite(stage, .init = make, .fini = clean);

/* A session of `chapters` chapters with `noops` commands each; its end is written only with
 * `finish`. */
static void write_long(struct store *store, const char *uid, int chapters, int noops, bool finish)
{
    struct story story;
    story_begin(&story, uid, start, 1);
    story_event(&story, SIDE_CLIENT, EVENT_OPEN, NULL);
    for (int i = 1; i <= chapters; i++) {
        for (int n = 0; n < noops; n++) {
            const event_no noop = story_command(&story, "NOOP", "NOOP");
            story_reply(&story, noop, n ? 250 : 503, n ? "250 Ok" : "503 what?");
            if (n == 0)
                story_diagnosis(&story, noop + 1, noop, noop + 1, 503, CAUSE_SERVER_DISAGREES);
        }
        if (finish && i == chapters)
            story.chapter.session.outcome = "quit";
        scratch_write(store, story_chapter(&story, finish && i == chapters));
        story_next(&story);
    }
    story_free(&story);
}

Test(stage, chapters_make_one_session)
{
    struct store *store = scratch_store(&at);
    write_long(store, "uid-long", 3, 5, true);
    scratch_counted(store, 1, 0);
    scratch_close(store);
    scratch_expect(&at, "SELECT count(*) || ' ' || max(seq) FROM events", "31 31");
    scratch_expect(&at, "SELECT commands || ' ' || errors_503 || ' ' || outcome FROM sessions",
                   "15 3 quit");
    scratch_expect(&at, "SELECT count(*) FROM errors_503 WHERE origin_seq = reply_seq", "3");
}

Test(stage, open_sessions_of_many_handles_do_not_mix)
{
    enum {
        MANY = 500
    };
    static struct story stories[MANY];
    static char uids[MANY][16];
    struct store *store = scratch_store(&at);
    for (int i = 0; i < MANY; i++) {
        snprintf(uids[i], sizeof uids[i], "uid-%d", i);
        story_begin(&stories[i], uids[i], start + i, 1);
        story_event(&stories[i], SIDE_CLIENT, EVENT_OPEN, uids[i]);
        scratch_write(store, story_chapter(&stories[i], false));
        story_next(&stories[i]);
    }
    for (int i = MANY - 1; i >= 0; i--) {
        story_event(&stories[i], SIDE_CLIENT, EVENT_CLOSE, uids[i]);
        scratch_write(store, story_chapter(&stories[i], true));
        story_free(&stories[i]);
    }
    scratch_counted(store, MANY, 0);
    scratch_close(store);
    scratch_expect(&at,
                   "SELECT count(*) FROM sessions s JOIN events o ON o.session_id = s.session_id "
                   "AND o.seq = 1 AND o.text = s.uid JOIN events c ON c.session_id = s.session_id "
                   "AND c.seq = 2 AND c.text = s.uid",
                   "500");
    scratch_expect(&at,
                   "SELECT count(*) FROM (SELECT row_number() OVER (ORDER BY started_us) AS n, "
                   "session_id FROM sessions) WHERE n = session_id",
                   "500");
}

Test(stage, an_interrupted_run_is_completed_by_the_next)
{
    struct store *store = scratch_store(&at);
    write_long(store, "uid-long", 2, 5, false);
    scratch_close(store);
    scratch_expect(&at, "SELECT outcome || ' ' || commands FROM sessions", "interrupted 10");
    store = scratch_store(&at);
    write_long(store, "uid-long", 3, 5, true);
    scratch_counted(store, 0, 1);
    scratch_close(store);
    scratch_expect(
        &at, "SELECT group_concat(session_id || ' ' || outcome || ' ' || commands) FROM sessions",
        "1 quit 15");
    scratch_expect(&at, "SELECT count(*) FROM events WHERE session_id = 1", "31");
    scratch_expect(&at, "SELECT count(*) FROM event_rows", "31");
    scratch_expect(&at, "SELECT count(*) FROM diagnoses", "3");
}

/* The other way round: the run that is cut short comes second. */
Test(stage, a_second_run_cut_short_loses_nothing)
{
    struct store *store = scratch_store(&at);
    write_long(store, "uid-long", 3, 5, true);
    scratch_close(store);
    char before[4096];
    strcpy(before, scratch_ask(&at, scratch_everything));
    store = scratch_store(&at);
    write_long(store, "uid-long", 4, 50, false);
    cr_assert(store_commit(store, NULL));
    scratch_expect(&at, scratch_everything, before);
    scratch_close(store);
    scratch_expect(&at, scratch_everything, before);
}

Test(stage, of_two_long_analyses_the_fuller_stays)
{
    const struct {
        int chapters;
        const char *commands;
    } runs[] = {{3, "15"}, {2, "15"}, {3, "15"}, {5, "25"}, {4, "25"}};
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        struct store *store = scratch_store(&at);
        write_long(store, "uid-long", runs[i].chapters, 5, true);
        scratch_write_rejected(store, "uid-other");
        scratch_counted(store, i ? 0 : 2, i ? 2 : 0);
        scratch_close(store);
        scratch_expect(&at, "SELECT commands FROM sessions WHERE uid = 'uid-long'",
                       runs[i].commands);
        scratch_expect(&at, "SELECT session_id FROM sessions WHERE uid = 'uid-long'", "1");
        scratch_expect(&at, "SELECT count(*) FROM sessions", "2");
        scratch_expect(&at, "SELECT count(*) FROM single_events WHERE id >> 24 NOT IN (1, 2)", "0");
    }
    scratch_expect(&at, "SELECT count(*) FROM events WHERE session_id = 1", "51");
    scratch_expect(&at,
                   "SELECT count(*) || ' ' || count(DISTINCT reply_seq) FROM diagnoses "
                   "WHERE session_id = 1",
                   "5 5");
}

/* What was staged and moved must not lie in the way of the next. */
Test(stage, one_run_can_replace_a_session_more_than_once)
{
    struct store *store = scratch_store(&at);
    for (int chapters = 2; chapters < 6; chapters++)
        write_long(store, "uid-long", chapters, 5, true);
    write_long(store, "uid-long", 3, 5, true);
    scratch_counted(store, 1, 4);
    scratch_close(store);
    scratch_expect(&at, "SELECT group_concat(commands) FROM sessions", "25");
    scratch_expect(&at, "SELECT count(*) FROM events", "51");
    scratch_expect(&at, "SELECT count(*) FROM diagnoses", "5");
}

/* Two connections that share a uid at the same time are no two analyses of one: the rows of the
 * first must survive whatever the second brings. */
Test(stage, a_uid_in_use_is_not_taken_away)
{
    struct store *store = scratch_store(&at);
    struct story first, second;
    story_begin(&first, "uid", start, 1);
    story_event(&first, SIDE_CLIENT, EVENT_OPEN, "first");
    scratch_write(store, story_chapter(&first, false));
    story_next(&first);
    scratch_write_rejected(store, "uid");
    story_begin(&second, "uid", start, 1);
    story_event(&second, SIDE_CLIENT, EVENT_OPEN, "second");
    scratch_write(store, story_chapter(&second, false));
    story_next(&second);
    story_event(&first, SIDE_CLIENT, EVENT_CLOSE, "first");
    scratch_write(store, story_chapter(&first, true));
    story_event(&second, SIDE_CLIENT, EVENT_CLOSE, "second");
    scratch_write(store, story_chapter(&second, true));
    story_free(&first);
    story_free(&second);
    scratch_close(store);
    scratch_expect(&at, "SELECT group_concat(text) FROM events", "first,first");
}
