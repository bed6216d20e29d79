/* SPDX-License-Identifier: ISC */
/* Printing that holds nobody up: what is to be printed waits in a bounded queue for a thread of its
 * own. A reader that reads slowly, not at all, or goes away costs what it does not read, and
 * nothing else. */
#ifndef HELOSCOPE_OUTPUT_OUTLET_H
#define HELOSCOPE_OUTPUT_OUTLET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heloscope/failure.h"

struct outlet;

/* Begins to print to the open file `file`, which is borrowed. NULL with `why` when there is no
 * thread to be had. */
struct outlet *outlet_new(int file, struct failure *why);

/* Hands over `length` octets of one thing to print, allocated by malloc(); the outlet frees them.
 * Returns at once. What comes while OUTLET_LIMIT octets wait, or behind the reader's end, is left
 * out. Any thread may call it. */
void outlet_put(struct outlet *outlet, char *text, size_t length);

/* Returns how many things were left out since the last call. */
uint64_t outlet_take_left_out(struct outlet *outlet);

/* Returns 0, or the errno of the write that failed, behind which nothing is printed: EPIPE when the
 * reader has gone, EIO when the terminal has. */
int outlet_error(struct outlet *outlet);

/* Returns how many octets wait. */
size_t outlet_waiting(struct outlet *outlet);

/* Prints what waits, but waits no longer than OUTLET_END_MS for a reader, and frees. Returns how
 * many things were left out since outlet_take_left_out() was called last. NULL is allowed. */
uint64_t outlet_free(struct outlet *outlet);

#endif
