/* Compressed data, unpacked piece by piece. The libraries that do it live behind this header. */
#ifndef HELOSCOPE_UNPACK_H
#define HELOSCOPE_UNPACK_H

#include "heloscope/bytes.h"

enum {
    UNPACK_RECOGNISED = 6 /* octets that tell each packing */
};

/* One way of compressing. */
struct packing {
    const char *name; /* "gzip" */
    const char *tool; /* the command that unpacks it: "gzip -d" */
};

/* The packing of what begins with `start`, NULL when it is none. Also those whose library this
 * program was built without. */
const struct packing *packing_find(struct bytes start);

struct unpacker;

/* NULL when the library is not there, or memory is short. */
struct unpacker *unpacker_new(const struct packing *packing);
bool packing_is_available(const struct packing *packing);

enum unpack_result {
    UNPACK_ON,     /* goes on with more input, or more room */
    UNPACK_END,    /* a member (frame, stream) is complete; another may follow */
    UNPACK_FAILED, /* the data is damaged, or wants more memory than is granted */
};

/* Unpacks from the front of `in`, which becomes what is left of it, into `room` octets at `out`;
 * `*made` is how many were written, whatever the result. `*why` is set when it failed: some words
 * that stay valid. */
enum unpack_result unpacker_step(struct unpacker *unpacker, struct bytes *in, uint8_t *out,
                                 size_t room, size_t *made, const char **why);

void unpacker_free(struct unpacker *unpacker); /* NULL is allowed */

#endif
