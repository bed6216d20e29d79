/* SPDX-License-Identifier: ISC */
/* Runs of the writer: what a second analysis of the same packets changes, and what it must not. */
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

TestSuite(store, .init = make, .fini = clean);

Test(store, the_same_capture_again_adds_nothing)
{
    scratch_fill(&at);
    char before[4096];
    strcpy(before, scratch_ask(&at, scratch_everything));
    cr_assert_gt(strlen(before), 200);
    scratch_fill(&at);
    scratch_expect(&at, scratch_everything, before);
    scratch_expect(&at, "SELECT max(id) FROM diagnoses", "2");
}

Test(store, new_and_known_sessions_are_counted)
{
    scratch_fill(&at);
    struct store *store = scratch_store(&at);
    scratch_counted(store, 0, 0);
    scratch_write_rejected(store, "uid-rejected");
    scratch_write_rejected(store, "uid-another");
    scratch_counted(store, 1, 1);
    scratch_close(store);
    scratch_expect(&at, "SELECT group_concat(session_id) FROM sessions NOT INDEXED", "1,2,3");
}

Test(store, a_poorer_analysis_changes_nothing)
{
    scratch_fill(&at);
    char before[4096];
    strcpy(before, scratch_ask(&at, scratch_everything));
    struct store *store = scratch_store(&at);
    struct story story;
    story_begin(&story, "uid-rejected", start, 1);
    story_event(&story, SIDE_CLIENT, EVENT_OPEN, NULL);
    story_reply(&story, 0, 220, "220 cut short");
    scratch_write(store, story_chapter(&story, true));
    story_free(&story);
    cr_assert(store_capture_totals(
        store, 1, &(struct capture_totals){2, 200, 0, 0, 0, start + 1000, "cut short"}, NULL));
    scratch_close(store);
    scratch_expect(&at, scratch_everything, before);
    scratch_expect(&at, "SELECT problem FROM captures", "NULL");
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
    scratch_write_rejected(store, "uid-second");
    scratch_close(store);
    store = scratch_store(&at);
    scratch_write_rejected(store, "uid-rejected");
    scratch_counted(store, 0, 1);
    scratch_close(store);
    scratch_expect(&at, "SELECT session_id FROM sessions WHERE uid = 'uid-rejected'", "1");
    scratch_expect(&at, "SELECT count(*) FROM events WHERE session_id = 1", "13");
    scratch_expect(&at, "SELECT group_concat(cause) FROM diagnoses WHERE session_id = 1",
                   "mail_rejected,mail_rejected");
    scratch_expect(&at, "SELECT group_concat(rule) FROM violations WHERE session_id = 1",
                   "rcpt_needs_mail,data_needs_mail");
    scratch_expect(&at, "SELECT min(id) > 3 FROM diagnoses WHERE session_id = 1", "1");
    scratch_expect(&at, "SELECT count(*) FROM events WHERE session_id = 2", "13");
}

/* The same packets, of which a longer snap length kept more. */
Test(store, between_equal_numbers_of_packets_the_octets_decide)
{
    const char *const texts[] = {"NOOP 22", "NOOP 4444", "NOOP 333"};
    const char *const kept[] = {"NOOP 22", "NOOP 4444", "NOOP 4444"};
    for (int i = 0; i < 3; i++) {
        struct store *store = scratch_store(&at);
        struct story story;
        story_begin(&story, "uid", start, 1);
        story_command(&story, "NOOP", texts[i]);
        scratch_write(store, story_chapter(&story, true));
        story_free(&story);
        scratch_close(store);
        scratch_expect(&at, "SELECT text FROM events", kept[i]);
    }
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
        scratch_expect(&at, "SELECT outcome FROM sessions", i ? "quit" : "open");
    }
}

Test(store, what_is_not_committed_is_not_seen_and_closing_commits)
{
    struct store *store = scratch_store(&at);
    scratch_write_rejected(store, "uid-1");
    scratch_expect(&at, "SELECT count(*) FROM sessions", "0");
    cr_assert(store_commit(store, NULL));
    scratch_expect(&at, "SELECT count(*) FROM sessions", "1");
    cr_assert(store_commit(store, NULL), "a commit of nothing is no error");
    scratch_write_rejected(store, "uid-2");
    scratch_close(store);
    scratch_expect(&at, "SELECT count(*) FROM sessions", "2");
}

Test(store, one_tidy_file_is_left)
{
    struct store *store = scratch_store(&at);
    scratch_write_rejected(store, "uid-1");
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
    cr_assert(store_capture_totals(
        store, first, &(struct capture_totals){10, 1000, 1, 3, 2, start + 5, "it is cut off"},
        NULL));
    cr_assert(store_commit(store, NULL));
    scratch_expect(&at,
                   "SELECT packets || ' ' || bytes || ' ' || dropped || ' ' || duplicates || ' ' "
                   "|| overlaps || ' ' || problem FROM captures "
                   "WHERE capture_id = 1",
                   "10 1000 1 3 2 it is cut off");
    cr_assert(store_capture_totals(
        store, first, &(struct capture_totals){20, 2000, 1, 2, 0, start + 9, NULL}, NULL));
    scratch_close(store);
    scratch_expect(&at, "SELECT packets || ' ' || coalesce(problem, 'whole') FROM captures LIMIT 1",
                   "20 whole");
}

/* A chapter that the tables refuse must not be half in the history. */
Test(store, a_failed_write_is_undone)
{
    scratch_fill(&at);
    scratch_run(
        &at,
        "CREATE TRIGGER refusal BEFORE INSERT ON timelines "
        "WHEN json_array_length(new.events) = 2 BEGIN SELECT raise(ABORT, 'no second event'); END");
    struct store *store = scratch_store(&at);
    scratch_write_rejected(store, "uid-3");
    struct story story;
    story_begin(&story, "uid-broken", start, 1);
    story_event(&story, SIDE_CLIENT, EVENT_OPEN, NULL);
    story_event(&story, SIDE_CLIENT, EVENT_CLOSE, NULL);
    struct failure why = {""}, again = {""};
    cr_expect_not(store_write(store, story_chapter(&story, true), &why));
    cr_expect_not_null(strstr(why.text, "no second event"), "%s", why.text);
    cr_expect_not(store_write(store, story_chapter(&story, true), &again));
    cr_expect_str_eq(again.text, why.text);
    cr_expect_eq(store_capture(store, "x", "file", 0, NULL), 0);
    cr_expect_not(store_capture_totals(store, 1, &(struct capture_totals){.packets = 0}, NULL));
    story_free(&story);
    cr_expect(store_close(store, NULL));
    scratch_expect(&at, "SELECT count(*) FROM sessions", "2");
    scratch_expect(&at, "SELECT count(*) FROM event_rows", "28");
}

/* More than fit into one statement; and in their midst a session in two chapters, one that comes
 * again with less, one that comes again with more. */
enum {
    LIST = 600
};
static struct story list[LIST];
static char list_uids[LIST][24];

static void make_list(void)
{
    for (int i = 0; i < LIST; i++) {
        snprintf(list_uids[i], sizeof list_uids[i], "uid-%d", i);
        story_begin(&list[i], list_uids[i], start + i, 1);
        story_accepted(&list[i], "QUEUE");
        story_chapter(&list[i], true);
    }
    for (int i = 300; i < 302; i++) { /* 299 again: with one event, and with one more */
        story_free(&list[i]);
        story_begin(&list[i], list_uids[299], start + 299, 1);
        if (i == 301)
            story_accepted(&list[i], "OTHER");
        story_event(&list[i], SIDE_CLIENT, EVENT_GAP, "more");
        story_chapter(&list[i], true);
    }
    list[20].chapter.last = false;
    story_free(&list[400]);
    story_begin(&list[400], list_uids[20], start + 20, 1);
    list[400].last = list[20].last;
    list[400].chapter.first = false;
    list[400].chapter.session.handle = list[20].chapter.session.handle;
    story_event(&list[400], SIDE_CLIENT, EVENT_CLOSE, "the end");
    story_chapter(&list[400], true);
}

/* A list has to leave what its chapters leave one by one. */
Test(store, a_list_is_the_same_as_its_chapters)
{
    static char by_one[1 << 16];
    struct scratch other;
    scratch_make(&other);
    make_list();
    struct store *store = scratch_store(&other);
    for (int i = 0; i < LIST; i++)
        scratch_write(store, &list[i].chapter);
    scratch_counted(store, LIST - 3, 2);
    scratch_close(store);
    snprintf(by_one, sizeof by_one, "%s", scratch_ask(&other, scratch_everything));
    scratch_remove(&other);

    store = scratch_store(&at);
    for (int i = 0; i + 1 < LIST; i++)
        list[i].chapter.next = &list[i + 1].chapter;
    cr_assert(store_write_list(store, &list[0].chapter, NULL));
    cr_assert(store_write_list(store, NULL, NULL));
    scratch_counted(store, LIST - 3, 2);
    scratch_close(store);
    scratch_expect(&at, scratch_everything, by_one);
    scratch_expect(&at, "SELECT count(*) FROM transactions WHERE queue_id = 'OTHER'", "1");
    scratch_expect(&at, "SELECT max(seq) - count(*) FROM events WHERE session_id = 21", "0");
    for (int i = 0; i < LIST; i++)
        story_free(&list[i]);
}

/* The number in `changes` says in which order sessions were last written. */
Test(store, a_session_that_is_written_again_gets_a_higher_change)
{
    scratch_fill(&at);
    scratch_expect(&at, "SELECT group_concat(change || ':' || session_id) FROM changes", "1:1,2:2");
    /* The same record again changes nothing; a fuller one does, and keeps its session_id. */
    scratch_fill(&at);
    scratch_expect(&at, "SELECT max(change) FROM changes", "2");
    scratch_run(&at, "UPDATE sessions SET packets = 1 WHERE session_id = 1");
    scratch_expect(&at, "SELECT group_concat(change || ':' || session_id) FROM changes", "2:2,3:1");
    scratch_fill(&at);
    scratch_expect(&at, "SELECT session_id FROM changes ORDER BY change DESC LIMIT 1", "1");
    scratch_expect(&at, "SELECT max(change) > 3 AND count(*) = 2 FROM changes", "1");
    /* One that is removed is none of them, and its number does not come back. */
    scratch_run(&at, "CREATE TABLE seen AS SELECT max(change) AS change FROM changes;"
                     "DELETE FROM sessions WHERE session_id = 1");
    scratch_expect(&at, "SELECT group_concat(session_id) FROM changes", "2");
    scratch_fill(&at);
    scratch_expect(&at,
                   "SELECT min(change) > (SELECT change FROM seen) FROM changes "
                   "WHERE session_id <> 2",
                   "1");
}

/* A session that is stored chapter by chapter is news with each of them. */
Test(store, an_open_session_changes_with_each_chapter)
{
    struct store *store = scratch_store(&at);
    struct story story;
    story_begin(&story, "uid-growing", start, 1);
    story_event(&story, SIDE_CLIENT, EVENT_OPEN, NULL);
    cr_assert(store_capture(store, "a.pcap", "file", start, NULL));
    scratch_write(store, story_chapter(&story, false));
    cr_assert(store_commit(store, NULL));
    scratch_expect(&at, "SELECT max(change) FROM changes", "1");
    story_reply(&story, 0, 220, "220 late");
    scratch_write(store, story_chapter(&story, true));
    scratch_close(store);
    story_free(&story);
    scratch_expect(&at, "SELECT group_concat(change || ':' || session_id) FROM changes", "2:1");
}
