/* SPDX-License-Identifier: ISC */
/* Times as people write them on a command line. */
#ifndef ANALYZER_PROGRAM_WHEN_H
#define ANALYZER_PROGRAM_WHEN_H

#include <stdbool.h>
#include <stdint.h>

/* Reads "2026-11-21", "2026-11-21 14:05", "2026-11-21T14:05:30.5", "14:05" (today), "today",
 * "yesterday", "now"; behind a time of day "Z" or "+02:00" name its zone. Others are in local time,
 * with `utc` in UTC. `now_us` and the result are microseconds since 1970. With `end` a day means
 * its end, which is the beginning of the next. False when the text says no such time. */
bool when_read(const char *text, bool utc, bool end, int64_t now_us, int64_t *out_us);

/* Reads a span such as "90s", "30m", "24h", "7d", "2w" as microseconds. */
bool when_read_span(const char *text, int64_t *out_us);

#endif
