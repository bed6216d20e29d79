/* SPDX-License-Identifier: ISC */
/* The reader gives what the writer was given, also while the writer is at work. */
#include <criterion/criterion.h>

#include "heloscope/db/history.h"
#include "tests/db/scratch.h"

static struct scratch at;
static struct history *history;
static const int64_t start = INT64_C(1700000000000000);

static void make(void)
{
    scratch_make(&at);
    scratch_fill(&at);
    struct failure why = {""};
    history = history_open(at.path, &why);
    cr_assert_not_null(history, "%s", why.text);
}

static void clean(void)
{
    history_close(history);
    scratch_remove(&at);
}

TestSuite(history, .init = make, .fini = clean);

/* Rows are noted as text, one line each. */
struct notes {
    char text[4096];
    int rows, stop_after;
};

__attribute__((format(printf, 2, 3))) static bool note(struct notes *notes, const char *format, ...)
{
    const size_t used = strlen(notes->text);
    va_list args;
    va_start(args, format);
    vsnprintf(notes->text + used, sizeof notes->text - used, format, args);
    va_end(args);
    return ++notes->rows != notes->stop_after;
}

static const char *or_dash(const char *text)
{
    return text ? text : "-";
}

static bool note_session(void *context, const struct history_session *row)
{
    return note(context, "%d %s %s:%d %s:%d %s %s %s %d %d %d %d %s\n", (int)row->session_id,
                row->uid, row->client_addr, row->client_port, row->server_addr, row->server_port,
                or_dash(row->helo), or_dash(row->server_software), or_dash(row->client_software),
                (int)row->commands, (int)row->replies, (int)row->messages, (int)row->errors_503,
                row->outcome);
}

#define REJECTED "1 uid-rejected 127.0.0.1:40000 127.0.0.2:25 client.test Postfix - 5 6 0 2 quit\n"
#define ACCEPTED "2 uid-accepted 127.0.0.1:40000 127.0.0.2:25 client.test Postfix - 5 7 1 0 quit\n"

Test(history, one_session)
{
    struct notes notes = {0};
    cr_assert(history_session(history, 1, note_session, &notes, NULL));
    cr_expect_str_eq(notes.text, REJECTED);
}

Test(history, a_session_that_is_not_there)
{
    struct notes notes = {0};
    struct failure why = {""};
    cr_expect_not(history_session(history, 77, note_session, &notes, &why));
    cr_expect_eq(notes.rows, 0);
    cr_expect_not_null(strstr(why.text, "no session 77"), "%s", why.text);
}

Test(history, sessions_by_start_all_or_with_errors)
{
    struct notes all = {0}, errors = {0}, first = {.stop_after = 1};
    cr_assert(history_sessions(history, false, note_session, &all, NULL));
    cr_expect_str_eq(all.text, REJECTED ACCEPTED);
    cr_assert(history_sessions(history, true, note_session, &errors, NULL));
    cr_expect_str_eq(errors.text, REJECTED);
    cr_assert(history_sessions(history, false, note_session, &first, NULL));
    cr_expect_str_eq(first.text, REJECTED);
}

static bool note_event(void *context, const struct history_event *row)
{
    return note(context, "%d %c %s %s %d %s %d %d %d %s %s %d %s\n", (int)row->seq, row->side,
                row->kind, or_dash(row->verb), row->code, or_dash(row->text), (int)row->bytes,
                (int)row->answers, row->is_origin, or_dash(row->cause), or_dash(row->violation),
                (int)row->origin, or_dash(row->note));
}

Test(history, events_with_what_the_timeline_marks)
{
    struct notes notes = {0};
    cr_assert(history_events(history, 1, 5, 8, note_event, &notes, NULL));
    cr_expect_str_eq(notes.text,
                     "5 C command MAIL 0 MAIL FROM:<nobody@client.test> -1 0 0 - - 0 -\n"
                     "6 S reply - 550 550 5.1.8 sender unknown -1 5 1 - - 0 -\n"
                     "7 C command RCPT 0 RCPT TO:<a@mx.test> -1 0 0 - rcpt_needs_mail 0 -\n"
                     "8 S reply - 503 503 5.5.1 Error: need MAIL command -1 7 0 mail_rejected - 6 "
                     "-\n");
}

Test(history, a_range_of_events_has_no_neighbours)
{
    struct notes all = {0}, none = {0};
    cr_assert(history_events(history, 1, 0, UINT32_MAX, note_event, &all, NULL));
    cr_expect_eq(all.rows, 13);
    cr_assert(history_events(history, 3, 0, UINT32_MAX, note_event, &none, NULL));
    cr_assert(history_events(history, 1, UINT32_MAX, UINT32_MAX, note_event, &none, NULL));
    cr_assert(history_events(history, 1, 9, 8, note_event, &none, NULL));
    /* Numbers whose keys would wrap around to those of session 1. */
    cr_assert(history_events(history, (INT64_C(1) << 40) + 1, 0, 99, note_event, &none, NULL));
    cr_assert(history_events(history, -((INT64_C(1) << 40) - 1), 0, 99, note_event, &none, NULL));
    cr_expect_eq(none.rows, 0, "%s", none.text);
}

static bool note_diagnosis(void *context, const struct history_diagnosis *row)
{
    return note(context, "%d %d #%d #%d #%d %d +%dus %s %s %s %s %d %s:%d %s\n", (int)row->id,
                (int)row->session_id, (int)row->reply, (int)row->command, (int)row->origin,
                row->code, (int)(row->ts_us - start), row->cause, row->fault, row->certainty,
                or_dash(row->server_says), row->agrees, row->client_addr, row->client_port,
                row->source);
}

#define TO_RCPT                                                                                    \
    "1 1 #8 #7 #6 503 +7000us mail_rejected client certain mail_missing 0 127.0.0.1:40000 "        \
    "test.pcap\n"
#define TO_DATA                                                                                    \
    "2 1 #10 #9 #6 503 +9000us mail_rejected client certain mail_missing 0 127.0.0.1:40000 "       \
    "test.pcap\n"

Test(history, diagnoses_in_the_order_of_storing)
{
    struct notes all = {0}, later = {0}, first = {.stop_after = 1};
    cr_assert(history_diagnoses(history, 0, true, note_diagnosis, &all, NULL));
    cr_expect_str_eq(all.text, TO_RCPT TO_DATA);
    cr_assert(history_diagnoses(history, 1, true, note_diagnosis, &later, NULL));
    cr_expect_str_eq(later.text, TO_DATA);
    cr_assert(history_diagnoses(history, 0, true, note_diagnosis, &first, NULL));
    cr_expect_str_eq(first.text, TO_RCPT);
    cr_expect_eq(history_last_diagnosis(history), 2);
}

/* A second writer goes on while `history` stays open. */
static struct store *more(struct story *story)
{
    struct store *store = scratch_store(&at);
    story_begin(story, "uid-more", start + 9000000, 1);
    story_event(story, SIDE_CLIENT, EVENT_OPEN, NULL);
    const event_no noop = story_command(story, "NOOP", "NOOP");
    story_reply(story, noop, 550, "550 not you");
    story_diagnosis(story, 3, 2, 3, 550, CAUSE_POLICY);
    scratch_write(store, story_chapter(story, true));
    return store;
}

Test(history, other_codes_are_left_out_on_request)
{
    struct story story;
    scratch_close(more(&story));
    story_free(&story);
    struct notes all = {0}, only = {0};
    cr_assert(history_diagnoses(history, 0, false, note_diagnosis, &all, NULL));
    cr_expect_eq(all.rows, 3);
    cr_assert(history_diagnoses(history, 0, true, note_diagnosis, &only, NULL));
    cr_expect_eq(only.rows, 2);
}

Test(history, diagnoses_of_one_session)
{
    struct story story;
    scratch_close(more(&story));
    story_free(&story);
    struct notes one = {0}, other = {0}, none = {0}, first = {.stop_after = 1};
    cr_assert(history_session_diagnoses(history, 1, note_diagnosis, &one, NULL));
    cr_expect_str_eq(one.text, TO_RCPT TO_DATA);
    cr_assert(history_session_diagnoses(history, 1, note_diagnosis, &first, NULL));
    cr_expect_str_eq(first.text, TO_RCPT);
    const int64_t last = history_last_diagnosis(history);
    cr_assert(history_diagnoses(history, last - 1, false, note_diagnosis, &other, NULL));
    cr_expect_eq(other.rows, 1);
    cr_assert(history_session_diagnoses(history, 77, note_diagnosis, &none, NULL));
    cr_expect_eq(none.rows, 0);
}

Test(history, a_reader_sees_what_is_committed_and_never_waits)
{
    struct story story;
    struct store *store = more(&story);
    struct notes before = {0}, after = {0};
    cr_assert(history_sessions(history, false, note_session, &before, NULL));
    cr_expect_eq(before.rows, 2);
    cr_assert(store_commit(store, NULL));
    cr_assert(history_sessions(history, false, note_session, &after, NULL));
    cr_expect_eq(after.rows, 3);
    cr_expect_eq(history_last_diagnosis(history), 3);
    scratch_close(store);
    story_free(&story);
}

Test(history, closing_nothing_is_allowed)
{
    history_close(NULL);
}
