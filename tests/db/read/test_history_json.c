/* SPDX-License-Identifier: ISC */
/* JSON: valid by SQLite's own judgement, and with the content of the rows. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "heloscope/db/history.h"
#include "tests/db/scratch.h"

static struct scratch at;
static struct history *history;
static char *json;
static size_t json_size;

static void make(void)
{
    scratch_make(&at);
    scratch_fill(&at);
    history = history_open(at.path, NULL);
    cr_assert_not_null(history);
}

static void clean(void)
{
    free(json);
    history_close(history);
    scratch_remove(&at);
}

TestSuite(history_json, .init = make, .fini = clean);

static FILE *into_memory(void)
{
    FILE *file = open_memstream(&json, &json_size);
    cr_assert_not_null(file);
    return file;
}

/* `expression` over the document ?1 is `wanted`. */
static void holds(const char *expression, const char *wanted)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    char sql[512];
    snprintf(sql, sizeof sql, "SELECT %s", expression);
    cr_assert_eq(sqlite3_open(":memory:", &db), SQLITE_OK);
    cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK, "%s",
                 sqlite3_errmsg(db));
    sqlite3_bind_text(statement, 1, json, -1, SQLITE_STATIC);
    cr_assert_eq(sqlite3_step(statement), SQLITE_ROW, "%s of %s", sqlite3_errmsg(db), json);
    const char *text = (const char *)sqlite3_column_text(statement, 0);
    cr_expect_str_eq(text ? text : "NULL", wanted, "%s of %s", expression, json);
    sqlite3_finalize(statement);
    sqlite3_close(db);
}

Test(history_json, a_session_with_all_that_belongs_to_it)
{
    FILE *out = into_memory();
    struct failure why = {""};
    cr_assert(history_json_session(history, 1, out, &why), "%s", why.text);
    fclose(out);
    holds("json_valid(?1)", "1");
    holds("(SELECT group_concat(key) FROM json_each(?1))",
          "session,events,violations,diagnoses,transactions,recipients,log_lines");
    holds("json_extract(?1, '$.session.uid')", "uid-rejected");
    holds("json_array_length(?1, '$.events')", "13");
    holds("json_extract(?1, '$.events[3].text')", "250-mx.test\n250-PIPELINING\n250 HELP");
    holds("json_extract(?1, '$.events[5].code')", "550");
    holds("json_extract(?1, '$.diagnoses[1].cause')", "mail_rejected");
    holds("json_extract(?1, '$.diagnoses[1].related')", "[{\"seq\":5,\"role\":\"opened\"}]");
    holds("json_array_length(?1, '$.violations')", "2");
    holds("json_extract(?1, '$.transactions[0].mail_from')", "nobody@client.test");
    holds("json_array_length(?1, '$.recipients')", "0");
}

Test(history_json, a_session_that_is_not_there)
{
    FILE *out = into_memory();
    struct failure why = {""};
    cr_expect_not(history_json_session(history, 99, out, &why));
    fclose(out);
    cr_expect_str_eq(json, "");
    cr_expect_not_null(strstr(why.text, "no session 99"), "%s", why.text);
}

Test(history_json, the_errors)
{
    FILE *out = into_memory();
    cr_assert(history_json_errors(history, out, NULL));
    fclose(out);
    holds("json_array_length(?1)", "2");
    holds("json_extract(?1, '$[0].command')", "RCPT TO:<a@mx.test>");
    holds("json_extract(?1, '$[1].origin')", "550 5.1.8 sender unknown");
}

Test(history_json, a_ranking)
{
    FILE *out = into_memory();
    cr_assert(history_json_report(history, "cause", out, NULL));
    fclose(out);
    holds("json_extract(?1, '$[0].cause') || ' ' || (json_extract(?1, '$[0].errors'))",
          "mail_rejected 2");
    cr_expect_not(history_json_report(history, "weather", stdout, NULL));
}

Test(history_json, an_empty_history_gives_empty_documents)
{
    scratch_run(&at, "DELETE FROM diagnoses");
    FILE *out = into_memory();
    cr_assert(history_json_errors(history, out, NULL));
    fclose(out);
    holds("json_array_length(?1)", "0");
}

Test(history_json, text_of_all_kinds_survives)
{
    static const char odd[] = "\"\\ \t\x01\n\xC3\xA9 </script>";
    struct store *store = scratch_store(&at);
    struct story story;
    story_begin(&story, "uid-odd", 1, 1);
    story_command(&story, NULL, odd);
    scratch_write(store, story_chapter(&story, true));
    scratch_close(store);
    story_free(&story);
    FILE *out = into_memory();
    cr_assert(history_json_session(history, 3, out, NULL));
    fclose(out);
    holds("json_extract(?1, '$.events[0].text')", odd);
}

Test(history_json, a_full_disk_is_noticed)
{
    FILE *full = fopen("/dev/full", "w");
    cr_assert_not_null(full);
    struct failure why = {""};
    cr_expect_not(history_json_errors(history, full, &why));
    cr_expect_not_null(strstr(why.text, "No space left"), "%s", why.text);
    fclose(full);
}
