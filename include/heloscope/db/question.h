/* SPDX-License-Identifier: ISC */
/* Questions to a history in SQL, answered row by row. */
#ifndef HELOSCOPE_DB_QUESTION_H
#define HELOSCOPE_DB_QUESTION_H

#include "heloscope/db/history.h"

/* A row of an answer. Pointers are valid until the callback returns. */
struct history_row {
    int columns;
    const char *const *names;
    const char *const *cells; /* NULL = absent */
    const bool *numbers;      /* the cell is a number */
};

/* Return false to stop. */
typedef bool history_row_fn(void *context, const struct history_row *row);

struct question {
    const char *name;             /* for complaints: "query cascades" */
    const char *sql;              /* one statement that changes nothing; comments may precede it */
    const char *const *arguments; /* values of its parameters, in their order; as many as it has */
    size_t argument_count;
};

/* Calls `fn` once with the columns alone (`cells` NULL), and then with each row.
 * False with `why` when the SQL is wrong, the number of arguments is, or the history cannot be
 * read. */
bool history_ask(struct history *history, const struct question *question, history_row_fn *fn,
                 void *context, struct failure *why);

#endif
