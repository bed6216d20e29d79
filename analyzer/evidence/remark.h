/* SPDX-License-Identifier: ISC */
/* What is said of a finding on the packets that it rests on. */
#ifndef ANALYZER_EVIDENCE_REMARK_H
#define ANALYZER_EVIDENCE_REMARK_H

#include "plan.h"

struct remark {
    uint64_t frame;
    const char *text; /* in the arena of the plan */
};

/* The comments of all findings, by frame; the same thing is said once of a frame, and of one frame
 * only so much. Frames are known. `*out` is the caller's to free. */
size_t remarks_make(struct plan *plan, struct remark **out);

#endif
