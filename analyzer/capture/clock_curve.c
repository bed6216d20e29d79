/* SPDX-License-Identifier: ISC */
/* Of each connection that two files have seen, TCP's numbers bound by how much their clocks differ:
 * the one's acknowledgement cannot be older than the other's octets. A connection is a witness that
 * may be wrong (a capture that lost the first copy of a segment has its second too late), so what
 * most of them say counts, and their bounds give way to what those around them agree on. */
#include "clock_curve.h"

#include <stdlib.h>

#include "heloscope/base/memory.h"

enum {
    AGREE_US = 1000,    /* as well as clocks of several machines can be held together */
    OUTLIER_US = 20000, /* further from its neighbours a witness is not believed */
    NEIGHBOURS = 3,     /* on either side */
    FAR = 1 << 20,      /* numbers further apart are of another connection with the same ports */
};

#define UNBOUND (INT64_MAX / 4)

/* What must be added to the file's times, by one connection: at least `low`, at most `high`. */
struct witness {
    int64_t ts_us, low, high;
};

int64_t clock_curve_at(const struct clock_curve *curve, int64_t ts_us)
{
    if (!curve->count)
        return 0;
    size_t first = 0, last = curve->count - 1;
    if (ts_us <= curve->knots[0].ts_us)
        return curve->knots[0].add_us;
    if (ts_us >= curve->knots[last].ts_us)
        return curve->knots[last].add_us;
    while (last - first > 1) {
        size_t middle = first + (last - first) / 2;
        if (curve->knots[middle].ts_us <= ts_us)
            first = middle;
        else
            last = middle;
    }
    const struct clock_knot *a = &curve->knots[first], *b = &curve->knots[last];
    double share = (double)(ts_us - a->ts_us) / (double)(b->ts_us - a->ts_us);
    return a->add_us + (int64_t)(share * (double)(b->add_us - a->add_us));
}

void clock_curve_free(struct clock_curve *curve)
{
    free(curve->knots);
    *curve = (struct clock_curve){NULL, 0};
}

/* --- the witnesses --- */

/* Whether `number` is at `end` or not far behind it. */
static bool reaches(uint32_t number, uint32_t end)
{
    return number - end < FAR;
}

/* Whether the sender of `effect` had received all of `cause`: wherever on the path the two were
 * captured, the one passed before the other. (Of two segments of one side nothing of the kind
 * holds: the second may have passed one sensor when the first has not yet reached another.) */
static bool follows(const struct sighting *effect, const struct sighting *cause)
{
    return cause->side != effect->side && effect->acks && !cause->again &&
           cause->end != cause->seq && reaches(effect->ack, cause->end);
}

/* By how much the effects in `b` seem to come before their causes in `a`; -UNBOUND = nothing known.
 */
static int64_t most_early(const struct sighted *a, const struct clock_curve *clock_a,
                          const struct sighted *b, const struct clock_curve *clock_b)
{
    int64_t most = -UNBOUND;
    for (size_t i = 0; i < sighted_kept(a); i++) {
        const struct sighting *cause = &a->kept[i];
        int64_t time = cause->ts_us + clock_curve_at(clock_a, cause->ts_us);
        for (size_t k = 0; k < sighted_kept(b); k++) {
            const struct sighting *effect = &b->kept[k];
            int64_t early = time - effect->ts_us - clock_curve_at(clock_b, effect->ts_us);
            if (early > most && follows(effect, cause))
                most = early;
        }
    }
    return most;
}

static int by_time(const void *a, const void *b)
{
    int64_t one = ((const struct witness *)a)->ts_us, other = ((const struct witness *)b)->ts_us;
    return one < other ? -1 : one > other;
}

/* Returns how many have something to say, of `*shared` that could. */
static size_t ask_witnesses(struct witness *out, const struct sightings *file,
                            const struct sightings *other, const struct clock_curve *other_curve,
                            size_t *shared)
{
    static const struct clock_curve own = {NULL, 0};
    size_t count = 0;
    *shared = 0;
    for (size_t i = 0; i < file->count; i++) {
        const struct sighted *here = &file->flows[i], *there = sightings_find(other, here);
        if (!there)
            continue;
        ++*shared;
        struct witness w = {.ts_us = here->kept[0].ts_us,
                            .low = most_early(there, other_curve, here, &own),
                            .high = -most_early(here, &own, there, other_curve)};
        /* One that contradicts itself says nothing. */
        if ((w.low > -UNBOUND || w.high < UNBOUND) && w.low <= w.high + AGREE_US)
            out[count++] = w;
    }
    qsort(out, count, sizeof *out, by_time);
    return count;
}

/* --- what they say together --- */

/* Clocks that most have nothing against are right. */
static bool are_right(const struct witness *all, size_t count, size_t shared)
{
    size_t against = 0;
    for (size_t i = 0; i < count; i++)
        against += all[i].low > AGREE_US || all[i].high < -AGREE_US;
    return against * 2 <= shared;
}

static int64_t middle_of(const struct witness *w)
{
    return w->low / 2 + w->high / 2;
}

static int by_number(const void *a, const void *b)
{
    int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;
    return one < other ? -1 : one > other;
}

/* What a witness and as many before it as behind it say: clocks drift evenly. */
static int64_t median_around(const struct witness *all, size_t count, size_t at)
{
    int64_t said[2 * NEIGHBOURS + 1];
    size_t reach = NEIGHBOURS, n = 0;
    reach = at < reach ? at : reach;
    reach = count - 1 - at < reach ? count - 1 - at : reach;
    for (size_t i = at - reach; i <= at + reach; i++)
        said[n++] = middle_of(&all[i]);
    qsort(said, n, sizeof *said, by_number);
    return said[n / 2];
}

/* How closely it binds; UNBOUND when a bound is missing. */
static int64_t width_of(const struct witness *w)
{
    return w->low > -UNBOUND && w->high < UNBOUND ? w->high - w->low : UNBOUND;
}

/* Those that know both bounds, and closely; their number. */
static size_t choose(struct witness *out, const struct witness *all, size_t count)
{
    int64_t narrowest = UNBOUND;
    size_t chosen = 0;
    for (size_t i = 0; i < count; i++)
        narrowest = width_of(&all[i]) < narrowest ? width_of(&all[i]) : narrowest;
    for (size_t i = 0; i < count && narrowest < UNBOUND; i++)
        if (width_of(&all[i]) <= 10 * narrowest + OUTLIER_US)
            out[chosen++] = all[i];
    return chosen;
}

/* A knot for each of those. */
static size_t draw(struct clock_knot *knots, const struct witness *all, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct witness *w = &all[i];
        int64_t add = median_around(all, count, i);
        int64_t own = add < w->low ? w->low : add > w->high ? w->high : add;
        if (own - add <= OUTLIER_US && add - own <= OUTLIER_US)
            add = own;
        knots[i] = (struct clock_knot){w->ts_us, add};
    }
    return count;
}

/* None knows both bounds: as little as puts everything in order. */
static size_t draw_bound(struct clock_knot *knots, const struct witness *all, size_t count)
{
    int64_t low = -UNBOUND, high = UNBOUND;
    for (size_t i = 0; i < count; i++) {
        low = all[i].low > low ? all[i].low : low;
        high = all[i].high < high ? all[i].high : high;
    }
    if (low > high)
        return 0; /* they contradict each other */
    knots[0] = (struct clock_knot){all[0].ts_us, low > 0 ? low : high < 0 ? high : 0};
    return knots[0].add_us != 0;
}

void clock_curve_find(struct clock_curve *curve, const struct sightings *file,
                      const struct sightings *other, const struct clock_curve *other_curve)
{
    *curve = (struct clock_curve){NULL, 0};
    struct witness *all = memory_get((file->count + 1) * sizeof *all);
    size_t shared, count = ask_witnesses(all, file, other, other_curve, &shared);
    if (!are_right(all, count, shared)) {
        curve->knots = memory_get(count * sizeof *curve->knots);
        struct witness *close = memory_get(count * sizeof *close);
        size_t chosen = choose(close, all, count);
        curve->count =
            chosen ? draw(curve->knots, close, chosen) : draw_bound(curve->knots, all, count);
        free(close);
    }
    free(all);
}
