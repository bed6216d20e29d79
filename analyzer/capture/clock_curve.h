/* SPDX-License-Identifier: ISC */
/* How the clock of one capture file goes against that of another. */
#ifndef ANALYZER_CAPTURE_CLOCK_CURVE_H
#define ANALYZER_CAPTURE_CLOCK_CURVE_H

#include "sightings.h"

/* At a time of the file, how much is to be added to it. */
struct clock_knot {
    int64_t ts_us, add_us;
};

/* Between two knots along a line, as clocks drift; before the first and behind the last as there.
 * Without knots the clock is right. */
struct clock_curve {
    struct clock_knot *knots;
    size_t count;
};

int64_t clock_curve_at(const struct clock_curve *curve, int64_t ts_us);

/* Makes of `file`'s connections that `other` saw as well the curve that puts causes in front of
 * their effects: what acknowledges octets was sent behind them. `other`'s own times are read with
 * `other_curve`. The curve has no knots when the clocks agree, or nothing can be said. */
void clock_curve_find(struct clock_curve *curve, const struct sightings *file,
                      const struct sightings *other, const struct clock_curve *other_curve);

void clock_curve_free(struct clock_curve *curve);

#endif
