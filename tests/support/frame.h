/* SPDX-License-Identifier: ISC */
/* Frames built from the inside out: a TCP segment, then one header after the other in front. */
#ifndef TESTS_SUPPORT_FRAME_H
#define TESTS_SUPPORT_FRAME_H

#include "heloscope/bytes.h"

enum {
    FRAME_ROOM = 1024
};

struct frame {
    uint8_t octets[FRAME_ROOM];
    size_t from; /* the frame is what lies from here to the end */
};

struct bytes frame_bytes(const struct frame *frame);

void frame_clear(struct frame *frame);

/* Octets in front of what is there. */
void frame_wrap_bytes(struct frame *frame, struct bytes header);

/* One header in front of what is there: octets in hexadecimal ("81 00 00 07"; blanks do not
 * matter), or an IP header with the right lengths: "ip4 PROTOCOL" (from 127.0.0.1 to 127.0.0.2, or
 * from 127.0.0.3 to 127.0.0.4 when it is around something else than TCP), "ip6 PROTOCOL" (from ::1
 * to ::1, or from ::ffff:127.0.0.3 to itself). */
void frame_wrap(struct frame *frame, const char *header);

/* Octets behind what is there, as padding and trailers are. */
void frame_append(struct frame *frame, const char *hex);

/* A TCP segment with `payload` from port 40000 to port 25, sequence number 0x01020304,
 * acknowledgement number 0x05060708, flags PSH and ACK. */
void frame_tcp(struct frame *frame, const char *payload);

#endif
