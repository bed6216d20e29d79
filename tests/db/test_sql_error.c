/* SPDX-License-Identifier: ISC */
/* Files that cannot be used: each is refused in one line that names the file and what to do. */
#include <criterion/criterion.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db/sql_error.h"
#include "heloscope/db/history.h"
#include "scratch.h"

static struct scratch at;

static void make(void)
{
    scratch_make(&at);
}

/* As root again, where a test has become somebody else: only so can the leak checker look in. */
static void clean(void)
{
    if (seteuid(getuid()) == 0)
        prctl(PR_SET_DUMPABLE, 1);
    umount2(at.folder, MNT_DETACH); /* where a test has mounted its own disk there */
    scratch_remove(&at);
}

TestSuite(sql_error, .init = make, .fini = clean);

static void write_file(const char *text)
{
    FILE *file = fopen(at.path, "w");
    cr_assert_not_null(file);
    fputs(text, file);
    fclose(file);
}

static void one_line_about(const char *path, const char *line, const char *wanted)
{
    cr_expect_not_null(strstr(line, path), "the file is not named: %s", line);
    cr_expect_not_null(strstr(line, wanted), "no '%s' in: %s", wanted, line);
    cr_expect_null(strchr(line, '\n'), "more than a line: %s", line);
}

static void writer_refuses(const char *path, const char *wanted)
{
    struct failure why = {""};
    struct store *store = store_open(path, &why);
    cr_assert_null(store, "'%s' was opened for writing", path);
    one_line_about(path, why.text, wanted);
}

static void reader_refuses(const char *path, const char *wanted)
{
    struct failure why = {""};
    struct history *history = history_open(path, &why);
    cr_assert_null(history, "'%s' was opened for reading", path);
    one_line_about(path, why.text, wanted);
}

Test(sql_error, a_text_file)
{
    write_file("Subject: this is no database, and it is longer than the header of one would be, "
               "so that SQLite takes a look at it\n");
    writer_refuses(at.path, "not a SQLite database; name another file");
    reader_refuses(at.path, "not a SQLite database; name another file");
}

Test(sql_error, the_database_of_another_program_is_left_alone)
{
    scratch_run(&at, "CREATE TABLE stamps (country TEXT); INSERT INTO stamps VALUES ('Tonga')");
    writer_refuses(at.path, "another program");
    reader_refuses(at.path, "another program");
    cr_expect_str_eq(scratch_ask(&at, "SELECT group_concat(name) FROM sqlite_schema"), "stamps");
    cr_expect_str_eq(scratch_ask(&at, "PRAGMA journal_mode"), "delete", "it was touched");
    scratch_run(&at, "PRAGMA application_id = 4711");
    writer_refuses(at.path, "another program");
}

Test(sql_error, an_empty_file_becomes_a_history)
{
    write_file("");
    reader_refuses(at.path, "is empty");
    scratch_fill(&at);
    cr_expect_str_eq(scratch_ask(&at, "SELECT count(*) FROM sessions"), "2");
}

Test(sql_error, a_history_from_the_future)
{
    scratch_fill(&at);
    scratch_run(&at, "PRAGMA user_version = 99");
    writer_refuses(at.path, "newer heloscope; update");
    reader_refuses(at.path, "newer heloscope; update");
    cr_expect_str_eq(scratch_ask(&at, "SELECT count(*) FROM sessions"), "2");
}

Test(sql_error, a_name_that_leads_nowhere)
{
    char path[128];
    snprintf(path, sizeof path, "%s/no/such/folder.db", at.folder);
    writer_refuses(path, "No such file or directory");
    reader_refuses(path, "does not exist");
    writer_refuses(at.folder, "cannot be opened");
    reader_refuses(at.folder, "cannot be opened");
    writer_refuses("", "no name");
}

Test(sql_error, locked_by_another_writer)
{
    scratch_fill(&at);
    sqlite3 *other;
    cr_assert_eq(sqlite3_open(at.path, &other), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    writer_refuses(at.path, "locked by another writer; wait");
    cr_assert_eq(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
    scratch_close(scratch_store(&at));
}

/* A writer that does not get the lock has lost nothing: the chapter can be written again. */
Test(sql_error, a_lock_met_later_breaks_nothing)
{
    scratch_fill(&at);
    struct store *store = scratch_store(&at);
    struct story story;
    story_begin(&story, "uid-later", 1, 1);
    story_accepted(&story, "Q");
    sqlite3 *other;
    cr_assert_eq(sqlite3_open(at.path, &other), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    struct failure why = {""};
    cr_expect_not(store_write(store, story_chapter(&story, true), &why));
    one_line_about(at.path, why.text, "locked");
    sqlite3_close(other);
    scratch_write(store, story_chapter(&story, true));
    scratch_close(store);
    story_free(&story);
    cr_expect_str_eq(scratch_ask(&at, "SELECT count(*) FROM sessions"), "3");
}

/* Permissions mean nothing to root. */
static void become_somebody(void)
{
    if (geteuid() != 0)
        return;
    cr_assert_eq(chown(at.folder, 65534, 65534), 0);
    if (scratch_has(&at, "history.db"))
        cr_assert_eq(chown(at.path, 65534, 65534), 0);
    cr_assert_eq(seteuid(65534), 0);
}

Test(sql_error, a_file_that_may_only_be_read)
{
    scratch_fill(&at);
    become_somebody();
    cr_assert_eq(chmod(at.path, 0444), 0);
    writer_refuses(at.path, "cannot be written; change the permissions");
    struct history *history = history_open(at.path, NULL);
    cr_expect_not_null(history, "it can be read all the same");
    history_close(history);
}

/* Under a name that must be quoted where SQLite is given a URI. */
Test(sql_error, a_folder_that_may_only_be_read)
{
    char odd[160];
    snprintf(odd, sizeof odd, "%s/50%% odd?#.db", at.folder);
    scratch_fill(&at);
    become_somebody();
    cr_assert_eq(rename(at.path, odd), 0);
    cr_assert_eq(chmod(at.folder, 0555), 0);
    writer_refuses(odd, "cannot be written; change the permissions");
    struct failure why = {""};
    struct history *history = history_open(odd, &why);
    cr_expect_not_null(history, "%s", why.text);
    if (history)
        cr_expect_eq(history_last_diagnosis(history), 2);
    history_close(history);
    cr_assert_eq(chmod(at.folder, 0755), 0);
    cr_assert_eq(rename(odd, at.path), 0);
}

Test(sql_error, no_space_left)
{
    struct failure why = {""};
    sqlite3 *db;
    cr_assert_eq(sqlite3_open(at.path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, "PRAGMA max_page_count = 1", NULL, NULL, NULL), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, "CREATE TABLE a (b)", NULL, NULL, NULL), SQLITE_FULL);
    cr_expect_not(sql_error(db, at.path, &why));
    one_line_about(at.path, why.text, "no space left; free some");
    sqlite3_close(db);
}

/* Writes sessions until the disk is full; returns how many of them were committed. */
static int fill_up(struct store *store, struct failure *why)
{
    static char uids[2000][16];
    for (int i = 0; i < 2000; i++) {
        struct story story;
        snprintf(uids[i], sizeof uids[i], "uid-%d", i);
        story_begin(&story, uids[i], i, 1);
        story_accepted(&story, "Q");
        const bool written =
            store_write(store, story_chapter(&story, true), why) && store_commit(store, why);
        story_free(&story);
        if (!written)
            return i;
    }
    return 2000;
}

/* A disk of our own, so small that it gets full; only root can make one. */
Test(sql_error, a_full_disk_loses_nothing_that_was_committed)
{
    if (mount("tmpfs", at.folder, "tmpfs", 0, "size=2m") != 0)
        cr_skip_test("needs the right to mount");
    scratch_fill(&at);
    struct store *store = scratch_store(&at);
    struct failure why = {""}, again = {""};
    const int committed = fill_up(store, &why);
    cr_expect_lt(committed, 2000);
    one_line_about(at.path, why.text, "no space left");
    cr_expect_not(store_commit(store, &again), "a broken store goes on");
    cr_expect_str_eq(again.text, why.text);
    cr_expect(store_close(store, NULL));
    struct history *history = history_open(at.path, &again);
    cr_assert_not_null(history, "%s", again.text);
    cr_expect_eq(history_last_diagnosis(history), 2);
    history_close(history);
    char sessions[16];
    snprintf(sessions, sizeof sessions, "%d", committed + 2);
    cr_expect_str_eq(scratch_ask(&at, "SELECT count(*) FROM sessions"), sessions);
}

Test(sql_error, a_damaged_file)
{
    scratch_fill(&at);
    FILE *file = fopen(at.path, "r+");
    cr_assert_not_null(file);
    fseek(file, 100, SEEK_SET);
    for (int i = 0; i < 8000; i++)
        fputc(0xAA, file);
    fclose(file);
    writer_refuses(at.path, "damaged; save what is left");
    reader_refuses(at.path, "damaged; save what is left");
}

Test(sql_error, other_codes_are_told_in_words_of_sqlite)
{
    struct failure why = {""};
    cr_expect_not(sql_error_of(SQLITE_TOOBIG, "x.db", &why));
    cr_expect_str_eq(why.text, "history 'x.db' failed: string or blob too big");
}
