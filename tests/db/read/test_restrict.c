/* SPDX-License-Identifier: ISC */
/* A reader that is restricted sees no other session, in tables, in views and in rankings. */
#include <criterion/criterion.h>

#include "heloscope/db/question.h"
#include "heloscope/db/selection.h"
#include "tests/db/scratch.h"

static struct scratch at;
static struct history *history;

/* Session 1 has two 503s at events 8 and 10, session 2 none. */
static void make(void)
{
    scratch_make(&at);
    scratch_fill(&at);
    scratch_run(&at, "UPDATE diagnoses SET fault = 'policy' WHERE reply_seq = 10");
    history = history_open(at.path, NULL);
    cr_assert_not_null(history);
}

static void clean(void)
{
    history_close(history);
    scratch_remove(&at);
}

TestSuite(restricted, .init = make, .fini = clean);

static bool keep(void *context, const struct history_row *row)
{
    if (row->cells)
        snprintf(context, 64, "%s", row->cells[0] ? row->cells[0] : "NULL");
    return true;
}

static const char *ask(const char *sql)
{
    static char answer[64];
    struct failure why = {""};
    answer[0] = '\0';
    cr_expect(
        history_ask(history, &(struct question){.name = "test", .sql = sql}, keep, answer, &why),
        "%s: %s", sql, why.text);
    return answer;
}

static void restrict_to(struct selection_term term)
{
    struct failure why = {""};
    cr_assert(history_restrict(history, &(struct selection){.terms = &term, .term_count = 1}, &why),
              "%s", why.text);
}

Test(restricted, sessions_and_what_hangs_on_them)
{
    cr_expect_str_eq(ask("SELECT count(*) FROM sessions"), "2");
    restrict_to((struct selection_term){.field = SELECTION_ID, .low = 2, .high = 2});
    cr_expect_str_eq(ask("SELECT group_concat(session_id) FROM sessions"), "2");
    cr_expect_str_eq(ask("SELECT count(*) FROM diagnoses"), "0");
    cr_expect_str_eq(ask("SELECT group_concat(session_id) FROM transactions"), "2");
    cr_expect_str_eq(ask("SELECT count(*) FROM timeline WHERE session_id = 1"), "0");
    cr_expect_str_eq(ask("SELECT count(*) > 5 FROM timeline WHERE session_id = 2"), "1");
    restrict_to((struct selection_term){.field = SELECTION_ID, .low = 1, .high = 1});
    cr_expect_str_eq(ask("SELECT group_concat(session_id) FROM sessions"), "1");
    cr_expect_str_eq(ask("SELECT count(*) FROM errors_503"), "2");
}

Test(restricted, findings_that_fit)
{
    restrict_to((struct selection_term){.field = SELECTION_FAULT, .text = "policy"});
    cr_expect_str_eq(ask("SELECT count(*) FROM sessions"), "1");
    cr_expect_str_eq(ask("SELECT group_concat(reply_seq) FROM errors"), "10");
    cr_expect_str_eq(ask("SELECT errors FROM errors_by_cause"), "1");
    cr_expect_str_eq(ask("SELECT errors FROM recurring_problems"), "1");
    cr_assert(history_restrict_end(history, NULL));
    cr_expect_str_eq(ask("SELECT errors FROM errors_by_cause"), "2");
}

Test(restricted, the_last_alone_and_whom_nobody_knows)
{
    cr_assert(history_restrict(history, &(struct selection){.last = 1}, NULL));
    cr_expect_str_eq(ask("SELECT group_concat(session_id) FROM sessions"), "2");
    struct failure why = {""};
    struct selection_term term = {.field = SELECTION_ID, .low = 9, .high = 9};
    cr_expect_not(
        history_restrict(history, &(struct selection){.terms = &term, .term_count = 1}, &why));
    cr_expect_not_null(strstr(why.text, "no session 9"), "%s", why.text);
}

static void expect_refused(const char *sql, const char *const *arguments, size_t count,
                           const char *words)
{
    char answer[64];
    struct failure why = {""};
    cr_expect_not(
        history_ask(history, &(struct question){"test", sql, arguments, count}, keep, answer, &why),
        "%s", sql);
    cr_expect_not_null(strstr(why.text, words), "%s: %s", sql, why.text);
}

Test(restricted, questions_only_read_and_want_their_values)
{
    const char *const values[] = {"1", "2"};
    expect_refused("DELETE FROM main.sessions", NULL, 0, "does not only read");
    expect_refused("SELECT nowhere FROM sessions", NULL, 0, "no such column");
    expect_refused("-- empty", NULL, 0, "holds no statement");
    expect_refused("SELECT * FROM sessions WHERE session_id = :session", NULL, 0,
                   "wants a value for session");
    expect_refused("SELECT 1 WHERE ?1", values, 2, "takes 1 argument, not 2");
}

Test(restricted, rankings_of_errors_that_were_gathered_once_are_the_same)
{
    static const char *const rankings[] = {
        "SELECT group_concat(cause || errors) FROM errors_by_cause",
        "SELECT group_concat(client || errors || ifnull(helo, '')) FROM errors_by_client",
        "SELECT group_concat(day || errors) FROM errors_by_day",
        "SELECT group_concat(client || errors) FROM recurring_problems",
    };
    for (int round = 0; round < 2; round++) {
        if (round)
            restrict_to((struct selection_term){.field = SELECTION_FAULT, .text = "policy"});
        char before[4][64];
        struct failure why = {""};
        for (size_t i = 0; i < 4; i++)
            snprintf(before[i], sizeof before[i], "%s", ask(rankings[i]));
        cr_assert(history_gather(history, round, &why), "%s", why.text);
        for (size_t i = 0; i < 4; i++)
            cr_expect_str_eq(ask(rankings[i]), before[i], "%s", rankings[i]);
    }
    restrict_to((struct selection_term){.field = SELECTION_ID, .low = 2, .high = 2});
    cr_expect_str_eq(ask("SELECT count(*) FROM errors_by_cause"), "0");
}
