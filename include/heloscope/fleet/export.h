/* SPDX-License-Identifier: ISC */
/* heloscope export: the history as lines for other programs, written once and then as it grows. */
#ifndef HELOSCOPE_FLEET_EXPORT_H
#define HELOSCOPE_FLEET_EXPORT_H

#include "heloscope/db/outbox.h"

enum export_format {
    EXPORT_JSONL, /* sessions and findings, a JSON object a line */
    EXPORT_EVE,   /* events "smtp" as Suricata's EVE has them */
    EXPORT_ZEEK,  /* Zeek's smtp.log, separated by tabs */
    EXPORT_FORMATS
};

/* The format of that name, EXPORT_FORMATS when there is none. */
enum export_format export_format_of(const char *name);

struct export_job {
    enum export_format format;
    const char *output; /* the file that lines are added to; NULL = standard output */
    const char *sensor; /* goes into each line; NULL = none */
    bool follow;        /* go on when all is written, until stop_came() */
};

/* Writes the sessions that `outbox` has beyond its cursor and that have ended, whole lines only,
 * and moves the cursor behind what is safely in the file. A file that was renamed or removed is
 * made anew. False with `why`. */
bool export_run(struct outbox *outbox, const struct export_job *job, struct failure *why);

#endif
