/* SPDX-License-Identifier: ISC */
#include "heloscope/software/client_habits.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct client_habit rows[] = {
#include "analyzer/software/clients_rows.h"
};

enum {
    ROWS = sizeof rows / sizeof *rows
};

const struct client_habit *client_habits(size_t *count)
{
    *count = ROWS;
    return rows;
}

/* --- whose rows they are */

/* The name without the way in which it was used: "swaks --pipeline" is swaks. */
static size_t plain_length(const char *client)
{
    const char *option = strstr(client, " --"), *comma = strchr(client, ',');
    const char *end = option ? option : comma;
    return end ? (size_t)(end - client) : strlen(client);
}

/* "Nodemailer 6.9.16" and "Invoices 2.1 (Nodemailer)" speak of Nodemailer. */
static bool is_of(const struct client_habit *row, const char *software)
{
    const size_t n = plain_length(row->client);
    const char *inside = strchr(software, '(');
    if (strncmp(software, row->client, n) == 0 && (!software[n] || software[n] == ' '))
        return true;
    return inside && strncmp(inside + 1, row->client, n) == 0 && inside[n + 1] == ')';
}

static bool is_same(const struct client_habit *a, const struct client_habit *b)
{
    return strcmp(a->client, b->client) == 0 && strcmp(a->version, b->version) == 0;
}

/* The row of the same client and version for another situation; NULL = there is none. */
static const struct client_habit *beside(const struct client_habit *row, const char *situation)
{
    for (size_t i = 0; i < ROWS; i++)
        if (is_same(&rows[i], row) && strcmp(rows[i].situation, situation) == 0)
            return &rows[i];
    return NULL;
}

/* --- behind a refusal */

/* Which refusal a cause comes from, and what a client sends behind it that goes on. */
static const struct refusal {
    enum cause cause;
    const char *situation, *words;
    const char *goes_on[3];
} refusals[] = {
    {CAUSE_MAIL_REJECTED, "MAIL 550", "a refused MAIL", {"RCPT", "DATA"}},
    {CAUSE_ALL_RCPT_REJECTED, "RCPT 550", "refused recipients", {"DATA", "BDAT"}},
    {CAUSE_BDAT_AFTER_FAILURE, "DATA 503", "a refused BDAT", {"BDAT"}},
    {CAUSE_CONTENT_AS_COMMANDS, "DATA 554", "a refused DATA", {"Subject", "From", "content"}},
};

static const struct refusal *refusal_of(enum cause cause)
{
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        if (refusals[i].cause == cause)
            return &refusals[i];
    return NULL;
}

/* What comes behind a RSET, or on another connection, is another message: an MTA's report of the
 * failure. */
static size_t same_message(const char *does)
{
    const char *reset = strcasestr(does, "RSET"), *other = strstr(does, " //");
    const char *end = reset && (!other || reset < other) ? reset : other;
    return end ? (size_t)(end - does) : strlen(does);
}

static bool goes_on(const struct refusal *refusal, const char *does)
{
    for (size_t i = 0; i < 3 && refusal->goes_on[i]; i++)
        if (memmem(does, same_message(does), refusal->goes_on[i], strlen(refusal->goes_on[i])))
            return true;
    return false;
}

/* The first of its rows that goes on, else the first of all; NULL when it was not measured. */
static const struct client_habit *habit_behind(const char *software, const struct refusal *refusal)
{
    const struct client_habit *any = NULL;
    for (size_t i = 0; i < ROWS; i++) {
        if (strcmp(rows[i].situation, refusal->situation) != 0 || !is_of(&rows[i], software))
            continue;
        if (goes_on(refusal, rows[i].does))
            return &rows[i];
        any = any ? any : &rows[i];
    }
    return any;
}

bool client_habit_tell(const char *software, enum cause cause, char out[HABIT_TEXT])
{
    const struct refusal *refusal = refusal_of(cause);
    const struct client_habit *row = refusal && software ? habit_behind(software, refusal) : NULL;
    if (!row)
        return false;
    if (!goes_on(refusal, row->does)) {
        snprintf(out, HABIT_TEXT,
                 "%s %s stops behind %s when it is left to itself (%s): what uses it goes on by "
                 "its own decision.",
                 row->client, row->version, refusal->words, row->does);
        return true;
    }
    const struct client_habit *change = beside(row, "to change");
    snprintf(out, HABIT_TEXT, "%s %s was measured to do so: behind %s it sends %s.%s%s%s",
             row->client, row->version, refusal->words, row->does, change ? " To change it: " : "",
             change ? change->does : "", change ? "." : "");
    return true;
}

/* --- in general */

bool client_habit_sum_up(const char *software, char out[HABIT_TEXT])
{
    static const char *const situations[] = {"accepted", "MAIL 550", "RCPT 550", "DATA 503"};
    const struct client_habit *row = NULL;
    size_t n = 0;
    for (size_t i = 0; i < ROWS && software && !row; i++)
        row = is_of(&rows[i], software) ? &rows[i] : NULL;
    out[0] = '\0';
    for (size_t i = 0; i < sizeof situations / sizeof *situations && row; i++) {
        const struct client_habit *one = beside(row, situations[i]);
        if (one && n < HABIT_TEXT)
            n += (size_t)snprintf(out + n, HABIT_TEXT - n, "%s%s: %s", n ? "; " : "", situations[i],
                                  one->does);
    }
    return n > 0;
}
