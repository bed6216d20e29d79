/* SPDX-License-Identifier: ISC */
#include "heloscope/transport/flow.h"

#include <stdlib.h>

#include "heloscope/base/hash.h"
#include "heloscope/base/memory.h"

enum {
    FIRST_SIZE = 1024
};

void flow_table_init(struct flow_table *table)
{
    *table = (struct flow_table){.size = FIRST_SIZE};
    table->slots = memory_get(FIRST_SIZE * sizeof *table->slots);
    table->seed = hash_seed();
}

void flow_table_free(struct flow_table *table)
{
    free(table->slots);
    table->slots = NULL;
}

int flow_key_of(const struct segment *segment, struct flow_key *key)
{
    const uint64_t src[2] = {address_word(&segment->src, 0), address_word(&segment->src, 1)};
    const uint64_t dst[2] = {address_word(&segment->dst, 0), address_word(&segment->dst, 1)};
    const int sender = src[0] != dst[0]   ? src[0] > dst[0]
                       : src[1] != dst[1] ? src[1] > dst[1]
                                          : segment->src_port > segment->dst_port;
    key->address[sender][0] = src[0];
    key->address[sender][1] = src[1];
    key->address[!sender][0] = dst[0];
    key->address[!sender][1] = dst[1];
    key->port[sender] = segment->src_port;
    key->port[!sender] = segment->dst_port;
    key->family = segment->src.family;
    return sender;
}

struct address flow_address(const struct flow_key *key, int endpoint)
{
    struct address address = {.family = key->family};
    memcpy(address.octets, key->address[endpoint], sizeof address.octets);
    return address;
}

/* The two endpoints are mixed side by side, so that neither waits for the other. */
static uint32_t hash_key(const struct flow_table *table, const struct flow_key *key)
{
    uint64_t one = hash_mix(table->seed, key->address[0][0]);
    uint64_t other = hash_mix(~table->seed, key->address[1][0]);
    if (key->family != 4) {
        one = hash_mix(one, key->address[0][1]);
        other = hash_mix(other, key->address[1][1]);
    }
    const uint64_t ports = (uint64_t)key->port[0] << 16 | key->port[1];
    return (uint32_t)(hash_mix(one ^ (other << 17 | other >> 47), ports) >> 16);
}

static bool same_key(const struct flow_key *a, const struct flow_key *b)
{
    return a->address[0][0] == b->address[0][0] && a->address[0][1] == b->address[0][1] &&
           a->address[1][0] == b->address[1][0] && a->address[1][1] == b->address[1][1] &&
           a->port[0] == b->port[0] && a->port[1] == b->port[1] && a->family == b->family;
}

static bool comes_by(const struct flow *flow, uint32_t path)
{
    for (uint8_t i = 0; i < flow->path_count; i++)
        if (flow->paths[i] == path)
            return true;
    return false;
}

/* Whether the slot holds a flow with this key: the hash beside the pointer spares a look at the
 * others. */
static bool matches(const struct flow_slot *slot, uint32_t hash, const struct flow_key *key)
{
    return slot->hash == hash && same_key(&slot->flow->key, key);
}

/* Flows with one key have one hash, and so lie in one run of slots. */
struct flow *flow_find(const struct flow_table *table, const struct flow_key *key, uint32_t path)
{
    uint32_t hash = hash_key(table, key);
    for (size_t i = hash;; i++) {
        const struct flow_slot *slot = &table->slots[i & (table->size - 1)];
        if (!slot->flow || (matches(slot, hash, key) && comes_by(slot->flow, path)))
            return slot->flow;
    }
}

struct flow *flow_next(const struct flow_table *table, const struct flow_key *key,
                       const struct flow *after)
{
    uint32_t hash = hash_key(table, key);
    for (size_t i = hash;; i++) {
        const struct flow_slot *slot = &table->slots[i & (table->size - 1)];
        if (!slot->flow)
            return NULL;
        if (slot->flow == after)
            after = NULL;
        else if (!after && matches(slot, hash, key))
            return slot->flow;
    }
}

void flow_add_path(struct flow *flow, uint32_t path)
{
    if (comes_by(flow, path))
        return;
    flow->paths[flow->path_next] = path;
    flow->path_next = (uint8_t)((flow->path_next + 1) % FLOW_PATHS);
    if (flow->path_count < FLOW_PATHS)
        flow->path_count++;
}

static void place(struct flow_slot *slots, size_t size, struct flow_slot slot)
{
    size_t i = slot.hash;
    while (slots[i & (size - 1)].flow)
        i++;
    slots[i & (size - 1)] = slot;
}

void flow_insert(struct flow_table *table, struct flow *flow)
{
    if (table->count * 4 >= table->size * 3) {
        size_t size = table->size * 2;
        struct flow_slot *slots = memory_get(size * sizeof *slots);
        for (size_t i = 0; i < table->size; i++)
            if (table->slots[i].flow)
                place(slots, size, table->slots[i]);
        free(table->slots);
        table->slots = slots;
        table->size = size;
    }
    place(table->slots, table->size, (struct flow_slot){flow, hash_key(table, &flow->key)});
    table->count++;
}

/* Linear probing without tombstones: what stood behind moves up to close the hole. */
void flow_remove(struct flow_table *table, struct flow *flow)
{
    size_t mask = table->size - 1, hole = hash_key(table, &flow->key) & mask;
    while (table->slots[hole].flow != flow)
        hole = (hole + 1) & mask;
    for (size_t i = (hole + 1) & mask; table->slots[i].flow; i = (i + 1) & mask) {
        size_t home = table->slots[i].hash & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            table->slots[hole] = table->slots[i];
            hole = i;
        }
    }
    table->slots[hole] = (struct flow_slot){0};
    table->count--;
    flow_touch(flow, NULL, flow->last_us);
}

void flow_touch(struct flow *flow, struct flow_queue *queue, int64_t now_us)
{
    flow->last_us = now_us;
    if (queue && flow->queue == queue && queue->newest == flow)
        return;
    if (flow->queue) {
        struct flow_queue *old = flow->queue;
        *(flow->older ? &flow->older->newer : &old->oldest) = flow->newer;
        *(flow->newer ? &flow->newer->older : &old->newest) = flow->older;
        old->count--;
    }
    flow->queue = queue;
    flow->older = flow->newer = NULL;
    if (!queue)
        return;
    flow->older = queue->newest;
    *(queue->newest ? &queue->newest->newer : &queue->oldest) = flow;
    queue->newest = flow;
    queue->count++;
}
