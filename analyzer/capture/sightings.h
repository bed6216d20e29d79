/* SPDX-License-Identifier: ISC */
/* When a capture file saw what of which connections: what tells its clock from another file's. */
#ifndef ANALYZER_CAPTURE_SIGHTINGS_H
#define ANALYZER_CAPTURE_SIGHTINGS_H

#include "heloscope/base/limits.h"
#include "heloscope/network/packet.h"

/* A segment of TCP. */
struct sighting {
    int64_t ts_us;
    uint32_t seq, end; /* its first sequence number, and the one behind its last */
    uint32_t ack;
    uint8_t side; /* whose address and port are the lower ones: 0 */
    bool acks;
    bool again; /* nothing in it is new */
};

/* One connection. */
struct sighted {
    uint64_t hash;
    struct {
        struct address address;
        uint16_t port;
    } ends[2];          /* in order */
    uint32_t newest[2]; /* by side: the number behind the last octet seen */
    bool spoke[2];
    uint32_t count; /* segments seen */
    struct sighting kept[SIGHTED_FIRST + SIGHTED_LAST];
};

/* Of a file with very many connections a sample, which is the same in files with the same seed. */
struct sightings {
    uint64_t seed, mask; /* of a connection's hash, these bits are 0 */
    struct sighted *flows;
    size_t count, room;
    uint16_t *slots; /* 1 + index of a flow, by its hash */
};

void sightings_begin(struct sightings *s, uint64_t seed);
void sightings_take(struct sightings *s, const struct segment *segment, int64_t ts_us);

/* The same connection in another file; NULL = it is not there. */
const struct sighted *sightings_find(const struct sightings *s, const struct sighted *flow);

/* How many segments of it are kept. */
size_t sighted_kept(const struct sighted *flow);

void sightings_free(struct sightings *s);

#endif
