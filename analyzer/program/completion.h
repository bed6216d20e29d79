/* SPDX-License-Identifier: ISC */
/* What may be typed next, for the completion of bash, zsh and fish alike. */
#ifndef ANALYZER_PROGRAM_COMPLETION_H
#define ANALYZER_PROGRAM_COMPLETION_H

#include <stddef.h>

#include "options.h"

struct completion_command {
    enum subcommand id;
    const char *name, *summary;
};

/* Prints the words that may stand in the place of the last of `words` (those behind "heloscope",
 * which may be empty), a line each, with a tab and what it means where that is known. ":files" and
 * ":folders" alone mean those of the shell. */
void completion_print(const struct completion_command *commands, size_t command_count,
                      const char *const *words, size_t count);

#endif
