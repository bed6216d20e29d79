/* Hashes of what comes from the wire: seeded at random, so that nobody can choose what collides. */
#ifndef HELOSCOPE_HASH_H
#define HELOSCOPE_HASH_H

#include "heloscope/bytes.h"

/* Another one in each call. */
uint64_t hash_seed(void);

static inline uint64_t hash_mix(uint64_t hash, uint64_t word)
{
    __uint128_t product = (__uint128_t)(hash ^ word) * 0x9e3779b97f4a7c15u;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Mixes `len` octets into `hash`. */
static inline uint64_t hash_octets(uint64_t hash, const void *at, size_t len)
{
    const uint8_t *octets = at;
    uint64_t word;
    for (; len >= sizeof word; octets += sizeof word, len -= sizeof word) {
        memcpy(&word, octets, sizeof word);
        hash = hash_mix(hash, word);
    }
    word = 0;
    if (len)
        memcpy(&word, octets, len);
    return hash_mix(hash, word ^ (uint64_t)len << 56);
}

#endif
