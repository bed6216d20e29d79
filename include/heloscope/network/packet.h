/* SPDX-License-Identifier: ISC */
/* A frame as captured, taken apart down to its TCP segment. */
#ifndef HELOSCOPE_NETWORK_PACKET_H
#define HELOSCOPE_NETWORK_PACKET_H

#include "heloscope/bytes.h"

/* An IP address of either family; the unused octets of an IPv4 address are zero, so that two
 * addresses can be compared with memcmp. */
struct address {
    uint8_t family; /* 4 or 6 */
    uint8_t octets[16];
};

/* Octets 0 to 7 (`direction` 0) or 8 to 15 of the address as a number, for comparing and hashing.
 * Of an IPv4 address just its four octets are read: a load that is wider than the store before it
 * waits until that has reached the cache, and every packet comes this way. */
static inline uint64_t address_word(const struct address *a, int direction)
{
    uint64_t word = 0;
    if (a->family != 4)
        memcpy(&word, a->octets + 8 * direction, sizeof word);
    else if (direction == 0)
        memcpy(&word, a->octets, 4);
    return word;
}

enum tcp_flag {
    TCP_FIN = 0x01,
    TCP_SYN = 0x02,
    TCP_RST = 0x04,
    TCP_PSH = 0x08,
    TCP_ACK = 0x10,
};

/* What carries an IP packet inside of another header. */
enum tunnel_kind {
    TUNNEL_NONE,
    TUNNEL_PPPOE,
    TUNNEL_MPLS,
    TUNNEL_PBB,
    TUNNEL_NSH,
    TUNNEL_IP_IN_IP, /* either version in either */
    TUNNEL_GRE,
    TUNNEL_ERSPAN,
    TUNNEL_EOIP,
    TUNNEL_VXLAN,
    TUNNEL_GENEVE,
    TUNNEL_GTP_U,
    TUNNEL_L2TP,
    TUNNEL_TEREDO,
    TUNNEL_TZSP,
    TUNNEL_KIND_COUNT
};

struct tunnel {
    uint8_t kind;  /* enum tunnel_kind */
    bool numbered; /* the header has a number that tells one tunnel from another */
    uint32_t id;   /* that number: session, label, key, network ... */
};

/* One TCP segment, or a fragment of an IP datagram. Octets are borrowed from the frame. */
struct segment {
    struct address src, dst;
    uint16_t src_port, dst_port;
    uint32_t seq, ack;
    uint8_t flags; /* enum tcp_flag */
    uint16_t window;
    struct bytes options; /* of the TCP header, as far as they were captured */
    struct bytes payload; /* as far as it was captured; of a fragment: what is behind its headers */
    uint32_t cut;         /* octets of payload that the snap length cut off behind `payload` */
    uint32_t ip_id;       /* identification of the IPv4 header or IPv6 fragment header, else 0 */
    uint16_t vlan;        /* outermost 802.1Q id, 0 when there is none */
    struct tunnel tunnel; /* the outermost */
    /* Stands for all tags and tunnels on the way in, 0 when there are none: the same addresses
     * behind other tags are other hosts. */
    uint32_t path;

    /* PACKET_FRAGMENT only. */
    uint8_t protocol; /* of what is in the datagram; IPv6: true of the first fragment alone */
    uint16_t offset;  /* of `payload` in the datagram's */
    bool more;        /* it is not the last */
};

enum packet_kind {
    PACKET_TCP,          /* `out` is filled */
    PACKET_OTHER,        /* well formed, but not TCP */
    PACKET_FRAGMENT,     /* part of a fragmented datagram; `out` has no ports, numbers, flags */
    PACKET_SHORT,        /* a header is cut off or contradicts itself */
    PACKET_UNKNOWN_LINK, /* no row in the table of link types */
    PACKET_TOO_DEEP,     /* more than LAYER_LIMIT headers, which no network makes */
};

/* Takes `frame` apart. `link_type` is a number of https://www.tcpdump.org/linktypes.html (or the
 * DLT number that libpcap uses in its place), `wire_length` what the frame measured before the snap
 * length cut it (>= frame.len). Pure; `out` is meaningful only for PACKET_TCP and PACKET_FRAGMENT.
 */
enum packet_kind packet_decode(int link_type, struct bytes frame, size_t wire_length,
                               struct segment *out);

/* Goes on where packet_decode() met a fragment: `whole` is any of the fragments with `protocol` of
 * the first, and `payload` and `cut` of the datagram that they were put together to. Pure. */
enum packet_kind packet_resume(struct segment *whole);

/* Whether the table of link types has a row for `link_type`. */
bool link_type_known(int link_type);

/* "VXLAN"; NULL for TUNNEL_NONE. Static storage. */
const char *tunnel_name(enum tunnel_kind kind);

/* Writes "192.0.2.1" or "2001:db8::1"; `out` holds at least 46 octets. Returns `out`. */
char *address_print(const struct address *a, char *out);

#endif
