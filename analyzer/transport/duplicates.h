/* Packets that a mirror sent twice, as they went into a switch or router and as they came out:
 * often with another VLAN tag, TTL or MAC address, but the same IP identification and TCP segment.
 *
 * A retransmission is another packet: it has another identification or timestamp, or comes later.
 * (Where a host numbers nothing, a quick one cannot be told from a copy; it brings nothing new
 * either.) */
#ifndef HELOSCOPE_COPIES_H
#define HELOSCOPE_COPIES_H

#include "heloscope/base/limits.h"
#include "heloscope/network/packet.h"

struct copies;

struct copies *copies_new(void);

/* Remembers the segment. True when it is a copy of one that came before; `*path` is then by which
 * way that one came. A copy of which more was captured counts as new. `ts_us` is the packet's own
 * time: files that are merged may lie a little apart. */
bool copies_take(struct copies *copies, const struct segment *segment, int64_t ts_us,
                 uint32_t *path);

void copies_free(struct copies *copies); /* NULL is allowed */

#endif
