/* SPDX-License-Identifier: ISC */
#include "connections.h"

#include <stdlib.h>

#include "heloscope/base/memory.h"

static const uint16_t default_ports[] = {25, 465, 587, 2525, 24};

void port_set_fill(struct port_set *set, const uint16_t *ports, size_t count)
{
    if (!ports) {
        ports = default_ports;
        count = sizeof default_ports / sizeof *default_ports;
    }
    for (size_t i = 0; i < count; i++)
        set->bits[ports[i] / 8] |= (uint8_t)(1 << (ports[i] % 8));
}

/* --- freezing --- */

/* A segment without octets concerns the two streams alone: the session rests on. */
struct decoding *connection_thaw(struct connection *c)
{
    if (c->decoding || !c->frozen)
        return c->decoding;
    frozen_expect(c->frozen);
    c->decoding = memory_resize(NULL, sizeof *c->decoding);
    frozen_beside(c->frozen, c->decoding, sizeof *c->decoding);
    c->decoding->frozen = c->frozen;
    c->frozen = NULL;
    return c->decoding;
}

struct session *decoding_session(struct decoding *decoding, struct freezer *room)
{
    if (!decoding->session && decoding->frozen) {
        decoding->session = frozen_thaw(room, decoding->frozen);
        decoding->frozen = NULL;
    }
    return decoding->session;
}

void connection_freeze(struct connection *c, struct freezer *room)
{
    struct decoding *decoding = c->decoding;
    struct session *session = decoding->session;
    struct frozen *before = decoding->frozen;
    decoding->session = NULL;
    decoding->frozen = NULL;
    c->frozen = frozen_make(room, decoding, sizeof *decoding, session, before);
    c->decoding = NULL;
    free(decoding);
}

/* --- how one begins --- */

/* Which endpoint is the client: the one that sent the SYN; else the ports tell, else the octets. */
static int find_client(const struct port_set *declared, const struct segment *segment, int sender,
                       bool *guessed)
{
    *guessed = false;
    if (segment->flags & TCP_SYN)
        return segment->flags & TCP_ACK ? !sender : sender;
    bool from = port_set_has(declared, segment->src_port),
         to = port_set_has(declared, segment->dst_port);
    if (from != to)
        return from ? !sender : sender;
    *guessed = true;
    enum speaker speaker = speaker_of(segment->payload);
    if (speaker == SPEAKER_UNKNOWN)
        speaker = segment->src_port < segment->dst_port ? SPEAKER_SERVER : SPEAKER_CLIENT;
    return speaker == SPEAKER_SERVER ? !sender : sender;
}

struct connection *connection_open(struct flow_table *table, const struct port_set *declared,
                                   const struct packet_record *packet,
                                   const struct segment *segment, const struct flow_key *key,
                                   int sender)
{
    struct connection *c = memory_get(sizeof *c);
    c->flow.key = *key;
    c->client = find_client(declared, segment, sender, &c->roles_guessed);
    c->vlan = segment->vlan;
    c->decoding = memory_get(sizeof *c->decoding);
    c->decoding->tunnel = segment->tunnel;
    c->decoding->source = c->decoding->newest_source = packet->source;
    c->first = (struct mark){.ts_us = packet->ts_us, .packet = packet->number};
    flow_add_path(&c->flow, segment->path);
    if (segment->flags & TCP_SYN && !(segment->flags & TCP_ACK)) {
        c->has_syn = true;
        c->syn = segment->seq;
    }
    if (port_set_has(declared, key->port[!c->client])) {
        c->state = CONNECTION_SMTP;
    } else {
        c->state = CONNECTION_CANDIDATE;
        c->decoding->candidate = memory_get(sizeof *c->decoding->candidate);
    }
    flow_insert(table, &c->flow);
    return c;
}

/* --- what is made of one --- */

/* Captures that are merged take turns: each is noted once. */
void decoding_note_source(struct decoding *decoding, struct capture_source *source)
{
    if (source == decoding->newest_source)
        return;
    decoding->newest_source = source;
    if (source == decoding->source || decoding->passed_count == CAPTURES_PASSED)
        return;
    for (uint32_t i = 0; i < decoding->passed_count; i++)
        if (decoding->passed[i] == source->capture_id)
            return;
    decoding->passed =
        memory_resize(decoding->passed, (decoding->passed_count + 1) * sizeof *decoding->passed);
    decoding->passed[decoding->passed_count++] = source->capture_id;
}

void decoding_note_waiting(struct decoding *decoding)
{
    const struct direction *direction = decoding->session->direction;
    decoding->session_waits =
        direction_waits(&direction[SIDE_CLIENT]) + direction_waits(&direction[SIDE_SERVER]);
}

void connection_end_decoding(struct connection *c, struct costs *costs)
{
    if (c->decoding) {
        const struct reassembly *reassembly = &c->decoding->reassembly;
        uint64_t *of = costs->of;
        of[COST_HOLES] += reassembly->overfull;
        of[COST_AHEAD] += reassembly->side[0].dropped + reassembly->side[1].dropped;
        reassembly_free(&c->decoding->reassembly);
        free(c->decoding->forward_proxy);
        free(c->decoding->passed);
    }
    free(c->decoding);
    c->decoding = NULL;
}

/* --- which one --- */

/* A connection is only ever begun by a SYN of its own way, so that the same conversation held in
 * two networks stays two. */
static bool continues(const struct connection *c, const struct segment *segment, int sender)
{
    struct decoding rested;
    const struct decoding *decoding = c->decoding;
    if (c->state != CONNECTION_SMTP && c->state != CONNECTION_CANDIDATE)
        return false;
    if (!decoding) {
        frozen_beside(c->frozen, &rested, sizeof rested);
        decoding = &rested;
    }
    return reassembly_continues(&decoding->reassembly, sender != c->client, segment);
}

struct connection *connection_find(const struct flow_table *table, const struct flow_key *key,
                                   const struct segment *segment, int sender)
{
    struct flow *flow = flow_find(table, key, segment->path);
    if (flow || (segment->flags & TCP_SYN && !(segment->flags & TCP_ACK)))
        return (struct connection *)flow;
    while ((flow = flow_next(table, key, flow)))
        if (continues((struct connection *)flow, segment, sender)) {
            flow_add_path(flow, segment->path);
            return (struct connection *)flow;
        }
    return NULL;
}

struct connection *connection_stalest(const struct flow_table *table, const struct flow_key *key)
{
    struct flow *stalest = NULL, *flow = NULL;
    int count = 0;
    for (; (flow = flow_next(table, key, flow)); count++)
        if (!stalest || flow->last_us < stalest->last_us)
            stalest = flow;
    return count >= CONNECTION_TWINS ? (struct connection *)stalest : NULL;
}

bool connection_begins_anew(struct connection *c, const struct segment *segment, int sender)
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

enum queue connection_queue(const struct connection *c)
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

/* --- all of them --- */

static int by_beginning(const void *a, const void *b)
{
    const struct connection *x = *(struct connection *const *)a,
                            *y = *(struct connection *const *)b;
    if (x->first.ts_us != y->first.ts_us)
        return x->first.ts_us < y->first.ts_us ? -1 : 1;
    return x->first.packet < y->first.packet ? -1 : x->first.packet > y->first.packet;
}

struct connection **connections_live(const struct flow_queue queue[QUEUE_COUNT], size_t *count)
{
    size_t n = 0;
    for (int i = 0; i < QUEUE_COUNT; i++)
        n += queue[i].count;
    struct connection **all = memory_get((n + 1) * sizeof *all);
    n = 0;
    for (int i = 0; i < QUEUE_COUNT; i++)
        for (struct flow *f = queue[i].oldest; f; f = f->newer)
            if (connection_is_live((struct connection *)f))
                all[n++] = (struct connection *)f;
    qsort(all, n, sizeof *all, by_beginning);
    *count = n;
    return all;
}
