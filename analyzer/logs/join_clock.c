/* SPDX-License-Identifier: ISC */
/* By how much the log's clock is ahead: servers' clocks go wrong, and a log that names no zone may
 * be read in another. */
#include <stdlib.h>

#include "heloscope/base/limits.h"
#include "join_parts.h"

enum {
    WINDOW_US = 2 * 1000 * 1000, /* in which the differences of one clock lie */
    SURE_COUNT = 3,              /* connections that are proof by time alone */
};

#define FARTHEST_US (INT64_C(26) * 3600 * 1000000) /* zones are at most so far from each other */

struct difference {
    int64_t us;
    size_t visit;
    bool evident; /* more than the address is the same */
};

struct differences {
    struct difference *all;
    size_t count, size;
};

static void add(struct differences *d, int64_t us, size_t visit, bool evident)
{
    if (d->count == d->size) {
        d->size = d->size ? 2 * d->size : 1024;
        d->all = memory_resize(d->all, d->size * sizeof *d->all);
    }
    d->all[d->count++] = (struct difference){us, visit, evident};
}

static int by_time(const void *left, const void *right)
{
    const int64_t a = ((const struct difference *)left)->us,
                  b = ((const struct difference *)right)->us;
    return (a > b) - (a < b);
}

/* Of a log without connect lines the first line comes somewhere in the session. */
static int64_t difference_of(const struct visit *visit, const struct log_session *s)
{
    return join_middle(&visit->first) - s->started_us;
}

/* The session with the visit's address and port, if only one has them. */
static size_t by_port(const struct log_join *join, const struct visit *visit)
{
    size_t first, count, found = SIZE_MAX;
    if (!visit->client_port)
        return SIZE_MAX;
    join_range(join, &visit->client, &first, &count);
    for (size_t i = first; i < first + count; i++) {
        if (!join_agrees(&join->sessions[i], visit))
            continue;
        if (found != SIZE_MAX)
            return SIZE_MAX;
        found = i;
    }
    return found;
}

static void collect_strong(const struct log_join *join, const struct visits *visits,
                           struct differences *d)
{
    for (size_t i = 0; i < visits->count; i++) {
        const struct visit *visit = visits->all[i];
        size_t s = join_by_queue(join, visit);
        if (s == SIZE_MAX)
            s = by_port(join, visit);
        if (s != SIZE_MAX && join_agrees(&join->sessions[s], visit))
            add(d, difference_of(visit, &join->sessions[s]), i, true);
    }
}

/* Every pair of the same address; of many visits some, evenly. */
static void collect_weak(const struct log_join *join, const struct visits *visits,
                         struct differences *d)
{
    uint64_t pairs = 0;
    for (size_t i = 0; i < visits->count; i++) {
        size_t first, count;
        join_range(join, &visits->all[i]->client, &first, &count);
        pairs += count;
    }
    const size_t step = (size_t)(pairs / LOG_PAIRS) + 1;
    for (size_t i = 0; i < visits->count; i += step) {
        const struct visit *visit = visits->all[i];
        size_t first, count;
        join_range(join, &visit->client, &first, &count);
        for (size_t k = first; k < first + count && d->count < 2 * LOG_PAIRS; k++) {
            const struct log_session *s = &join->sessions[k];
            const int64_t us = difference_of(visit, s);
            if (us > -FARTHEST_US && us < FARTHEST_US && join_agrees(s, visit))
                add(d, us, i, visit->helo.len && s->helo && !s->hidden);
        }
    }
}

/* The densest window: where the most different visits lie. */
struct window {
    size_t begin, end; /* of the differences */
    size_t visits;
    bool evident;
};

static struct window densest(const struct differences *d, size_t visit_count, int64_t around_us,
                             bool elsewhere)
{
    struct window best = {0};
    unsigned *in = memory_get((visit_count + 1) * sizeof *in);
    size_t end = 0, inside = 0, evident = 0;
    for (size_t begin = 0; begin < d->count; begin++) {
        for (; end < d->count && d->all[end].us - d->all[begin].us <= WINDOW_US; end++) {
            inside += in[d->all[end].visit]++ == 0;
            evident += d->all[end].evident;
        }
        const int64_t apart = d->all[begin].us - around_us;
        const bool near = apart > -2 * WINDOW_US && apart < 2 * WINDOW_US;
        if (inside > best.visits && !(elsewhere && near))
            best = (struct window){begin, end, inside, evident > 0};
        inside -= --in[d->all[begin].visit] == 0;
        evident -= d->all[begin].evident;
    }
    free(in);
    return best;
}

/* By time alone it is known where several connections agree, or one whose client is known by more
 * than its address, and no other difference has as many. */
static bool take_weak(struct log_join *join, const struct visits *visits, struct differences *d)
{
    const struct window best = densest(d, visits->count, 0, false);
    if (!best.visits || !d->all)
        return false;
    const int64_t middle = d->all[best.begin + (best.end - best.begin) / 2].us;
    const struct window second = densest(d, visits->count, middle, true);
    if (second.visits >= best.visits || (best.visits < SURE_COUNT && !best.evident))
        return false;
    join->clock_us = middle;
    return true;
}

static void sort(struct differences *d)
{
    if (d->count)
        qsort(d->all, d->count, sizeof *d->all, by_time);
}

void join_find_clock(struct log_join *join, const struct visits *visits)
{
    struct differences d = {0};
    collect_strong(join, visits, &d);
    sort(&d);
    if (d.count) {
        const struct window best = densest(&d, visits->count, 0, false);
        join->clock_us = d.all[best.begin + (best.end - best.begin) / 2].us;
        join->has_clock = true;
    } else {
        collect_weak(join, visits, &d);
        sort(&d);
        join->has_clock = take_weak(join, visits, &d);
    }
    free(d.all);
}
