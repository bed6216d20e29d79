/* SPDX-License-Identifier: ISC */
#include "sightings.h"

#include <stdlib.h>

#include "heloscope/base/hash.h"
#include "heloscope/base/memory.h"

enum {
    SLOTS = 4 * SIGHTED_FLOWS
};

void sightings_begin(struct sightings *s, uint64_t seed)
{
    *s = (struct sightings){.seed = seed, .slots = memory_get(SLOTS * sizeof *s->slots)};
}

void sightings_free(struct sightings *s)
{
    free(s->flows);
    free(s->slots);
    *s = (struct sightings){0};
}

size_t sighted_kept(const struct sighted *flow)
{
    const size_t most = SIGHTED_FIRST + SIGHTED_LAST;
    return flow->count < most ? flow->count : most;
}

/* --- which connections --- */

static int compare_ends(const struct segment *segment)
{
    int order = memcmp(&segment->src, &segment->dst, sizeof segment->src);
    return order ? order : (int)segment->src_port - (int)segment->dst_port;
}

/* The side that sent it. */
static uint8_t name(struct sighted *flow, const struct segment *segment, uint64_t seed)
{
    uint8_t side = compare_ends(segment) > 0;
    flow->ends[side].address = segment->src;
    flow->ends[side].port = segment->src_port;
    flow->ends[!side].address = segment->dst;
    flow->ends[!side].port = segment->dst_port;
    flow->hash = seed;
    for (int i = 0; i < 2; i++) {
        flow->hash = hash_octets(flow->hash, &flow->ends[i].address, sizeof(struct address));
        flow->hash = hash_mix(flow->hash, flow->ends[i].port);
    }
    return side;
}

static bool is_same(const struct sighted *a, const struct sighted *b)
{
    return a->hash == b->hash && a->ends[0].port == b->ends[0].port &&
           a->ends[1].port == b->ends[1].port &&
           memcmp(&a->ends[0].address, &b->ends[0].address, sizeof(struct address)) == 0 &&
           memcmp(&a->ends[1].address, &b->ends[1].address, sizeof(struct address)) == 0;
}

/* The slot of a connection, or the free one where it belongs. Slots are never full. */
static uint16_t *slot_of(const struct sightings *s, const struct sighted *flow)
{
    size_t at = (flow->hash >> 32) % SLOTS;
    while (s->slots[at] && !is_same(&s->flows[s->slots[at] - 1], flow))
        at = (at + 1) % SLOTS;
    return &s->slots[at];
}

const struct sighted *sightings_find(const struct sightings *s, const struct sighted *flow)
{
    uint16_t number = *slot_of(s, flow);
    return number ? &s->flows[number - 1] : NULL;
}

/* Too many: every other one is forgotten. */
static void thin_out(struct sightings *s)
{
    size_t kept = 0;
    s->mask = s->mask * 2 + 1;
    memset(s->slots, 0, SLOTS * sizeof *s->slots);
    for (size_t i = 0; i < s->count; i++) {
        if (s->flows[i].hash & s->mask)
            continue;
        s->flows[kept] = s->flows[i];
        *slot_of(s, &s->flows[kept]) = (uint16_t)(kept + 1);
        kept++;
    }
    s->count = kept;
}

static struct sighted *add(struct sightings *s, const struct sighted *flow)
{
    while (s->count == SIGHTED_FLOWS)
        thin_out(s);
    if (flow->hash & s->mask)
        return NULL;
    if (s->count == s->room) {
        s->room = s->room ? 2 * s->room : 16;
        s->flows = memory_resize(s->flows, s->room * sizeof *s->flows);
    }
    s->flows[s->count] = *flow;
    *slot_of(s, flow) = (uint16_t)(s->count + 1);
    return &s->flows[s->count++];
}

/* --- their segments --- */

static void keep(struct sighted *flow, const struct sighting *sighting)
{
    size_t at = flow->count;
    if (at >= SIGHTED_FIRST)
        at = SIGHTED_FIRST + (at - SIGHTED_FIRST) % SIGHTED_LAST;
    flow->kept[at] = *sighting;
    flow->count++;
}

void sightings_take(struct sightings *s, const struct segment *segment, int64_t ts_us)
{
    struct sighted named = {0}, *flow;
    uint8_t side = name(&named, segment, s->seed);
    if (named.hash & s->mask || segment->flags & TCP_RST)
        return; /* what a reset acknowledges need not be true */
    uint16_t number = *slot_of(s, &named);
    flow = number ? &s->flows[number - 1] : add(s, &named);
    if (!flow)
        return;
    /* SYN and FIN have a number each (RFC 9293 section 3.4). */
    uint32_t length = (uint32_t)segment->payload.len + segment->cut + !!(segment->flags & TCP_SYN) +
                      !!(segment->flags & TCP_FIN);
    struct sighting one = {.ts_us = ts_us,
                           .seq = segment->seq,
                           .end = segment->seq + length,
                           .ack = segment->ack,
                           .side = side,
                           .acks = segment->flags & TCP_ACK};
    one.again = flow->spoke[side] && (int32_t)(one.end - flow->newest[side]) <= 0;
    if (!one.again)
        flow->newest[side] = one.end;
    flow->spoke[side] = true;
    keep(flow, &one);
}
