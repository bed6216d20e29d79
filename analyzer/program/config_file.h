/* SPDX-License-Identifier: ISC */
/* A file of options: a line is the long name of one, and behind = or blanks its value. Lines that
 * begin with # say nothing. */
#ifndef ANALYZER_PROGRAM_CONFIG_FILE_H
#define ANALYZER_PROGRAM_CONFIG_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/failure.h"

/* Its lines as words of a command line, such as "--db=/var/lib/x.db". */
struct config_file {
    const char *path;
    char **words; /* owned */
    int *lines;   /* owned: where each stands in the file */
    size_t count;
};

/* What is to be done with an option of that name. */
enum config_use {
    CONFIG_TAKE,
    CONFIG_TAKE_VALUE, /* so too; it must have a value */
    CONFIG_PASS,       /* it is of another subcommand */
    CONFIG_UNKNOWN,
};

/* Reads `path`; `use` judges the names. False with `why`, which names the file and the line. */
bool config_file_read(const char *path, enum config_use (*use)(void *context, const char *name),
                      void *context, struct config_file *out, struct failure *why);

void config_file_free(struct config_file *file);

#endif
