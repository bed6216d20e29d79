/* SPDX-License-Identifier: ISC */
/* Times of the command line, by a calendar that is not the program's own: the numbers are those of
 * `date -u -d TEXT +%s`. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <time.h>

#include "analyzer/program/when.h"

#define NOW INT64_C(1795269600000000) /* 2026-11-21 14:00:00 UTC */

static void expect(const char *text, bool end, int64_t seconds)
{
    int64_t us = 0;
    cr_expect(when_read(text, true, end, NOW, &us), "%s", text);
    cr_expect_eq(us, seconds * 1000000, "%s: %lld", text, (long long)us);
}

Test(when, in_utc)
{
    expect("2026-11-21", false, 1795219200);
    expect("2026-11-21", true, 1795305600);
    expect("2026-12-31", true, 1798761600);
    expect("2026-11-21 14:05", false, 1795269900);
    expect("2026-11-21T14:05:30", true, 1795269930);
    expect("2026-11-21T14:05:30Z", false, 1795269930);
    expect("2026-11-21T16:05:30+02:00", false, 1795269930);
    expect("2026-11-21 09:05:30-0500", false, 1795269930);
    expect("14:05", false, 1795269900);
    expect("today", false, 1795219200);
    expect("yesterday", false, 1795132800);
    expect("yesterday", true, 1795219200);
    expect("now", true, 1795269600);
}

Test(when, parts_of_a_second)
{
    int64_t us = 0;
    cr_assert(when_read("2026-11-21 14:05:30.25", true, false, NOW, &us));
    cr_expect_eq(us, INT64_C(1795269930250000));
}

Test(when, in_local_time)
{
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
    int64_t us = 0;
    cr_assert(when_read("2026-11-21 14:05", false, false, NOW, &us));
    cr_expect_eq(us, INT64_C(1795266300000000)); /* 13:05 UTC */
    cr_assert(when_read("2026-07-01 14:05", false, false, NOW, &us));
    cr_expect_eq(us, INT64_C(1782907500000000)); /* 12:05 UTC, summer */
    cr_assert(when_read("2026-11-21 14:05Z", false, false, NOW, &us));
    cr_expect_eq(us, INT64_C(1795269900000000));
    cr_assert(when_read("2026-10-25", false, true, NOW, &us)); /* a day of 25 hours */
    cr_expect_eq(us, INT64_C(1792969200000000));
    cr_assert(when_read("yesterday", false, false, NOW, &us));
    cr_expect_eq(us, INT64_C(1795129200000000));
}

Test(when, no_times)
{
    static const char *const texts[] = {
        "",
        "soon",
        "2026",
        "2026-13-01",
        "2026-02-30",
        "2026-11-21x",
        "25:00",
        "14:61",
        "14:05 CET",
        "14:05+",
        "2026-11-21 14:05+2",
        "24h",
        "2026-11-21 ",
        "2026-11-21T",
        "tomorrow",
        "1969-01-01",
    };
    int64_t us;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        cr_expect_not(when_read(texts[i], true, false, NOW, &us), "%s", texts[i]);
}

Test(when, spans)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } spans[] = {{"90s", 90}, {"30m", 1800}, {"24h", 86400}, {"7d", 604800}, {"2w", 1209600}};
    int64_t us = 0;
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        cr_expect(when_read_span(spans[i].text, &us), "%s", spans[i].text);
        cr_expect_eq(us, spans[i].seconds * 1000000, "%s", spans[i].text);
    }
    static const char *const not_spans[] = {
        "", "h", "24", "24hours", "-1h", "1y", "99999999999999999999h", "999999999w"};
    for (size_t i = 0; i < sizeof not_spans / sizeof *not_spans; i++)
        cr_expect_not(when_read_span(not_spans[i], &us), "%s", not_spans[i]);
}
