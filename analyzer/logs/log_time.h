/* SPDX-License-Identifier: ISC */
/* The times that logs write. */
#ifndef ANALYZER_LOGS_LOG_TIME_H
#define ANALYZER_LOGS_LOG_TIME_H

#include "heloscope/bytes.h"

/* How a time without a year or a zone is to be read. */
struct log_calendar {
    bool utc;        /* a time without a zone is in UTC, else in local time */
    int64_t near_us; /* the year that is not written is the one that lies nearest to this */
};

/* A time at the front of a line, in microseconds since 1970, and how fine it is: 1000000 when whole
 * seconds are written. */
struct log_time {
    int64_t us, step_us;
};

/* Takes a time and the blanks behind it off `text`: "2026-11-28T01:45:46.123456+01:00" (RFC 3339),
 * "2026-11-28 01:45:46.123 +0100" (Exim), "Nov 28 01:45:46" (RFC 3164), also with a year behind the
 * day. False when there is none. */
bool log_time_take(struct bytes *text, const struct log_calendar *calendar, struct log_time *out);

#endif
