/* SPDX-License-Identifier: ISC */
/* Packets on their way from the thread that takes them from the kernel to the one that reads them:
 * a ring of octets with one writer and one reader, neither of which ever waits for the other. */
#ifndef ANALYZER_CAPTURE_PACKET_RING_H
#define ANALYZER_CAPTURE_PACKET_RING_H

#include "file.h"

struct packet_ring;

/* Room for `octets` in all, a power of two that is more than twice FRAME_LIMIT. Never NULL. */
struct packet_ring *packet_ring_new(size_t octets);
void packet_ring_free(struct packet_ring *ring); /* NULL is allowed */

/* The writer's side: copies a packet in. False when there is no room. */
bool packet_ring_put(struct packet_ring *ring, const struct file_packet *packet);

/* The reader's side: the oldest packet, borrowed until packet_ring_drop(). False when it is empty.
 */
bool packet_ring_first(struct packet_ring *ring, struct file_packet *out);
void packet_ring_drop(struct packet_ring *ring);

/* Octets that are taken, as either side sees them. */
size_t packet_ring_octets(const struct packet_ring *ring);

#endif
