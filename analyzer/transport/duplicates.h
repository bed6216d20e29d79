/* SPDX-License-Identifier: ISC */
/* Packets that a mirror sent twice, as they went into a switch or router and as they came out:
 * often with another VLAN tag, TTL or MAC address, but the same IP identification and TCP segment.
 *
 * A retransmission is another packet: it has another identification or timestamp, or comes later.
 * (Where a host numbers nothing, a quick one cannot be told from a copy; it brings nothing new
 * either.) */
#ifndef ANALYZER_TRANSPORT_DUPLICATES_H
#define ANALYZER_TRANSPORT_DUPLICATES_H

#include "heloscope/base/limits.h"
#include "heloscope/network/packet.h"

struct duplicates;

struct duplicates *duplicates_new(void);

/* Remembers the segment. True when it is a copy of one that came before; `*path` is then by which
 * way that one came. A copy of which more was captured counts as new. `ts_us` is the packet's own
 * time: files that are merged may lie a little apart. */
bool duplicates_take(struct duplicates *duplicates, const struct segment *segment, int64_t ts_us,
                     uint32_t *path);

void duplicates_free(struct duplicates *duplicates); /* NULL is allowed */

#endif
