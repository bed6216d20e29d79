/* Few connections are awake, however many are open: the others rest, and write what they have to
 * before it is too much. */
#include "stages.h"

static void put_to_rest(struct pipeline *p, struct connection *c)
{
    const struct session *s = c->decoding->session;
    const bool has_session = decoding_has_session(c->decoding), dirty = c->decoding->dirty;
    if (s && s->draft)
        pipeline_count_findings(p, s->draft);
    connection_freeze(c, p->room);
    p->unwritten += s ? c->frozen->log.length : 0;
    const enum queue queue = !has_session ? QUEUE_MUTE : dirty ? QUEUE_FROZEN : QUEUE_QUIET;
    flow_touch(&c->flow, &p->queue[queue], c->flow.last_us);
}

static void write_and_rest(struct pipeline *p, struct connection *c)
{
    connection_thaw(c);
    pipeline_hand_over(p, c, false);
    put_to_rest(p, c);
}

void pipeline_freeze(struct pipeline *p)
{
    while (p->queue[QUEUE_SMTP].count > p->thawed)
        put_to_rest(p, oldest_in(p, QUEUE_SMTP));
    while (p->queue[QUEUE_SILENT].count > p->thawed)
        put_to_rest(p, oldest_in(p, QUEUE_SILENT));
    while (p->unwritten > UNWRITTEN_LIMIT && oldest_in(p, QUEUE_FROZEN))
        write_and_rest(p, oldest_in(p, QUEUE_FROZEN));
}

void pipeline_write_frozen(struct pipeline *p)
{
    while (oldest_in(p, QUEUE_FROZEN))
        write_and_rest(p, oldest_in(p, QUEUE_FROZEN));
}
