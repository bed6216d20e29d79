/* SPDX-License-Identifier: ISC */
/* Which connections end because they were silent too long, or are too many. */
#ifndef ANALYZER_PIPELINE_EXPIRY_H
#define ANALYZER_PIPELINE_EXPIRY_H

#include "stages.h"

struct expiry {
    const char *how; /* as in session_end() */
    bool look_away;  /* it goes on, but nothing more is made of it */
};

/* Returns the connection that is to end next, and in `*out` how; NULL when none is. */
struct connection *expiry_next(struct pipeline *p, struct expiry *out);

#endif
