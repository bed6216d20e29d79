/* SPDX-License-Identifier: ISC */
/* The check that all layers share: a stack of headers must lead to the segment inside, whole, cut
 * at every length, and without a read past the end. */
#ifndef TESTS_DISSECTORS_NETWORK_UNWRAP_H
#define TESTS_DISSECTORS_NETWORK_UNWRAP_H

#include "heloscope/network/packet.h"

enum {
    STACK_DEPTH = 12
};

struct stack {
    const char *name;
    int link_type;
    uint8_t family; /* 4 or 6: an IP header around the segment; 0: none, `headers` has it all */
    const char *headers[STACK_DEPTH]; /* from the inside out, as frame_wrap() takes them */
    uint64_t way;                     /* the outermost VLAN, or IN_TUNNEL(), or both with | */
};

/* The outermost tunnel and its number. */
#define IN_TUNNEL(kind, id) ((uint64_t)(kind) << 48 | (uint64_t)((int64_t)(id) + 1) << 12)
#define NO_ID               (-1)

#define UNWRAP_PAYLOAD "MAIL FROM:<a@b>\r\n"

/* Builds the frame and expects UNWRAP_PAYLOAD. */
void unwrap_expect(const struct stack *stack);

/* Builds the frame and expects `kind`. */
void unwrap_expect_kind(const struct stack *stack, enum packet_kind kind);

/* "TCP" ... for messages. */
const char *kind_name(enum packet_kind kind);

#endif
