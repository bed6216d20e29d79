#include "connections.h"

#include <stdlib.h>

#include "heloscope/base/memory.h"

/* --- rest --- */

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

enum forward_proxy_state decoding_forward_proxy(struct decoding *decoding)
{
    uint8_t head[2][FORWARD_PROXY_HEAD];
    size_t length[2] = {0, 0};
    struct forward_proxy found;
    for (const struct queued_span *q = decoding->kept; q; q = q->next) {
        struct bytes part = bytes_first(q->span.data, FORWARD_PROXY_HEAD - length[q->side]);
        if (!q->span.data.at)
            return FORWARD_PROXY_NONE; /* a hole */
        memcpy(head[q->side] + length[q->side], part.at, part.len);
        length[q->side] += part.len;
    }
    enum forward_proxy_state state =
        forward_proxy_read(bytes_of(head[SIDE_CLIENT], length[SIDE_CLIENT]),
                           bytes_of(head[SIDE_SERVER], length[SIDE_SERVER]), &found);
    if (state == FORWARD_PROXY_DONE) {
        decoding->forward_proxy = memory_get(sizeof *decoding->forward_proxy);
        *decoding->forward_proxy = found;
    }
    return state;
}

bool decoding_behind_forward_proxy(const struct decoding *decoding, enum side side,
                                   struct span *span)
{
    const size_t *length = decoding->forward_proxy->length;
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
