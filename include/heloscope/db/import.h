/* SPDX-License-Identifier: ISC */
/* Rows of a fleet back into a history, so that a session of any sensor is shown as one of our own.
 */
#ifndef HELOSCOPE_DB_IMPORT_H
#define HELOSCOPE_DB_IMPORT_H

#include "heloscope/bytes.h"
#include "heloscope/failure.h"

struct import;

/* Makes an empty history at `path`. NULL with `why`. */
struct import *import_open(const char *path, struct failure *why);

/* Takes a row of outbox_tables[table], a JSON object as the fleet gives it, into session
 * `session_id`; it takes the place of an earlier one of the same key. */
bool import_row(struct import *import, size_t table, int64_t session_id, struct bytes object,
                struct failure *why);

/* Commits. */
bool import_close(struct import *import, struct failure *why);

#endif
