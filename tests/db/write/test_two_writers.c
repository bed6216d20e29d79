/* SPDX-License-Identifier: ISC */
/* Two programs write one history, and see the same connection. */
#include <criterion/criterion.h>
#include <stdlib.h>

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

TestSuite(two_writers, .init = make, .fini = clean);

/* One analysis of the connection; each knows it by its own name when their clocks differ. */
struct analysis {
    struct store *store;
    struct story story;
    unsigned handle;
};

static void begin(struct analysis *one, const char *uid, int64_t shift, const char *source)
{
    one->store = scratch_store(&at);
    const int64_t capture = store_capture(one->store, source, "live", start + shift, NULL);
    cr_assert(store_commit(one->store, NULL));
    story_begin(&one->story, uid, start + shift, capture);
    struct session_row *row = &one->story.chapter.session;
    row->endpoints = 77;
    row->numbering[SIDE_CLIENT] = (struct numbering){true, 1000};
    row->numbering[SIDE_SERVER] = (struct numbering){true, 2000};
    row->cut = true;
    story_event(&one->story, SIDE_CLIENT, EVENT_OPEN, NULL);
}

/* Hands over a chapter with a command and its refusal, and commits. */
static void say(struct analysis *one, bool last)
{
    struct session_row *row = &one->story.chapter.session;
    const event_no noop = story_command(&one->story, "NOOP", "NOOP");
    story_reply(&one->story, noop, 503, "503 what?");
    story_diagnosis(&one->story, noop + 1, noop, noop + 1, 503, CAUSE_SERVER_DISAGREES);
    row->bytes_client += 6;
    row->bytes_server += 11;
    row->outcome = last ? "quit" : "open";
    row->cut = !last;
    scratch_write(one->store, story_chapter(&one->story, last));
    cr_assert(store_commit(one->store, NULL));
    story_next(&one->story);
}

static void end(struct analysis *one)
{
    story_free(&one->story);
    scratch_close(one->store);
}

static void expect_once(int commands)
{
    char wanted[64];
    snprintf(wanted, sizeof wanted, "1 %d %d quit", commands, commands);
    scratch_expect(&at,
                   "SELECT count(*) || ' ' || sum(commands) || ' ' || sum(errors_503) || ' ' || "
                   "max(outcome) FROM sessions",
                   wanted);
    snprintf(wanted, sizeof wanted, "%d", 2 * commands + 1);
    scratch_expect(&at, "SELECT count(*) FROM events", wanted);
    scratch_expect(&at, "SELECT count(*) FROM event_rows", wanted);
    snprintf(wanted, sizeof wanted, "%d %d", commands, commands);
    scratch_expect(&at, "SELECT count(*) || ' ' || count(DISTINCT reply_seq) FROM diagnoses",
                   wanted);
}

/* Two monitors, in step, in each order of ending; with one clock and with two. */
Test(two_writers, both_write_a_session_as_it_goes_on)
{
    for (int way = 0; way < 4; way++) {
        struct analysis one, other;
        begin(&one, "uid-1", 0, "eth0");
        begin(&other, way & 1 ? "uid-2" : "uid-1", way & 1 ? 1 : 0, "eth1");
        for (int i = 0; i < 5; i++) {
            say(&one, false);
            say(&other, false);
        }
        say(way & 2 ? &one : &other, true);
        say(way & 2 ? &other : &one, true);
        end(&one);
        end(&other);
        expect_once(6);
        scratch_run(&at, "DELETE FROM sessions; DELETE FROM single_events; DELETE FROM timelines; "
                         "DELETE FROM diagnoses; "
                         "DELETE FROM connections");
    }
}

/* A file of the same interface is analysed into the monitor's history, again and again. */
Test(two_writers, a_file_overtakes_the_monitor)
{
    for (int way = 0; way < 2; way++) {
        struct analysis monitor;
        begin(&monitor, "uid-1", 0, "eth0");
        for (int i = 1; i <= 10; i++) {
            struct analysis file;
            say(&monitor, i == 10);
            begin(&file, way ? "uid-2" : "uid-1", way, "dump.pcap");
            for (int n = 0; n <= i; n++)
                say(&file, n == i);
            end(&file);
        }
        end(&monitor);
        expect_once(11);
        scratch_run(&at, "DELETE FROM sessions; DELETE FROM single_events; DELETE FROM timelines; "
                         "DELETE FROM diagnoses; "
                         "DELETE FROM connections");
    }
}

/* A record with other numbers is not mixed with what comes. */
Test(two_writers, records_that_number_otherwise_are_not_mixed)
{
    struct analysis monitor, file;
    begin(&monitor, "uid-1", 0, "eth0");
    say(&monitor, false);
    say(&monitor, false);
    begin(&file, "uid-1", 0, "dump.pcap");
    story_event(&file.story, SIDE_SERVER, EVENT_GREETING, "220 seen here alone");
    for (int i = 0; i < 4; i++)
        say(&file, i == 3);
    end(&file);
    say(&monitor, false);
    say(&monitor, true);
    end(&monitor);
    scratch_expect(&at, "SELECT count(*) || ' ' || sum(commands) FROM sessions", "1 4");
    scratch_expect(&at, "SELECT count(*) FROM event_rows", "10");
    scratch_expect(&at, "SELECT count(*) FROM unfinished", "0");
}

/* Each is told of its own findings once, whoever stored them. */
Test(two_writers, each_has_its_own_findings)
{
    struct analysis one, other;
    begin(&one, "uid-1", 0, "eth0");
    begin(&other, "uid-1", 0, "eth1");
    struct own_findings *own;
    for (int i = 0; i < 3; i++) {
        say(&one, i == 2);
        say(&other, i == 2);
        for (int k = 0; k < 2; k++) {
            const size_t count = store_take_own(k ? other.store : one.store, &own);
            event_no first = UINT32_MAX, last = 0;
            for (size_t n = 0; n < count; n++) {
                cr_expect_eq(own[n].session_id, 1);
                first = own[n].first < first ? own[n].first : first;
                last = own[n].last > last && own[n].last < UINT32_MAX ? own[n].last : last;
            }
            free(own);
            /* the replies are events 3, 5 and 7 */
            cr_expect_leq(first, (event_no)(3 + 2 * i), "round %d of %d", i, k);
            cr_expect_gt(first, (event_no)(i ? 1 + 2 * i : 0), "round %d of %d", i, k);
        }
    }
    end(&one);
    end(&other);
    expect_once(3);
}

/* Two monitors of one interface whose first packets came in the same microsecond. */
Test(two_writers, each_live_capture_has_its_own_row)
{
    struct store *one = scratch_store(&at);
    const int64_t ids[] = {store_capture(one, "eth0", "live", start, NULL),
                           store_capture(one, "eth0", "live", start, NULL),
                           store_capture(one, "eth0", "live", start, NULL)};
    cr_expect(ids[0] && ids[1] && ids[2] && ids[0] != ids[1] && ids[1] != ids[2]);
    scratch_close(one);
    scratch_expect(&at, "SELECT max(started_us) - min(started_us) FROM captures", "2");
}
