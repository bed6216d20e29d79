/* SPDX-License-Identifier: ISC */
/* A TCP connection: two streams, delivered in the order of cause and effect.
 *
 * The acknowledgement number of a segment says which of the peer's octets its sender had received.
 * No octets are delivered before those that they acknowledge, so the reader above sees a command
 * before its reply however the capture interleaved them, and a hole is found where the evidence
 * says that it is: what the peer acknowledged and the capture lacks will never come. */
#ifndef HELOSCOPE_TRANSPORT_REASSEMBLY_H
#define HELOSCOPE_TRANSPORT_REASSEMBLY_H

#include "heloscope/network/packet.h"
#include "heloscope/transport/stream.h"

enum reassembly_end {
    END_NONE,
    END_FIN,   /* both sides have finished */
    END_RESET, /* RST */
};

struct reassembly {
    struct stream side[2];
    bool from_start; /* its SYN or SYN+ACK was captured */
    bool syn[2];     /* the SYN of each side was captured: its octets are known from the first on */
    bool settled;    /* its beginning is not waited for any longer */
    enum reassembly_end end;
    int ended_by;        /* the side whose FIN or RST came first, -1 = none yet */
    uint32_t fin_ack[2]; /* what the FIN of each side acknowledged */
    struct mark last;    /* time and packet of the newest segment */
    int64_t
        blocked_since; /* capture time since which octets wait for an acknowledged hole; 0 = none */
    uint32_t blocked_packets;
    uint64_t blocked_at; /* how much of both sides had been delivered then: a closed hole shows */
    uint32_t overfull;   /* holes given up because too much waited behind them */
    uint64_t packets;
    bool spoke[2]; /* a segment from this side was captured */
};

/* Takes what is ready: a span of octets or a gap of `side`. */
typedef void reassembly_sink(void *context, enum side side, const struct span *span);

/* Takes one segment sent by `side`. In-order octets go to `sink` straight from the frame. */
void reassembly_push(struct reassembly *c, enum side side, const struct segment *segment,
                     int64_t ts_us, uint64_t packet, reassembly_sink *sink, void *context);

/* Whether a segment of `side` fits by both its numbers. Initial sequence numbers are chosen at
 * random (RFC 9293 section 3.4.1): those of another connection do not, but by rare chance. */
bool reassembly_continues(const struct reassembly *c, enum side side,
                          const struct segment *segment);

/* Whether `side` had said its last when it had not received all of the peer's `span` yet. Its FIN
 * may have been captured in front of octets that it acknowledges: what it says itself decides. */
bool reassembly_left_before(const struct reassembly *c, enum side side, const struct span *span);

/* Gives up every hole and delivers all that waits. Before the connection is closed or expired. */
void reassembly_drain(struct reassembly *c, reassembly_sink *sink, void *context);

/* Whether octets wait for a hole or for the peer. */
bool reassembly_waits(const struct reassembly *c);

void reassembly_free(struct reassembly *c);

#endif
