#include "heloscope/flow.h"

#include <stdlib.h>
#include <sys/random.h>

#include "heloscope/memory.h"

enum {
    FIRST_SIZE = 1024
};

void flow_table_init(struct flow_table *table)
{
    *table = (struct flow_table){.size = FIRST_SIZE};
    table->slots = memory_get(FIRST_SIZE * sizeof *table->slots);
    if (getrandom(&table->seed, sizeof table->seed, GRND_NONBLOCK) != sizeof table->seed)
        table->seed ^= (uintptr_t)table->slots; /* a guess that is hard to make from outside */
}

void flow_table_free(struct flow_table *table)
{
    free(table->slots);
    table->slots = NULL;
}

struct flow_key flow_key_of(const struct segment *segment, int *sender)
{
    struct flow_key key;
    memset(&key, 0, sizeof key); /* compared as octets */
    int order = memcmp(&segment->src, &segment->dst, sizeof segment->src);
    bool swap = order ? order > 0 : segment->src_port > segment->dst_port;
    key.address[swap] = segment->src;
    key.address[!swap] = segment->dst;
    key.port[swap] = segment->src_port;
    key.port[!swap] = segment->dst_port;
    *sender = swap;
    return key;
}

static uint64_t mix(uint64_t h, uint64_t word)
{
    __uint128_t product = (__uint128_t)(h ^ word) * 0x9e3779b97f4a7c15ull;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint32_t hash_key(const struct flow_table *table, const struct flow_key *key)
{
    const uint8_t *at = (const uint8_t *)key;
    uint64_t h = table->seed | 1, word;
    size_t i = 0;
    for (; i + sizeof word <= sizeof *key; i += sizeof word) {
        memcpy(&word, at + i, sizeof word);
        h = mix(h, word);
    }
    word = 0;
    memcpy(&word, at + i, sizeof *key - i);
    return (uint32_t)(mix(h, word ^ table->seed) >> 16);
}

struct flow *flow_find(const struct flow_table *table, const struct flow_key *key)
{
    uint32_t hash = hash_key(table, key);
    for (size_t i = hash;; i++) {
        struct flow *flow = table->slots[i & (table->size - 1)];
        if (!flow || (flow->hash == hash && memcmp(&flow->key, key, sizeof *key) == 0))
            return flow;
    }
}

static void place(struct flow **slots, size_t size, struct flow *flow)
{
    size_t i = flow->hash;
    while (slots[i & (size - 1)])
        i++;
    slots[i & (size - 1)] = flow;
}

void flow_insert(struct flow_table *table, struct flow *flow)
{
    if (table->count * 4 >= table->size * 3) {
        size_t size = table->size * 2;
        struct flow **slots = memory_get(size * sizeof *slots);
        for (size_t i = 0; i < table->size; i++)
            if (table->slots[i])
                place(slots, size, table->slots[i]);
        free(table->slots);
        table->slots = slots;
        table->size = size;
    }
    flow->hash = hash_key(table, &flow->key);
    place(table->slots, table->size, flow);
    table->count++;
}

/* Linear probing without tombstones: what stood behind moves up to close the hole. */
void flow_remove(struct flow_table *table, struct flow *flow)
{
    size_t mask = table->size - 1, hole = flow->hash & mask;
    while (table->slots[hole] != flow)
        hole = (hole + 1) & mask;
    for (size_t i = (hole + 1) & mask; table->slots[i]; i = (i + 1) & mask) {
        size_t home = table->slots[i]->hash & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            table->slots[hole] = table->slots[i];
            hole = i;
        }
    }
    table->slots[hole] = NULL;
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
