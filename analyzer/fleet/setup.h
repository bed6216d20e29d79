/* SPDX-License-Identifier: ISC */
/* The database of a fleet: made, brought forward, and asked for its version. */
#ifndef ANALYZER_FLEET_SETUP_H
#define ANALYZER_FLEET_SETUP_H

#include "http.h"

/* Grows with each change to the columns that go out (outbox_column.since) and to the views. */
enum {
    SETUP_VERSION = 3
};

struct setup {
    const struct account *account;
    struct http *http;
};

/* Makes what is missing; a database that is complete is left as it is, and its views are made anew.
 */
bool setup_run(const struct setup *setup, struct failure *why);

/* The version of the database, 0 when there is none. */
enum http_outcome setup_version(const struct setup *setup, int *version, struct failure *why);

#endif
