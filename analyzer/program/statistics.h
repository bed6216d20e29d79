/* SPDX-License-Identifier: ISC */
/* What a live capture does: minute by minute in the history, and at once when packets are lost. */
#ifndef ANALYZER_PROGRAM_STATISTICS_H
#define ANALYZER_PROGRAM_STATISTICS_H

#include "recording.h"
#include "speech.h"

/* Of one interface. */
struct interface_statistics {
    uint64_t packets, bytes, dropped, sessions, errors_503; /* before this minute */
    uint64_t ring_bytes;                                    /* the most that waited in it */
    uint64_t dropped_told;
    int64_t told_clock; /* when drops were told last; 0 = never */
};

struct statistics {
    struct recording *recording;
    struct speech *speech;
    int64_t began_us;
    const char *metrics;   /* the file for Prometheus; NULL = none */
    int64_t metrics_clock; /* when it was written last */
    bool metrics_refused;  /* which was said */
    int64_t minute_us;     /* of the clock on the wall; 0 = not begun */
    struct interface_statistics *of;
    size_t count;
    uint64_t queue_bytes, print_bytes; /* the most that waited in this minute */
};

/* Begins for the interfaces of a recording, which stay the same. `metrics`: the file that is
 * written for Prometheus, or NULL. */
void statistics_begin(struct statistics *statistics, struct recording *recording,
                      struct speech *speech, const char *metrics);

/* Looks at the counters, about once a second: tells drops, draws the line of a terminal, hands a
 * minute that is over to the store. */
void statistics_look(struct statistics *statistics);

/* Hands the minute over that is not. */
void statistics_end(struct statistics *statistics);

/* A line for each of several interfaces. */
void statistics_print_interfaces(struct capture *capture, FILE *out);

#endif
