/* SPDX-License-Identifier: ISC */
#include "heloscope/db/question.h"

#include <stdlib.h>

#include "heloscope/base/memory.h"
#include "query.h"

/* A value for each parameter, and none beyond. */
static bool check_arguments(sqlite3_stmt *statement, const struct question *question,
                            struct failure *why)
{
    const size_t wanted = (size_t)sqlite3_bind_parameter_count(statement);
    if (question->argument_count == wanted)
        return true;
    if (question->argument_count > wanted)
        return failure_set(why, "%s takes %zu argument%s, not %zu", question->name, wanted,
                           wanted == 1 ? "" : "s", question->argument_count);
    const char *name = sqlite3_bind_parameter_name(statement, (int)question->argument_count + 1);
    return failure_set(why, "%s wants a value for %s behind it", question->name,
                       name ? name + 1 : "a parameter");
}

static sqlite3_stmt *prepare(struct history *history, const struct question *question,
                             struct failure *why)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(history->db, question->sql, -1, &statement, NULL) != SQLITE_OK)
        failure_set(why, "%s: %s", question->name, sqlite3_errmsg(history->db));
    else if (!statement)
        failure_set(why, "%s holds no statement", question->name);
    else if (!sqlite3_stmt_readonly(statement))
        failure_set(why, "%s does not only read", question->name);
    else if (check_arguments(statement, question, why))
        return statement;
    sqlite3_finalize(statement);
    return NULL;
}

struct answer {
    struct history_row row;
    const char **names, **cells;
    bool *numbers;
};

static void make_answer(struct answer *answer, sqlite3_stmt *statement)
{
    const int columns = sqlite3_column_count(statement);
    answer->names = memory_get((size_t)columns * sizeof *answer->names + 1);
    answer->cells = memory_get((size_t)columns * sizeof *answer->cells + 1);
    answer->numbers = memory_get((size_t)columns * sizeof *answer->numbers + 1);
    answer->row = (struct history_row){columns, answer->names, NULL, answer->numbers};
    for (int i = 0; i < columns; i++)
        answer->names[i] = sqlite3_column_name(statement, i);
}

static void read_cells(struct answer *answer, sqlite3_stmt *statement)
{
    answer->row.cells = answer->cells;
    for (int i = 0; i < answer->row.columns; i++) {
        const int type = sqlite3_column_type(statement, i);
        answer->numbers[i] = type == SQLITE_INTEGER || type == SQLITE_FLOAT;
        answer->cells[i] = reader_text(statement, i);
    }
}

bool history_ask(struct history *history, const struct question *question, history_row_fn *fn,
                 void *context, struct failure *why)
{
    struct answer answer = {0};
    sqlite3_stmt *statement = prepare(history, question, why);
    if (!statement)
        return false;
    for (size_t i = 0; i < question->argument_count; i++)
        sqlite3_bind_text(statement, (int)i + 1, question->arguments[i], -1, SQLITE_STATIC);
    make_answer(&answer, statement);
    bool wanted = fn(context, &answer.row);
    while (wanted && reader_row(statement)) {
        read_cells(&answer, statement);
        wanted = fn(context, &answer.row);
    }
    free(answer.names);
    free(answer.cells);
    free(answer.numbers);
    return reader_finish(history, statement, why);
}
