/* SPDX-License-Identifier: ISC */
/* Connections that the border of a capture file has cut are put together again. */
#ifndef ANALYZER_PROGRAM_REJOIN_H
#define ANALYZER_PROGRAM_REJOIN_H

#include "recording.h"

/* Reads the files again that hold the parts of connections which this recording, now finished, has
 * found cut, and stores the whole in the place of the parts. A file that is gone, or is another one
 * by now, is left out: its parts stay what they are. False only when the store failed. */
bool rejoin(const struct recording *recording, const struct options *options, struct failure *why);

#endif
