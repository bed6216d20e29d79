/* SPDX-License-Identifier: ISC */
/* The WAL: no longer than it must be, and what holds it back is said once. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "heloscope/base/limits.h"
#include "tests/db/scratch.h"

static long long wal_octets(const struct scratch *at)
{
    char path[128];
    struct stat file;
    snprintf(path, sizeof path, "%s-wal", at->path);
    return stat(path, &file) == 0 ? (long long)file.st_size : -1;
}

/* Stores sessions of half a megabyte each. */
static void write_much(struct store *store, int from, int count)
{
    enum {
        LINE = 16 * 1024,
        LINES = 32
    };
    static char line[LINE + 1];
    memset(line, 'x', LINE);
    for (int i = from; i < from + count; i++) {
        char uid[16];
        struct story story;
        snprintf(uid, sizeof uid, "uid-%d", i);
        story_begin(&story, uid, 1 + i, 1);
        for (int n = 0; n < LINES; n++)
            story_command(&story, "NOOP", line);
        scratch_write(store, story_chapter(&story, true));
        story_free(&story);
        cr_assert(store_commit(store, NULL));
    }
}

Test(wal, it_is_short_when_nobody_reads)
{
    struct scratch at;
    scratch_make(&at);
    struct store *store = scratch_store(&at);
    write_much(store, 0, 200);
    cr_expect_lt(wal_octets(&at), WAL_LIMIT);
    scratch_close(store);
    scratch_remove(&at);
}

/* A reader that begins anew at once when it has ended, among four of which there is always one. */
static atomic_bool readers_end;

static void *read_on(void *path)
{
    sqlite3 *reader;
    cr_assert_eq(sqlite3_open(path, &reader), SQLITE_OK);
    while (!atomic_load(&readers_end))
        sqlite3_exec(reader, "SELECT count(*) FROM sessions", NULL, NULL, NULL);
    sqlite3_close(reader);
    return NULL;
}

Test(wal, readers_that_come_and_go_do_not_make_it_grow)
{
    struct scratch at;
    pthread_t readers[4];
    long long longest = 0;
    scratch_make(&at);
    struct store *store = scratch_store(&at);
    write_much(store, 0, 1);
    for (int i = 0; i < 4; i++)
        cr_assert_eq(pthread_create(&readers[i], NULL, read_on, at.path), 0);
    for (int i = 1; i < 200; i++) {
        write_much(store, i, 1);
        const long long now = wal_octets(&at);
        longest = now > longest ? now : longest;
    }
    atomic_store(&readers_end, true);
    for (int i = 0; i < 4; i++)
        pthread_join(readers[i], NULL);
    cr_expect_lt(longest, WAL_LIMIT, "%lld octets", longest);
    scratch_close(store);
    scratch_remove(&at);
}

Test(wal, a_reader_that_holds_it_back_is_told_once_and_it_is_shortened_behind_him)
{
    struct scratch at;
    struct store_notice notice;
    sqlite3 *reader;
    scratch_make(&at);
    struct store *store = scratch_store(&at);
    write_much(store, 0, 1);
    cr_assert_eq(sqlite3_open(at.path, &reader), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM sessions", NULL, NULL, NULL),
                 SQLITE_OK);
    write_much(store, 1, 160);
    cr_expect_gt(wal_octets(&at), WAL_LIMIT);
    cr_assert(store_take_notice(store, &notice), "nothing was said");
    cr_expect_not_null(strstr(notice.text, "a reader holds an old state"), "%s", notice.text);
    cr_expect_not(store_take_notice(store, &notice), "said again: %s", notice.text);
    sqlite3_exec(reader, "COMMIT", NULL, NULL, NULL);
    cr_assert(store_commit(store, NULL));
    cr_expect_lt(wal_octets(&at), 1 << 20);
    cr_assert(store_take_notice(store, &notice));
    cr_expect_not_null(strstr(notice.text, "is short again"), "%s", notice.text);
    scratch_expect(&at, "SELECT count(*) FROM sessions", "161");
    sqlite3_close(reader);
    scratch_close(store);
    scratch_remove(&at);
}

Test(wal, a_rotation_finds_everything_in_the_file)
{
    struct scratch at;
    scratch_make(&at);
    struct store *store = scratch_store(&at);
    write_much(store, 0, 3);
    cr_expect_gt(wal_octets(&at), 0);
    store_reopen(store);
    cr_assert(store_commit(store, NULL));
    cr_expect_eq(wal_octets(&at), 0);
    scratch_close(store);
    scratch_remove(&at);
}
