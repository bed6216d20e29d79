/* SPDX-License-Identifier: ISC */
/* From captured packets to TCP segments: taken apart, put together from fragments, and of those
 * that a mirror sent twice only the first. */
#ifndef HELOSCOPE_TRANSPORT_INTAKE_H
#define HELOSCOPE_TRANSPORT_INTAKE_H

#include "heloscope/packet_record.h"
#include "heloscope/transport/fragments.h"
#include "heloscope/network/packet.h"

struct intake_counts {
    uint64_t packets, tcp, other, unreadable, duplicates;
    struct fragment_counts fragments;
    uint64_t ip;           /* packets in which a layer was IP */
    int link_type;         /* of those that had none, as long as that is all of them ... */
    int fitting_link_type; /* ... and the link type by which most of them would have; -1 = none */
    uint64_t cut;          /* segments that the snap length cut */
    uint64_t too_deep;     /* packets with more headers than are read */
    uint64_t nested;       /* fragments that lie in fragments deeper than is followed */
    uint64_t incomplete;   /* datagrams of which a part never came, so far */
    int unknown_link_type; /* one that had no row in the table; -1 = none */
};

enum intake_result {
    INTAKE_NOTHING, /* no TCP, or not yet all of it */
    INTAKE_SEGMENT,
    INTAKE_COPY, /* a segment that came before */
};

struct intake;

struct intake *intake_new(void);

/* Takes one packet in. `segment` is filled for the results that name one and borrows from the
 * packet or from the intake, until the next call. Of a copy, `*path` is the way by which the first
 * one came. Copies are counted at the packet's source too. `now_us` never goes back. */
enum intake_result intake_packet(struct intake *intake, const struct packet_record *packet,
                                 int64_t now_us, struct segment *segment, uint32_t *path);

void intake_counts(const struct intake *intake, struct intake_counts *out);

void intake_free(struct intake *intake); /* NULL is allowed */

#endif
