/* SPDX-License-Identifier: ISC */
/* Files that people hand over instead of a capture, or captures of other tools. */
#ifndef ANALYZER_CAPTURE_FOREIGN_FORMAT_H
#define ANALYZER_CAPTURE_FOREIGN_FORMAT_H

#include "heloscope/bytes.h"

enum {
    FOREIGN_START = 48 /* octets of a file that are enough to tell */
};

/* Returns what a file that begins with `start` is, and what turns it into a capture that can be
 * read: a phrase for a message, of static storage. */
const char *foreign_format(struct bytes start);

#endif
