/* A frame as captured, taken apart down to its TCP segment. */
#ifndef HELOSCOPE_PACKET_H
#define HELOSCOPE_PACKET_H

#include "heloscope/bytes.h"

/* An IP address of either family; the unused octets of an IPv4 address are zero, so that two
 * addresses can be compared with memcmp. */
struct address {
    uint8_t family; /* 4 or 6 */
    uint8_t octets[16];
};

enum tcp_flag {
    TCP_FIN = 0x01,
    TCP_SYN = 0x02,
    TCP_RST = 0x04,
    TCP_PSH = 0x08,
    TCP_ACK = 0x10,
};

/* One TCP segment. `payload` is borrowed from the frame. */
struct segment {
    struct address src, dst;
    uint16_t src_port, dst_port;
    uint32_t seq, ack;
    uint8_t flags;        /* enum tcp_flag */
    struct bytes payload; /* as far as it was captured */
    uint32_t cut;         /* octets of payload that the snap length cut off behind `payload` */
    uint16_t vlan;        /* outermost 802.1Q id, 0 when there is none */
};

enum packet_kind {
    PACKET_TCP,          /* `out` is filled */
    PACKET_OTHER,        /* well formed, but not TCP */
    PACKET_FRAGMENT,     /* part of a fragmented datagram */
    PACKET_SHORT,        /* a header is cut off or contradicts itself */
    PACKET_UNKNOWN_LINK, /* no row in the table of link types */
};

/* Takes `frame` apart. `link_type` is a number of https://www.tcpdump.org/linktypes.html (or the
 * DLT number that libpcap uses in its place), `wire_length` what the frame measured before the snap
 * length cut it (>= frame.len). Pure; `out` is meaningful only for PACKET_TCP. */
enum packet_kind packet_decode(int link_type, struct bytes frame, size_t wire_length,
                               struct segment *out);

/* Whether the table of link types has a row for `link_type`. */
bool link_type_known(int link_type);

/* Writes "192.0.2.1" or "2001:db8::1"; `out` holds at least 46 octets. Returns `out`. */
char *address_print(const struct address *a, char *out);

#endif
