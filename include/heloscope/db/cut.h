/* SPDX-License-Identifier: ISC */
/* Connections that were cut by the borders of capture files: which files hold their parts. */
#ifndef HELOSCOPE_DB_CUT_H
#define HELOSCOPE_DB_CUT_H

#include "heloscope/db/store.h"

/* A capture file of the history. */
struct cut_file {
    int64_t capture_id, started_us;
    char *source, *path; /* as it was named, and where it lay */
};

struct cut {
    struct cut_file *files; /* by capture_id */
    size_t file_count;
    uint32_t *endpoints; /* endpoints_hash() of the connections, ascending */
    size_t endpoint_count;
};

/* Hands over which sessions of this run are parts of connections of which the history has another
 * part, from another file; none that was handed over before. What is written from now on joins
 * them: it is not counted, and its findings are not noted as this run's. False with `why`. The
 * caller calls cut_free() in either case. */
bool store_take_cut(struct store *store, struct cut *cut, struct failure *why);

void cut_free(struct cut *cut);

#endif
