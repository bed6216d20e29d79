/* SPDX-License-Identifier: ISC */
/* A file of text, plain or compressed, line by line. */
#ifndef HELOSCOPE_CAPTURE_TEXT_LINES_H
#define HELOSCOPE_CAPTURE_TEXT_LINES_H

#include "heloscope/bytes.h"
#include "heloscope/failure.h"

struct text_lines;

/* Opens `path`, "-" for standard input. NULL with `why`. */
struct text_lines *text_lines_open(const char *path, struct failure *why);

/* Hands over the next line without its end, borrowed until the next call; of a longer one its first
 * LOG_LINE_LIMIT octets. False at the end of the file, or, with a text in `why`, where it can be
 * read no further. */
bool text_lines_next(struct text_lines *lines, struct bytes *line, struct failure *why);

/* Hands over `length` octets, whatever they are, of which at most LOG_LINE_LIMIT are kept; false as
 * above. */
bool text_lines_octets(struct text_lines *lines, uint64_t length, struct bytes *octets,
                       struct failure *why);

/* Hands over eight octets as the number that they are, the least first; false as above. */
bool text_lines_number(struct text_lines *lines, uint64_t *number, struct failure *why);

void text_lines_close(struct text_lines *lines); /* NULL is allowed */

#endif
