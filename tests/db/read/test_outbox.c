/* SPDX-License-Identifier: ISC */
/* What was written since a cursor, in which order, and what is made of it. */
#include <criterion/criterion.h>

#include "heloscope/db/outbox.h"
#include "tests/db/scratch.h"

static struct scratch at;
static struct failure why;

static void make(void)
{
    scratch_make(&at);
    scratch_fill(&at);
}

static void clean(void)
{
    scratch_remove(&at);
}

TestSuite(outbox, .init = make, .fini = clean);

static struct outbox *opened(const char *cursor)
{
    struct outbox *outbox = outbox_open(at.path, cursor, &why);
    cr_assert_not_null(outbox, "%s", why.text);
    return outbox;
}

/* The sessions after `after` as "session@change ..." */
static const char *changed(struct outbox *outbox, int64_t after, size_t room)
{
    static char text[256];
    struct outbox_session found[8];
    const long count = outbox_changed(outbox, after, found, room, &why);
    cr_assert_geq(count, 0, "%s", why.text);
    text[0] = '\0';
    for (long i = 0; i < count; i++)
        sprintf(text + strlen(text), "%d@%d ", (int)found[i].session_id, (int)found[i].change);
    return text;
}

Test(outbox, a_session_says_whether_it_has_trouble)
{
    struct outbox *outbox = opened(NULL);
    struct outbox_session found[2];
    cr_assert_eq(outbox_changed(outbox, 0, found, 2, &why), 2);
    cr_expect(found[0].troubled);
    cr_expect_not(found[1].troubled);
    cr_expect_str_eq(found[1].uid, "uid-accepted");
    cr_expect_eq(found[0].started_us, INT64_C(1700000000000000));
    outbox_close(outbox);
}

Test(outbox, sessions_come_in_the_order_of_their_last_writing)
{
    struct outbox *outbox = opened(NULL);
    cr_expect_str_eq(changed(outbox, 0, 8), "1@1 2@2 ");
    cr_expect_str_eq(changed(outbox, 0, 1), "1@1 ");
    cr_expect_str_eq(changed(outbox, 1, 8), "2@2 ");
    scratch_run(&at, "UPDATE sessions SET packets = packets + 1 WHERE session_id = 1");
    cr_expect_str_eq(changed(outbox, 0, 8), "2@2 1@3 ");
    cr_expect_str_eq(changed(outbox, 2, 8), "1@3 ");
    outbox_close(outbox);
}

Test(outbox, a_cursor_is_kept_in_the_history_and_others_do_not_move_it)
{
    bool busy;
    struct outbox *outbox = opened("one");
    cr_expect_eq(outbox_change(outbox), 0);
    const int64_t epoch = outbox_epoch(outbox);
    cr_expect_gt(epoch, INT64_C(1700000000000000));
    cr_expect(outbox_move(outbox, 2, &busy, &why), "%s", why.text);
    outbox_close(outbox);
    outbox_close(opened("two"));
    scratch_expect(&at, "SELECT group_concat(name || change) FROM cursors", "one2,two0");

    outbox = opened("one");
    cr_expect_eq(outbox_change(outbox), 2);
    cr_expect_eq(outbox_epoch(outbox), epoch, "a cursor's versions must go on ascending");
    /* From the start: lower changes than before, and yet higher versions. */
    cr_expect(outbox_restart(outbox, &why), "%s", why.text);
    cr_expect_eq(outbox_change(outbox), 0);
    cr_expect_gt(outbox_epoch(outbox) + 1, epoch + 2);
    outbox_close(outbox);
}

Test(outbox, a_locked_history_is_tried_again_and_no_error)
{
    bool busy = false;
    struct outbox *outbox = opened("one");
    sqlite3 *other;
    cr_assert_eq(sqlite3_open(at.path, &other), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    cr_expect_not(outbox_move(outbox, 2, &busy, &why));
    cr_expect(busy);
    cr_expect_str_eq(why.text, "");
    sqlite3_close(other);
    cr_expect(outbox_move(outbox, 2, &busy, &why));
    cr_expect_eq(outbox_change(outbox), 2);
    outbox_close(outbox);
}

Test(outbox, a_history_that_is_not_there_is_said_so)
{
    cr_expect_null(outbox_open("/nonexistent/x.db", "one", &why));
    cr_expect_not_null(strstr(why.text, "does not exist"), "%s", why.text);
}

struct kept {
    char text[16384];
    int rows, cells;
};

static bool keep(void *context, const struct bytes *cells, int count)
{
    struct kept *kept = context;
    kept->rows++;
    kept->cells = count;
    for (int i = 0; i < count; i++)
        sprintf(kept->text + strlen(kept->text), "%.*s|", (int)cells[i].len,
                cells[i].at ? (const char *)cells[i].at : "NULL");
    return true;
}

static struct kept rows(enum outbox_shape shape, int64_t session_id)
{
    struct kept kept = {"", 0, 0};
    struct outbox *outbox = opened(NULL);
    const struct outbox_session session = {.session_id = session_id};
    cr_assert(outbox_rows(outbox, shape, &session, 77, "mx\"1", keep, &kept, &why), "%s", why.text);
    outbox_close(outbox);
    return kept;
}

/* SQLite itself reads a member of the first object again. */
static void holds(const struct kept *kept, const char *path, const char *wanted)
{
    sqlite3 *db;
    sqlite3_stmt *ask;
    cr_assert_eq(sqlite3_open(":memory:", &db), SQLITE_OK);
    cr_assert_eq(sqlite3_prepare_v2(db, "SELECT json_extract(?1, ?2)", -1, &ask, NULL), SQLITE_OK);
    sqlite3_bind_text(ask, 1, kept->text, (int)(strstr(kept->text, "}|") + 1 - kept->text), NULL);
    sqlite3_bind_text(ask, 2, path, -1, NULL);
    cr_assert_eq(sqlite3_step(ask), SQLITE_ROW, "%s: %s", sqlite3_errmsg(db), kept->text);
    const char *found = (const char *)sqlite3_column_text(ask, 0);
    cr_expect_str_eq(found ? found : "NULL", wanted, "%s", path);
    sqlite3_finalize(ask);
    sqlite3_close(db);
}

Test(outbox, a_session_is_a_line_with_every_column_of_its_row)
{
    const struct kept kept = rows(OUTBOX_SESSION_LINE, 1);
    cr_expect_eq(kept.rows, 1);
    holds(&kept, "$.type", "session");
    holds(&kept, "$.version", "77");
    holds(&kept, "$.sensor", "mx\"1");
    holds(&kept, "$.uid", "uid-rejected");
    holds(&kept, "$.errors_503",
          scratch_ask(&at, "SELECT errors_503 FROM sessions WHERE session_id = 1"));
    holds(&kept, "$.tls_version", "NULL");
    holds(&kept, "$.session_id", "NULL");
}

Test(outbox, a_finding_names_its_session_and_shows_its_events)
{
    const struct kept kept = rows(OUTBOX_FINDING_LINE, 1);
    cr_expect_eq(kept.rows, 2);
    holds(&kept, "$.type", "finding");
    holds(&kept, "$.uid", "uid-rejected");
    holds(&kept, "$.reply_seq", "8");
    holds(&kept, "$.code", "503");
    holds(&kept, "$.reply",
          scratch_ask(&at, "SELECT text FROM events WHERE session_id = 1 AND seq = 8"));
    cr_expect_eq(rows(OUTBOX_FINDING_LINE, 2).rows, 0);
}

Test(outbox, an_event_of_suricata_leaves_out_what_is_absent)
{
    const struct kept kept = rows(OUTBOX_EVE_LINE, 2);
    cr_expect_eq(kept.rows, 1);
    holds(&kept, "$.event_type", "smtp");
    holds(&kept, "$.timestamp",
          scratch_ask(
              &at, "SELECT strftime('%Y-%m-%dT%H:%M:%S', started_us / 1000000, 'unixepoch') || "
                   "substr(printf('%.6f+0000', started_us % 1000000 / 1e6), 2) FROM transactions "
                   "WHERE session_id = 2"));
    holds(&kept, "$.smtp.mail_from", "<>");
    holds(&kept, "$.smtp.rcpt_to[0]", "<a@mx.test>");
    holds(&kept, "$.heloscope.uid", "uid-accepted");
    cr_expect_null(strstr(kept.text, "null"), "%s", kept.text);
}

Test(outbox, a_row_for_zeek_has_its_cells)
{
    const struct kept kept = rows(OUTBOX_ZEEK_ROW, 2);
    cr_expect_eq(kept.rows, 1);
    cr_expect_eq(kept.cells, 13);
    cr_expect_not_null(strstr(kept.text, "|127.0.0.2|25|1|"), "%s", kept.text);
}

/* Each table's rows are objects that SQLite reads again, with the head that all have. */
Test(outbox, every_table_of_a_fleet_gives_objects)
{
    struct outbox *outbox = opened(NULL);
    for (size_t table = 0; table < OUTBOX_TABLES; table++) {
        int found = 0;
        for (int id = 1; id <= 2; id++) {
            struct kept kept = {"", 0, 0};
            const struct outbox_session session = {
                .session_id = id, .started_us = 1700000000000005, .uid = "u\"\n", .troubled = true};
            cr_assert(outbox_table_rows(outbox, table, &session, 77, "mx1", keep, &kept, &why),
                      "%s", why.text);
            if (!kept.rows)
                continue;
            found += kept.rows;
            holds(&kept, "$.sensor", "mx1");
            holds(&kept, "$.version", "77");
            holds(&kept, "$.started_us", "1700000000000005");
            holds(&kept, "$.uid", "u\"\n");
            cr_expect_null(strstr(kept.text, ":null"), "%s", kept.text);
        }
        cr_expect_gt(found, 0, "%s", outbox_tables[table].name);
    }
    outbox_close(outbox);
}

/* The mark of the timeline goes with its event. */
Test(outbox, events_carry_their_marks)
{
    struct kept kept = {"", 0, 0};
    struct outbox *outbox = opened(NULL);
    const struct outbox_session session = {.session_id = 1, .troubled = true};
    cr_assert(outbox_table_rows(outbox, 0, &session, 77, "mx1", keep, &kept, &why));
    cr_expect_eq(kept.rows, 13);
    cr_expect_not_null(strstr(kept.text, "\"mark\":\"ORIGIN of 503"), "%s", kept.text);
    outbox_close(outbox);
}
