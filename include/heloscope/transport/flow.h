/* SPDX-License-Identifier: ISC */
/* The table of connections: a key of two endpoints, the ways by which its packets come, and who
 * spoke last.
 *
 * The same addresses in another VLAN or tunnel are another connection. But one connection can come
 * by several ways: a mirror shows it in front of a router and behind it, and some tunnels number
 * each direction for itself. So the way is no part of the key: there may be several flows with one
 * key, each with the ways that have been shown to be its own. */
#ifndef HELOSCOPE_TRANSPORT_FLOW_H
#define HELOSCOPE_TRANSPORT_FLOW_H

#include "heloscope/base/limits.h"
#include "heloscope/network/packet.h"

/* Two endpoints in a fixed order, so that both directions have one key. */
struct flow_key {
    uint64_t address[2][2]; /* address_word() of each */
    uint16_t port[2];
    uint8_t family; /* of both */
};

/* What every entry of the table begins with; the rest is the owner's. */
struct flow {
    struct flow_key key;
    uint32_t paths[FLOW_PATHS]; /* as in struct segment */
    uint8_t path_count, path_next;
    int64_t last_us; /* time of the last packet */
    struct flow *older, *newer;
    struct flow_queue *queue;
};

/* Flows by the time of their last packet. */
struct flow_queue {
    struct flow *oldest, *newest;
    size_t count;
};

struct flow_slot {
    struct flow *flow; /* NULL = free */
    uint32_t hash;     /* of its key */
};

struct flow_table {
    struct flow_slot *slots; /* open addressing; the size is a power of two */
    size_t size, count;
    uint64_t seed; /* random, so that nobody can choose addresses that collide */
};

void flow_table_init(struct flow_table *table);
void flow_table_free(struct flow_table *table); /* not the flows */

/* Writes the key of a segment; returns which of its endpoints (0 or 1) sent it. */
int flow_key_of(const struct segment *segment, struct flow_key *key);

/* The address of an endpoint. */
struct address flow_address(const struct flow_key *key, int endpoint);

/* The flow with this key that comes by `path`, or NULL. */
struct flow *flow_find(const struct flow_table *table, const struct flow_key *key, uint32_t path);

/* The flows with this key, one after the other, whatever their ways: the first for `after` NULL,
 * NULL behind the last. */
struct flow *flow_next(const struct flow_table *table, const struct flow_key *key,
                       const struct flow *after);

/* The flow comes by this way too. */
void flow_add_path(struct flow *flow, uint32_t path);

/* Puts `flow` in, whose key and first path are set and not in the table yet. */
void flow_insert(struct flow_table *table, struct flow *flow);
void flow_remove(struct flow_table *table, struct flow *flow);

/* Makes `flow` the newest of `queue`, taking it out of the queue that it is in. NULL: out only. */
void flow_touch(struct flow *flow, struct flow_queue *queue, int64_t now_us);

#endif
