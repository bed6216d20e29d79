/* SPDX-License-Identifier: ISC */
/* What heloscope report says of a period: its figures, and its tables one after the other. */
#ifndef ANALYZER_PROGRAM_REPORT_SECTIONS_H
#define ANALYZER_PROGRAM_REPORT_SECTIONS_H

#include "heloscope/db/selection.h"
#include "options.h"

struct figures {
    int64_t sessions, troubled, messages, first_us, last_us;
    int64_t errors, errors_503, origins; /* a cascade has one origin */
    int64_t holes, octets, midstream, one_sided, dropped;
    int64_t logged,
        log_alone; /* sessions with lines of a server's log; troubles that it alone tells */
    int64_t causes[CAUSE_COUNT]; /* errors of each */
};

struct report {
    const struct options *options;
    const struct terminal *terminal;
    struct history *history; /* restricted to the selection */
    struct figures now, before;
    bool has_before; /* the period has a beginning, so there is one before it */
};

/* Restricts the history to what is asked for, and counts; the figures of the period before, which
 * is as long, are taken first. False with `why`. */
bool report_count(struct report *report, struct failure *why);

/* The table by `by` ("cause", ..., "problem"), at most `limit` rows (-1 = all), in the form that is
 * wanted. Returns the rows printed, -1 with `why`. */
long report_table(const struct report *report, const char *by, long limit, struct failure *why);

/* Below the table of client software: what its programs were measured to do when they are refused.
 * Nothing when none of them was. */
bool report_habits(const struct report *report, struct failure *why);

/* Everything: figures, then the tables. */
bool report_text(const struct report *report, struct failure *why);
bool report_json(const struct report *report, struct failure *why);

#endif
