/* SPDX-License-Identifier: ISC */
/* The thread that writes: nothing is lost or out of order on the way to it, and what it could not
 * write is told to the one who asks. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "analyzer/pipeline/writer.h"
#include "tests/db/scratch.h"
#include "tests/support/told.h"

struct desk {
    struct scratch scratch;
    struct store *store;
    struct writer *writer;
    int64_t capture;
};

/* `sql` is run on the empty history first; NULL = nothing. */
static void desk_begin(struct desk *desk, const char *sql)
{
    struct failure why = {""};
    scratch_make(&desk->scratch);
    if (sql) {
        scratch_close(scratch_store(&desk->scratch));
        scratch_run(&desk->scratch, sql);
    }
    desk->store = scratch_store(&desk->scratch);
    desk->capture = store_capture(desk->store, "test.pcap", "file", 1, &why);
    cr_assert_neq(desk->capture, 0, "%s", why.text);
    desk->writer = writer_new(desk->store, &why);
    cr_assert_not_null(desk->writer, "%s", why.text);
}

static void desk_end(struct desk *desk)
{
    writer_free(desk->writer);
    store_close(desk->store, NULL);
    scratch_remove(&desk->scratch);
}

/* Session `n`, that said NOOP `lines` times. */
static struct session *talked(const struct desk *desk, unsigned n, unsigned lines)
{
    struct session_begin begin = {
        .client = {.family = 4, .octets = {127, 0, 0, 1}},
        .server = {.family = 4, .octets = {127, 0, 0, 2}},
        .client_port = (uint16_t)(10000 + n % 50000),
        .server_port = 25,
        .source = "test.pcap",
        .capture_id = desk->capture,
        .mark = {.ts_us = 1, .packet = 1},
        .handle = n + 1,
    };
    struct told told = {.session = session_new(&begin), .packet = 1};
    TOLD(&told, "S: 220 localhost");
    for (unsigned i = 0; i < lines; i++)
        TOLD(&told, "C: NOOP", "S: 250 ok");
    return told.session;
}

static struct draft *told(const struct desk *desk, unsigned n, unsigned lines)
{
    struct session *session = talked(desk, n, lines);
    struct mark mark = {.ts_us = 2, .packet = 2};
    session_end(session, &mark, SIDE_CLIENT, NULL);
    struct draft *draft = session_detach(session, true);
    session_free(session);
    return draft;
}

static void put(struct desk *desk, struct draft *draft)
{
    struct failure why = {""};
    cr_assert(writer_put(desk->writer, draft, &why), "%s", why.text);
}

static void commit(struct desk *desk)
{
    struct failure why = {""};
    cr_assert(writer_commit(desk->writer, &why), "%s", why.text);
}

Test(writer, what_is_committed_can_be_read)
{
    struct desk desk;
    desk_begin(&desk, NULL);
    commit(&desk); /* also when there is nothing */
    put(&desk, told(&desk, 0, 1));
    commit(&desk);
    scratch_expect(&desk.scratch, "SELECT group_concat(client_port) FROM sessions", "10000");
    put(&desk, told(&desk, 1, 1));
    put(&desk, told(&desk, 2, 1));
    commit(&desk);
    scratch_expect(&desk.scratch, "SELECT group_concat(client_port) FROM sessions",
                   "10000,10001,10002");
    desk_end(&desk);
}

/* Far more than one batch, and more octets than may wait: the analysis waits in between. */
Test(writer, many_come_in_their_order)
{
    enum {
        MANY = 1500
    };
    struct desk desk;
    desk_begin(&desk, NULL);
    size_t octets = 0;
    for (unsigned n = 0; n < MANY; n++) {
        struct draft *draft = told(&desk, n, 60);
        octets += draft->arena.total;
        put(&desk, draft);
    }
    cr_assert_gt(octets, 20 * 1024 * 1024, "%zu octets are too few for this test", octets);
    commit(&desk);
    scratch_counted(desk.store, MANY, 0);
    scratch_expect(&desk.scratch,
                   "SELECT count(*) || ' ' || sum(client_port = 9999 + session_id) || ' ' || "
                   "sum(commands) FROM sessions",
                   "1500 1500 90000");
    desk_end(&desk);
}

Test(writer, chapters_of_one_session_follow_each_other)
{
    struct desk desk;
    desk_begin(&desk, NULL);
    struct session *session = talked(&desk, 0, 2);
    put(&desk, session_detach(session, false));
    struct mark mark = {.ts_us = 2, .packet = 2};
    session_end(session, &mark, SIDE_CLIENT, NULL);
    put(&desk, session_detach(session, true));
    session_free(session);
    commit(&desk);
    scratch_expect(&desk.scratch, "SELECT count(*) || ' ' || max(seq) FROM events", "7 7");
    scratch_expect(&desk.scratch, "SELECT group_concat(seq) FROM events", "1,2,3,4,5,6,7");
    desk_end(&desk);
}

Test(writer, what_waits_at_the_end_is_written)
{
    struct desk desk;
    desk_begin(&desk, NULL);
    for (unsigned n = 0; n < 5; n++)
        put(&desk, told(&desk, n, 1));
    writer_free(desk.writer);
    desk.writer = NULL;
    cr_expect(store_close(desk.store, NULL));
    desk.store = NULL;
    scratch_expect(&desk.scratch, "SELECT count(*) FROM sessions", "5");
    desk_end(&desk);
}

/* A database that refuses one session: it is told at the next commit, and from then on. */
Test(writer, a_failed_write_is_told_and_nothing_is_written_behind_it)
{
    struct desk desk;
    struct failure why = {""};
    desk_begin(&desk,
               "CREATE TRIGGER refuses BEFORE INSERT ON sessions WHEN new.client_port = 10001 "
               "BEGIN SELECT RAISE(ABORT, 'not this one'); END");
    put(&desk, told(&desk, 0, 1));
    commit(&desk);
    put(&desk, told(&desk, 1, 1));
    cr_expect_not(writer_commit(desk.writer, &why));
    cr_expect_not_null(strstr(why.text, "not this one"), "%s", why.text);
    writer_put(desk.writer, told(&desk, 2, 1), NULL);
    struct failure again = {""};
    cr_expect_not(writer_commit(desk.writer, &again));
    cr_expect_str_eq(again.text, why.text);
    writer_free(desk.writer);
    desk.writer = NULL;
    store_close(desk.store, NULL);
    desk.store = NULL;
    scratch_expect(&desk.scratch, "SELECT group_concat(client_port) FROM sessions", "10000");
    desk_end(&desk);
}
