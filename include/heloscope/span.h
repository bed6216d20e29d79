/* SPDX-License-Identifier: ISC */
/* Octets of one side of a connection, in order, and where they came from. */
#ifndef HELOSCOPE_SPAN_H
#define HELOSCOPE_SPAN_H

#include "heloscope/bytes.h"

enum side {
    SIDE_CLIENT,
    SIDE_SERVER,
};

/* Where octets came from. */
struct mark {
    int64_t ts_us;
    uint64_t packet;
    uint64_t seen; /* the peer's octets that the sender had received when it sent these (its ACK) */
    bool inside;   /* they came inside TLS */
};

/* Octets in order, or a hole (`data.at` NULL, `gap` octets). `data` is borrowed. */
struct span {
    uint64_t offset;
    struct bytes data;
    uint64_t gap;
    bool cut;    /* the gap is what the snap length cut off: it ends with its segment */
    bool unsure; /* the gap is at most so large: it lies inside TLS */
    struct mark mark;
};

#endif
