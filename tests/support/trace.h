/* SPDX-License-Identifier: ISC */
/* The packets of TCP connections, written by hand: a conversation is told, and then packets are
 * lost, doubled, swapped, cut or moved before they are captured. All addresses are loopback. */
#ifndef TESTS_SUPPORT_TRACE_H
#define TESTS_SUPPORT_TRACE_H

#include "heloscope/network/packet.h"
#include "heloscope/timeline.h"

enum {
    TRACE_ROOM = 512,
    TRACE_TEXT = 16384, /* octets of all lines */
    TRACE_FRAME = 4096
};

struct trace_packet {
    enum side side;
    uint32_t seq, ack;
    uint8_t flags;
    struct bytes payload; /* borrowed */
    uint32_t cut;         /* octets at its end that the snap length cuts off */
    int64_t ts_us;
    uint16_t port[2]; /* by enum side */
};

struct trace {
    struct trace_packet packets[TRACE_ROOM];
    size_t count;
    /* For the packets to come: */
    uint32_t next[2]; /* the sequence number that each side uses next */
    uint16_t port[2];
    int64_t now_us; /* each packet is a millisecond later */
    char text[TRACE_TEXT];
    size_t text_used;
};

/* An empty trace between 127.0.0.1:`client_port` and 127.0.0.2:`server_port`, with the sequence
 * numbers of the two SYNs. */
void trace_begin(struct trace *trace, uint16_t client_port, uint16_t server_port,
                 uint32_t client_seq, uint32_t server_seq);

/* Tell what happens; each returns its (last) packet. The sender has received everything so far. */
struct trace_packet *trace_open(struct trace *trace); /* three packets */
struct trace_packet *trace_say(struct trace *trace, enum side side, const char *text);
struct trace_packet *trace_ack(struct trace *trace, enum side side);
struct trace_packet *trace_flag(struct trace *trace, enum side side, uint8_t flags);
void trace_close(struct trace *trace, enum side first); /* FIN, FIN, ACK */

/* Lines "C: text" and "S: text", each one packet that ends in CR LF; up to NULL. */
void trace_lines(struct trace *trace, const char *const *lines);
#define TRACE_LINES(trace, ...) trace_lines(trace, (const char *const[]){__VA_ARGS__, NULL})

/* Change what was captured, by the packets' places. */
void trace_remove(struct trace *trace, size_t at);
void trace_move(struct trace *trace, size_t from, size_t to);
void trace_copy(struct trace *trace, size_t from, size_t to);      /* the copy ends up at `to` */
void trace_split(struct trace *trace, size_t at, uint32_t length); /* into two segments */
void trace_remove_side(struct trace *trace, enum side side);

/* The times in the order of the packets again, a millisecond apart. */
void trace_retime(struct trace *trace, int64_t from_us);

/* A packet as the dissectors hand it on. */
struct segment trace_segment(const struct trace_packet *packet);

/* A packet as a raw IPv4 frame (link type 101); `*wire` is its length before it was cut. */
struct bytes trace_frame(const struct trace_packet *packet, uint8_t out[TRACE_FRAME], size_t *wire);

#endif
