/* SPDX-License-Identifier: ISC */
#include "duplicates.h"

#include <stdlib.h>

#include "heloscope/base/hash.h"
#include "heloscope/base/limits.h"
#include "heloscope/base/memory.h"

enum {
    BUCKETS = 4 * COPIES_REMEMBERED, /* most hold none, which the processor then expects */
    LOOKED_AT = 16,                  /* octets of the payload that are compared */
};

/* A segment that was seen. Places are counted on and on, and around; a place that the ring has
 * overwritten since says itself that it is too old. So nothing needs to be taken out. */
struct seen {
    uint64_t print;
    int64_t ts_us;
    uint32_t before; /* place of the one before it in the same bucket, + 1 */
    uint32_t captured, path;
};

struct duplicates {
    uint64_t seed;
    uint32_t count;            /* segments so far: the place of the next */
    uint32_t buckets[BUCKETS]; /* place of the newest, + 1 */
    struct seen ring[COPIES_REMEMBERED];
};

struct duplicates *duplicates_new(void)
{
    struct duplicates *duplicates = memory_get(sizeof *duplicates);
    duplicates->seed = hash_seed();
    return duplicates;
}

void duplicates_free(struct duplicates *duplicates)
{
    free(duplicates);
}

static uint64_t word_at(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

static uint64_t mix_addresses(uint64_t print, const struct segment *s)
{
    print = hash_mix(print, address_word(&s->src, 0) << 32 ^ address_word(&s->dst, 0));
    if (s->src.family == 4)
        return print;
    print = hash_mix(print, address_word(&s->src, 0));
    print = hash_mix(print, address_word(&s->src, 1));
    return hash_mix(print, address_word(&s->dst, 1));
}

static uint64_t mix_payload(uint64_t print, const struct segment *s)
{
    if (s->payload.len >= LOOKED_AT)
        return hash_mix(hash_mix(print, word_at(s->payload.at)), word_at(s->payload.at + 8));
    return s->cut ? print : hash_octets(print, s->payload.at, s->payload.len);
}

/* All that is the same in copies of one packet, and taken together in them alone. Checksums are
 * left out: with offload only one of the copies may have one. Of a SYN its options and window are
 * too: firewalls change them on the way. Every packet comes through here: the two halves do not
 * wait for each other. */
static uint64_t print_of(const struct duplicates *duplicates, const struct segment *s)
{
    bool syn = s->flags & TCP_SYN;
    uint64_t length = s->payload.len + s->cut, window = syn ? 0 : s->window;
    uint64_t ports = (uint64_t)s->src_port << 16 | s->dst_port;
    uint64_t one = mix_addresses(duplicates->seed, s), other = ~duplicates->seed;
    one = hash_mix(one, ports << 32 | s->ip_id);
    other = hash_mix(other, (uint64_t)s->seq << 32 | s->ack);
    one = hash_mix(one, length << 32 | window << 8 | s->flags);
    if (!syn && s->options.len)
        one = hash_octets(one, s->options.at, s->options.len);
    if (length)
        other = mix_payload(other, s);
    return one ^ (other << 17 | other >> 47);
}

static const struct seen *find(const struct duplicates *duplicates, uint64_t print, int64_t ts_us)
{
    uint32_t place = duplicates->buckets[print % BUCKETS];
    for (int n = 0; n < COPY_CHAIN && place && duplicates->count - place < COPIES_REMEMBERED; n++) {
        const struct seen *seen = &duplicates->ring[(place - 1) % COPIES_REMEMBERED];
        int64_t apart = ts_us - seen->ts_us;
        if (seen->print == print && apart <= COPY_US && apart >= -COPY_US)
            return seen;
        place = seen->before;
    }
    return NULL;
}

bool duplicates_take(struct duplicates *duplicates, const struct segment *segment, int64_t ts_us,
                     uint32_t *path)
{
    const uint64_t print = print_of(duplicates, segment);
    const uint32_t captured = (uint32_t)segment->payload.len;
    const struct seen *before = find(duplicates, print, ts_us);
    if (before && before->captured >= captured) {
        *path = before->path;
        return true;
    }
    uint32_t *bucket = &duplicates->buckets[print % BUCKETS];
    struct seen *now = &duplicates->ring[duplicates->count++ % COPIES_REMEMBERED];
    now->print = print;
    now->ts_us = ts_us;
    now->before = *bucket;
    now->captured = captured;
    now->path = segment->path;
    *bucket = duplicates->count;
    return false;
}
