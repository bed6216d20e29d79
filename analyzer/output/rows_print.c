/* SPDX-License-Identifier: ISC */
#include "heloscope/output/rows_print.h"

#include <string.h>
#include <time.h>

#include "heloscope/base/text.h"

enum {
    ROWS_TIME = 56
};

/* A cell that a spreadsheet would take for a formula comes from the wire as likely as not. */
static bool is_formula(const char *cell)
{
    return *cell && strchr("=+-@\t\r", *cell);
}

/* RFC 4180 section 2: quotes around what holds a comma, a quote or a line end, and quotes doubled.
 * What steers a terminal is made visible. */
static void print_csv_cell(FILE *out, const char *cell, bool number)
{
    if (number || !cell || !*cell) {
        fputs(cell ? cell : "", out);
        return;
    }
    fputs(is_formula(cell) ? "\"'" : "\"", out);
    for (;;) {
        const size_t length = strcspn(cell, "\"\n");
        text_print(out, bytes_of(cell, length));
        if (!cell[length])
            break;
        fputs(cell[length] == '"' ? "\"\"" : "\n", out);
        cell += length + 1;
    }
    fputc('"', out);
}

static void print_csv(FILE *out, const struct history_row *row)
{
    for (int i = 0; i < row->columns; i++) {
        fputs(i ? "," : "", out);
        print_csv_cell(out, row->cells ? row->cells[i] : row->names[i],
                       !row->cells || row->numbers[i]);
    }
    fputs("\r\n", out);
}

static void print_object(struct json *json, const struct history_row *row)
{
    json_open(json, NULL, '{');
    for (int i = 0; i < row->columns; i++)
        if (row->numbers[i] && row->cells[i])
            json_number(json, row->names[i], row->cells[i]);
        else
            json_string(json, row->names[i], row->cells[i]);
    json_close(json);
}

/* The history's questions give times in UTC, and programs get them so; people read them in the zone
 * of everything else that is printed. False when the cell is no time of a day. */
static bool print_time(const struct terminal *terminal, const char *cell, char out[ROWS_TIME])
{
    struct tm utc = {0};
    int end = 0;
    char zone[8] = "UTC", day[32];
    if (sscanf(cell, "%4d-%2d-%2d %2d:%2d:%2d%n", &utc.tm_year, &utc.tm_mon, &utc.tm_mday,
               &utc.tm_hour, &utc.tm_min, &utc.tm_sec, &end) != 6 ||
        end != 19 || (cell[end] && cell[end] != '.'))
        return false;
    utc.tm_year -= 1900;
    utc.tm_mon -= 1;
    const time_t seconds = timegm(&utc);
    struct tm shown = utc;
    if (!terminal->utc) {
        localtime_r(&seconds, &shown);
        strftime(zone, sizeof zone, "%Z", &shown);
    }
    strftime(day, sizeof day, "%Y-%m-%d %H:%M:%S", &shown);
    snprintf(out, ROWS_TIME, "%s%.8s %s", day, cell + end, zone);
    return true;
}

static bool names_time(const char *name)
{
    static const char *const names[] = {"first_seen", "last_seen", "time", "first_line",
                                        "last_line"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* Columns beyond those of a table are left out, as are the lines behind the first. */
static void print_table_row(struct rows_print *print, const struct history_row *row)
{
    const char *cells[TABLE_COLUMNS];
    char times[TABLE_COLUMNS][ROWS_TIME];
    for (int i = 0; i < row->columns && i < TABLE_COLUMNS; i++) {
        cells[i] = row->cells[i] ? row->cells[i] : "";
        if (names_time(row->names[i]) && print_time(print->terminal, cells[i], times[i]))
            cells[i] = times[i];
    }
    table_row(&print->table, cells);
}

static struct json *json_of(struct rows_print *print)
{
    return print->into ? print->into : &print->json;
}

static void begin(struct rows_print *print, const struct history_row *row)
{
    print->begun = true;
    print->json = (struct json){.out = print->out, .one_line = print->form == ROWS_JSONL};
    if (print->form == ROWS_TABLE)
        table_begin(&print->table, print->out, print->terminal, row->columns, row->names);
    else if (print->form == ROWS_CSV)
        print_csv(print->out, row);
    else if (print->form == ROWS_JSON)
        json_open(json_of(print), print->name, '[');
}

bool rows_print(void *context, const struct history_row *row)
{
    struct rows_print *print = context;
    if (!row->cells) {
        begin(print, row);
        return true;
    }
    if (print->rows == print->limit)
        return false;
    print->rows++;
    if (print->form == ROWS_TABLE)
        print_table_row(print, row);
    else if (print->form == ROWS_CSV)
        print_csv(print->out, row);
    else
        print_object(json_of(print), row);
    return true;
}

void rows_print_end(struct rows_print *print)
{
    if (!print->begun)
        return;
    if (print->form == ROWS_TABLE)
        table_end(&print->table);
    else if (print->form == ROWS_JSON)
        json_close(json_of(print));
    print->begun = false;
}
