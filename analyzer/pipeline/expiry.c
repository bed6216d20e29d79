/* SPDX-License-Identifier: ISC */
#include "expiry.h"

/* How long a connection may be silent in each queue, and how it ends then (session_end()). */
static const struct patience {
    int64_t us;
    const char *how;
} patience[QUEUE_COUNT] = {
    [QUEUE_SMTP] = {SMTP_IDLE_US, "silent"},    [QUEUE_FROZEN] = {SMTP_IDLE_US, "silent"},
    [QUEUE_QUIET] = {SMTP_IDLE_US, "silent"},   [QUEUE_SILENT] = {SMTP_IDLE_US, "silent"},
    [QUEUE_MUTE] = {SMTP_IDLE_US, "silent"},    [QUEUE_CLOSING] = {CLOSING_US, "reset"},
    [QUEUE_CLOSED] = {CLOSED_US, NULL},         [QUEUE_OTHER] = {OTHER_IDLE_US, NULL},
    [QUEUE_CANDIDATES] = {OTHER_IDLE_US, NULL},
};

/* When there are too many, those go first of which least is lost. */
static const enum queue given_up_first[QUEUE_COUNT] = {
    QUEUE_CLOSED,  QUEUE_OTHER, QUEUE_MUTE,   QUEUE_SILENT, QUEUE_CANDIDATES,
    QUEUE_CLOSING, QUEUE_QUIET, QUEUE_FROZEN, QUEUE_SMTP,
};

/* Connections that have ended are only remembered. */
static struct connection *of_too_many_closed(struct pipeline *p)
{
    return p->queue[QUEUE_CLOSED].count > CLOSED_LIMIT ? oldest_in(p, QUEUE_CLOSED) : NULL;
}

/* Connections of which nothing is known yet cost nobody but us: how many there can be at once is
 * bounded. */
static struct connection *of_too_many_silent(struct pipeline *p)
{
    if (p->queue[QUEUE_SILENT].count + p->queue[QUEUE_MUTE].count <= SILENT_LIMIT)
        return NULL;
    struct connection *mute = oldest_in(p, QUEUE_MUTE);
    return mute ? mute : oldest_in(p, QUEUE_SILENT);
}

static struct connection *of_too_many_candidates(struct pipeline *p)
{
    return p->queue[QUEUE_CANDIDATES].count > WATCHED_LIMIT ? oldest_in(p, QUEUE_CANDIDATES) : NULL;
}

static struct connection *of_too_many(struct pipeline *p)
{
    if (p->table.count <= CONNECTION_LIMIT)
        return NULL;
    const enum queue *queue = given_up_first;
    while (!oldest_in(p, *queue))
        queue++;
    return oldest_in(p, *queue);
}

/* The bounds, in the order in which they are looked at. */
static const struct bound {
    struct connection *(*surplus)(struct pipeline *p);
    const char *how; /* as in session_end() */
    enum limit cost; /* where it is counted; COST_COUNT = nowhere */
    bool look_away;
} bounds[] = {
    {of_too_many_closed, NULL, COST_COUNT, false},
    {of_too_many_silent, "given up", COST_SILENT, false},
    {of_too_many_candidates, NULL, COST_WATCHED, true},
    {of_too_many, "given up", COST_CONNECTIONS, false},
};

struct connection *expiry_next(struct pipeline *p, struct expiry *out)
{
    for (enum queue queue = 0; queue < QUEUE_COUNT; queue++) {
        struct connection *c = oldest_in(p, queue);
        *out = (struct expiry){.how = patience[queue].how};
        if (c && c->flow.last_us < p->clock.now_us - patience[queue].us)
            return c;
    }
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        struct connection *c = bounds[i].surplus(p);
        *out = (struct expiry){.how = bounds[i].how, .look_away = bounds[i].look_away};
        if (c && bounds[i].cost != COST_COUNT)
            p->totals.costs.of[bounds[i].cost]++;
        if (c)
            return c;
    }
    return NULL;
}
