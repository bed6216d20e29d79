/* SPDX-License-Identifier: ISC */
/* The header that load balancers put in front of a session to tell where it really comes from: the
 * PROXY protocol, version 1 (a line) and 2 (binary), as its specification by HAProxy describes
 * them. */
#ifndef HELOSCOPE_APPLICATION_PROXY_PROTOCOL_H
#define HELOSCOPE_APPLICATION_PROXY_PROTOCOL_H

#include "heloscope/network/packet.h"

enum {
    PROXY_LINE_MAX = 107, /* octets of version 1 with its line end (section 2.1) */
    PROXY_FIXED = 16,     /* octets of version 2 that tell how many follow (section 2.2) */
    PROXY_MARK = 12,      /* and those by which it is known */
};

/* Where the connection was made from and to, as seen by the balancer. Of family 0 when the header
 * does not say: version 1 "UNKNOWN", version 2 LOCAL (a health check) or no addresses of TCP. */
struct proxy_header {
    struct address from, to;
    uint16_t from_port, to_port;
};

/* Reads a line, without its line end. False when it is no header. Pure. */
bool proxy_protocol_line(struct bytes line, struct proxy_header *out);

/* Whether `data` begins with as much of the binary header's mark as it can hold. */
bool proxy_protocol_begins(struct bytes data);

/* How long the binary header at the front of `data` is in all; 0 when it has no PROXY_FIXED octets
 * or they are no header's. */
size_t proxy_protocol_length(struct bytes data);

/* Reads a binary header that is whole. False when it is none. Pure. */
bool proxy_protocol_binary(struct bytes header, struct proxy_header *out);

#endif
