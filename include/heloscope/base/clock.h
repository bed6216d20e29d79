/* SPDX-License-Identifier: ISC */
/* The time now, in microseconds. */
#ifndef HELOSCOPE_BASE_CLOCK_H
#define HELOSCOPE_BASE_CLOCK_H

#include <stdint.h>

/* By a clock that only goes forward, from a beginning of its own: for spans. */
int64_t clock_steady_us(void);

/* Since 1970; may be set back and forth. */
int64_t clock_wall_us(void);

#endif
