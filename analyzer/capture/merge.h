/* SPDX-License-Identifier: ISC */
/* Several files as one, in the order of time: which packet comes next. */
#ifndef ANALYZER_CAPTURE_MERGE_H
#define ANALYZER_CAPTURE_MERGE_H

#include "input.h"

/* Each input is in one of the three lists, or done. All borrowed. */
struct capture_merge {
    struct capture_input **waiting; /* not begun, by the time of their first packet */
    size_t waiting_from, waiting_to;
    struct capture_input **open; /* by the time of their next packet */
    size_t open_count;
    struct capture_input **quiet; /* growing, and without a next packet for now */
    size_t quiet_count;
    bool handed_out; /* the packet of open[0] is with the caller */
    bool growing;
    _Atomic bool stopped; /* set in a signal handler */
};

/* Makes room for `count` inputs in all. False when memory is short. */
bool capture_merge_reserve(struct capture_merge *merge, size_t count);

/* Opens an input and looks at the first packet's time, which decides when its turn comes. Until
 * then it is closed again unless `keep_open`. */
void capture_merge_add(struct capture_merge *merge, struct capture_input *input, bool keep_open);

/* Moves the file on whose packet was handed out last. To be called before the other questions. */
void capture_merge_step(struct capture_merge *merge);

/* Asks the quiet ones whether they have grown. */
void capture_merge_ask_quiet(struct capture_merge *merge);

/* The quiet files of directories beyond the FOLLOWED_LIMIT that grew last are complete: what
 * rotates writes one file at a time. */
void capture_merge_limit_quiet(struct capture_merge *merge);

/* All quiet files are complete as they are. */
void capture_merge_end_quiet(struct capture_merge *merge);

/* The input whose packet is next, opening those whose turn has come; NULL when no packet is to be
 * had now. */
struct capture_input *capture_merge_next(struct capture_merge *merge);

void capture_merge_free(struct capture_merge *merge);

#endif
