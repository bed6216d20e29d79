/* How a connection ends: what waits is read, its session is over, what it held is freed. */
#include "stages.h"

#include <stdlib.h>

void pipeline_end_talk(struct pipeline *p, struct connection *c)
{
    if (c->talk) {
        const struct conversation *conversation = &c->talk->conversation;
        uint64_t *of = p->totals.costs.of;
        of[COST_HOLES] += conversation->overfull;
        of[COST_AHEAD] += conversation->side[0].dropped + conversation->side[1].dropped;
        conversation_free(&c->talk->conversation);
        free(c->talk->relay);
    }
    free(c->talk);
    c->talk = NULL;
}

void pipeline_close(struct pipeline *p, struct connection *c, const char *how)
{
    connection_wake(c);
    p->held -= connection_held(c);
    p->current = c;
    if (c->state == CONNECTION_SMTP || c->state == CONNECTION_WATCHED)
        conversation_drain(&c->talk->conversation, pipeline_take_span, p);
    if (c->state == CONNECTION_WATCHED) {
        const bool smtp = classify_end(c->talk->watch, SIDE_SERVER) == CLASS_SMTP;
        pipeline_stop_watching(p, c, smtp ? CONNECTION_SMTP : CONNECTION_IGNORED);
    }
    if (c->talk && pipeline_session(p, c)) {
        struct mark mark =
            c->talk->conversation.end == END_RESET ? c->talk->reset : c->talk->conversation.last;
        int by = c->talk->conversation.ended_by;
        struct session *s = c->talk->session;
        session_end(s, &mark, by < 0 ? SIDE_CLIENT : by, how);
        pipeline_hand_over(p, c, true);
        session_free(c->talk->session);
    } else if (c->state == CONNECTION_SMTP && c->talk) {
        p->totals.silent++;
    }
    pipeline_end_talk(p, c);
    c->state = CONNECTION_CLOSED;
    p->current = NULL;
}

void pipeline_forget(struct pipeline *p, struct connection *c, const char *how)
{
    pipeline_close(p, c, how);
    flow_remove(&p->table, &c->flow);
    free(c);
}
