/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>

#include "heloscope/base/text.h"
#include "option_row.h"

void options_help(enum subcommand subcommand, FILE *out)
{
    const struct option_row *row;
    for (size_t i = 0; (row = option_row_at(i)); i++) {
        if (!(row->where & subcommand))
            continue;
        const bool joined = row->argument && row->argument[0] == '[';
        char left[64];
        int length = row->letter ? snprintf(left, sizeof left, "-%c, ", row->letter)
                                 : snprintf(left, sizeof left, "    ");
        snprintf(left + length, sizeof left - (size_t)length, "--%s%s%s", row->name,
                 row->argument && !joined ? " " : "", row->argument ? row->argument : "");
        fprintf(out, "  %-30s", left);
        text_wrap(out, row->help, 32, 32, 80);
    }
}

const char *options_queries(void)
{
    const char *named = getenv("HELOSCOPE_QUERIES");
    return named && *named ? named : QUERIES_FOLDER;
}
