/* SPDX-License-Identifier: ISC */
/* The dictionary is complete, and its names are those that people's queries rely on. */
#include <criterion/criterion.h>
#include <string.h>

#include "heloscope/cause.h"

/* Written out a second time on purpose: a name that changes here changes databases and scripts. */
static const char *const published[] = {
    "hello_missing",
    "hello_rejected",
    "hello_reset",
    "hello_repeated",
    "ehlo_required",
    "mail_missing",
    "mail_rejected",
    "transaction_reset",
    "nested_mail",
    "transaction_abandoned",
    "rcpt_missing",
    "all_rcpt_rejected",
    "auth_in_transaction",
    "auth_repeated",
    "auth_not_offered",
    "auth_required",
    "auth_rejected",
    "starttls_in_transaction",
    "starttls_repeated",
    "starttls_not_offered",
    "tls_required",
    "tls_failed",
    "bdat_data_mix",
    "bdat_after_last",
    "bdat_after_failure",
    "bdat_not_offered",
    "binarymime_data",
    "command_in_transaction",
    "command_not_offered",
    "parameter_refused",
    "pipelining_violation",
    "early_talker",
    "content_as_commands",
    "reply_desync",
    "session_refused",
    "session_over",
    "server_timeout",
    "unanswered",
    "error_limit",
    "middlebox",
    "not_smtp",
    "policy",
    "server_disagrees",
    "unknown",
};
#define PUBLISHED (sizeof published / sizeof published[0])

Test(causes, names_are_the_published_ones)
{
    cr_assert_eq(PUBLISHED, CAUSE_COUNT - 1);
    for (size_t i = 0; i < PUBLISHED; i++) {
        enum cause cause = cause_by_name(bytes_of_string(published[i]));
        cr_assert_neq(cause, CAUSE_NONE, "%s is missing", published[i]);
        cr_expect_str_eq(cause_entry(cause)->name, published[i]);
    }
}

Test(causes, names_round_trip)
{
    for (int i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++)
        cr_expect_eq(cause_by_name(bytes_of_string(cause_entry((enum cause)i)->name)), i);
}

Test(causes, what_is_no_name_gives_none)
{
    static const char *const strangers[] = {"", "hello", "hello_missing ", "HELLO_MISSING", "503"};
    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++)
        cr_expect_eq(cause_by_name(bytes_of_string(strangers[i])), CAUSE_NONE, "\"%s\"",
                     strangers[i]);
    cr_expect_eq(cause_by_name(bytes_of(NULL, 0)), CAUSE_NONE);
    cr_expect_eq(cause_by_name(bytes_of("hello_missing", 5)), CAUSE_NONE);
}

/* Sentences: long enough to say something, one paragraph, ended. */
static void expect_sentence(const char *name, const char *field, const char *text)
{
    cr_assert_not_null(text, "%s has no %s", name, field);
    size_t length = strlen(text);
    cr_expect_geq(length, 20, "%s: %s is too short", name, field);
    if (length)
        cr_expect_eq(text[length - 1], '.', "%s: %s has no full stop", name, field);
    cr_expect_null(strchr(text, '\n'), "%s: %s has a line break", name, field);
    cr_expect_null(strstr(text, "  "), "%s: %s has a double space", name, field);
}

Test(causes, each_has_all_texts)
{
    for (int i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++) {
        const struct cause_entry *entry = cause_entry((enum cause)i);
        cr_assert_not_null(entry->title, "%s", entry->name);
        cr_expect_geq(strlen(entry->title), 15, "%s: title", entry->name);
        cr_expect_leq(strlen(entry->title), 70, "%s: title is longer than half a line",
                      entry->name);
        expect_sentence(entry->name, "meaning", entry->meaning);
        expect_sentence(entry->name, "look_for", entry->look_for);
        expect_sentence(entry->name, "client", entry->client);
        expect_sentence(entry->name, "server", entry->server);
        cr_assert_not_null(entry->rule, "%s", entry->name);
        cr_expect(strncmp(entry->rule, "RFC ", 4) == 0, "%s: rule", entry->name);
    }
}

/* Each line is a side's or a remark, and the dialogue ends in the refusal that it explains. */
static void expect_dialogue(const char *name, const char *line)
{
    /* A server that closes for want of words says 421 (RFC 5321 section 3.8). */
    const char *last = strcmp(name, "server_timeout") == 0 ? "S: 421"
                       : strcmp(name, "unanswered") == 0   ? "   (the client closes)"
                                                           : "S: 503";
    bool refused = false;
    while (*line) {
        size_t length = strcspn(line, "\n");
        cr_expect(length > 3 && (strncmp(line, "C: ", 3) == 0 || strncmp(line, "S: ", 3) == 0 ||
                                 strncmp(line, "   ", 3) == 0),
                  "%s: example: %.*s", name, (int)length, line);
        cr_expect_leq(length, 72, "%s: example: %.*s", name, (int)length, line);
        refused = strncmp(line, last, strlen(last)) == 0;
        line += length + (line[length] == '\n');
    }
    cr_expect(refused, "%s: the example does not end with %s", name, last);
}

Test(causes, each_example_ends_with_its_503)
{
    for (int i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++) {
        const struct cause_entry *entry = cause_entry((enum cause)i);
        cr_assert_not_null(entry->example, "%s", entry->name);
        expect_dialogue(entry->name, entry->example);
    }
}

Test(causes, none_is_empty)
{
    const struct cause_entry *none = cause_entry(CAUSE_NONE);
    cr_expect_str_empty(none->name);
    cr_expect_str_empty(none->title);
    cr_expect_str_empty(none->example);
}

Test(causes, faults_and_certainties_have_their_names)
{
    static const char *const faults[] = {"client",    "pipelining", "server",
                                         "middlebox", "policy",     "unknown"};
    for (int i = 0; i < FAULT_COUNT; i++)
        cr_expect_str_eq(fault_name((enum fault)i), faults[i]);
    static const char *const certainties[] = {"certain", "likely", "unknown"};
    for (int i = 0; i < CERTAINTY_COUNT; i++)
        cr_expect_str_eq(certainty_name((enum certainty)i), certainties[i]);
}
