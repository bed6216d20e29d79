/* SPDX-License-Identifier: ISC */
/* Compresses, in the ways that this build can unpack. */
#ifndef TESTS_SUPPORT_PACK_H
#define TESTS_SUPPORT_PACK_H

#include "heloscope/bytes.h"

struct packer {
    const char *name; /* as struct packing has it */

    /* Writes one complete member that holds `in`, to `out`, which has room enough; its length. */
    size_t (*pack)(struct bytes in, uint8_t *out, size_t room);
};

/* The packer `index`, NULL behind the last. */
const struct packer *packer_at(size_t index);

#endif
