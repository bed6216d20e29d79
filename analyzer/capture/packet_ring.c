/* SPDX-License-Identifier: ISC */
#include "packet_ring.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/base/memory.h"

enum {
    ALIGNMENT = 8,
};

/* In front of each frame. A length of SKIP: the next one is at the ring's beginning. */
struct entry {
    uint32_t length, wire_length;
    int64_t ts_us;
    uint64_t number;
    int64_t link_type;
};
#define SKIP UINT32_MAX

/* Both places only ascend. In the ring they are counted from `begin`, modulo its size. Whenever the
 * reader has caught up the writer begins at the ring's beginning again: the pages that a calm
 * capture uses are few, and always the same, and the rest of the ring takes memory only in a burst.
 */
struct packet_ring {
    uint8_t *octets;
    size_t size;
    _Atomic uint64_t written, begin;
    char apart[64]; /* the two sides do not share a line of the cache */
    _Atomic uint64_t read;
};

struct packet_ring *packet_ring_new(size_t octets)
{
    struct packet_ring *ring = memory_get(sizeof *ring);
    ring->octets = memory_get(octets);
    ring->size = octets;
    return ring;
}

void packet_ring_free(struct packet_ring *ring)
{
    if (!ring)
        return;
    free(ring->octets);
    free(ring);
}

static size_t aligned(size_t length)
{
    return (length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* Where in the ring a place is. What the reader has not seen yet lies behind `begin`, which changes
 * only while there is nothing that it could see. */
static size_t offset_of(const struct packet_ring *ring, uint64_t at)
{
    return (size_t)((at - atomic_load_explicit(&ring->begin, memory_order_relaxed)) % ring->size);
}

bool packet_ring_put(struct packet_ring *ring, const struct file_packet *packet)
{
    uint64_t at = atomic_load_explicit(&ring->written, memory_order_relaxed);
    const uint64_t read = atomic_load_explicit(&ring->read, memory_order_acquire);
    const size_t need = sizeof(struct entry) + aligned(packet->frame.len);
    if (at == read)
        atomic_store_explicit(&ring->begin, at, memory_order_relaxed);
    const size_t to_end = ring->size - offset_of(ring, at);
    const size_t skipped = to_end < need ? to_end : 0;
    if (at - read + skipped + need > ring->size)
        return false;
    if (skipped) {
        const uint32_t skip = SKIP;
        memcpy(ring->octets + offset_of(ring, at), &skip, sizeof skip);
        at += skipped;
    }
    const struct entry entry = {(uint32_t)packet->frame.len, (uint32_t)packet->wire_length,
                                packet->ts_us, packet->number, packet->link_type};
    uint8_t *place = ring->octets + offset_of(ring, at);
    memcpy(place, &entry, sizeof entry);
    if (packet->frame.len)
        memcpy(place + sizeof entry, packet->frame.at, packet->frame.len);
    atomic_store_explicit(&ring->written, at + need, memory_order_release);
    return true;
}

/* The place of the oldest entry; NULL when there is none. */
static const uint8_t *oldest(struct packet_ring *ring, uint64_t *at)
{
    *at = atomic_load_explicit(&ring->read, memory_order_relaxed);
    if (*at == atomic_load_explicit(&ring->written, memory_order_acquire))
        return NULL;
    uint32_t length;
    memcpy(&length, ring->octets + offset_of(ring, *at), sizeof length);
    if (length == SKIP)
        *at += ring->size - offset_of(ring, *at);
    return ring->octets + offset_of(ring, *at);
}

bool packet_ring_first(struct packet_ring *ring, struct file_packet *out)
{
    uint64_t at;
    struct entry entry;
    const uint8_t *place = oldest(ring, &at);
    if (!place)
        return false;
    memcpy(&entry, place, sizeof entry);
    *out = (struct file_packet){
        .frame = bytes_of(place + sizeof entry, entry.length),
        .wire_length = entry.wire_length,
        .ts_us = entry.ts_us,
        .number = entry.number,
        .link_type = (int)entry.link_type,
    };
    return true;
}

void packet_ring_drop(struct packet_ring *ring)
{
    uint64_t at;
    struct entry entry;
    const uint8_t *place = oldest(ring, &at);
    if (!place)
        return;
    memcpy(&entry, place, sizeof entry);
    atomic_store_explicit(&ring->read, at + sizeof entry + aligned(entry.length),
                          memory_order_release);
}

size_t packet_ring_octets(const struct packet_ring *ring)
{
    const uint64_t read = atomic_load_explicit(&ring->read, memory_order_relaxed);
    return (size_t)(atomic_load_explicit(&ring->written, memory_order_relaxed) - read);
}
