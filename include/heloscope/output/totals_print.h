/* SPDX-License-Identifier: ISC */
/* What went through the analysis, in words: for the ends of `analyze` and `monitor`. */
#ifndef HELOSCOPE_OUTPUT_TOTALS_PRINT_H
#define HELOSCOPE_OUTPUT_TOTALS_PRINT_H

#include "heloscope/pipeline/pipeline.h"

/* What sources say of packets that were lost before they were captured. */
uint64_t sources_dropped(struct capture *capture);

/* "15 TCP in 1 connection, 2 unreadable, 3 duplicates ...": what is behind the count of packets,
 * without what is zero. */
void totals_print_packets(FILE *out, const struct pipeline_totals *totals);

/* Prints why a capture in which no packet is IP can hold no mail: "none is IP: link type Ethernet
 * does not fit, raw IP would". No line end. */
void totals_print_no_ip(FILE *out, const struct pipeline_totals *totals);

#endif
