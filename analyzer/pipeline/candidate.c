/* Octets in order: what is SMTP goes to its session. What is not known yet is kept and observed
 * until it is: whether it is SMTP, and whether it begins with a proxy's handshake. */
#include "stages.h"

#include <stdlib.h>

static void forget_kept(struct connection *c)
{
    while (c->talk->kept) {
        struct queued_span *q = c->talk->kept;
        c->talk->kept = q->next;
        free(q);
    }
    c->talk->kept_octets = 0;
}

static void keep_span(struct connection *c, int side, const struct span *span)
{
    struct queued_span *q = memory_get(sizeof *q + span->data.len);
    q->span = *span;
    q->side = side;
    if (span->data.at) {
        memcpy(q->data, span->data.at, span->data.len);
        q->span.data.at = q->data;
    }
    *(c->talk->kept ? &c->talk->kept_last->next : &c->talk->kept) = q;
    c->talk->kept_last = q;
    c->talk->kept_octets += sizeof *q + span->data.len;
}

void pipeline_stop_watching(struct pipeline *p, struct connection *c, enum connection_state state)
{
    watch_free(c->talk->watch);
    c->talk->watch = NULL;
    c->state = state;
    if (state == CONNECTION_SMTP)
        for (struct queued_span *q = c->talk->kept; q; q = q->next)
            pipeline_read(p, c, q->side, &q->span);
    forget_kept(c);
}

/* Takes what was kept once more, knowing what it begins with. */
static void take_again(struct pipeline *p, struct connection *c)
{
    struct queued_span *q = c->talk->kept;
    c->talk->kept = NULL;
    c->talk->kept_octets = 0;
    while (q) {
        struct queued_span *next = q->next;
        pipeline_take_span(p, q->side, &q->span);
        free(q);
        q = next;
    }
}

/* A client that may be speaking to a proxy: its octets wait until it is known. True when the span
 * has been taken care of. */
static bool look_for_relay(struct pipeline *p, struct connection *c, int side,
                           const struct span *span)
{
    struct talk *talk = c->talk;
    bool may_be = talk->kept || (side == SIDE_CLIENT && relay_begins(span->data));
    if (talk->looked || !may_be || !talk->conversation.from_start) {
        talk->looked = true;
        return false;
    }
    keep_span(c, side, span);
    if (talk_relay(talk) == RELAY_MORE && talk->kept_octets <= WATCH_LIMIT)
        return true;
    talk->looked = true;
    take_again(p, c);
    return true;
}

static void watch_span(struct pipeline *p, struct connection *c, int side, const struct span *span)
{
    enum classification found = CLASS_UNDECIDED;
    if (look_for_relay(p, c, side, span))
        return;
    if (!p->classifier && !(p->classifier = classifier_new(&p->failure))) {
        p->failed = true;
        return;
    }
    keep_span(c, side, span);
    const uint16_t port[2] = {c->flow.key.port[c->client], c->flow.key.port[!c->client]};
    if (span->data.at)
        found = classify_span(p->classifier, c->talk->watch, side, span->data, port);
    if (found == CLASS_SMTP)
        pipeline_stop_watching(p, c, CONNECTION_SMTP);
    else if (found == CLASS_OTHER || c->talk->kept_octets > WATCH_LIMIT)
        pipeline_stop_watching(p, c, CONNECTION_IGNORED);
}

void pipeline_take_span(void *context, int side, const struct span *span)
{
    struct pipeline *p = context;
    struct connection *c = p->current;
    struct span behind;
    if (c->talk->relay) {
        behind = *span;
        span = &behind;
        if (!talk_behind_relay(c->talk, side, &behind))
            return;
    }
    if (c->state == CONNECTION_SMTP)
        pipeline_read(p, c, side, span);
    else if (c->state == CONNECTION_WATCHED)
        watch_span(p, c, side, span);
}
