/* SPDX-License-Identifier: ISC */
#include "scratch.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

void scratch_make(struct scratch *scratch)
{
    strcpy(scratch->folder, "/tmp/heloscope-test-XXXXXX");
    cr_assert_not_null(mkdtemp(scratch->folder));
    snprintf(scratch->path, sizeof scratch->path, "%s/history.db", scratch->folder);
}

void scratch_remove(struct scratch *scratch)
{
    const char *const endings[] = {"", "-wal", "-shm", "-journal", "-writers", "-aside"};
    char path[128];
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        snprintf(path, sizeof path, "%s%s", scratch->path, endings[i]);
        unlink(path);
    }
    cr_expect_eq(rmdir(scratch->folder), 0, "%s holds more than the history", scratch->folder);
}

struct store *scratch_store(const struct scratch *scratch)
{
    struct failure why = {""};
    struct store *store = store_open(scratch->path, &why);
    cr_assert_not_null(store, "%s", why.text);
    return store;
}

void scratch_write(struct store *store, const struct chapter *chapter)
{
    struct failure why = {""};
    cr_assert(store_write(store, chapter, &why), "%s", why.text);
}

void scratch_close(struct store *store)
{
    struct failure why = {""};
    cr_assert(store_close(store, &why), "%s", why.text);
}

const char scratch_everything[] =
    "SELECT group_concat(x, '|') FROM ("
    "SELECT count(*) || ' ' || sum(packets) || ' ' || group_concat(uid) AS x FROM sessions "
    "UNION ALL SELECT count(*) || ' ' || sum(id) || ' ' || group_concat(text) FROM event_rows "
    "UNION ALL SELECT count(*) || ' ' || sum(session_id * 1000 + reply_seq) FROM diagnoses "
    "UNION ALL SELECT count(*) || ' ' || sum(session_id * 1000 + seq) FROM violations "
    "UNION ALL SELECT count(*) || ' ' || sum(session_id * 1000 + seq) FROM related_events "
    "UNION ALL SELECT count(*) || ' ' || sum(session_id * 1000 + tx) FROM transactions "
    "UNION ALL SELECT count(*) || ' ' || sum(session_id * 1000 + tx) FROM recipients "
    "UNION ALL SELECT count(*) || ' ' || sum(packets) FROM captures)";

void scratch_write_rejected(struct store *store, const char *uid)
{
    struct story story;
    story_begin(&story, uid, INT64_C(1700000000000000), 1);
    story_mail_rejected(&story);
    scratch_write(store, story_chapter(&story, true));
    story_free(&story);
}

void scratch_counted(struct store *store, uint64_t added, uint64_t known)
{
    uint64_t new_ones, old_ones;
    cr_assert(store_commit(store, NULL)); /* what is not committed does not count */
    store_counts(store, &new_ones, &old_ones);
    cr_expect_eq(new_ones, added, "%d added", (int)new_ones);
    cr_expect_eq(old_ones, known, "%d known", (int)old_ones);
}

void scratch_fill(const struct scratch *scratch)
{
    const int64_t start = INT64_C(1700000000000000);
    struct store *store = scratch_store(scratch);
    const int64_t capture = store_capture(store, "test.pcap", "file", start, NULL);
    cr_assert_neq(capture, 0);
    struct story story;
    story_begin(&story, "uid-rejected", start, capture);
    story_mail_rejected(&story);
    scratch_write(store, story_chapter(&story, true));
    story_free(&story);
    story_begin(&story, "uid-accepted", start + 5000000, capture);
    story_accepted(&story, "4XyZ12");
    scratch_write(store, story_chapter(&story, true));
    story_free(&story);
    cr_assert(store_capture_totals(
        store, capture, &(struct capture_totals){27, 2700, 0, 0, 0, start + 6000000, NULL}, NULL));
    scratch_close(store);
}

static sqlite3 *open_scratch(const struct scratch *scratch)
{
    sqlite3 *db;
    cr_assert_eq(
        sqlite3_open_v2(scratch->path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL),
        SQLITE_OK);
    return db;
}

const char *scratch_ask(const struct scratch *scratch, const char *sql)
{
    static char answer[4096];
    sqlite3 *db = open_scratch(scratch);
    sqlite3_stmt *statement = NULL;
    cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK, "%s: %s", sql,
                 sqlite3_errmsg(db));
    answer[0] = '\0';
    if (sqlite3_step(statement) == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(statement, 0);
        snprintf(answer, sizeof answer, "%s", text ? text : "NULL");
    }
    cr_assert_eq(sqlite3_finalize(statement), SQLITE_OK, "%s: %s", sql, sqlite3_errmsg(db));
    sqlite3_close(db);
    return answer;
}

void scratch_expect(const struct scratch *scratch, const char *sql, const char *wanted)
{
    const char *got = scratch_ask(scratch, sql);
    cr_expect_str_eq(got, wanted, "%s: '%s' is not '%s'", sql, got, wanted);
}

void scratch_run(const struct scratch *scratch, const char *sql)
{
    sqlite3 *db = open_scratch(scratch);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s: %s", sql,
                 sqlite3_errmsg(db));
    sqlite3_close(db);
}

bool scratch_has(const struct scratch *scratch, const char *name)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", scratch->folder, name);
    return access(path, F_OK) == 0;
}
