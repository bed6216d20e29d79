/* SPDX-License-Identifier: ISC */
/* What was put aside comes back into the history: into the session's own record, or as one of its
 * own; and the file goes. */
#include <criterion/criterion.h>
#include <time.h>
#include <utime.h>

#include "tests/db/scratch.h"

static struct scratch at;
static struct scratch beside; /* the same folder's history with -aside */
static const int64_t start = INT64_C(1700000000000000);

static void make(void)
{
    scratch_make(&at);
    beside = at;
    cr_assert_lt(snprintf(beside.path, sizeof beside.path, "%s-aside", at.path),
                 (int)sizeof beside.path);
}

static void clean(void)
{
    scratch_remove(&at);
}

TestSuite(aside, .init = make, .fini = clean);

static struct store *open_patient(void)
{
    struct failure why = {""};
    const struct store_options options = {.patient = true};
    struct store *store = store_open_as(at.path, &options, &why);
    cr_assert(store, "%s", why.text);
    return store;
}

/* Nothing was added to it for a while. */
static void make_calm(void)
{
    const time_t then = time(NULL) - 3600;
    cr_assert_eq(utime(beside.path, &(struct utimbuf){then, then}), 0);
}

static void keep_up(void)
{
    struct store *store = open_patient();
    store_upkeep(store);
    scratch_close(store);
}

/* How much a pass does depends on the machine; what is not all done is calm again. */
static void take_all_back(void)
{
    enum {
        PASSES = 50
    };
    for (int i = 0; i < PASSES && scratch_has(&at, "history.db-aside"); i++) {
        make_calm();
        keep_up();
    }
}

Test(aside, sessions_that_the_history_does_not_have_are_added)
{
    struct store *store = scratch_store(&beside);
    store_capture(store, "eth7", "live", 0, NULL);
    scratch_write_rejected(store, "uid-one");
    scratch_write_rejected(store, "uid-two");
    scratch_close(store);
    scratch_run(&beside, "UPDATE sessions SET source = 'eth7'");
    scratch_fill(&at); /* with session 1 and 2 of other names, and capture 1 */
    take_all_back();
    scratch_expect(&at, "SELECT group_concat(session_id || ' ' || uid) FROM sessions NOT INDEXED",
                   "1 uid-rejected,2 uid-accepted,3 uid-one,4 uid-two");
    for (int id = 3; id <= 4; id++) {
        char sql[256];
        snprintf(sql, sizeof sql,
                 "SELECT (SELECT count(*) FROM events WHERE session_id = %d) = (SELECT count(*) "
                 "FROM events WHERE session_id = 1) AND (SELECT count(*) FROM diagnoses WHERE "
                 "session_id = %d) = 2",
                 id, id);
        scratch_expect(&at, sql, "1");
    }
    scratch_expect(&at,
                   "SELECT c.source || ' ' || c.kind FROM sessions s JOIN captures c USING "
                   "(capture_id) WHERE s.uid = 'uid-two'",
                   "eth7 live");
    cr_expect_not(scratch_has(&at, "history.db-aside"));
}

/* The first chapter was put aside, the second found its way. */
Test(aside, parts_of_one_session_come_together)
{
    struct story story;
    story_begin(&story, "uid-parts", start, 1);
    const event_no command = story_command(&story, "DATA", "DATA");
    const event_no reply = story_reply(&story, command, 503, "503 no");
    story_diagnosis(&story, reply, command, command, 503, CAUSE_RCPT_MISSING);
    story.chapter.session.packets = 5;
    struct store *store = scratch_store(&beside);
    scratch_write(store, story_chapter(&story, false));
    scratch_close(store);
    story_next(&story);
    story_command(&story, "QUIT", "QUIT");
    story.chapter.session.packets = 9;
    story.chapter.session.outcome = "quit";
    store = scratch_store(&at);
    scratch_write(store, story_chapter(&story, true));
    scratch_close(store);
    story_free(&story);
    take_all_back();
    scratch_expect(&at, "SELECT count(*) || ' ' || outcome || ' ' || packets FROM sessions",
                   "1 quit 9");
    scratch_expect(&at, "SELECT group_concat(seq || ' ' || kind) FROM events",
                   "1 command,2 reply,3 command");
    scratch_expect(&at, "SELECT cause FROM diagnoses", "rcpt_missing");
}

Test(aside, what_was_put_aside_just_now_stays_there)
{
    struct store *store = scratch_store(&beside);
    scratch_write_rejected(store, "uid-one");
    scratch_close(store);
    keep_up();
    cr_expect(scratch_has(&at, "history.db-aside"));
    scratch_expect(&at, "SELECT count(*) FROM sessions", "0");
}

/* A file that is none of ours harms nothing. */
Test(aside, a_damaged_file_is_left_alone)
{
    FILE *file = fopen(beside.path, "w");
    fputs("this is no database at all, whatever its name says", file);
    fclose(file);
    make_calm();
    struct store *store = open_patient();
    store_upkeep(store);
    scratch_write_rejected(store, "uid-one");
    scratch_close(store);
    scratch_expect(&at, "SELECT count(*) FROM sessions", "1");
    cr_expect(scratch_has(&at, "history.db-aside"));
}
