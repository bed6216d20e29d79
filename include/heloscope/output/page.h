/* SPDX-License-Identifier: ISC */
/* The report as one page of HTML that needs nothing else: no network, no other file. */
#ifndef HELOSCOPE_OUTPUT_PAGE_H
#define HELOSCOPE_OUTPUT_PAGE_H

#include "heloscope/db/selection.h"

struct page_job {
    const char *output;   /* a file, "-" = standard output */
    const char *database; /* its name, for the reader */
    const char *command;  /* by which the page was made */
    long limit;           /* findings that are shown at most; -1 = PAGE_FINDINGS */
    bool utc;             /* times are shown in UTC at first */
};

enum {
    PAGE_FINDINGS = 10000
};

/* Writes the page about these sessions; `count` 0 is a page that says so. What comes from the wire
 * stands in it as data that is never markup. False with `why`, and without a file. */
bool page_write(struct history *history, const int64_t *session_ids, size_t count,
                const struct page_job *job, struct failure *why);

#endif
