/* SPDX-License-Identifier: ISC */
/* The signals that tell a program which goes on something else than to end; those that end it are
 * recording.h's. SIGHUP has two meanings: a word from whoever rotates files, and that the terminal
 * has gone. */
#ifndef ANALYZER_PROGRAM_SIGNALS_H
#define ANALYZER_PROGRAM_SIGNALS_H

#include <stdbool.h>

enum wish {
    WISH_NONE,
    WISH_REOPEN,     /* SIGHUP: files may have been rotated */
    WISH_STATISTICS, /* SIGUSR1 */
    WISH_END,        /* the terminal has gone, and nothing else keeps the program */
};

/* Listens from now on. `outlives`: the end of its terminal is none of the program, as under a
 * service manager; one that was started with SIGHUP ignored (nohup) outlives it too. */
void signals_begin(bool outlives);

/* Returns the next wish that came since the last call. */
enum wish signals_next(void);

/* As before. */
void signals_end(void);

#endif
