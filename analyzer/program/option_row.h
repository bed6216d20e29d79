/* SPDX-License-Identifier: ISC */
/* One option of the command line. Parsing, help, completion and the test of the manual are made of
 * these rows. */
#ifndef ANALYZER_PROGRAM_OPTION_ROW_H
#define ANALYZER_PROGRAM_OPTION_ROW_H

#include "options.h"

/* Sets what `value` says; false with `why` when it says nothing sensible. `name` is the option as
 * it is shown in complaints. */
typedef bool option_set_fn(struct options *options, const char *name, const char *value,
                           struct failure *why);

struct option_row {
    unsigned where; /* the subcommands that have it: enum subcommand */
    char letter;    /* 0 = none */
    const char *name;
    const char *argument; /* NULL = takes none; in brackets, it may be left out */
    option_set_fn *set;
    const char *help;
};

/* The option that names a file of options. */
#define OPTION_CONFIG "config"

/* All rows: those that ask for sessions stand first. NULL behind the last. */
const struct option_row *option_row_at(size_t index);

/* Whether its value may be left out. */
bool option_may_be_left_out(const struct option_row *row);

#endif
