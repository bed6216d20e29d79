/* SPDX-License-Identifier: ISC */
#include "when.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECOND     INT64_C(1000000)
#define SPAN_YEARS 100

bool when_read_span(const char *text, int64_t *out_us)
{
    static const struct {
        char letter;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
    char *end;
    if (*text < '0' || *text > '9')
        return false;
    const long long count = strtoll(text, &end, 10);
    if (!*end || end[1])
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (units[i].letter == *end) {
            if (count > SPAN_YEARS * 366 * INT64_C(86400) / units[i].seconds)
                return false;
            *out_us = count * units[i].seconds * SECOND;
            return true;
        }
    return false;
}

/* A time by its parts, and how it was given. */
struct parts {
    struct tm tm;
    int64_t fraction_us;
    bool utc, has_zone;
    long zone; /* seconds east of Greenwich, where one was named */
};

static struct tm day_of(int64_t us, bool utc)
{
    const time_t seconds = (time_t)(us / SECOND);
    struct tm tm = {0};
    if (utc)
        gmtime_r(&seconds, &tm);
    else
        localtime_r(&seconds, &tm);
    tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
    tm.tm_isdst = -1;
    return tm;
}

/* The calendar's own check: the 31st of February becomes another day. */
static bool settle(struct parts *parts, int64_t *out_us)
{
    struct tm tm = parts->tm;
    const time_t seconds = parts->utc || parts->has_zone ? timegm(&tm) : mktime(&tm);
    if (tm.tm_mday != parts->tm.tm_mday || tm.tm_mon != parts->tm.tm_mon)
        return false;
    *out_us = ((int64_t)seconds - parts->zone) * SECOND + parts->fraction_us;
    return *out_us > 0;
}

static const char *read_fraction(const char *at, int64_t *out_us)
{
    int64_t unit = SECOND / 10;
    for (at++; *at >= '0' && *at <= '9'; at++, unit /= 10)
        *out_us += (*at - '0') * unit;
    return at;
}

/* "Z", "+02:00", "-0500"; nothing is also well. */
static bool read_zone(const char *at, struct parts *parts)
{
    if (!*at)
        return true;
    parts->has_zone = true;
    if ((*at == 'Z' || *at == 'z') && !at[1])
        return true;
    if (*at != '+' && *at != '-')
        return false;
    struct tm offset = {0};
    const char *end = strptime(at + 1, strchr(at, ':') ? "%H:%M" : "%H%M", &offset);
    parts->zone = (offset.tm_hour * 60L + offset.tm_min) * 60 * (*at == '-' ? -1 : 1);
    return end && !*end;
}

/* "14:05", "14:05:30", "14:05:30.25", and the zone. */
static bool read_clock(const char *at, struct parts *parts)
{
    const char *end = strptime(at, "%H:%M", &parts->tm);
    if (!end)
        return false;
    if (*end == ':') {
        end = strptime(end, ":%S", &parts->tm);
        if (end && *end == '.')
            end = read_fraction(end, &parts->fraction_us);
    }
    return end && read_zone(end, parts);
}

static bool read_word(const char *text, int64_t now_us, struct parts *parts)
{
    parts->tm = day_of(now_us, parts->utc);
    if (strcmp(text, "yesterday") == 0)
        parts->tm.tm_mday--;
    else if (strcmp(text, "today") != 0)
        return false;
    struct tm normal = parts->tm; /* the day before the first of a month */
    timegm(&normal);
    normal.tm_isdst = -1;
    parts->tm = normal;
    return true;
}

/* The end of the day that was given, which may be the last of its month. */
static bool next_day(struct parts *parts, int64_t *out_us)
{
    parts->tm.tm_mday++;
    struct tm normal = parts->tm;
    timegm(&normal);
    normal.tm_isdst = -1;
    parts->tm = normal;
    return settle(parts, out_us);
}

bool when_read(const char *text, bool utc, bool end, int64_t now_us, int64_t *out_us)
{
    struct parts parts = {.utc = utc};
    if (strcmp(text, "now") == 0) {
        *out_us = now_us;
        return true;
    }
    if (read_word(text, now_us, &parts))
        return end ? next_day(&parts, out_us) : settle(&parts, out_us);
    parts.tm = day_of(now_us, utc);
    if (strlen(text) < sizeof "2026-01-01" - 1 || text[4] != '-')
        return read_clock(text, &parts) && settle(&parts, out_us);
    parts.tm = (struct tm){.tm_isdst = -1};
    const char *rest = strptime(text, "%Y-%m-%d", &parts.tm);
    if (!rest)
        return false;
    if (!*rest)
        return settle(&parts, out_us) && (!end || next_day(&parts, out_us));
    if (*rest != ' ' && *rest != 'T' && *rest != 't')
        return false;
    return read_clock(rest + 1, &parts) && settle(&parts, out_us);
}
