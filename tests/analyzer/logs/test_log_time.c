/* SPDX-License-Identifier: ISC */
/* The times that logs write, and what may be missing from them. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <time.h>

#include "analyzer/logs/log_time.h"

#define NOVEMBER INT64_C(1795827600000000) /* 2026-11-28 01:00:00 UTC */

static struct log_time taken(const char *text, int64_t near_us, const char *rest)
{
    struct bytes line = bytes_of_string(text);
    const struct log_calendar calendar = {.utc = true, .near_us = near_us};
    struct log_time time = {0};
    cr_assert(log_time_take(&line, &calendar, &time), "%s", text);
    cr_expect(bytes_equal(line, bytes_of_string(rest)), "%s: '%.*s' is left", text, (int)line.len,
              (const char *)line.at);
    return time;
}

Test(log_time, zones_fractions_and_dates_of_each_form)
{
    static const struct {
        const char *text;
        int64_t us, step_us;
    } rows[] = {
        {"2026-11-28T01:00:00Z x", 0, 1000000},
        {"2026-11-28T01:00:00.25Z x", 250000, 10000},
        {"2026-11-28T06:30:00.123456+05:30 x", 123456, 1},
        {"2026-11-27T20:00:00.1234567-05:00 x", 123456, 1},
        {"2026-11-28 01:00:00.5 x", 500000, 100000},
        {"2026-11-28 02:00:00 +0100 x", 0, 1000000},
        {"2026-11-28 01:00:00,007 x", 7000, 1000},
        {"Nov 28 01:00:00 x", 0, 1000000},
        {"Nov 28 2026 01:00:00 x", 0, 1000000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct log_time time = taken(rows[i].text, NOVEMBER, "x");
        cr_expect_eq(time.us - NOVEMBER, rows[i].us, "%s: %lld", rows[i].text, (long long)time.us);
        cr_expect_eq(time.step_us, rows[i].step_us, "%s", rows[i].text);
    }
}

Test(log_time, a_day_of_one_digit_and_the_nearest_year)
{
    const int64_t day = INT64_C(86400) * 1000000;
    cr_expect_eq(taken("Nov  8 01:00:00 x", NOVEMBER, "x").us, NOVEMBER - 20 * day);
    /* the end of December lies nearer to January in the year before */
    cr_expect_eq(taken("Dec 31 01:00:00 x", NOVEMBER + 36 * day, "x").us, NOVEMBER + 33 * day);
    cr_expect_eq(taken("Jan  2 01:00:00 x", NOVEMBER, "x").us, NOVEMBER + 35 * day);
}

Test(log_time, without_a_zone_it_is_local_unless_utc_is_asked_for)
{
    setenv("TZ", "XXX-2", 1); /* two hours east */
    tzset();
    struct bytes line = bytes_of_string("2026-11-28 03:00:00 x");
    const struct log_calendar calendar = {.near_us = NOVEMBER};
    struct log_time time;
    cr_assert(log_time_take(&line, &calendar, &time));
    cr_expect_eq(time.us, NOVEMBER);
}

Test(log_time, what_is_no_time)
{
    static const char *const texts[] = {"",
                                        "x",
                                        "Nov",
                                        "Nov 28",
                                        "Nov 32 01:00:00 x",
                                        "2026-13-01 00:00:00",
                                        "2026-11-28 24:00:00",
                                        "2026-11-28T0:00:00Z",
                                        "Foo 28 01:00:00",
                                        "2026-11-28",
                                        "99999999999999"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct bytes line = bytes_of_string(texts[i]);
        const struct log_calendar calendar = {.utc = true};
        struct log_time time;
        cr_expect_not(log_time_take(&line, &calendar, &time), "%s", texts[i]);
        cr_expect_eq(line.len, strlen(texts[i]));
    }
}
