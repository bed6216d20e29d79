/* SPDX-License-Identifier: ISC */
/* The history on a full screen. */
#ifndef HELOSCOPE_SCREENS_BROWSE_H
#define HELOSCOPE_SCREENS_BROWSE_H

#include "heloscope/db/selection.h"

struct browse_job {
    const char *database; /* its name, for the user */
    const struct selection *selection;
    bool utc; /* times are shown in UTC */
};

/* Shows the sessions that fit until the user leaves, and what is written meanwhile. False with
 * `why`: no terminal, or the program was built without ncurses. */
bool browse(struct history *history, const struct browse_job *job, struct failure *why);

#endif
