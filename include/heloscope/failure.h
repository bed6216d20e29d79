/* SPDX-License-Identifier: ISC */
/* The machine said no: I/O, memory, SQL. One line that says what, which and what to do about it.
 * It goes straight up to the one place that prints it (analyzer/main.c). */
#ifndef HELOSCOPE_FAILURE_H
#define HELOSCOPE_FAILURE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

struct failure {
    char text[512];
};

/* Fills in the line and returns false, so that a function can `return failure_set(why, ...)`.
 * `why` may be NULL. */
__attribute__((format(printf, 2, 3))) static inline bool failure_set(struct failure *why,
                                                                     const char *format, ...)
{
    if (why) {
        va_list args;
        va_start(args, format);
        vsnprintf(why->text, sizeof why->text, format, args);
        va_end(args);
    }
    return false;
}

#endif
