/* What is wrong with a capture file, in words: turns what the system and libpcap say into one line
 * for a person. */
#ifndef HELOSCOPE_CAPTURE_PROBLEM_H
#define HELOSCOPE_CAPTURE_PROBLEM_H

#include "heloscope/bytes.h"
#include "heloscope/capture.h"

/* Sets `source->problem` to "NAME: " and the rest, unless a problem is noted there already: the
 * first one is the cause of those behind it. */
__attribute__((format(printf, 2, 3))) void capture_problem_set(struct capture_source *source,
                                                               const char *format, ...);

/* The file's header could not be read. `start` is the beginning of the file as far as it is known
 * (empty for what cannot be read twice), `libpcap` the library's message. */
void capture_problem_header(struct capture_source *source, struct bytes start, const char *libpcap);

/* The record behind packet `source->packets` could not be read. */
void capture_problem_record(struct capture_source *source, const char *libpcap);

/* "-" is standard input. */
const char *capture_source_title(const char *name);

#endif
