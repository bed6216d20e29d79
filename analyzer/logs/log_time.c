/* SPDX-License-Identifier: ISC */
#include "log_time.h"

#include <time.h>

#define SECOND_US INT64_C(1000000)

/* What a time consists of, as it is read from left to right; `failed` sticks. */
struct reading {
    struct bytes text;
    struct tm parts;
    int64_t fraction_us, step_us, east_s;
    bool has_year, has_zone, failed;
};

static uint8_t next_octet(const struct reading *r)
{
    return r->text.len ? r->text.at[0] : 0;
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static void take_octet(struct reading *r, const char *any_of)
{
    if (!next_octet(r) || !strchr(any_of, next_octet(r)))
        r->failed = true;
    else
        r->text = bytes_from(r->text, 1);
}

static int take_number(struct reading *r, int digits, int low, int high)
{
    int value = 0;
    for (int i = 0; i < digits; i++) {
        if (!is_digit(next_octet(r))) {
            r->failed = true;
            return low;
        }
        value = value * 10 + (next_octet(r) - '0');
        r->text = bytes_from(r->text, 1);
    }
    if (value < low || value > high)
        r->failed = true;
    return value;
}

static void take_clock(struct reading *r)
{
    r->parts.tm_hour = take_number(r, 2, 0, 23);
    take_octet(r, ":");
    r->parts.tm_min = take_number(r, 2, 0, 59);
    take_octet(r, ":");
    r->parts.tm_sec = take_number(r, 2, 0, 60);
    r->step_us = SECOND_US;
    if (next_octet(r) != '.' && next_octet(r) != ',')
        return;
    r->text = bytes_from(r->text, 1);
    while (is_digit(next_octet(r))) {
        if (r->step_us >= 10) {
            r->step_us /= 10;
            r->fraction_us += (next_octet(r) - '0') * r->step_us;
        }
        r->text = bytes_from(r->text, 1);
    }
}

/* "Z", "+01:00", "-0500"; with a blank in front of it as Exim has it. */
static void take_zone(struct reading *r)
{
    struct bytes at = r->text;
    if (at.len > 1 && at.at[0] == ' ' && (at.at[1] == '+' || at.at[1] == '-'))
        at = bytes_from(at, 1);
    if (!at.len || !strchr("Zz+-", at.at[0]))
        return;
    const uint8_t sign = at.at[0];
    struct reading zone = {.text = bytes_from(at, 1)};
    int64_t east = 0;
    if (sign == '+' || sign == '-') {
        east = take_number(&zone, 2, 0, 14) * INT64_C(3600);
        if (next_octet(&zone) == ':')
            zone.text = bytes_from(zone.text, 1);
        east += take_number(&zone, 2, 0, 59) * INT64_C(60);
    }
    if (zone.failed)
        return;
    r->east_s = sign == '-' ? -east : east;
    r->has_zone = true;
    r->text = zone.text;
}

static void take_numeric_date(struct reading *r)
{
    r->has_year = true;
    r->parts.tm_year = take_number(r, 4, 1970, 2999) - 1900;
    take_octet(r, "-");
    r->parts.tm_mon = take_number(r, 2, 1, 12) - 1;
    take_octet(r, "-");
    r->parts.tm_mday = take_number(r, 2, 1, 31);
    take_octet(r, "T ");
}

/* "Nov 28 ", "Nov  8 ", and with a year behind it. */
static void take_named_date(struct reading *r)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int month = 0;
    while (month < 12 && !bytes_equal(bytes_first(r->text, 3), bytes_of(months + 3 * month, 3)))
        month++;
    r->failed = month == 12;
    r->parts.tm_mon = month;
    r->text = bytes_from(r->text, 3);
    take_octet(r, " ");
    if (next_octet(r) == ' ')
        take_octet(r, " ");
    const int digits = r->text.len > 1 && is_digit(r->text.at[1]) ? 2 : 1;
    r->parts.tm_mday = take_number(r, digits, 1, 31);
    take_octet(r, " ");
    if (r->text.len > 4 && r->text.at[4] == ' ') {
        r->has_year = true;
        r->parts.tm_year = take_number(r, 4, 1970, 2999) - 1900;
        take_octet(r, " ");
    }
}

static int64_t seconds_of(const struct reading *r, bool utc)
{
    struct tm parts = r->parts;
    parts.tm_isdst = -1;
    return r->has_zone ? (int64_t)timegm(&parts) - r->east_s
           : utc       ? (int64_t)timegm(&parts)
                       : (int64_t)mktime(&parts);
}

static int64_t distance(int64_t a, int64_t b)
{
    return a > b ? a - b : b - a;
}

/* The time in the year that lies nearest. */
static int64_t nearest_year(struct reading *r, const struct log_calendar *calendar)
{
    const time_t near = (time_t)(calendar->near_us / SECOND_US);
    struct tm there = {0};
    gmtime_r(&near, &there);
    int64_t best = INT64_MAX;
    for (int year = there.tm_year - 1; year <= there.tm_year + 1; year++) {
        r->parts.tm_year = year;
        const int64_t seconds = seconds_of(r, calendar->utc);
        if (best == INT64_MAX || distance(seconds, near) < distance(best, near))
            best = seconds;
    }
    return best;
}

bool log_time_take(struct bytes *text, const struct log_calendar *calendar, struct log_time *out)
{
    struct reading r = {.text = *text};
    if (is_digit(next_octet(&r)))
        take_numeric_date(&r);
    else
        take_named_date(&r);
    take_clock(&r);
    if (r.failed)
        return false;
    take_zone(&r);
    const int64_t seconds = r.has_year ? seconds_of(&r, calendar->utc) : nearest_year(&r, calendar);
    out->us = seconds * SECOND_US + r.fraction_us;
    out->step_us = r.step_us;
    while (next_octet(&r) == ' ')
        r.text = bytes_from(r.text, 1);
    *text = r.text;
    return true;
}
