/* SPDX-License-Identifier: ISC */
/* A packet as it was captured, and the file or interface that it came from. */
#ifndef HELOSCOPE_PACKET_RECORD_H
#define HELOSCOPE_PACKET_RECORD_H

#include "heloscope/bytes.h"

/* A file or an interface; owned by the capture, valid until capture_close(). */
struct capture_source {
    const char *name; /* as the user gave it; "-" for standard input */
    bool live;
    bool rough_clock;   /* its times, or another file's, were corrected: what lies close together
                           cannot be compared */
    int64_t started_us; /* time of its first packet; 0 when it has none */
    int64_t ended_us;   /* time of the last packet read so far */
    uint64_t packets, bytes;
    uint64_t dropped;    /* lost before they could be written, as far as the source tells */
    uint64_t duplicates; /* of packets that a mirror sent twice; counted by the analysis */
    uint64_t overlaps;   /* of IP fragments; so too */
    uint64_t sessions, errors_503; /* that ended, and in them; so too */
    uint64_t waiting;              /* live: octets that are captured and wait to be read */
    int64_t capture_id;            /* kept here for the caller; 0 at first */
    uint64_t noted;                /* so too: the packets that its row in the history counts */
    char problem[512];             /* what could not be read, one line; "" = nothing */
};

/* One packet; `frame` is borrowed until the next call. */
struct packet_record {
    struct capture_source *source;
    uint64_t number; /* in its source, from 1, as Wireshark counts */
    int64_t ts_us;
    int link_type;
    struct bytes frame;
    size_t wire_length;
};

#endif
