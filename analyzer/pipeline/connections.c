#include "connections.h"

#include <stdlib.h>

#include "heloscope/base/memory.h"

/* --- rest --- */

/* A segment without octets concerns the two streams alone: the session rests on. */
struct talk *connection_wake(struct connection *c)
{
    if (c->talk || !c->rest)
        return c->talk;
    rest_expect(c->rest);
    c->talk = memory_resize(NULL, sizeof *c->talk);
    rest_beside(c->rest, c->talk, sizeof *c->talk);
    c->talk->rest = c->rest;
    c->rest = NULL;
    return c->talk;
}

struct session *talk_session(struct talk *talk, struct rest_room *room)
{
    if (!talk->session && talk->rest) {
        talk->session = rest_wake(room, talk->rest);
        talk->rest = NULL;
    }
    return talk->session;
}

void connection_rest(struct connection *c, struct rest_room *room)
{
    struct talk *talk = c->talk;
    struct session *session = talk->session;
    struct rest *before = talk->rest;
    talk->session = NULL;
    talk->rest = NULL;
    c->rest = rest_make(room, talk, sizeof *talk, session, before);
    c->talk = NULL;
    free(talk);
}

/* --- which one --- */

/* A connection is only ever begun by a SYN of its own way, so that the same conversation held in
 * two networks stays two. */
static bool continues(const struct connection *c, const struct segment *segment, int sender)
{
    struct talk rested;
    const struct talk *talk = c->talk;
    if (c->state != CONNECTION_SMTP && c->state != CONNECTION_WATCHED)
        return false;
    if (!talk) {
        rest_beside(c->rest, &rested, sizeof rested);
        talk = &rested;
    }
    return conversation_continues(&talk->conversation, sender != c->client, segment);
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

enum relay_state talk_relay(struct talk *talk)
{
    uint8_t head[2][RELAY_HEAD];
    size_t length[2] = {0, 0};
    struct relay found;
    for (const struct queued_span *q = talk->kept; q; q = q->next) {
        struct bytes part = bytes_first(q->span.data, RELAY_HEAD - length[q->side]);
        if (!q->span.data.at)
            return RELAY_NONE; /* a hole */
        memcpy(head[q->side] + length[q->side], part.at, part.len);
        length[q->side] += part.len;
    }
    enum relay_state state = relay_read(bytes_of(head[SIDE_CLIENT], length[SIDE_CLIENT]),
                                        bytes_of(head[SIDE_SERVER], length[SIDE_SERVER]), &found);
    if (state == RELAY_DONE) {
        talk->relay = memory_get(sizeof *talk->relay);
        *talk->relay = found;
    }
    return state;
}

bool talk_behind_relay(const struct talk *talk, int side, struct span *span)
{
    const size_t *length = talk->relay->length;
    size_t octets = span->data.at ? span->data.len : span->gap;
    if (span->offset + octets <= length[side])
        return false;
    if (span->offset < length[side]) {
        size_t before = length[side] - span->offset;
        span->data = span->data.at ? bytes_from(span->data, before) : span->data;
        span->gap -= span->gap ? before : 0;
        span->offset = length[side];
    }
    span->offset -= length[side];
    span->mark.seen = span->mark.seen > length[!side] ? span->mark.seen - length[!side] : 0;
    return true;
}
