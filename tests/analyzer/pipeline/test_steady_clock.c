/* SPDX-License-Identifier: ISC */
#include <criterion/criterion.h>

#include "analyzer/pipeline/steady_clock.h"
#include "heloscope/base/limits.h"

#define SECOND INT64_C(1000000)
#define DAY    (86400 * SECOND)
#define BEGIN  (1000 * DAY)

Test(steady_clock, follows_packets)
{
    struct steady_clock clock = {0};
    steady_clock_packet(&clock, BEGIN);
    cr_expect_eq(clock.now_us, BEGIN);
    steady_clock_packet(&clock, BEGIN + 5 * SECOND);
    steady_clock_packet(&clock, BEGIN + 4 * SECOND);
    cr_expect_eq(clock.now_us, BEGIN + 5 * SECOND, "it does not go back for a packet that is late");
}

Test(steady_clock, is_not_moved_by_one_odd_time)
{
    struct steady_clock clock = {0};
    for (int i = 0; i < 100; i++) {
        steady_clock_packet(&clock, BEGIN + i * SECOND);
        steady_clock_packet(&clock, i % 2 ? BEGIN + DAY : BEGIN - DAY);
        cr_expect_eq(clock.now_us, BEGIN + i * SECOND);
    }
}

Test(steady_clock, one_odd_time_at_the_beginning_is_mended)
{
    struct steady_clock clock = {0};
    steady_clock_packet(&clock, BEGIN + DAY);
    for (int i = 0; i < STEADY_PROOFS; i++)
        steady_clock_packet(&clock, BEGIN + i * SECOND);
    cr_expect_eq(clock.now_us, BEGIN + (STEADY_PROOFS - 1) * SECOND);
}

Test(steady_clock, goes_over_a_pause_when_several_say_so)
{
    struct steady_clock clock = {0};
    steady_clock_packet(&clock, BEGIN);
    for (int i = 0; i < STEADY_PROOFS; i++) {
        cr_expect_eq(clock.now_us, BEGIN);
        steady_clock_packet(&clock, BEGIN + DAY + i);
    }
    cr_expect_eq(clock.now_us, BEGIN + DAY + STEADY_PROOFS - 1);
}

Test(steady_clock, is_told)
{
    struct steady_clock clock = {0};
    steady_clock_set(&clock, BEGIN);
    for (int i = 0; i < 100; i++)
        steady_clock_packet(&clock, BEGIN + DAY);
    steady_clock_set(&clock, BEGIN - SECOND);
    cr_expect_eq(clock.now_us, BEGIN);
}
