/* SPDX-License-Identifier: ISC */
/* The TCP header. RFC 9293 section 3.1. */
#include "layers.h"

enum {
    TCP_FLAGS_KNOWN = TCP_FIN | TCP_SYN | TCP_RST | TCP_PSH | TCP_ACK
};

/* Of the options nothing is needed: when the snap length cuts into them, the segment still tells
 * its place in the stream and how much of its payload is missing. */
enum layer read_tcp(struct walk *walk)
{
    struct segment *out = walk->out;
    struct cursor c = cursor_over(walk->left);
    out->src_port = cursor_u16(&c);
    out->dst_port = cursor_u16(&c);
    out->seq = cursor_u32(&c);
    out->ack = cursor_u32(&c);
    size_t header = (size_t)(cursor_u8(&c) >> 4) * 4;
    out->flags = cursor_u8(&c) & TCP_FLAGS_KNOWN;
    out->window = cursor_u16(&c);
    cursor_skip(&c, 4); /* checksum, wrong under offload; urgent pointer */
    if (c.failed || header < 20 || header > walk->wire)
        return END_SHORT;

    size_t announced = walk->wire - header;
    out->options = bytes_from(bytes_first(walk->left, header), 20);
    out->payload = bytes_from(walk->left, header);
    size_t missing = announced - out->payload.len;
    out->cut = missing > UINT32_MAX ? UINT32_MAX : (uint32_t)missing;
    return END_TCP;
}
