/* SPDX-License-Identifier: ISC */
/* Files of one capture whose clocks disagree, as those of two machines do: by how much is found
 * before they are merged by time. */
#ifndef ANALYZER_CAPTURE_CLOCKS_H
#define ANALYZER_CAPTURE_CLOCKS_H

#include "clock_curve.h"

/* What is to be added to the times of each of `count` files; curves without knots where nothing is.
 * Reads the beginnings of all, and the rest only of files that have seen the same connections. Not
 * done of pipes, and not of a great many files: rotated ones were written by one clock. The caller
 * frees each curve and the list; NULL = nothing is to be added to any. */
struct clock_curve *capture_clocks_find(const char *const *names, size_t count);

/* Whether anything is to be added to any of the `count` files. */
bool capture_clocks_differ(const struct clock_curve *clocks, size_t count);

/* Returns which file has the wrong clock number `index`, from 0; `count` when there are no more. */
size_t capture_clocks_wrong(const struct clock_curve *clocks, size_t count, size_t index);

/* "NAME: its clock is ..., corrected" for a person, into `out`; returns `out`. */
char *capture_clocks_print(const char *name, const struct clock_curve *curve, char *out,
                           size_t size);

#endif
