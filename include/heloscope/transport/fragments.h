/* SPDX-License-Identifier: ISC */
/* IP datagrams that came in fragments, put together again. RFC 791 section 3.2, RFC 8200 section
 * 4.5.
 *
 * Of octets that came twice the first copy counts, as in a stream. What a datagram takes, and for
 * how long, is bounded; what is given up is counted. */
#ifndef HELOSCOPE_TRANSPORT_FRAGMENTS_H
#define HELOSCOPE_TRANSPORT_FRAGMENTS_H

#include "heloscope/base/limits.h"
#include "heloscope/network/packet.h"

struct fragment_counts {
    uint64_t fragments; /* all that came */
    uint64_t datagrams; /* put together */
    uint64_t repeated;  /* fragments that brought nothing new */
    /* Fragments that brought octets again, and others with them or in their place. No host splits a
     * datagram so, and RFC 5722 forbids it in IPv6: somebody tries to hide something. */
    uint64_t overlaps;
    uint64_t contradicting; /* those among them that say something else of octets that were there */
    uint64_t malformed;     /* fragments that cannot be true, not kept */
    uint64_t expired;       /* datagrams of which a part did not come in time */
    uint64_t given_up;      /* datagrams that had to go before, for want of memory */
};

struct fragments;

struct fragments *fragments_new(void);

/* Takes a fragment as packet_decode() left it in `segment`. True when it was the last that lacked:
 * then `segment` is ready for packet_resume(), its payload borrowed until the next call. `now_us`
 * is the capture's clock and never goes back. */
bool fragments_take(struct fragments *fragments, struct segment *segment, int64_t now_us);

void fragments_counts(const struct fragments *fragments, struct fragment_counts *out);

/* Datagrams that still lack a part. */
size_t fragments_waiting(const struct fragments *fragments);

/* Octets taken now. */
size_t fragments_memory(const struct fragments *fragments);

void fragments_free(struct fragments *fragments); /* NULL is allowed */

#endif
