/* SPDX-License-Identifier: ISC */
/* Findings on the screen as soon as they are in the history. */
#ifndef ANALYZER_PROGRAM_NEWS_H
#define ANALYZER_PROGRAM_NEWS_H

#include "alike.h"
#include "options.h"
#include "recording.h"
#include "speech.h"
#include "heloscope/db/history.h"

struct news {
    const struct options *options;
    struct speech *speech;
    struct recording *recording;
    struct history *history; /* NULL = not opened yet, or it cannot be */
    unsigned generation;     /* of the file that it was opened for */
    uint64_t broken;         /* findings that --fail-on names */
    struct alike *alike;     /* NULL = all findings are printed */
};

/* Opens the history for reading, or another one when the store has opened another file. */
bool news_open(struct news *news);

/* Prints what is committed and was not printed yet, and says what the store has to say. A history
 * that cannot be read, for a reason that may pass, ends nothing. */
void news_print(struct news *news);

/* Closes the history. */
void news_close(struct news *news);

#endif
