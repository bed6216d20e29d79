/* SPDX-License-Identifier: ISC */
/* Very many refusals of one kind in a session: the first are rows, the rest is a number. */
#include <criterion/criterion.h>

#include "heloscope/base/limits.h"
#include "tests/db/scratch.h"

static struct scratch at;
static struct story story;

static void make(void)
{
    scratch_make(&at);
    story_begin(&story, "uid", INT64_C(1700000000123456), 1);
}

static void clean(void)
{
    story_free(&story);
    scratch_remove(&at);
}

TestSuite(repeats, .init = make, .fini = clean);

/* `count` times a command that breaks a rule and its refusal. */
static void refuse(uint32_t count, int code, enum cause cause)
{
    for (uint32_t i = 0; i < count; i++) {
        const event_no command = story_command(&story, "RCPT", "RCPT TO:<a@b.test>");
        const event_no reply = story_reply(&story, command, code, "no");
        story_violation(&story, command, "RCPT needs MAIL", false);
        story_diagnosis(&story, reply, command, command, code, cause);
    }
}

static void write_and_go_on(struct store *store, bool last)
{
    scratch_write(store, story_chapter(&story, last));
    story_next(&story);
}

static void expect(const char *sql, long wanted)
{
    char text[24];
    snprintf(text, sizeof text, "%ld", wanted);
    scratch_expect(&at, sql, text);
}

Test(repeats, as_many_as_are_kept_are_all_rows)
{
    struct store *store = scratch_store(&at);
    refuse(FINDINGS_KEPT, 503, CAUSE_MAIL_MISSING);
    write_and_go_on(store, true);
    scratch_close(store);
    expect("SELECT count(*) FROM diagnoses", FINDINGS_KEPT);
    expect("SELECT sum(repeats) FROM diagnoses", 0);
    expect("SELECT count(*) FROM single_events", 2 * FINDINGS_KEPT);
}

Test(repeats, in_one_chapter)
{
    struct store *store = scratch_store(&at);
    refuse(FINDINGS_KEPT + 500, 503, CAUSE_MAIL_MISSING);
    refuse(7, 550, CAUSE_MAIL_MISSING);
    refuse(3, 503, CAUSE_MAIL_MISSING);
    write_and_go_on(store, true);
    scratch_close(store);
    expect("SELECT count(*) FROM diagnoses WHERE code = 503", FINDINGS_KEPT);
    expect("SELECT count(*) FROM diagnoses WHERE code = 550 AND repeats = 0", 7);
    expect("SELECT repeats FROM diagnoses WHERE code = 503 ORDER BY reply_seq DESC LIMIT 1", 503);
    expect("SELECT count(*) FROM diagnoses WHERE repeats > 0", 1);
    expect("SELECT count(*) FROM single_events", 2 * (FINDINGS_KEPT + 7));
    expect("SELECT count(*) FROM violations", FINDINGS_KEPT + 7);
    expect("SELECT errors FROM errors_by_cause", FINDINGS_KEPT + 510);
    expect("SELECT errors_503 FROM errors_by_client", FINDINGS_KEPT + 503);
    expect("SELECT errors_other FROM errors_by_server", 7);
    expect("SELECT errors FROM recurring_problems WHERE reply = '503'", FINDINGS_KEPT + 503);
}

/* What earlier chapters have left in the history counts, also when they were not committed yet. */
Test(repeats, over_many_chapters)
{
    struct store *store = scratch_store(&at);
    for (int i = 0; i < 30; i++) {
        refuse(100, 503, CAUSE_MAIL_MISSING);
        write_and_go_on(store, false);
    }
    cr_assert(store_commit(store, NULL));
    expect("SELECT sum(1 + repeats) FROM diagnoses", 3000);
    refuse(100, 503, CAUSE_MAIL_MISSING);
    write_and_go_on(store, true);
    scratch_close(store);
    expect("SELECT count(*) FROM diagnoses", FINDINGS_KEPT);
    expect("SELECT sum(1 + repeats) FROM diagnoses", 3100);
    expect("SELECT count(*) FROM single_events", 2 * FINDINGS_KEPT);
    expect("SELECT count(*) FROM violations", FINDINGS_KEPT);
}

/* An event that something refers to stays, whatever else it is. */
Test(repeats, what_a_kept_finding_rests_on_stays)
{
    struct store *store = scratch_store(&at);
    refuse(FINDINGS_KEPT + 10, 503, CAUSE_MAIL_MISSING);
    const event_no refused = story.last, first = refused - 1;
    refuse(10, 503, CAUSE_MAIL_MISSING);
    const event_no data = story_command(&story, "DATA", "DATA");
    const event_no reply = story_reply(&story, data, 503, "no");
    struct diagnosis *d =
        story_diagnosis(&story, reply, data, refused, 503, CAUSE_ALL_RCPT_REJECTED);
    story_related(&story, d, first, ROLE_OPENED);
    write_and_go_on(store, true);
    scratch_close(store);
    char sql[96];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM events WHERE seq IN (%u, %u)", first, refused);
    expect(sql, 2);
    expect("SELECT count(*) FROM events", 2 * FINDINGS_KEPT + 4);
    expect("SELECT sum(repeats) FROM diagnoses WHERE cause = 'mail_missing'", 20);
}

/* A second session has a count of its own. */
Test(repeats, each_session_for_itself)
{
    struct store *store = scratch_store(&at);
    refuse(FINDINGS_KEPT + 1, 503, CAUSE_MAIL_MISSING);
    write_and_go_on(store, true);
    story_free(&story);
    story_begin(&story, "other", INT64_C(1700000900123456), 1);
    story.chapter.session.handle = 77;
    story.chapter.session.client_port = 4711;
    refuse(FINDINGS_KEPT + 2, 503, CAUSE_MAIL_MISSING);
    write_and_go_on(store, true);
    scratch_close(store);
    scratch_expect(&at,
                   "SELECT group_concat(n) FROM (SELECT sum(repeats) AS n FROM diagnoses GROUP BY "
                   "session_id ORDER BY session_id)",
                   "1,2");
}
