/* SPDX-License-Identifier: ISC */
/* The chapter of the timeline that is being written, with all that it is made of. */
#ifndef HELOSCOPE_SESSION_DRAFT_H
#define HELOSCOPE_SESSION_DRAFT_H

#include "heloscope/base/memory.h"
#include "heloscope/session/chapter_log.h"
#include "heloscope/timeline.h"

/* The chapter that is being written, with the memory it lives in. */
struct draft {
    struct draft *next;     /* in the writer's queue */
    struct chapter_log log; /* comes before what is in the chapter's lists: draft_unfold() */
    const struct interned_texts *interned_texts; /* that the log refers to; they outlive it */
    struct chapter chapter;
    struct arena arena;
    size_t carried;     /* octets of it that were alive when the chapter began */
    bool reduced, bare; /* less is left of it than was: see backlog_shed() */
    struct event **events_tail;
    struct violation **violations_tail;
    struct diagnosis **diagnoses_tail;
    struct transaction **transactions_tail;
};

/* An empty one; owned by the caller. */
struct draft *draft_new(void);

/* Its lists begin anew; what its arena holds stays. */
void draft_empty(struct draft *draft);

/* Puts what was said before a rest into the chapter's lists, if it is not there yet. */
void draft_unfold(struct draft *draft);
void draft_free(struct draft *draft); /* NULL is allowed */

#endif
