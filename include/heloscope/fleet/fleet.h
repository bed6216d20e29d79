/* SPDX-License-Identifier: ISC */
/* A database for the histories of many sensors: ClickHouse, over HTTP. */
#ifndef HELOSCOPE_FLEET_FLEET_H
#define HELOSCOPE_FLEET_FLEET_H

#include "heloscope/db/outbox.h"

/* What the command line says of it; NULL = nothing. */
struct fleet_words {
    const char *credentials; /* a file; NULL = /etc/heloscope-fleet.conf when it is there */
    const char *url;         /* in the place of the file's endpoints */
    const char *sensor, *cluster;
    bool partial; /* a shard that is down is a warning */
};

/* Whether this program can speak HTTP. */
bool fleet_is_built(void);

/* Whether what `words` name can be read and names a fleet; nothing is asked of it. */
bool fleet_check(const struct fleet_words *words, struct failure *why);

/* Makes the database, its tables and views, or brings them forward. */
bool fleet_init(const struct fleet_words *words, struct failure *why);

struct ship_job {
    bool follow;  /* go on when all is sent, until stop_came() */
    bool restart; /* send everything again */
    bool quiet;
    int attempts; /* of a run that is to end, in a row; 0 = eight */
};

struct ship_totals {
    uint64_t sessions, rows, octets,
        wire_octets; /* sent and acknowledged; octets before and after gzip */
};

/* Sends what the history has beyond the cursor "ship"; see heloscope-fleet(7). `totals` may be
 * NULL. False with `why` when it cannot go on; what was not acknowledged stays news. */
bool fleet_ship(const char *database, const struct fleet_words *words, const struct ship_job *job,
                struct ship_totals *totals, struct failure *why);

#endif
