/* SPDX-License-Identifier: ISC */
/* The clock of an interface of a pcapng file: how its ticks become microseconds. */
#ifndef ANALYZER_CAPTURE_PCAPNG_CLOCK_H
#define ANALYZER_CAPTURE_PCAPNG_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

enum {
    PCAPNG_MICROSECONDS = 6, /* an exponent */
};

struct pcapng_clock {
    bool binary;       /* ticks of 2^-exponent seconds, else of 10^-exponent */
    uint8_t exponent;  /* 0 to 127 */
    int64_t offset_us; /* against 1970 */
};

/* Returns an offset in seconds, as files have it, in microseconds within the times that are told.
 */
int64_t pcapng_clock_offset_us(int64_t seconds);

/* Returns the time of `ticks` in microseconds since 1970, from 0 to FILE_LAST_US. */
int64_t pcapng_clock_us(const struct pcapng_clock *clock, uint64_t ticks);

#endif
