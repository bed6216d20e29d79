/* SPDX-License-Identifier: ISC */
/* The handshake with a proxy that then relays octets: SOCKS 4 and 4a, SOCKS 5 (RFC 1928, RFC 1929),
 * CONNECT of HTTP (RFC 9110 section 9.3.6). What is behind it is another protocol's session. */
#ifndef HELOSCOPE_APPLICATION_FORWARD_PROXY_H
#define HELOSCOPE_APPLICATION_FORWARD_PROXY_H

#include "heloscope/bytes.h"

enum {
    FORWARD_PROXY_HEAD = 2048, /* octets of a side within which a handshake must end */
};

enum forward_proxy_state {
    FORWARD_PROXY_MORE, /* it may become one */
    FORWARD_PROXY_NONE,
    FORWARD_PROXY_DONE,
};

struct forward_proxy {
    const char *kind; /* "SOCKS 5"; static */
    size_t length[2]; /* octets of each side's handshake, by enum side */
    char target[80];  /* where the proxy connected to, "mx.example.org port 25" */
};

/* Whether a client that begins with `first` may be about to speak to a proxy. */
bool forward_proxy_begins(struct bytes first);

/* Reads the first octets of both sides, as far as they are known. `out` is filled for
 * FORWARD_PROXY_DONE. Pure. */
enum forward_proxy_state forward_proxy_read(struct bytes client, struct bytes server,
                                            struct forward_proxy *out);

#endif
