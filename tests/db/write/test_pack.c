/* SPDX-License-Identifier: ISC */
/* The events of a session in which nothing was wrong are one row, and read like any others. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "db/write/pack.h"
#include "tests/db/scratch.h"

static const int64_t start = INT64_C(1700000000000000);
static struct scratch at;

static void make(void)
{
    scratch_make(&at);
}

static void clean(void)
{
    scratch_remove(&at);
}

TestSuite(pack, .init = make, .fini = clean);

static void expect_text(const struct story *story, const char *wanted)
{
    struct pack pack = {0};
    const struct bytes text = pack_events(&pack, &story->chapter);
    cr_expect(text.len == strlen(wanted) && memcmp(text.at, wanted, text.len) == 0, "%.*s",
              (int)text.len, (const char *)text.at);
    free(pack.at);
}

Test(pack, what_is_absent_takes_no_place_at_the_end)
{
    struct story story;
    story_begin(&story, "uid", start, 1);
    story_event(&story, SIDE_CLIENT, EVENT_OPEN, NULL);
    story_last_event(&story)->ts_us = start - 5;
    story_last_event(&story)->packet = 7;
    story_event(&story, SIDE_SERVER, EVENT_CLOSE, "");
    story_last_event(&story)->ts_us = start;
    story_last_event(&story)->packet = 8;
    story_last_event(&story)->has_bytes = true;
    expect_text(&story, "[[-5,7,0],[0,8,19,\"\",null,null,null,null,0]]");
    story_free(&story);
}

Test(pack, text_is_escaped)
{
    struct story story;
    story_begin(&story, "uid", start, 1);
    story_event(&story, SIDE_CLIENT, EVENT_COMMAND, "a\"b\\c\nd\x01\xc3\xa9");
    story_last_event(&story)->ts_us = start;
    story_last_event(&story)->packet = 1;
    expect_text(&story, "[[0,1,4,\"a\\\"b\\\\c\\nd\\u0001\xc3\xa9\"]]");
    story_free(&story);
}

/* What cannot be told without a loss is not: a number that is left out, a NUL, nothing at all. */
Test(pack, not_all_suit)
{
    struct story story;
    story_begin(&story, "uid", start, 1);
    cr_expect_not(pack_suits(&story.chapter));
    story_event(&story, SIDE_CLIENT, EVENT_OPEN, "text");
    cr_expect(pack_suits(&story.chapter));
    story_last_event(&story)->text = bytes_of("a\0b", 3);
    cr_expect_not(pack_suits(&story.chapter));
    story_last_event(&story)->text = bytes_of("ab", 2);
    story_last_event(&story)->seq = 2;
    cr_expect_not(pack_suits(&story.chapter));
    story_last_event(&story)->seq = 1;
    for (int i = 0; i < 499; i++)
        story_event(&story, SIDE_CLIENT, EVENT_COMMAND, "NOOP");
    cr_expect(pack_suits(&story.chapter));
    story_event(&story, SIDE_CLIENT, EVENT_CLOSE, NULL);
    cr_expect_not(pack_suits(&story.chapter), "so many are not taken apart for each look");
    story_free(&story);
}

/* Events of every kind, with all that an event can have. */
static void tell_all(struct story *story)
{
    for (enum event_kind kind = 0; kind < EVENT_KIND_COUNT; kind++) {
        story_event(story, kind & 1 ? SIDE_SERVER : SIDE_CLIENT, kind, kind & 2 ? "" : NULL);
        story_last_event(story)->bytes = kind;
        story_last_event(story)->has_bytes = kind & 4;
    }
    const event_no mail = story_command(story, "MAIL", "MAIL FROM:<\"a\\b\"@example.org> \t\x7f");
    story_last_event(story)->saw = 2;
    story_last_event(story)->notes = NOTE_MASKED | NOTE_BARE_LF;
    story_reply(story, mail, 250, "250-2.1.0 Gr\xc3\xbc\xc3\x9f Gott\n250 2.1.0 null, [1]");
    story_last_event(story)->enhanced = bytes_of_string("2.1.0");
    story_event(story, SIDE_SERVER, EVENT_GAP, NULL);
    story_last_event(story)->bytes = INT64_MAX;
    story_last_event(story)->has_bytes = true;
}

#define COLUMNS                                                                                    \
    "quote(ts_us) || quote(packet) || side || kind || quote(verb) || quote(code) || "              \
    "quote(enhanced) || quote(text) || quote(bytes) || quote(answers) || quote(saw) || "           \
    "quote(note)"

Test(pack, a_timeline_reads_as_its_events_would)
{
    struct store *store = scratch_store(&at);
    for (int i = 0; i < 2; i++) {
        struct story story;
        story_begin(&story, i ? "packed" : "single", start, 1);
        tell_all(&story);
        if (!i)
            story_violation(&story, 11, "mail", true);
        scratch_write(store, story_chapter(&story, true));
        story_free(&story);
    }
    scratch_close(store);
    scratch_expect(&at, "SELECT group_concat(session_id) FROM timelines", "2");
    scratch_expect(&at, "SELECT count(*) || ' ' || min(id >> 24) FROM single_events", "13 1");
    char wanted[4096];
    snprintf(wanted, sizeof wanted, "%s",
             scratch_ask(&at, "SELECT group_concat((id & 16777215) || " COLUMNS
                              ", char(10)) FROM single_events"));
    scratch_expect(
        &at, "SELECT group_concat(seq || " COLUMNS ", char(10)) FROM events WHERE session_id = 2",
        wanted);
    scratch_expect(
        &at, "SELECT group_concat(seq || " COLUMNS ", char(10)) FROM events WHERE session_id = 1",
        wanted);
    scratch_expect(&at,
                   "SELECT group_concat((id & 16777215) || " COLUMNS
                   ", char(10)) FROM event_rows WHERE id >> 24 = 2",
                   wanted);
}

/* A record that another process goes on with gets a row for each event, and keeps them all. */
Test(pack, a_timeline_can_be_taken_apart)
{
    struct story whole, longer;
    struct store *one = scratch_store(&at), *other;
    story_begin(&longer, "uid", start, 1);
    story_event(&longer, SIDE_CLIENT, EVENT_OPEN, NULL);
    scratch_write(one, story_chapter(&longer, false));
    cr_assert(store_commit(one, NULL));
    story_next(&longer);

    story_begin(&whole, "uid", start, 1);
    story_event(&whole, SIDE_CLIENT, EVENT_OPEN, NULL);
    story_command(&whole, "NOOP", "NOOP");
    whole.chapter.session.packets = 2;
    other = scratch_store(&at);
    scratch_write(other, story_chapter(&whole, true));
    story_free(&whole);
    scratch_close(other);

    story_command(&longer, "NOOP", "NOOP");
    story_command(&longer, "QUIT", "QUIT");
    longer.chapter.session.packets = 3;
    scratch_write(one, story_chapter(&longer, true));
    story_free(&longer);
    scratch_close(one);
    scratch_expect(&at, "SELECT count(*) FROM sessions", "1");
    scratch_expect(&at, "SELECT group_concat(seq || kind || coalesce(verb, '')) FROM events",
                   "1open,2commandNOOP,3commandQUIT");
    scratch_expect(&at, "SELECT count(*) FROM timelines", "0");
}
