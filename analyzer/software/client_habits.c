/* SPDX-License-Identifier: ISC */
#include "heloscope/software/client_habits.h"

static const struct client_habit rows[] = {
#include "analyzer/software/clients_rows.h"
};

const struct client_habit *client_habits(size_t *count)
{
    *count = sizeof rows / sizeof *rows;
    return rows;
}
