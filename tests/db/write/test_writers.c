/* SPDX-License-Identifier: ISC */
/* A writer that died leaves nothing open; one that lives is left alone. */
#include <criterion/criterion.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/db/scratch.h"

/* Stores the first chapter of a session, and commits it. */
static void begin_session(struct store *store, const char *uid)
{
    struct story story;
    story_begin(&story, uid, 1, 1);
    story_event(&story, SIDE_CLIENT, EVENT_OPEN, NULL);
    story.chapter.session.outcome = "open";
    scratch_write(store, story_chapter(&story, false));
    story_free(&story);
    cr_assert(store_commit(store, NULL));
}

Test(writers, what_a_dead_one_left_open_is_interrupted)
{
    struct scratch at;
    scratch_make(&at);
    const pid_t child = fork();
    if (!child) {
        begin_session(scratch_store(&at), "uid-dead");
        _exit(0); /* without closing anything, as a process that is killed */
    }
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    scratch_expect(&at, "SELECT outcome FROM sessions", "open");
    cr_expect(scratch_has(&at, "history.db-writers"));
    scratch_close(scratch_store(&at));
    scratch_expect(&at, "SELECT outcome FROM sessions", "interrupted");
    scratch_expect(&at, "SELECT count(*) FROM events", "1");
    scratch_expect(&at, "SELECT (SELECT count(*) FROM writers) + (SELECT count(*) FROM unfinished)",
                   "0");
    cr_expect_not(scratch_has(&at, "history.db-writers"));
    scratch_remove(&at);
}

Test(writers, what_a_live_one_has_open_stays_open)
{
    struct scratch at;
    scratch_make(&at);
    struct store *alive = scratch_store(&at);
    begin_session(alive, "uid-alive");
    struct store *other = scratch_store(&at);
    begin_session(other, "uid-other");
    scratch_close(other);
    scratch_expect(&at, "SELECT group_concat(outcome) FROM sessions ORDER BY uid",
                   "open,interrupted");
    cr_expect(scratch_has(&at, "history.db-writers"), "the lock of the other is gone");
    scratch_close(alive);
    cr_expect_not(scratch_has(&at, "history.db-writers"));
    scratch_remove(&at);
}

/* The same packets are read once more: what is known of the end is better than that it is not. */
Test(writers, an_interrupted_session_is_replaced_by_one_that_has_an_end)
{
    struct scratch at;
    struct story story;
    scratch_make(&at);
    struct store *store = scratch_store(&at);
    begin_session(store, "uid");
    scratch_close(store);
    scratch_expect(&at, "SELECT outcome FROM sessions", "interrupted");
    store = scratch_store(&at);
    story_begin(&story, "uid", 1, 1);
    story_event(&story, SIDE_CLIENT, EVENT_OPEN, NULL);
    story.chapter.session.outcome = "quit";
    scratch_write(store, story_chapter(&story, true));
    story_free(&story);
    scratch_close(store);
    scratch_expect(&at, "SELECT outcome FROM sessions", "quit");
    scratch_remove(&at);
}
