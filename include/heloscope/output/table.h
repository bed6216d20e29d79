/* SPDX-License-Identifier: ISC */
/* Columns of text on the screen, as wide as their cells; numbers stand at the right. */
#ifndef HELOSCOPE_OUTPUT_TABLE_H
#define HELOSCOPE_OUTPUT_TABLE_H

#include "heloscope/output/terminal.h"

enum {
    TABLE_COLUMNS = 16
};

struct table {
    FILE *out;
    const struct terminal *terminal;
    int columns;
    char *names[TABLE_COLUMNS];
    int widths[TABLE_COLUMNS];
    bool textual[TABLE_COLUMNS]; /* some cell is not a number */
    char **cells;                /* rows that wait to be printed */
    size_t rows;
    bool headed; /* the names have been printed */
};

/* Names beyond TABLE_COLUMNS are left out, here and in the rows. */
void table_begin(struct table *table, FILE *out, const struct terminal *terminal, int columns,
                 const char *const *names);

/* One row of as many cells as there are names. Long tables are printed in pieces, so that they need
 * no memory of their own length. */
void table_row(struct table *table, const char *const *cells);

/* Prints what waits, and frees. Nothing at all is printed of a table without rows. */
void table_end(struct table *table);

#endif
