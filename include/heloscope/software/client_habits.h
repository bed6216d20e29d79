/* SPDX-License-Identifier: ISC */
/* What real clients do, measured: the table made of analyzer/software/clients.tsv at build time. */
#ifndef HELOSCOPE_SOFTWARE_CLIENT_HABITS_H
#define HELOSCOPE_SOFTWARE_CLIENT_HABITS_H

#include <stddef.h>

struct client_habit {
    const char *client, *version;
    const char *source; /* the package that was measured */
    const char
        *situation;   /* what the server did, "MAIL 550"; or what of the client is shown, "hello" */
    const char *does; /* what the client sent then, and how it ended; a plus joins what did not wait
                         for a reply */
};

/* All rows, `*count` of them; those of one client and version stand together. Static storage. */
const struct client_habit *client_habits(size_t *count);

#endif
