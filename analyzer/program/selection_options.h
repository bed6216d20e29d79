/* SPDX-License-Identifier: ISC */
/* The words in which sessions are asked for, the same for every subcommand that takes them. */
#ifndef ANALYZER_PROGRAM_SELECTION_OPTIONS_H
#define ANALYZER_PROGRAM_SELECTION_OPTIONS_H

#include "option_row.h"

enum {
    SELECTION_TERMS_MAX = 400 /* a condition of SQLite may have 1000 levels */
};

extern const struct option_row selection_rows[];
extern const size_t selection_row_count;

/* Reads --since, --from and --to, which wait for --utc, and the words that are left as sessions:
 * numbers, ranges, uids, Community IDs. False with `why` when one is none. `now_us` in microseconds
 * since 1970. */
bool selection_settle(struct options *options, int64_t now_us, struct failure *why);

/* Whether single sessions were asked for: by number, uid, Community ID, queue id or Message-ID. */
bool selection_is_named(const struct selection *selection);

#endif
