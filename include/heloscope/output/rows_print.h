/* SPDX-License-Identifier: ISC */
/* Rows of an answer in the form that is wanted. */
#ifndef HELOSCOPE_OUTPUT_ROWS_PRINT_H
#define HELOSCOPE_OUTPUT_ROWS_PRINT_H

#include "heloscope/db/question.h"
#include "heloscope/output/json.h"
#include "heloscope/output/table.h"

enum rows_form {
    ROWS_TABLE,
    ROWS_CSV,   /* RFC 4180, a line of names first */
    ROWS_JSON,  /* an array of objects */
    ROWS_JSONL, /* an object a line */
};

struct rows_print {
    enum rows_form form;
    FILE *out;
    const struct terminal *terminal;
    long limit; /* rows at most; -1 = all */
    long rows;  /* that were printed */

    struct json *into; /* an array of this document, ... */
    const char *name;  /* ... so named; NULL = a document of its own */

    struct table table;
    struct json json;
    bool begun;
};

/* `print` with form, out, terminal and limit filled in, and all else zero, is ready. */
history_row_fn rows_print; /* its context is a struct rows_print */

/* Ends what was begun; nothing is printed of a table without rows. */
void rows_print_end(struct rows_print *print);

#endif
