/* SPDX-License-Identifier: ISC */
/* Hashes of what comes from the wire: seeded at random, so that nobody can choose what collides. */
#ifndef HELOSCOPE_BASE_HASH_H
#define HELOSCOPE_BASE_HASH_H

#include "heloscope/bytes.h"

/* Another one in each call. */
uint64_t hash_seed(void);

/* hash_fold() by products of 32 bits. */
static inline uint64_t hash_fold_halves(uint64_t a, uint64_t b)
{
    uint64_t a_low = (uint32_t)a, a_high = a >> 32, b_low = (uint32_t)b, b_high = b >> 32;
    uint64_t low = a_low * b_low, middle = a_high * b_low + (low >> 32);
    uint64_t cross = a_low * b_high + (uint32_t)middle;
    uint64_t high = a_high * b_high + (middle >> 32) + (cross >> 32);
    return (cross << 32 | (uint32_t)low) ^ high;
}

/* The upper and the lower half of a product of 128 bits, one folded onto the other. Without a type
 * of that width, as on 32 bits, it is made of four products of halves; the hash is the same. */
static inline uint64_t hash_fold(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
    __uint128_t product = (__uint128_t)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
#else
    return hash_fold_halves(a, b);
#endif
}

static inline uint64_t hash_mix(uint64_t hash, uint64_t word)
{
    return hash_fold(hash ^ word, 0x9e3779b97f4a7c15u);
}

/* The last octets of `len`, at most eight of them: read as two halves that may overlap, since a
 * copy of a length that varies goes octet by octet. */
static inline uint64_t hash_tail(const uint8_t *octets, size_t len)
{
    uint32_t first = 0, last = 0;
    if (len >= sizeof first) {
        memcpy(&first, octets, sizeof first);
        memcpy(&last, octets + len - sizeof last, sizeof last);
    } else if (len) {
        first = octets[0];
        last = (uint32_t)octets[len / 2] << 8 | octets[len - 1];
    }
    return (uint64_t)first << 32 | last;
}

/* Mixes `len` octets into `hash`. */
static inline uint64_t hash_octets(uint64_t hash, const void *at, size_t len)
{
    const uint8_t *octets = at;
    uint64_t word;
    hash ^= (uint64_t)len << 56;
    for (; len > sizeof word; octets += sizeof word, len -= sizeof word) {
        memcpy(&word, octets, sizeof word);
        hash = hash_mix(hash, word);
    }
    return hash_mix(hash, hash_tail(octets, len));
}

#endif
