/* SPDX-License-Identifier: ISC */
/* The lines of mail servers' logs beside the sessions of a history. */
#ifndef HELOSCOPE_DB_LOGBOOK_H
#define HELOSCOPE_DB_LOGBOOK_H

#include "heloscope/bytes.h"
#include "heloscope/db/history.h"

/* A line that belongs to a session. */
struct log_line {
    int64_t session_id, ts_us; /* the time as the log has it */
    int64_t clock_us;          /* by how much its clock is ahead */
    int64_t line;              /* its number in the file */
    event_no seq;              /* the event behind which it stands */
    const char *server, *kind, *joined;
    struct bytes text;
    int code;    /* 0 = none is named */
    bool alone;  /* it tells of trouble that no event shows */
    bool answer; /* `seq` is the reply that it is about */
};

/* What became of a file. */
struct log_file {
    const char *path;    /* as it was named */
    const char *servers; /* "Postfix, Exim" */
    int64_t lines, known, joined, stray, unclear;
    int64_t visits, visits_joined;
    bool has_clock;
    int64_t clock_us, first_us, last_us;
    bool over; /* no more of it comes */
};

struct logbook;

/* Opens the history at `path` for writing, brought forward where it is older. Another process may
 * write it at the same time. NULL with `why`. */
struct logbook *logbook_open(const char *path, struct failure *why);

/* Takes the lock, to store lines of a file. When it begins, what was stored of it before goes. */
bool logbook_begin(struct logbook *book, const char *path, struct failure *why);
bool logbook_add(struct logbook *book, const struct log_line *line, struct failure *why);

/* Commits; the file begins anew next time when it is `over`. */
bool logbook_end(struct logbook *book, const struct log_file *file, struct failure *why);

void logbook_close(struct logbook *book); /* what was not ended is not stored; NULL is allowed */

/* The lines of a session in their order; texts are valid until the callback returns. */
typedef bool history_log_fn(void *context, const struct log_line *line);
bool history_log(struct history *history, int64_t session_id, history_log_fn *fn, void *context,
                 struct failure *why);

#endif
