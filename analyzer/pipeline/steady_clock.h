/* SPDX-License-Identifier: ISC */
/* What time it is, by the times of packets, of which one alone says little: a clock that was set, a
 * card that stamps wrong, a damaged file. What expires does so by this clock. */
#ifndef ANALYZER_PIPELINE_STEADY_CLOCK_H
#define ANALYZER_PIPELINE_STEADY_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct steady_clock {
    int64_t now_us;
    bool given; /* somebody who knows tells it: packets do not */
    bool begun;
    int64_t other_us; /* a time far from now that packets told, one after the other ... */
    unsigned count;   /* ... so many; 0 = none */
};

/* A packet's time. One that is a little later than now moves the clock; one that is far from it
 * (STEADY_STEP_US) only when STEADY_PROOFS in a row agree. */
void steady_clock_packet(struct steady_clock *clock, int64_t ts_us);

/* The time is told, now and from now on. It never goes back. */
void steady_clock_set(struct steady_clock *clock, int64_t now_us);

#endif
