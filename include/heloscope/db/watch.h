/* SPDX-License-Identifier: ISC */
/* Whether others have written to the history. */
#ifndef HELOSCOPE_DB_WATCH_H
#define HELOSCOPE_DB_WATCH_H

#include "heloscope/db/history.h"

/* A number that is another one when something was committed since the last call; -1 when it cannot
 * be known. */
int64_t history_version(struct history *history);

#endif
