/* SPDX-License-Identifier: ISC */
/* Packets of sessions, taken out of the captures that they were read from, with what was found as
 * comments on them. */
#ifndef HELOSCOPE_EVIDENCE_CUT_H
#define HELOSCOPE_EVIDENCE_CUT_H

#include "heloscope/db/history.h"
#include "heloscope/tls/keylog.h"

struct cut_job {
    const char *output;    /* a file, "-" = standard output */
    const char *captures;  /* the folder in which the captures lie now; NULL = where they lay */
    struct keylog *keylog; /* whose secrets of these sessions are put into the file, with those that
                              the captures hold; NULL = none are */
};

struct cut_result {
    uint64_t packets, comments, secrets; /* that were written */
    char warning[512];                   /* what is to be said beside it; "" = nothing */
};

/* Writes the packets of these sessions as pcapng. The captures are read again, twice. False with
 * `why`, and without a file, when one of them is gone, has changed, or was no file. */
bool cut_sessions(struct history *history, const int64_t *session_ids, size_t count,
                  const struct cut_job *job, struct cut_result *out, struct failure *why);

#endif
