/* SPDX-License-Identifier: ISC */
#include "heloscope/base/hash.h"

#include <sys/random.h>

uint64_t hash_seed(void)
{
    uint64_t seed;
    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != sizeof seed)
        seed = (uintptr_t)&seed * 0x9e3779b97f4a7c15u; /* hard to guess from outside */
    return seed | 1;
}
