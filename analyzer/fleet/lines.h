/* SPDX-License-Identifier: ISC */
/* An answer that is gathered, then read line by line. */
#ifndef ANALYZER_FLEET_LINES_H
#define ANALYZER_FLEET_LINES_H

#include <stdlib.h>
#include <string.h>

#include "heloscope/base/memory.h"
#include "heloscope/bytes.h"

struct lines {
    char *text;
    size_t length, size, at;
};

/* An http_piece_fn of a struct lines. False when the answer is longer than any question needs. */
bool lines_take(void *lines, struct bytes piece);

/* The next line without its end, which may be written to; NULL at the end. */
char *lines_next(struct lines *lines);

void lines_clear(struct lines *lines);
void lines_free(struct lines *lines);

#endif
