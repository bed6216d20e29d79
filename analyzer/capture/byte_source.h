/* SPDX-License-Identifier: ISC */
/* The octets of a file, a pipe or standard input, unpacked if they are compressed: a window onto a
 * stream that can be looked at before it is consumed. */
#ifndef ANALYZER_CAPTURE_BYTE_SOURCE_H
#define ANALYZER_CAPTURE_BYTE_SOURCE_H

#include "heloscope/failure.h"
#include "decompress.h"

struct byte_source {
    /* What can be read at once. A reader looks from `at` to `end` and moves `at` on. What it saw
     * stays where it is until byte_source_need() has to fetch more. */
    const uint8_t *at, *end;

    /* The rest is the module's own. */
    int fd;
    bool regular; /* a file with a size and an end that may move */
    bool growing; /* its end is not the last word */
    bool recognised, ended, in_member;
    uint8_t *data;
    size_t capacity;
    uint64_t fetched; /* octets that came from the file */
    size_t begun;     /* those in the buffer before it is recognised */
    const struct packing *packing;
    struct decompressor *decompressor;
    uint8_t *packed; /* a buffer for what is not unpacked yet */
    struct bytes packed_left;
    bool failed, cut;
    struct failure why;
};

enum bytes_result {
    BYTES_READY,
    BYTES_IDLE,   /* nothing came for a while; nothing is lost, ask again */
    BYTES_END,    /* fewer than that are left, and no more will come */
    BYTES_FAILED, /* beyond what is left nothing can be read: `why`; `cut` when the packed data
                     ends too early */
};

/* "-" is standard input. `growing`: a file that is still being written; its end is then no end but
 * a pause. False with `why`. */
bool byte_source_open(struct byte_source *source, const char *name, bool growing,
                      struct failure *why);

enum bytes_result byte_source_fetch(struct byte_source *source, size_t wanted);

/* Makes sure that `wanted` octets can be read at `source->at`. */
static inline enum bytes_result byte_source_need(struct byte_source *source, size_t wanted)
{
    if ((size_t)(source->end - source->at) >= wanted)
        return BYTES_READY;
    return byte_source_fetch(source, wanted);
}

static inline size_t byte_source_left(const struct byte_source *source)
{
    return (size_t)(source->end - source->at);
}

/* Octets of the file itself that have been used, packed or not. */
uint64_t byte_source_position(const struct byte_source *source);

/* The size of the file; 0 when it has none. */
uint64_t byte_source_size(const struct byte_source *source);

void byte_source_close(struct byte_source *source);

#endif
