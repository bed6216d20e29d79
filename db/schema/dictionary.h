/* SPDX-License-Identifier: ISC */
/* The table `causes`: the program's own dictionary, for readers of the file. */
#ifndef DB_SCHEMA_DICTIONARY_H
#define DB_SCHEMA_DICTIONARY_H

#include <sqlite3.h>
#include <stdbool.h>

/* Makes the table equal to the dictionary of this program, inside the open transaction; writes
 * only what differs. False with the error left in `db`. */
bool dictionary_refresh(sqlite3 *db);

#endif
