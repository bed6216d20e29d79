/* SPDX-License-Identifier: ISC */
/* Which calls of the kernel are left to the process, and which to the thread that reads. */
#ifndef ANALYZER_PROGRAM_SANDBOX_CALLS_H
#define ANALYZER_PROGRAM_SANDBOX_CALLS_H

#include <stdbool.h>

/* What other threads than the one that reads do. */
struct sandbox_work {
    bool captures; /* interfaces are opened again when they come back */
    bool ships;    /* rows are sent to a fleet */
};

/* For all threads that there are, and will be: no new programs, no processes, nothing of other
 * processes, and of sockets only what `work` needs. False when kernel or build do not have it. */
bool sandbox_calls_of_all(const struct sandbox_work *work);

/* For this thread and those that it starts later: no sockets either, but for the words to a service
 * manager. */
bool sandbox_calls_of_reader(void);

#endif
