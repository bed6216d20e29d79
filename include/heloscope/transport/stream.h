/* SPDX-License-Identifier: ISC */
/* One direction of a TCP connection, put back in order. RFC 9293 section 3.4 for sequence numbers.
 *
 * Offsets are 64 bit and count from the first octet of data. What arrives early is copied and
 * waits; of octets that came twice the first copy counts. A stream knows nothing of its peer: when
 * to deliver and when to give a hole up is decided by the reassembly. */
#ifndef HELOSCOPE_TRANSPORT_STREAM_H
#define HELOSCOPE_TRANSPORT_STREAM_H

#include "heloscope/span.h"
#include "heloscope/base/limits.h"

struct piece {
    struct piece *next;
    uint64_t offset;
    uint32_t length;
    bool missing; /* known never to come: the snap length cut it */
    struct mark mark;
    uint8_t data[];
};

struct stream {
    bool started;
    bool provisional; /* begun by octets in the middle; what came first is still to be seen */
    uint64_t begun;   /* then: the offset it would begin at by what is known */
    uint32_t base;    /* sequence number of offset 0 */
    uint64_t next;    /* everything before this is delivered */
    uint64_t acked;   /* the peer has received everything before this */
    uint64_t end;     /* offset behind the last octet, once `finished` */
    bool finished;    /* a FIN was seen */
    struct piece *waiting, *last; /* in order, not overlapping, all at or behind `next` */
    uint32_t waiting_count;
    size_t waiting_octets;
    uint64_t repeated; /* octets that came again */
    uint64_t dropped;  /* octets that lay too far ahead to be true */
};

/* Offset 0 is the octet with sequence number `seq`. */
void stream_start(struct stream *s, uint32_t seq);

/* Begins with octets whose place is not known yet: `seq` lies at some offset, nothing is delivered
 * until stream_rebase() or stream_settle() says where the stream begins. */
void stream_start_provisionally(struct stream *s, uint32_t seq);

/* Offset 0 is `seq` after all: what waits moves, what lies before is dropped. Returns by how much
 * offsets have become smaller. */
uint64_t stream_rebase(struct stream *s, uint32_t seq);

/* Where the stream begins will not be seen: at what was known of it first, or before. Returns as
 * above. */
uint64_t stream_settle(struct stream *s);

/* The offset of sequence number `seq`, nearest to what is expected next; may be negative. */
int64_t stream_offset(const struct stream *s, uint32_t seq);

/* Takes octets that cannot be delivered yet; only what is not there is copied. `missing`:
 * `data.len` octets (data.at is not read) that will never come. A piece that fills a hole before
 * octets that came earlier gets their `seen`, if that is smaller: it was first sent before them. */
void stream_keep(struct stream *s, int64_t offset, struct bytes data, bool missing,
                 const struct mark *mark);

/* Whether the next octets wait; then `out` shows them. */
bool stream_ready(const struct stream *s, struct span *out);

/* Steps over `length` octets that were delivered or given up; frees what waited there. */
void stream_advance(struct stream *s, uint64_t length);

/* Whether more waits than is allowed. */
bool stream_overfull(const struct stream *s);

void stream_free(struct stream *s);

#endif
