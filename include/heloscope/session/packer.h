/* SPDX-License-Identifier: ISC */
/* Things of our own in few octets, and back: what is kept of many sessions at once while nothing
 * happens in them. Octets stay in the process that packed them: nothing here is a format, and
 * nothing that comes from the wire is unpacked. */
#ifndef HELOSCOPE_SESSION_PACKER_H
#define HELOSCOPE_SESSION_PACKER_H

#include "heloscope/bytes.h"

/* All zero is empty and ready; packer_free() frees it. Kept and used again it allocates nothing. */
struct packer {
    uint8_t *at;
    size_t length, size;
};

void packer_free(struct packer *packer);

/* A number: small ones take an octet. */
void pack_number(struct packer *packer, uint64_t number);

/* How far `number` is from `*last`, in either direction; `*last` becomes `number`. */
void pack_step(struct packer *packer, uint64_t number, uint64_t *last);

/* Octets with their length. NULL `at` stays NULL. */
void pack_bytes(struct packer *packer, struct bytes bytes);

/* Octets without their length. */
void pack_raw(struct packer *packer, const void *at, size_t length);

/* A struct of `size` octets, most of which is zero. Pointers are kept as they are. */
void pack_words(struct packer *packer, const void *at, size_t size);

enum {
    PACK_SPARE = 8 /* octets that must be readable behind what is unpacked */
};

/* The way back, in the same order: each takes what it reads off the front of `*from`. */
uint64_t unpack_number(struct bytes *from);
uint64_t unpack_step(struct bytes *from, uint64_t *last);
struct bytes unpack_bytes(struct bytes *from); /* borrowed */
void unpack_words(struct bytes *from, void *to, size_t size);

/* A pointer to something that lives as long as the process. */
static inline void pack_pointer(struct packer *packer, const void *pointer)
{
    pack_number(packer, (uintptr_t)pointer);
}

static inline const void *unpack_pointer(struct bytes *from)
{
    const uintptr_t number = (uintptr_t)unpack_number(from);
    const void *pointer;
    memcpy(&pointer, &number, sizeof pointer);
    return pointer;
}

#endif
