#include "heloscope/connection.h"

/* A connection is only ever begun by a SYN of its own way, so that the same conversation held in
 * two networks stays two. */
static bool continues(const struct connection *c, const struct segment *segment, int sender)
{
    return (c->state == CONNECTION_SMTP || c->state == CONNECTION_WATCHED) &&
           conversation_continues(&c->talk->conversation, sender != c->client, segment);
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
