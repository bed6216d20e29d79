/* SPDX-License-Identifier: ISC */
/* What a live capture does, as a file that Prometheus' node_exporter collects (its text format). */
#ifndef ANALYZER_PROGRAM_METRICS_H
#define ANALYZER_PROGRAM_METRICS_H

#include "statistics.h"

/* Writes the counters to `path`, in one step: a reader sees the file of before, or the new one.
 * False with `why`. */
bool metrics_write(const char *path, const struct statistics *statistics, struct failure *why);

#endif
