/* Runs of the writer: what a second analysis of the same packets changes, and what it must not. */
#include <criterion/criterion.h>

#include "heloscope/history.h"
#include "scratch.h"

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

TestSuite(store, .init = make, .fini = clean);

static void counted(const struct store *store, uint64_t added, uint64_t known)
{
    uint64_t new_ones, old_ones;
    store_counts(store, &new_ones, &old_ones);
    cr_expect_eq(new_ones, added, "%d added", (int)new_ones);
    cr_expect_eq(old_ones, known, "%d known", (int)old_ones);
}

static void expect(const char *sql, const char *wanted)
{
    const char *got = scratch_ask(&at, sql);
    cr_expect_str_eq(got, wanted, "%s: '%s' is not '%s'", sql, got, wanted);
}

/* All rows of all tables that hang on sessions, to compare two states of a history. Ids of
 * diagnoses are left out: they tell when a row was stored. */
static const char everything[] =
    "SELECT group_concat(x, '|') FROM ("
    "SELECT count(*) || ' ' || sum(packets) || ' ' || group_concat(uid) AS x FROM sessions "
    "UNION ALL SELECT count(*) || ' ' || sum(id) || ' ' || group_concat(text) FROM event_rows "
    "UNION ALL SELECT count(*) || ' ' || sum(session_id * 1000 + reply_seq) FROM diagnoses "
    "UNION ALL SELECT count(*) || ' ' || sum(session_id * 1000 + seq) FROM violations "
    "UNION ALL SELECT count(*) || ' ' || sum(session_id * 1000 + seq) FROM related_events "
    "UNION ALL SELECT count(*) || ' ' || sum(session_id * 1000 + tx) FROM transactions "
    "UNION ALL SELECT count(*) || ' ' || sum(session_id * 1000 + tx) FROM recipients "
    "UNION ALL SELECT count(*) || ' ' || sum(packets) FROM captures)";

/* The sessions of story_mail_rejected() under `uid`; the second half of its events in a second
 * chapter when `cut` is set. */
static void write_rejected(struct store *store, const char *uid, int64_t capture)
{
    struct story story;
    story_begin(&story, uid, start, capture);
    story_mail_rejected(&story);
    scratch_write(store, story_chapter(&story, true));
    story_free(&story);
}

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

Test(store, the_same_capture_again_adds_nothing)
{
    scratch_fill(&at);
    char before[4096];
    strcpy(before, scratch_ask(&at, everything));
    cr_assert_gt(strlen(before), 200);
    scratch_fill(&at);
    expect(everything, before);
    expect("SELECT max(id) FROM diagnoses", "2");
}

Test(store, new_and_known_sessions_are_counted)
{
    scratch_fill(&at);
    struct store *store = scratch_store(&at);
    counted(store, 0, 0);
    write_rejected(store, "uid-rejected", 1);
    write_rejected(store, "uid-another", 1);
    counted(store, 1, 1);
    scratch_close(store);
    expect("SELECT group_concat(session_id) FROM sessions NOT INDEXED", "1,2,3");
}

Test(store, a_poorer_analysis_changes_nothing)
{
    scratch_fill(&at);
    char before[4096];
    strcpy(before, scratch_ask(&at, everything));
    struct store *store = scratch_store(&at);
    struct story story;
    story_begin(&story, "uid-rejected", start, 1);
    story_event(&story, SIDE_CLIENT, EVENT_OPEN, NULL);
    story_reply(&story, 0, 220, "220 cut short");
    scratch_write(store, story_chapter(&story, true));
    story_free(&story);
    cr_assert(store_capture_totals(store, 1, 2, 200, 0, start + 1000, "cut short", NULL));
    scratch_close(store);
    expect(everything, before);
    expect("SELECT problem FROM captures", "NULL");
}

Test(store, a_fuller_analysis_replaces_the_rows_and_keeps_the_number)
{
    struct store *store = scratch_store(&at);
    struct story story;
    story_begin(&story, "uid-rejected", start, 1);
    story_event(&story, SIDE_CLIENT, EVENT_OPEN, NULL);
    const event_no noop = story_command(&story, "NOOP", "NOOP");
    story_reply(&story, noop, 503, "503 who are you");
    story_diagnosis(&story, 3, 2, 2, 503, CAUSE_HELLO_MISSING);
    story_violation(&story, 2, "noop_needs_hello", false);
    scratch_write(store, story_chapter(&story, true));
    story_free(&story);
    write_rejected(store, "uid-second", 1);
    scratch_close(store);
    store = scratch_store(&at);
    write_rejected(store, "uid-rejected", 1);
    counted(store, 0, 1);
    scratch_close(store);
    expect("SELECT session_id FROM sessions WHERE uid = 'uid-rejected'", "1");
    expect("SELECT count(*) FROM events WHERE session_id = 1", "13");
    expect("SELECT group_concat(cause) FROM diagnoses WHERE session_id = 1",
           "mail_rejected,mail_rejected");
    expect("SELECT group_concat(rule) FROM violations WHERE session_id = 1",
           "rcpt_needs_mail,data_needs_mail");
    expect("SELECT min(id) > 3 FROM diagnoses WHERE session_id = 1", "1");
    expect("SELECT count(*) FROM events WHERE session_id = 2", "13");
}

Test(store, between_equals_the_one_that_knows_the_end_stays)
{
    const char *const outcomes[] = {"open", "quit", "open"};
    for (int i = 0; i < 3; i++) {
        struct store *store = scratch_store(&at);
        struct story story;
        story_begin(&story, "uid", start, 1);
        story_event(&story, SIDE_CLIENT, EVENT_OPEN, NULL);
        story.chapter.session.outcome = outcomes[i];
        scratch_write(store, story_chapter(&story, true));
        story_free(&story);
        scratch_close(store);
        expect("SELECT outcome FROM sessions", i ? "quit" : "open");
    }
}

Test(store, chapters_make_one_session)
{
    struct store *store = scratch_store(&at);
    write_long(store, "uid-long", 3, 5, true);
    counted(store, 1, 0);
    scratch_close(store);
    expect("SELECT count(*) || ' ' || max(seq) FROM events", "31 31");
    expect("SELECT commands || ' ' || errors_503 || ' ' || outcome FROM sessions", "15 3 quit");
    expect("SELECT count(*) FROM errors_503 WHERE origin_seq = reply_seq", "3");
}

Test(store, open_sessions_of_many_handles_do_not_mix)
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
    counted(store, MANY, 0);
    scratch_close(store);
    expect("SELECT count(*) FROM sessions s JOIN events o ON o.session_id = s.session_id "
           "AND o.seq = 1 AND o.text = s.uid JOIN events c ON c.session_id = s.session_id "
           "AND c.seq = 2 AND c.text = s.uid",
           "500");
    expect("SELECT count(*) FROM (SELECT row_number() OVER (ORDER BY started_us) AS n, "
           "session_id FROM sessions) WHERE n = session_id",
           "500");
}

Test(store, an_interrupted_run_is_completed_by_the_next)
{
    struct store *store = scratch_store(&at);
    write_long(store, "uid-long", 2, 5, false);
    scratch_close(store);
    expect("SELECT outcome || ' ' || commands FROM sessions", "open 10");
    store = scratch_store(&at);
    write_long(store, "uid-long", 3, 5, true);
    counted(store, 0, 1);
    scratch_close(store);
    expect("SELECT group_concat(session_id || ' ' || outcome || ' ' || commands) FROM sessions",
           "1 quit 15");
    expect("SELECT count(*) FROM events WHERE session_id = 1", "31");
    expect("SELECT count(*) FROM event_rows", "31");
    expect("SELECT count(*) FROM diagnoses", "3");
}

/* The other way round: the run that is cut short comes second. */
Test(store, a_second_run_cut_short_loses_nothing)
{
    struct store *store = scratch_store(&at);
    write_long(store, "uid-long", 3, 5, true);
    scratch_close(store);
    char before[4096];
    strcpy(before, scratch_ask(&at, everything));
    store = scratch_store(&at);
    write_long(store, "uid-long", 4, 50, false);
    cr_assert(store_commit(store, NULL));
    expect(everything, before);
    scratch_close(store);
    expect(everything, before);
}

Test(store, of_two_long_analyses_the_fuller_stays)
{
    const struct {
        int chapters;
        const char *commands;
    } runs[] = {{3, "15"}, {2, "15"}, {3, "15"}, {5, "25"}, {4, "25"}};
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        struct store *store = scratch_store(&at);
        write_long(store, "uid-long", runs[i].chapters, 5, true);
        write_rejected(store, "uid-other", 1);
        counted(store, i ? 0 : 2, i ? 2 : 0);
        scratch_close(store);
        expect("SELECT commands FROM sessions WHERE uid = 'uid-long'", runs[i].commands);
        expect("SELECT session_id FROM sessions WHERE uid = 'uid-long'", "1");
        expect("SELECT count(*) FROM sessions", "2");
        expect("SELECT count(*) FROM event_rows WHERE id >> 24 NOT IN (1, 2)", "0");
    }
    expect("SELECT count(*) FROM events WHERE session_id = 1", "51");
    expect("SELECT count(*) || ' ' || count(DISTINCT reply_seq) FROM diagnoses "
           "WHERE session_id = 1",
           "5 5");
}

/* Two connections that share a uid at the same time are no two analyses of one: the rows of the
 * first must survive whatever the second brings. */
Test(store, a_uid_in_use_is_not_taken_away)
{
    struct store *store = scratch_store(&at);
    struct story first, second;
    story_begin(&first, "uid", start, 1);
    story_event(&first, SIDE_CLIENT, EVENT_OPEN, "first");
    scratch_write(store, story_chapter(&first, false));
    story_next(&first);
    write_rejected(store, "uid", 1);
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
    expect("SELECT group_concat(text) FROM events", "first,first");
}

Test(store, what_is_not_committed_is_not_seen_and_closing_commits)
{
    struct store *store = scratch_store(&at);
    write_rejected(store, "uid-1", 1);
    expect("SELECT count(*) FROM sessions", "0");
    cr_assert(store_commit(store, NULL));
    expect("SELECT count(*) FROM sessions", "1");
    cr_assert(store_commit(store, NULL), "a commit of nothing is no error");
    write_rejected(store, "uid-2", 1);
    scratch_close(store);
    expect("SELECT count(*) FROM sessions", "2");
}

Test(store, one_tidy_file_is_left)
{
    struct store *store = scratch_store(&at);
    write_rejected(store, "uid-1", 1);
    cr_assert(store_commit(store, NULL));
    cr_expect(scratch_has(&at, "history.db-wal"), "not in WAL mode");
    scratch_close(store);
    cr_expect(scratch_has(&at, "history.db"));
    cr_expect_not(scratch_has(&at, "history.db-wal"));
    cr_expect_not(scratch_has(&at, "history.db-shm"));
    cr_expect(store_close(NULL, NULL));
}

Test(store, a_capture_read_again_keeps_its_row)
{
    struct store *store = scratch_store(&at);
    const int64_t first = store_capture(store, "a.pcap", "file", start, NULL);
    const int64_t second = store_capture(store, "b.pcap", "file", start, NULL);
    const int64_t later = store_capture(store, "a.pcap", "file", start + 1, NULL);
    cr_expect_neq(first, 0);
    cr_expect_neq(first, second);
    cr_expect_neq(first, later);
    cr_expect_eq(store_capture(store, "a.pcap", "file", start, NULL), first);
    cr_assert(store_capture_totals(store, first, 10, 1000, 1, start + 5, "it is cut off", NULL));
    cr_assert(store_commit(store, NULL));
    expect("SELECT packets || ' ' || bytes || ' ' || dropped || ' ' || problem FROM captures "
           "WHERE capture_id = 1",
           "10 1000 1 it is cut off");
    cr_assert(store_capture_totals(store, first, 20, 2000, 1, start + 9, NULL, NULL));
    scratch_close(store);
    expect("SELECT packets || ' ' || coalesce(problem, 'whole') FROM captures LIMIT 1", "20 whole");
}

/* A chapter that the tables refuse must not be half in the history. */
Test(store, a_failed_write_is_undone)
{
    scratch_fill(&at);
    struct store *store = scratch_store(&at);
    write_rejected(store, "uid-3", 1);
    struct story story;
    story_begin(&story, "uid-broken", start, 1);
    story_event(&story, SIDE_CLIENT, EVENT_OPEN, NULL);
    story_event(&story, SIDE_CLIENT, EVENT_CLOSE, NULL);
    story_last_event(&story)->seq = 1;
    struct failure why = {""}, again = {""};
    cr_expect_not(store_write(store, story_chapter(&story, true), &why));
    cr_expect_not_null(strstr(why.text, "UNIQUE constraint failed"), "%s", why.text);
    cr_expect_not(store_write(store, story_chapter(&story, true), &again));
    cr_expect_str_eq(again.text, why.text);
    cr_expect_eq(store_capture(store, "x", "file", 0, NULL), 0);
    cr_expect_not(store_capture_totals(store, 1, 0, 0, 0, 0, NULL, NULL));
    story_free(&story);
    cr_expect(store_close(store, NULL));
    expect("SELECT count(*) FROM sessions", "2");
    expect("SELECT count(*) FROM event_rows", "28");
}
