/* SPDX-License-Identifier: ISC */
/* Answers remembered: mail software repeats itself, and what a text turned out to be once need not
 * be found out again. A table of one size, in which a newer text takes the place of an older one;
 * nothing but speed depends on it. */
#ifndef HELOSCOPE_SOFTWARE_MEMO_H
#define HELOSCOPE_SOFTWARE_MEMO_H

#include "heloscope/bytes.h"

enum {
    MEMO_TEXT = 122, /* octets of a text; longer ones are not remembered */
};

/* Owned by whom memo_new() gave it to; of one thread. */
struct memo;

struct memo *memo_new(void);
void memo_free(struct memo *memo);

/* The place of the answer to `question` (0 to 254) about `text`, for the caller to read when
 * `*known` and to write when not. Valid until the next call. NULL without a memo (`memo` = NULL)
 * and for a text that is too long. */
uint16_t *memo_ask(struct memo *memo, unsigned question, struct bytes text, bool *known);

#endif
