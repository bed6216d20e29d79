/* SPDX-License-Identifier: ISC */
/* A file that lines are added to while other programs read, rename and remove it. */
#ifndef ANALYZER_FLEET_SINK_H
#define ANALYZER_FLEET_SINK_H

#include "heloscope/bytes.h"
#include "heloscope/failure.h"

struct sink {
    const char *path;   /* borrowed; NULL = standard output */
    const char *header; /* first lines of each file, borrowed; NULL = none */
    int file;           /* -1 = not open */
    char *text;         /* lines that wait */
    size_t length, size;
    bool begun; /* standard output has its header */
};

/* `path` and `header` must outlive the sink. */
void sink_begin(struct sink *sink, const char *path, const char *header);

/* Adds octets to what waits. */
void sink_put(struct sink *sink, struct bytes octets);

/* Writes what waits, all of it or nothing, and sees to it that it is on the disk. The file is
 * looked up by its name each time, so that one that was rotated away gets no more lines. What a
 * killed process left of a line is cut off. False with `why`. */
bool sink_flush(struct sink *sink, struct failure *why);

void sink_end(struct sink *sink);

#endif
