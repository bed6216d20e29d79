/* The end of connections that were silent too long, or are too many. */
#include "stages.h"

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

/* A connection that is no longer looked at, but still known: its segments begin no other. */
static void look_away(struct pipeline *p, struct connection *c)
{
    p->held -= connection_held(c);
    pipeline_stop_watching(p, c, CONNECTION_IGNORED);
    pipeline_end_decoding(p, c);
    flow_touch(&c->flow, &p->queue[QUEUE_OTHER], c->flow.last_us);
}

/* Those that have ended are only remembered. */
static void bound_the_closed(struct pipeline *p)
{
    while (p->queue[QUEUE_CLOSED].count > CLOSED_LIMIT)
        pipeline_forget(p, oldest_in(p, QUEUE_CLOSED), NULL);
}

/* Connections of which nothing is known yet cost nobody but us: how many there can be at once is
 * bounded. */
static void bound_the_unknown(struct pipeline *p)
{
    while (p->queue[QUEUE_SILENT].count + p->queue[QUEUE_MUTE].count > SILENT_LIMIT) {
        struct connection *mute = oldest_in(p, QUEUE_MUTE);
        p->totals.costs.of[COST_SILENT]++;
        pipeline_forget(p, mute ? mute : oldest_in(p, QUEUE_SILENT), "given up");
    }
    while (p->queue[QUEUE_CANDIDATES].count > WATCHED_LIMIT) {
        p->totals.costs.of[COST_WATCHED]++;
        look_away(p, oldest_in(p, QUEUE_CANDIDATES));
    }
}

static void bound_all(struct pipeline *p)
{
    while (p->table.count > CONNECTION_LIMIT) {
        const enum queue *queue = given_up_first;
        while (!oldest_in(p, *queue))
            queue++;
        p->totals.costs.of[COST_CONNECTIONS]++;
        pipeline_forget(p, oldest_in(p, *queue), "given up");
    }
}

void pipeline_expire(struct pipeline *p)
{
    for (enum queue queue = 0; queue < QUEUE_COUNT; queue++) {
        const int64_t before = p->now_us - patience[queue].us;
        struct connection *c;
        while ((c = oldest_in(p, queue)) && c->flow.last_us < before)
            pipeline_forget(p, c, patience[queue].how);
    }
    bound_the_closed(p);
    bound_the_unknown(p);
    bound_all(p);
}
