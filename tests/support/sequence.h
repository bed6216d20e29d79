/* SPDX-License-Identifier: ISC */
/* Sequences of commands judged against the facts.
 *
 * A sequence is written as "EHLO=250 MAIL=550 RCPT": steps with the code that they were answered,
 * and at the end a command that is judged. The first step is event 10, the second 20 ...; their
 * replies are 11, 21 ...; the greeting is event 1. A step's sender has seen all replies before it;
 * with a plus in front ("+RCPT") no more than the sender of the step before. "." is a message's
 * end, "hole" a gap. Behind a colon: "-" nothing offered, "b" BODY=BINARYMIME, "l" LAST. */
#ifndef TESTS_SUPPORT_SEQUENCE_H
#define TESTS_SUPPORT_SEQUENCE_H

#include "heloscope/order/order.h"

/* Plays `sequence` to `order`; the verdict of its last command. */
struct verdict sequence_play(struct order *order, const char *sequence);

/* The same in a session that is new, greeted with `greeting` (0 = not yet). */
struct verdict sequence_judge(const char *sequence, int greeting);

#endif
