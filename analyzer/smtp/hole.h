/* SPDX-License-Identifier: ISC */
/* What a hole in one side's octets means for the session. */
#ifndef ANALYZER_SMTP_HOLE_H
#define ANALYZER_SMTP_HOLE_H

#include "heloscope/session/session.h"

/* Takes a hole; `text` says more of it, if it is not empty. Returns whether the answer that the
 * client's octets wait for may lie in it. */
bool hole_take(struct session *s, enum side side, const struct span *span, struct bytes text);

/* Lines of `side` may have been lost in front of where they are read now, in octets that were not
 * read then; `gap` is the event that told of it. */
void hole_in_front(struct session *s, enum side side, event_no gap);

/* Whether the span is a hole where one side's first record is to come, behind the other's: it has
 * swallowed that. */
bool hole_loses_record(const struct session *s, enum side side, const struct span *span);

#endif
