/* How a connection ends: what waits is read, its session is over, what it held is freed. */
#include "stages.h"

#include <stdlib.h>

void pipeline_end_decoding(struct pipeline *p, struct connection *c)
{
    if (c->decoding) {
        const struct reassembly *reassembly = &c->decoding->reassembly;
        uint64_t *of = p->totals.costs.of;
        of[COST_HOLES] += reassembly->overfull;
        of[COST_AHEAD] += reassembly->side[0].dropped + reassembly->side[1].dropped;
        reassembly_free(&c->decoding->reassembly);
        free(c->decoding->forward_proxy);
    }
    free(c->decoding);
    c->decoding = NULL;
}

void pipeline_close(struct pipeline *p, struct connection *c, const char *how)
{
    connection_thaw(c);
    p->held -= connection_held(c);
    p->current = c;
    if (c->state == CONNECTION_SMTP || c->state == CONNECTION_CANDIDATE)
        reassembly_drain(&c->decoding->reassembly, pipeline_take_span, p);
    if (c->state == CONNECTION_CANDIDATE) {
        const bool smtp = classify_end(c->decoding->candidate, SIDE_SERVER) == CLASS_SMTP;
        pipeline_stop_watching(p, c, smtp ? CONNECTION_SMTP : CONNECTION_IGNORED);
    }
    if (c->decoding && pipeline_session(p, c)) {
        struct mark mark = c->decoding->reassembly.end == END_RESET ? c->decoding->reset
                                                                    : c->decoding->reassembly.last;
        int by = c->decoding->reassembly.ended_by;
        struct session *s = c->decoding->session;
        session_end(s, &mark, by < 0 ? SIDE_CLIENT : by, how);
        pipeline_hand_over(p, c, true);
        session_free(c->decoding->session);
    } else if (c->state == CONNECTION_SMTP && c->decoding) {
        p->totals.silent++;
    }
    pipeline_end_decoding(p, c);
    c->state = CONNECTION_CLOSED;
    p->current = NULL;
}

void pipeline_forget(struct pipeline *p, struct connection *c, const char *how)
{
    pipeline_close(p, c, how);
    flow_remove(&p->table, &c->flow);
    free(c);
}
