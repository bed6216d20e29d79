/* SPDX-License-Identifier: ISC */
/* What is told of a client that was measured. The table itself is measured anew, by
 * tests/atlas/atlas.py; here it counts whose row is taken. */
#include <criterion/criterion.h>

#include "heloscope/software/client_habits.h"

Test(client_habits, told)
{
    static const struct {
        const char *software;
        enum cause cause;
        const char *begins, *holds; /* NULL = nothing is told */
    } rows[] = {
        {"msmtp", CAUSE_MAIL_REJECTED, "msmtp ", "measured to do so: behind a refused MAIL"},
        {"swaks 20201014.0", CAUSE_MAIL_REJECTED, "swaks --pipeline ", "without --pipeline"},
        {"Perl Net::SMTP", CAUSE_CONTENT_AS_COMMANDS, "Perl Net::SMTP, results ignored ",
         "To change it: "},
        {"libesmtp", CAUSE_BDAT_AFTER_FAILURE, "libesmtp ", "+BDAT+BDAT"},
        /* The MAIL behind its RSET is of the report. */
        {"Sendmail", CAUSE_MAIL_REJECTED, "Sendmail ", "when it is left to itself (RSET, MAIL"},
        /* Left to itself it stops: a program uses it otherwise. */
        {"Python smtplib", CAUSE_MAIL_REJECTED, "Python smtplib ", "by its own decision"},
        {"Invoices 2.1 (Python smtplib)", CAUSE_MAIL_REJECTED, "Python smtplib ", "decision"},
        {"Python smtplibrary", CAUSE_MAIL_REJECTED, NULL, NULL},
        {"msmtp", CAUSE_NESTED_MAIL, NULL, NULL},
        {"Outlook", CAUSE_MAIL_REJECTED, NULL, NULL},
        {NULL, CAUSE_MAIL_REJECTED, NULL, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[HABIT_TEXT] = "";
        const bool told = client_habit_tell(rows[i].software, rows[i].cause, text);
        cr_expect_eq(told, rows[i].begins != NULL, "row %zu: %s", i, text);
        if (!told || !rows[i].begins)
            continue;
        cr_expect_eq(strncmp(text, rows[i].begins, strlen(rows[i].begins)), 0, "row %zu: %s", i,
                     text);
        cr_expect_not_null(strstr(text, rows[i].holds), "row %zu: %s", i, text);
    }
}

Test(client_habits, whatever_is_told_has_room)
{
    size_t count;
    const struct client_habit *rows = client_habits(&count);
    for (size_t i = 0; i < count; i++)
        for (int cause = 0; cause < CAUSE_COUNT; cause++) {
            char text[HABIT_TEXT];
            cr_expect(!client_habit_tell(rows[i].client, (enum cause)cause, text) ||
                          strlen(text) < HABIT_TEXT - 1,
                      "%s", rows[i].client);
            cr_expect(!client_habit_sum_up(rows[i].client, text) || strlen(text) < HABIT_TEXT - 1,
                      "%s", rows[i].client);
        }
}
