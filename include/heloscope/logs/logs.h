/* SPDX-License-Identifier: ISC */
/* Mail servers' logs, read and joined with the sessions of a history. */
#ifndef HELOSCOPE_LOGS_LOGS_H
#define HELOSCOPE_LOGS_LOGS_H

#include "heloscope/db/logbook.h"

struct logs_job {
    const char *path; /* "-" is standard input */
    bool utc;         /* times without a zone are in UTC, else in local time */
};

/* Reads a log, plain or compressed, and stores the lines of the sessions that the history has. What
 * it came to is in `out`, whose texts live as long as `job`. False with `why`; nothing of the file
 * is stored then. */
bool logs_read(struct history *history, struct logbook *book, const struct logs_job *job,
               struct log_file *out, struct failure *why);

#endif
