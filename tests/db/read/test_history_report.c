/* SPDX-License-Identifier: ISC */
/* The rankings: what they count, and how they are handed over. */
#include <criterion/criterion.h>

#include "heloscope/db/history.h"
#include "tests/db/scratch.h"

static struct scratch at;
static struct history *history;

static void make(void)
{
    scratch_make(&at);
    scratch_fill(&at);
    const int64_t next_day = INT64_C(1700086400000000);
    struct store *store = scratch_store(&at);
    struct story story;
    story_begin(&story, "uid-next-day", next_day, 1);
    story.chapter.session.client.octets[3] = 9;
    story_event(&story, SIDE_CLIENT, EVENT_OPEN, NULL);
    story_command(&story, "DATA", "DATA");
    story_reply(&story, 2, 503, "503 what?");
    story_diagnosis(&story, 3, 2, 2, 503, CAUSE_HELLO_MISSING);
    story_command(&story, "XYZZY", "XYZZY");
    story_reply(&story, 4, 500, "500 what?");
    story_diagnosis(&story, 5, 4, 2, 500, CAUSE_HELLO_MISSING);
    scratch_write(store, story_chapter(&story, true));
    story_free(&story);
    scratch_close(store);
    history = history_open(at.path, NULL);
    cr_assert_not_null(history);
}

static void clean(void)
{
    history_close(history);
    scratch_remove(&at);
}

TestSuite(history_report, .init = make, .fini = clean);

/* A line per row, cells between bars, the header behind a star. */
static bool add_row(void *context, int columns, const char *const *cells, bool header)
{
    char *text = context;
    text += strlen(text);
    text += sprintf(text, "%s", header ? "* " : "");
    for (int i = 0; i < columns; i++)
        text += sprintf(text, "%s%s", cells[i], i + 1 < columns ? "|" : "\n");
    return true;
}

static void reports(const char *by, const char *wanted)
{
    char text[2048] = "";
    struct failure why = {""};
    cr_assert(history_report(history, by, add_row, text, &why), "%s", why.text);
    cr_expect_str_eq(text, wanted, "by %s:\n%s", by, text);
}

Test(history_report, by_cause_the_most_frequent_first)
{
    char wanted[1024];
    snprintf(
        wanted, sizeof wanted,
        "* "
        "cause|errors|errors_503|errors_other|sessions|clients|servers|first_seen|last_seen|title\n"
        "hello_missing|2|1|1|1|1|1|2023-11-15 22:13:20|2023-11-15 22:13:20|%s\n"
        "mail_rejected|2|2|0|1|1|1|2023-11-14 22:13:20|2023-11-14 22:13:20|%s\n",
        cause_entry(CAUSE_HELLO_MISSING)->title, cause_entry(CAUSE_MAIL_REJECTED)->title);
    reports("cause", wanted);
}

Test(history_report, by_client)
{
    reports(
        "client",
        "* "
        "client|errors|errors_503|errors_other|sessions|first_seen|last_seen|helo|software|causes\n"
        "127.0.0.1|2|2|0|1|2023-11-14 22:13:20|2023-11-14 22:13:20|client.test||mail_rejected\n"
        "127.0.0.9|2|1|1|1|2023-11-15 22:13:20|2023-11-15 22:13:20|||hello_missing\n");
}

Test(history_report, by_server)
{
    reports("server", "* "
                      "server|port|errors|errors_503|errors_other|sessions|clients|first_seen|last_"
                      "seen|software|causes\n"
                      "127.0.0.2|25|4|3|1|2|2|2023-11-14 22:13:20|2023-11-15 22:13:20|Postfix|"
                      "mail_rejected,hello_missing\n");
}

Test(history_report, by_software)
{
    reports("software",
            "* "
            "software|errors|errors_503|errors_other|sessions|clients|servers|first_seen|last_seen|"
            "causes\n"
            "Postfix|2|2|0|1|1|1|2023-11-14 22:13:20|2023-11-14 22:13:20|mail_rejected\n"
            "not recognised|2|1|1|1|1|1|2023-11-15 22:13:20|2023-11-15 22:13:20|hello_missing\n");
}

Test(history_report, by_day_the_latest_first)
{
    reports(
        "day",
        "* "
        "day|errors|errors_503|errors_other|sessions|clients|servers|first_seen|last_seen|causes\n"
        "2023-11-15|2|1|1|1|1|1|22:13:20|22:13:20|hello_missing\n"
        "2023-11-14|2|2|0|1|1|1|22:13:20|22:13:20|mail_rejected\n");
}

Test(history_report, by_what_there_is_not)
{
    char text[256] = "";
    struct failure why = {""};
    cr_expect_not(history_report(history, "weather", add_row, text, &why));
    cr_expect_str_eq(text, "");
    cr_expect_not_null(strstr(why.text, "cause, client, server, software, client-software, day"),
                       "%s", why.text);
}

static bool only_header(void *context, int columns, const char *const *cells, bool header)
{
    (void)columns;
    (void)cells;
    cr_expect(header);
    ++*(int *)context;
    return false;
}

Test(history_report, the_reader_can_stop)
{
    int rows = 0;
    cr_assert(history_report(history, "cause", only_header, &rows, NULL));
    cr_expect_eq(rows, 1);
}
