/* The table of connections: a key of two endpoints, and who spoke last. */
#ifndef HELOSCOPE_FLOW_H
#define HELOSCOPE_FLOW_H

#include "heloscope/packet.h"

/* Two endpoints in a fixed order, so that both directions have one key. */
struct flow_key {
    struct address address[2];
    uint16_t port[2];
};

/* What every entry of the table begins with; the rest is the owner's. */
struct flow {
    struct flow_key key;
    uint32_t hash;
    int64_t last_us; /* time of the last packet */
    struct flow *older, *newer;
    struct flow_queue *queue;
};

/* Flows by the time of their last packet. */
struct flow_queue {
    struct flow *oldest, *newest;
    size_t count;
};

struct flow_table {
    struct flow **slots; /* open addressing; the size is a power of two */
    size_t size, count;
    uint64_t seed; /* random, so that nobody can choose addresses that collide */
};

void flow_table_init(struct flow_table *table);
void flow_table_free(struct flow_table *table); /* not the flows */

/* The key of a segment, and which of its endpoints (0 or 1) sent it. */
struct flow_key flow_key_of(const struct segment *segment, int *sender);

/* The flow with this key, or NULL. */
struct flow *flow_find(const struct flow_table *table, const struct flow_key *key);

/* Puts `flow` in, whose key is set and not in the table yet. */
void flow_insert(struct flow_table *table, struct flow *flow);
void flow_remove(struct flow_table *table, struct flow *flow);

/* Makes `flow` the newest of `queue`, taking it out of the queue that it is in. NULL: out only. */
void flow_touch(struct flow *flow, struct flow_queue *queue, int64_t now_us);

#endif
