/* SPDX-License-Identifier: ISC */
/* Compressed data, unpacked piece by piece. The libraries that do it live behind this header. */
#ifndef ANALYZER_CAPTURE_DECOMPRESS_H
#define ANALYZER_CAPTURE_DECOMPRESS_H

#include "heloscope/bytes.h"

enum {
    DECOMPRESS_RECOGNISED = 6 /* octets that tell each packing */
};

/* One way of compressing. */
struct packing {
    const char *name; /* "gzip" */
    const char *tool; /* the command that unpacks it: "gzip -d" */
};

/* The packing of what begins with `start`, NULL when it is none. Also those whose library this
 * program was built without. */
const struct packing *packing_find(struct bytes start);

struct decompressor;

/* NULL when the library is not there, or memory is short. */
struct decompressor *decompressor_new(const struct packing *packing);
bool packing_is_available(const struct packing *packing);

enum decompress_result {
    DECOMPRESS_ON,     /* goes on with more input, or more room */
    DECOMPRESS_END,    /* a member (frame, stream) is complete; another may follow */
    DECOMPRESS_FAILED, /* the data is damaged, or wants more memory than is granted */
};

/* Unpacks from the front of `in`, which becomes what is left of it, into `room` octets at `out`;
 * `*made` is how many were written, whatever the result. `*why` is set when it failed: some words
 * that stay valid. */
enum decompress_result decompressor_step(struct decompressor *decompressor, struct bytes *in,
                                         uint8_t *out, size_t room, size_t *made, const char **why);

void decompressor_free(struct decompressor *decompressor); /* NULL is allowed */

#endif
