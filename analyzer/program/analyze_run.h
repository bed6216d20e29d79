/* SPDX-License-Identifier: ISC */
/* One run of analyze, for the files that print it. */
#ifndef ANALYZER_PROGRAM_ANALYZE_RUN_H
#define ANALYZER_PROGRAM_ANALYZE_RUN_H

#include "heloscope/capture/capture.h"
#include "heloscope/output/findings.h"
#include "heloscope/pipeline/pipeline.h"
#include "options.h"

/* What went in, and which rows of the history belong to it. */
struct run {
    struct keylog *keylog;
    const struct options *options;
    struct terminal *terminal;
    struct capture *capture;
    struct pipeline_totals totals;
    struct own_findings *own; /* of this input, whoever stored its sessions first */
    size_t own_count;
    struct findings findings;
    uint64_t broken; /* findings that --fail-on names */
};

/* Prints the run as JSON; false with `why`. */
bool analyze_json(const struct run *run, struct history *history, struct failure *why);

#endif
