/* What is kept of one side's octets: a line or record that is not complete yet, and what waits for
 * the other side's answer. Both are bounded: LINE_LIMIT here, WAIT_LIMIT where the reader asks. */
#ifndef HELOSCOPE_HALF_H
#define HELOSCOPE_HALF_H

#include "heloscope/session/session.h"

/* Adds to what is held; of a line over LINE_LIMIT the rest is counted only. `offset` and `mark` are
 * those of `data`. */
void half_hold(struct half *half, struct bytes data, uint64_t offset, const struct mark *mark);

/* Nothing is held any more. */
void half_release(struct half *half);

/* A copy of `span` waits behind what waits already. */
void half_enqueue(struct half *half, const struct span *span);

/* The first octets of what waits, across spans, into `out`; returns how many. */
size_t half_peek(const struct half *half, uint8_t *out, size_t size);

/* Frees what the half holds, not the half. */
void half_free(struct half *half);

#endif
