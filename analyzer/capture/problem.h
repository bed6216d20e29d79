/* SPDX-License-Identifier: ISC */
/* What is wrong with a capture file, in words: turns how its reading ended into one line for a
 * person. */
#ifndef ANALYZER_CAPTURE_PROBLEM_H
#define ANALYZER_CAPTURE_PROBLEM_H

#include "heloscope/capture/capture.h"
#include "file.h"

/* Sets `source->problem` to "NAME: " and the rest, unless a problem is noted there already: the
 * first one is the cause of those behind it. */
__attribute__((format(printf, 2, 3))) void capture_problem_set(struct capture_source *source,
                                                               const char *format, ...);

/* The file ended with `result`; FILE_END is no problem. */
void capture_problem_of_file(struct capture_source *source, const struct capture_file *file,
                             enum file_result result);

#endif
