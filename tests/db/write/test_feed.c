/* SPDX-License-Identifier: ISC */
/* What chapters hold, as tables: each row once, in order, under the right session. */
#include <criterion/criterion.h>

#include "db/write/feed.h"
#include "db/write/rows.h"
#include "tests/support/chapters.h"

static sqlite3 *db;
static struct feed feed;

static void make(void)
{
    feed = (struct feed){0};
    cr_assert_eq(sqlite3_open(":memory:", &db), SQLITE_OK);
    cr_assert(feed_make(db, &feed), "%s", sqlite3_errmsg(db));
}

static void clean(void)
{
    sqlite3_close(db);
}

TestSuite(feed, .init = make, .fini = clean);

/* The one value that `sql` yields is `wanted`. */
static void expect(const char *sql, const char *wanted)
{
    sqlite3_stmt *statement;
    cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK, "%s",
                 sqlite3_errmsg(db));
    cr_assert_eq(sqlite3_step(statement), SQLITE_ROW);
    const char *text = (const char *)sqlite3_column_text(statement, 0);
    cr_expect_str_eq(text ? text : "NULL", wanted, "%s", sql);
    sqlite3_finalize(statement);
}

static void show(const struct fed *items, size_t count)
{
    feed = (struct feed){items, count};
}

#define EVENTS                                                                                     \
    "SELECT group_concat((id >> 24) || ':' || (id & 16777215) || ':' || text) FROM chapter_events"

Test(feed, nothing_is_shown_of_nothing)
{
    expect("SELECT count(*) FROM chapter_events", "0");
    expect("SELECT count(*) FROM chapter_transactions", "0");
    expect("SELECT count(*) FROM chapter_recipients", "0");
}

Test(feed, chapters_follow_each_other_and_empty_ones_are_passed_over)
{
    struct story one, empty, two;
    story_begin(&one, "one", 1000, 1);
    story_event(&one, SIDE_CLIENT, EVENT_COMMAND, "a");
    story_event(&one, SIDE_SERVER, EVENT_REPLY, "b");
    story_begin(&empty, "empty", 1000, 1);
    story_begin(&two, "two", 1000, 1);
    story_event(&two, SIDE_CLIENT, EVENT_COMMAND, "c");
    const struct fed items[] = {
        {&empty.chapter, 4, false, false}, {&one.chapter, 5, false, false},
        {&empty.chapter, 6, false, false}, {&two.chapter, 7, false, false},
        {&empty.chapter, 8, false, false},
    };
    show(items, sizeof items / sizeof items[0]);
    expect(EVENTS, "5:1:a,5:2:b,7:1:c");
    show(items + 2, 1);
    expect("SELECT count(*) FROM chapter_events", "0");
    story_free(&one);
    story_free(&empty);
    story_free(&two);
}

Test(feed, events_without_a_key_are_left_out)
{
    struct story story;
    story_begin(&story, "long", 1000, 1);
    story_event(&story, SIDE_CLIENT, EVENT_COMMAND, "a");
    story_last_event(&story)->seq = EVENT_LAST;
    story_event(&story, SIDE_CLIENT, EVENT_COMMAND, "b");
    story_last_event(&story)->seq = EVENT_LAST + 1;
    story_event(&story, SIDE_CLIENT, EVENT_COMMAND, "c");
    story_last_event(&story)->seq = EVENT_LAST + 2;
    const struct fed items[] = {{&story.chapter, 1, false, false}};
    show(items, 1);
    expect(EVENTS, "1:16777215:a");
    story_free(&story);
}

/* Absent is NULL; an octet count of 0 and an empty text are not absent. */
Test(feed, absent_is_null)
{
    struct story story;
    story_begin(&story, "uid", 1000, 1);
    story_event(&story, SIDE_CLIENT, EVENT_OPEN, NULL);
    const struct fed items[] = {{&story.chapter, 1, false, false}};
    show(items, 1);
    expect("SELECT verb IS NULL AND code IS NULL AND enhanced IS NULL AND text IS NULL AND "
           "bytes IS NULL AND answers IS NULL AND saw IS NULL AND note IS NULL FROM chapter_events",
           "1");
    struct event *event = story_last_event(&story);
    event->has_bytes = true;
    event->text = bytes_of_string("");
    event->notes = NOTE_MASKED;
    expect("SELECT bytes || '|' || text || '|' || note FROM chapter_events", "0||masked");
    story_free(&story);
}

Test(feed, recipients_are_numbered_in_their_transaction)
{
    struct story story;
    story_begin(&story, "uid", 1000, 1);
    struct transaction *first = story_transaction(&story, 5, "x@example.net", "accepted");
    story_recipient(&story, first, 7, "a@example.org", 250);
    story_recipient(&story, first, 9, "b@example.org", 550);
    story_transaction(&story, 15, NULL, "reset");
    struct transaction *third = story_transaction(&story, 25, "y@example.net", "refused");
    story_recipient(&story, third, 27, "c@example.org", 0);
    const struct fed items[] = {{&story.chapter, 3, false, false},
                                {&story.chapter, 4, false, false}};
    show(items, 2);
    expect("SELECT group_concat(session_id || ':' || tx || ':' || mail_seq || ':' || outcome) "
           "FROM chapter_transactions",
           "3:1:5:accepted,3:2:15:reset,3:3:25:refused,"
           "4:1:5:accepted,4:2:15:reset,4:3:25:refused");
    expect("SELECT group_concat(session_id || ':' || tx || ':' || n || ':' || seq || ':' || "
           "address || ':' || coalesce(code, '-'), ' ') FROM chapter_recipients",
           "3:1:1:7:a@example.org:250 3:1:2:9:b@example.org:550 3:3:1:27:c@example.org:- "
           "4:1:1:7:a@example.org:250 4:1:2:9:b@example.org:550 4:3:1:27:c@example.org:-");
    story_free(&story);
}

/* A join reads one table from its beginning again and again. */
Test(feed, a_table_can_be_read_again)
{
    struct story story;
    story_begin(&story, "uid", 1000, 1);
    for (int i = 0; i < 10; i++)
        story_event(&story, SIDE_CLIENT, EVENT_COMMAND, "x");
    const struct fed items[] = {{&story.chapter, 1, false, false}};
    show(items, 1);
    expect("SELECT count(*) FROM chapter_events a JOIN chapter_events b ON b.id <> a.id", "90");
    expect("SELECT count(DISTINCT rowid) FROM chapter_events", "10");
    story_free(&story);
}

/* A chapter's events are in one of the two tables, or in none. */
Test(feed, a_packed_chapter_is_one_row)
{
    struct story story;
    story_begin(&story, "uid", 1000, 1);
    story_event(&story, SIDE_CLIENT, EVENT_OPEN, NULL);
    const struct fed items[] = {{&story.chapter, 3, false, true},
                                {&story.chapter, 4, true, true},
                                {&story.chapter, 5, false, false},
                                {&story.chapter, 6, false, true}};
    show(items, 4);
    expect("SELECT group_concat(session_id) FROM chapter_timelines", "3,6");
    expect("SELECT group_concat(id >> 24) FROM chapter_events", "5");
    story_free(&story);
}

Test(feed, the_tables_cannot_be_written)
{
    cr_expect_neq(sqlite3_exec(db, "DELETE FROM chapter_events", NULL, NULL, NULL), SQLITE_OK);
}
