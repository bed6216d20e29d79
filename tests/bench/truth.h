/* SPDX-License-Identifier: ISC */
/* What was said in each session, and what of it the capture does not have: a file of lines, their
 * fields parted by tabs, in the order in which things were sent.
 *
 *   session NUMBER CLIENT PORT SERVER PORT DIALOGUE CAUSE FAULT ORIGIN   begins one; "-" = no 503
 *   command NUMBER OFFSET LENGTH TEXT
 *   reply   NUMBER OFFSET LENGTH CODE
 *   message NUMBER OFFSET LENGTH
 *   opaque  NUMBER                                   the rest is TLS
 *   lost    NUMBER SIDE OFFSET LENGTH                a segment that was not captured
 *   again   NUMBER SIDE OFFSET LENGTH                its repetition, which was
 *
 * NUMBER is the session's; OFFSET counts a side's octets. */
#ifndef TESTS_BENCH_TRUTH_H
#define TESTS_BENCH_TRUTH_H

#include <stdio.h>

#include "dialogue.h"
#include "wire.h"

/* Writes the lines of what is said in a session of SMTP. `ends` by side. */
void truth_session(FILE *out, uint32_t index, const struct endpoint ends[2],
                   const struct plan *plan);

/* Writes what became of a segment with data. */
void truth_segment(FILE *out, uint32_t index, int side, uint32_t offset, uint32_t length,
                   bool lost);

#endif
