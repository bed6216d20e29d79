/* Octets in order: what is SMTP goes to its session. What is not known yet is kept and observed
 * until it is: whether it is SMTP, and whether it begins with a proxy's handshake. */
#include "stages.h"

#include <stdlib.h>

static void forget_kept(struct connection *c)
{
    while (c->decoding->kept) {
        struct queued_span *q = c->decoding->kept;
        c->decoding->kept = q->next;
        free(q);
    }
    c->decoding->kept_octets = 0;
}

static void keep_span(struct connection *c, enum side side, const struct span *span)
{
    struct queued_span *q = memory_get(sizeof *q + span->data.len);
    q->span = *span;
    q->side = side;
    if (span->data.at) {
        memcpy(q->data, span->data.at, span->data.len);
        q->span.data.at = q->data;
    }
    *(c->decoding->kept ? &c->decoding->kept_last->next : &c->decoding->kept) = q;
    c->decoding->kept_last = q;
    c->decoding->kept_octets += sizeof *q + span->data.len;
}

void pipeline_stop_watching(struct pipeline *p, struct connection *c, enum connection_state state)
{
    candidate_free(c->decoding->candidate);
    c->decoding->candidate = NULL;
    c->state = state;
    if (state == CONNECTION_SMTP)
        for (struct queued_span *q = c->decoding->kept; q; q = q->next)
            pipeline_read(p, c, q->side, &q->span);
    forget_kept(c);
}

/* Takes what was kept once more, knowing what it begins with. */
static void take_again(struct pipeline *p, struct connection *c)
{
    struct queued_span *q = c->decoding->kept;
    c->decoding->kept = NULL;
    c->decoding->kept_octets = 0;
    while (q) {
        struct queued_span *next = q->next;
        pipeline_take_span(p, q->side, &q->span);
        free(q);
        q = next;
    }
}

/* A client that may be speaking to a proxy: its octets wait until it is known. True when the span
 * has been taken care of. */
static bool look_for_relay(struct pipeline *p, struct connection *c, enum side side,
                           const struct span *span)
{
    struct decoding *decoding = c->decoding;
    bool may_be = decoding->kept || (side == SIDE_CLIENT && forward_proxy_begins(span->data));
    if (decoding->looked || !may_be || !decoding->reassembly.from_start) {
        decoding->looked = true;
        return false;
    }
    keep_span(c, side, span);
    if (decoding_forward_proxy(decoding) == FORWARD_PROXY_MORE &&
        decoding->kept_octets <= WATCH_LIMIT)
        return true;
    decoding->looked = true;
    take_again(p, c);
    return true;
}

static void watch_span(struct pipeline *p, struct connection *c, enum side side,
                       const struct span *span)
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
        found = classify_span(p->classifier, c->decoding->candidate, side, span->data, port);
    if (found == CLASS_SMTP)
        pipeline_stop_watching(p, c, CONNECTION_SMTP);
    else if (found == CLASS_OTHER || c->decoding->kept_octets > WATCH_LIMIT)
        pipeline_stop_watching(p, c, CONNECTION_IGNORED);
}

void pipeline_take_span(void *context, enum side side, const struct span *span)
{
    struct pipeline *p = context;
    struct connection *c = p->current;
    struct span behind;
    if (c->decoding->forward_proxy) {
        behind = *span;
        span = &behind;
        if (!decoding_behind_forward_proxy(c->decoding, side, &behind))
            return;
    }
    if (c->state == CONNECTION_SMTP)
        pipeline_read(p, c, side, span);
    else if (c->state == CONNECTION_CANDIDATE)
        watch_span(p, c, side, span);
}
