/* SPDX-License-Identifier: ISC */
/* What is kept of one side's octets: a line or record that is not complete yet, and what waits for
 * the other side's answer. Both are bounded: LINE_LIMIT here, WAIT_LIMIT where the reader asks. */
#ifndef HELOSCOPE_SESSION_DIRECTION_H
#define HELOSCOPE_SESSION_DIRECTION_H

#include "heloscope/session/session.h"

/* The direction's next octets are to be read so. The one place that changes it. */
void direction_enter(struct direction *direction, enum reading reading);

/* Adds to what is held; of a line over LINE_LIMIT the rest is counted only. `offset` and `mark` are
 * those of `data`. */
void direction_hold(struct direction *direction, struct bytes data, uint64_t offset,
                    const struct mark *mark);

/* Nothing is held any more. */
void direction_release(struct direction *direction);

/* Takes out what is held, with its offset and mark; the caller frees the octets. */
struct span direction_take_held(struct direction *direction);

/* A copy of a span and of its octets; the caller frees it. */
struct queued_span *queued_span_new(const struct span *span);

/* A copy of `span` waits behind what waits already. */
void direction_enqueue(struct direction *direction, const struct span *span);

/* In front of those that wait already. */
void direction_enqueue_first(struct direction *direction, const struct span *span);

/* Takes the first out; the caller frees it. NULL = none waits. */
struct queued_span *direction_dequeue(struct direction *direction);

/* Takes out all that waits, as a list; the caller frees each. */
struct queued_span *direction_take_queue(struct direction *direction);

/* A line that was delivered waits again, with its line end, behind what waits already. */
void direction_put_back(struct direction *direction, const struct line *line);

/* Nothing waits any more. */
void direction_drop_queue(struct direction *direction);

/* The first octets of what waits, across spans, into `out`; returns how many. */
size_t direction_peek(const struct direction *direction, uint8_t *out, size_t size);

/* Frees what the half holds, not the half. */
void direction_free(struct direction *direction);

#endif
