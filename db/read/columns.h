/* SPDX-License-Identifier: ISC */
/* A row of a query, read column by column. */
#ifndef DB_READ_COLUMNS_H
#define DB_READ_COLUMNS_H

#include "query.h"

/* Reads a row from left to right. */
struct columns {
    sqlite3_stmt *row;
    int next;
};

static inline int64_t number(struct columns *c)
{
    return sqlite3_column_int64(c->row, c->next++);
}

static inline const char *text(struct columns *c)
{
    return reader_text(c->row, c->next++);
}

/* A number whose absence has a value of its own. */
static inline int64_t number_or(struct columns *c, int64_t absent)
{
    const bool there = sqlite3_column_type(c->row, c->next) != SQLITE_NULL;
    const int64_t value = number(c);
    return there ? value : absent;
}

#endif
