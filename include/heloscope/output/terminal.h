/* SPDX-License-Identifier: ISC */
/* What depends on whether a person is watching: colour on standard output, a progress bar and
 * warnings on standard error. */
#ifndef HELOSCOPE_OUTPUT_TERMINAL_H
#define HELOSCOPE_OUTPUT_TERMINAL_H

#include <stdint.h>
#include <stdio.h>

#include "heloscope/base/text.h"
#include "heloscope/failure.h"
#include "heloscope/output/outlet.h"

enum colour_choice {
    COLOUR_AUTO, /* on a terminal, unless NO_COLOR is set or the terminal is "dumb" */
    COLOUR_ALWAYS,
    COLOUR_NEVER,
};

/* Colour only repeats what words and marks say. */
enum style {
    STYLE_PLAIN,
    STYLE_HEADING,
    STYLE_ORIGIN,
    STYLE_REFUSED, /* a reply that a diagnosis explains */
    STYLE_CLIENT,
    STYLE_FAINT,
    STYLE_COUNT
};

struct terminal {
    bool colour;
    bool utc;          /* times are shown in UTC, not in local time */
    bool unicode;      /* the characters of the locale are UTF-8 */
    int columns;       /* of the terminal, or what COLUMNS says; 0 = not known */
    bool progress;     /* a bar may be drawn */
    bool bar_is_drawn; /* the cursor stands behind it */
    int64_t next_bar_us;
    struct outlet *outlet; /* what standard error is written through; NULL = nothing lies between */
    bool journal;          /* the reader is systemd's journal: lines begin with their priority */
};

void terminal_setup(struct terminal *terminal, enum colour_choice choice, bool quiet);

/* Whether a service manager has started the program: systemd, which waits to be notified or reads
 * standard error into its journal. */
bool terminal_of_service(const struct terminal *terminal);

/* The sequence that switches to `style`, "" without colour. */
const char *terminal_style(const struct terminal *terminal, enum style style);

/* A moment in microseconds since 1970 as the user wants to read it, with its zone. Returns `out`.
 */
char *terminal_time(const struct terminal *terminal, int64_t us, char out[TEXT_TIME]);

/* "heloscope: " and one line on standard error, in place of the progress bar. Control characters in
 * it (of a file's name) are made visible. */
__attribute__((format(printf, 2, 3))) void terminal_say(struct terminal *terminal,
                                                        const char *format, ...);

/* The same, of what is wrong: it has another priority in the journal. */
__attribute__((format(printf, 2, 3))) void terminal_warn(struct terminal *terminal,
                                                         const char *format, ...);

/* Draws the bar, at most ten times a second. `total` 0 = not known. */
void terminal_progress(struct terminal *terminal, uint64_t done, uint64_t total, uint64_t packets);

/* Draws a line in the place of the bar, where one may be drawn. */
__attribute__((format(printf, 2, 3))) void terminal_status(struct terminal *terminal,
                                                           const char *format, ...);

/* Takes the bar away. */
void terminal_progress_end(struct terminal *terminal);

/* Whether all that was printed has arrived. False with `why`, but not for a reader that has closed
 * the pipe: it has seen what it wanted. */
bool terminal_flush(struct failure *why);

#endif
