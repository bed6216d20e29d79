/* From a segment to its connection, which is found or begun, and through it to octets in order. */
#include "stages.h"

#include "heloscope/base/memory.h"

/* Which endpoint is the client: the one that sent the SYN; else the ports tell, else the octets. */
static int find_client(struct pipeline *p, const struct segment *segment, int sender, bool *guessed)
{
    *guessed = false;
    if (segment->flags & TCP_SYN)
        return segment->flags & TCP_ACK ? !sender : sender;
    bool from = pipeline_declared(p, segment->src_port),
         to = pipeline_declared(p, segment->dst_port);
    if (from != to)
        return from ? !sender : sender;
    *guessed = true;
    enum speaker speaker = speaker_of(segment->payload);
    if (speaker == SPEAKER_UNKNOWN)
        speaker = segment->src_port < segment->dst_port ? SPEAKER_SERVER : SPEAKER_CLIENT;
    return speaker == SPEAKER_SERVER ? !sender : sender;
}

static struct connection *open_connection(struct pipeline *p, const struct packet_record *packet,
                                          const struct segment *segment, const struct flow_key *key,
                                          int sender)
{
    struct connection *c = memory_get(sizeof *c);
    c->flow.key = *key;
    c->client = find_client(p, segment, sender, &c->roles_guessed);
    c->vlan = segment->vlan;
    c->decoding = memory_get(sizeof *c->decoding);
    c->decoding->tunnel = segment->tunnel;
    c->decoding->source = packet->source;
    c->first = (struct mark){.ts_us = packet->ts_us, .packet = packet->number};
    flow_add_path(&c->flow, segment->path);
    if (segment->flags & TCP_SYN && !(segment->flags & TCP_ACK)) {
        c->has_syn = true;
        c->syn = segment->seq;
    }
    if (pipeline_declared(p, key->port[!c->client])) {
        c->state = CONNECTION_SMTP;
    } else {
        c->state = CONNECTION_CANDIDATE;
        c->decoding->candidate = memory_get(sizeof *c->decoding->candidate);
    }
    flow_insert(&p->table, &c->flow);
    p->totals.connections++;
    return c;
}

/* A SYN of another connection on the same ports; not one that the capture brings late or twice. */
static bool begins_anew(struct connection *c, const struct segment *segment, int sender)
{
    if (!(segment->flags & TCP_SYN) || segment->flags & (TCP_ACK | TCP_RST))
        return false;
    if (sender != c->client)
        return c->state == CONNECTION_CLOSED;
    const struct stream *stream = c->decoding ? &c->decoding->reassembly.side[SIDE_CLIENT] : NULL;
    if (!c->has_syn && stream && stream->started &&
        segment->seq + 1 == stream->base + (uint32_t)stream->begun) {
        c->has_syn = true;
        c->syn = segment->seq;
    }
    return !c->has_syn || segment->seq != c->syn;
}

/* Too much waits in all connections together: this one, which has just added to it, waits no
 * longer. */
static void cut_short(struct pipeline *p, struct connection *c)
{
    p->totals.costs.of[COST_HELD]++;
    p->current = c;
    reassembly_drain(&c->decoding->reassembly, pipeline_take_span, p);
    if (c->state == CONNECTION_SMTP)
        pipeline_hurry(p, c);
}

static enum queue queue_of(const struct connection *c)
{
    if (c->state == CONNECTION_CLOSED)
        return QUEUE_CLOSED;
    if (c->state == CONNECTION_IGNORED)
        return QUEUE_OTHER;
    if (c->decoding->reassembly.end == END_RESET)
        return QUEUE_CLOSING;
    if (c->state == CONNECTION_CANDIDATE)
        return QUEUE_CANDIDATES;
    return decoding_has_session(c->decoding) ? QUEUE_SMTP : QUEUE_SILENT;
}

/* The connection that the segment belongs to, awake; NULL when it belongs to none and begins none.
 */
static struct connection *connection_of(struct pipeline *p, const struct packet_record *packet,
                                        const struct segment *segment, const struct flow_key *key,
                                        int sender)
{
    struct connection *c = connection_find(&p->table, key, segment, sender);
    if (c) {
        connection_thaw(c);
        if (!begins_anew(c, segment, sender))
            return c;
        pipeline_forget(p, c, c->decoding && c->decoding->reset.packet ? "reset" : "ports reused");
    }
    /* A bare acknowledgement, FIN or RST of something unknown begins nothing. */
    if (!(segment->flags & TCP_SYN) && !segment->payload.len)
        return NULL;
    if (segment->flags & TCP_RST)
        return NULL;
    struct connection *stalest = connection_stalest(&p->table, key);
    if (stalest) {
        p->totals.costs.of[COST_TWINS]++;
        pipeline_forget(p, stalest, "given up");
    }
    return open_connection(p, packet, segment, key, sender);
}

/* Its octets, and what waited for them, go to pipeline_take_span(). */
static void push_segment(struct pipeline *p, struct connection *c,
                         const struct packet_record *packet, const struct segment *segment,
                         enum side side)
{
    struct reassembly *reassembly = &c->decoding->reassembly;
    size_t before = connection_held(c);
    p->current = c;
    reassembly_push(reassembly, side, segment, packet->ts_us, packet->number, pipeline_take_span,
                    p);
    p->held += connection_held(c) - before;
    if (p->held > HELD_LIMIT && connection_held(c) > before) {
        before = connection_held(c);
        cut_short(p, c);
        p->held += connection_held(c) - before;
    }
    if (c->state == CONNECTION_IGNORED) {
        p->held -= connection_held(c);
        pipeline_end_decoding(p, c);
    } else if (reassembly->end == END_FIN)
        pipeline_close(p, c, NULL);
    else if (reassembly->end == END_RESET && !c->decoding->reset.packet)
        c->decoding->reset = reassembly->last;
}

void pipeline_take_segment(struct pipeline *p, const struct packet_record *packet,
                           const struct segment *segment)
{
    struct flow_key key;
    const int sender = flow_key_of(segment, &key);
    struct connection *c = connection_of(p, packet, segment, &key, sender);
    if (!c)
        return;
    if (c->state == CONNECTION_SMTP || c->state == CONNECTION_CANDIDATE)
        push_segment(p, c, packet, segment, sender == c->client ? SIDE_CLIENT : SIDE_SERVER);
    flow_touch(&c->flow, &p->queue[queue_of(c)], p->now_us);
}

void pipeline_take_copy(struct pipeline *p, const struct segment *copy, uint32_t path)
{
    struct flow_key key;
    flow_key_of(copy, &key);
    struct flow *flow = copy->path != path ? flow_find(&p->table, &key, path) : NULL;
    if (flow && !flow_find(&p->table, &key, copy->path))
        flow_add_path(flow, copy->path);
}
