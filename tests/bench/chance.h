/* SPDX-License-Identifier: ISC */
/* Numbers that look random and depend on nothing but a seed: the same seed gives the same file on
 * every machine. */
#ifndef TESTS_BENCH_CHANCE_H
#define TESTS_BENCH_CHANCE_H

#include <stdint.h>

/* Mixes all bits of `x`; the finishing steps of SplitMix64. */
static inline uint64_t chance_mix(uint64_t x)
{
    x += UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

/* The number that belongs to a thing (a session, a packet) and a question asked of it: answers do
 * not depend on the order of asking. */
static inline uint64_t chance_of(uint64_t thing, uint32_t question)
{
    return chance_mix(thing ^ (uint64_t)(question + 1) * UINT64_C(0xD1B54A32D192ED03));
}

/* Uniform in 0 .. limit - 1. */
static inline uint32_t chance_below(uint64_t number, uint32_t limit)
{
    return (uint32_t)((number >> 32) * limit >> 32);
}

/* True with probability `share` (0 to 1). */
static inline int chance_hit(uint64_t number, double share)
{
    return (double)(number >> 11) * 0x1p-53 < share;
}

#endif
