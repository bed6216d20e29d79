/* SPDX-License-Identifier: ISC */
/* The thread that writes to the store while the analysis goes on, behind a bounded queue. */
#ifndef ANALYZER_PIPELINE_WRITER_H
#define ANALYZER_PIPELINE_WRITER_H

#include "heloscope/session/session.h"
#include "heloscope/db/store.h"
#include "heloscope/pipeline/pipeline.h"

struct writer;

/* Starts the thread; `store` is borrowed, and patient unless `persistence` is PERSISTENCE_NONE.
 * NULL with `why` when there is no thread to be had. */
struct writer *writer_new(struct store *store, enum persistence persistence, struct failure *why);

/* Hands a chapter over; the writer frees it. Waits while the queue is full, or leaves out what is
 * least important, as `persistence` says. False with `why` when a write has failed for good, now or
 * before: nothing more is written then, and the draft is freed all the same. */
bool writer_put(struct writer *writer, struct draft *draft, struct failure *why);

/* Waits until all that was handed over is written and committed, or until it turns out that a
 * patient store has to wait itself. */
bool writer_commit(struct writer *writer, struct failure *why);

/* Returns how many octets wait to be written, or to be committed. */
size_t writer_waiting(struct writer *writer);

/* Ends the thread; what waits is written first, unless a write has failed. A patient writer waits
 * for a while, then puts findings aside and counts what is lost. NULL is allowed. */
void writer_free(struct writer *writer);

#endif
