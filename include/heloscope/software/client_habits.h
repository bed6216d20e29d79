/* SPDX-License-Identifier: ISC */
/* What real clients do, measured: the table made of analyzer/software/clients.tsv at build time. */
#ifndef HELOSCOPE_SOFTWARE_CLIENT_HABITS_H
#define HELOSCOPE_SOFTWARE_CLIENT_HABITS_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/cause.h"

enum {
    HABIT_TEXT = 512 /* octets that what is told of a client has room in, with its NUL */
};

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

/* What `software`, a name as sessions have it ("Perl Net::SMTP", "Nodemailer 6.9.16"), was measured
 * to do behind a refusal from which `cause` comes: whether it goes on by itself, and what makes it
 * stop. Written to `out` as sentences. False when it was not measured, or `cause` comes from no
 * habit. `software` may be NULL. */
bool client_habit_tell(const char *software, enum cause cause, char out[HABIT_TEXT]);

/* Likewise, of a client in general: what it joins without waiting. */
bool client_habit_sum_up(const char *software, char out[HABIT_TEXT]);

#endif
