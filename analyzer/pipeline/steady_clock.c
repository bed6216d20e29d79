/* SPDX-License-Identifier: ISC */
#include "steady_clock.h"

#include "heloscope/base/limits.h"

static bool is_near(int64_t one, int64_t other)
{
    return one - other <= STEADY_STEP_US && other - one <= STEADY_STEP_US;
}

/* A time far from now. */
static void doubt(struct steady_clock *clock, int64_t ts_us)
{
    clock->count = clock->count && is_near(ts_us, clock->other_us) ? clock->count + 1 : 1;
    clock->other_us = ts_us;
    if (clock->count < STEADY_PROOFS)
        return;
    clock->now_us = ts_us;
    clock->count = 0;
}

void steady_clock_packet(struct steady_clock *clock, int64_t ts_us)
{
    if (clock->given)
        return;
    if (!clock->begun) {
        clock->begun = true;
        clock->now_us = ts_us;
    }
    if (!is_near(ts_us, clock->now_us)) {
        doubt(clock, ts_us);
        return;
    }
    clock->count = 0;
    if (ts_us > clock->now_us)
        clock->now_us = ts_us;
}

void steady_clock_set(struct steady_clock *clock, int64_t now_us)
{
    clock->given = clock->begun = true;
    if (now_us > clock->now_us)
        clock->now_us = now_us;
}
