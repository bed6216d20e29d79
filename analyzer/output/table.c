/* SPDX-License-Identifier: ISC */
#include "heloscope/output/table.h"

#include <stdlib.h>
#include <string.h>

#include "heloscope/base/memory.h"
#include "heloscope/base/text.h"

enum {
    PIECE = 1000,
    GAP = 2
};

static char *copy(const char *text)
{
    size_t size = strlen(text) + 1;
    return memcpy(memory_get(size), text, size);
}

static void widen(struct table *table, int column, const char *cell)
{
    int width = (int)text_columns(bytes_of_string(cell));
    if (width > table->widths[column])
        table->widths[column] = width;
}

void table_begin(struct table *table, FILE *out, const struct terminal *terminal, int columns,
                 const char *const *names)
{
    *table = (struct table){.out = out, .terminal = terminal};
    table->columns = columns < TABLE_COLUMNS ? columns : TABLE_COLUMNS;
    table->cells = memory_get(PIECE * (size_t)table->columns * sizeof *table->cells);
    for (int i = 0; i < table->columns; i++) {
        table->names[i] = copy(names[i]);
        widen(table, i, names[i]);
    }
}

static void print_cell(const struct table *table, int column, const char *cell)
{
    int room = table->widths[column] - (int)text_columns(bytes_of_string(cell));
    bool last = column + 1 == table->columns;
    if (!table->textual[column])
        fprintf(table->out, "%*s", room, "");
    text_print(table->out, bytes_of_string(cell));
    if (last)
        putc('\n', table->out);
    else
        fprintf(table->out, "%*s", GAP + (table->textual[column] ? room : 0), "");
}

static void print_names(struct table *table)
{
    fputs(terminal_style(table->terminal, STYLE_HEADING), table->out);
    for (int i = 0; i < table->columns; i++)
        print_cell(table, i, table->names[i]);
    fputs(terminal_style(table->terminal, STYLE_PLAIN), table->out);
    table->headed = true;
}

static void print_piece(struct table *table)
{
    if (table->rows && !table->headed)
        print_names(table);
    for (size_t row = 0; row < table->rows; row++)
        for (int i = 0; i < table->columns; i++) {
            char **cell = &table->cells[row * (size_t)table->columns + (size_t)i];
            print_cell(table, i, *cell);
            free(*cell);
        }
    table->rows = 0;
}

static bool is_number(const char *cell)
{
    return cell[strspn(cell, "0123456789")] == '\0';
}

void table_row(struct table *table, const char *const *cells)
{
    for (int i = 0; i < table->columns; i++) {
        table->cells[table->rows * (size_t)table->columns + (size_t)i] = copy(cells[i]);
        widen(table, i, cells[i]);
        if (!is_number(cells[i]))
            table->textual[i] = true;
    }
    if (++table->rows == PIECE)
        print_piece(table);
}

void table_end(struct table *table)
{
    print_piece(table);
    for (int i = 0; i < table->columns; i++)
        free(table->names[i]);
    free(table->cells);
}
