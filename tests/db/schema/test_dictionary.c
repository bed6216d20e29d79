/* SPDX-License-Identifier: ISC */
/* The table `causes` says what the program says. */
#include <criterion/criterion.h>

#include "tests/db/scratch.h"

static struct scratch at;

static void make(void)
{
    scratch_make(&at);
    scratch_close(scratch_store(&at));
}

static void clean(void)
{
    scratch_remove(&at);
}

TestSuite(dictionary, .init = make, .fini = clean);

static void same(enum cause cause)
{
    const struct cause_entry *entry = cause_entry(cause);
    const char *const columns[] = {"title",    "meaning",       "rule",         "example",
                                   "look_for", "client_advice", "server_advice"};
    const char *const texts[] = {entry->title,    entry->meaning, entry->rule,  entry->example,
                                 entry->look_for, entry->client,  entry->server};
    char sql[128];
    for (int i = 0; i < 7; i++) {
        snprintf(sql, sizeof sql, "SELECT %s FROM causes WHERE cause = '%s'", columns[i],
                 entry->name);
        cr_expect_str_eq(scratch_ask(&at, sql), texts[i], "%s of %s", columns[i], entry->name);
    }
}

Test(dictionary, every_cause_with_every_text)
{
    char count[16];
    snprintf(count, sizeof count, "%d", CAUSE_COUNT - 1);
    cr_expect_str_eq(scratch_ask(&at, "SELECT count(*) FROM causes"), count);
    for (int cause = CAUSE_NONE + 1; cause < CAUSE_COUNT; cause++)
        same((enum cause)cause);
}

Test(dictionary, texts_of_an_older_program_are_brought_up_to_date)
{
    scratch_run(&at, "UPDATE causes SET meaning = 'old' WHERE cause = 'mail_rejected';"
                     "DELETE FROM causes WHERE cause = 'nested_mail'");
    scratch_close(scratch_store(&at));
    same(CAUSE_MAIL_REJECTED);
    same(CAUSE_NESTED_MAIL);
}

Test(dictionary, what_is_up_to_date_is_not_written_again)
{
    sqlite3 *db;
    sqlite3_stmt *version;
    cr_assert_eq(sqlite3_open(at.path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_prepare_v2(db, "PRAGMA main.data_version", -1, &version, NULL), SQLITE_OK);
    cr_assert_eq(sqlite3_step(version), SQLITE_ROW);
    const int first = sqlite3_column_int(version, 0);
    sqlite3_reset(version);
    scratch_close(scratch_store(&at));
    cr_assert_eq(sqlite3_step(version), SQLITE_ROW);
    cr_expect_eq(sqlite3_column_int(version, 0), first, "opening a history wrote to it");
    sqlite3_finalize(version);
    sqlite3_close(db);
}
