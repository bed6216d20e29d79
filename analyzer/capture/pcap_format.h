/* SPDX-License-Identifier: ISC */
/* Files of pcap, the format of libpcap and tcpdump. */
#ifndef ANALYZER_CAPTURE_PCAP_FORMAT_H
#define ANALYZER_CAPTURE_PCAP_FORMAT_H

#include "record.h"

/* pcap, the format of libpcap ("savefile"): one header, one link type. */
struct pcap_format {
    bool big_endian;
    bool nanoseconds;
    bool begun;           /* the first record has been read */
    bool lengths_swapped; /* as the first versions of tcpdump wrote them */
    size_t record_header;
    int link_type;
};

/* Whether `start`, of four octets or more, begins a pcap file. */
bool pcap_format_begins(struct bytes start);
enum file_result pcap_format_open(struct pcap_format *file, struct byte_source *source,
                                  struct failure *why);
enum file_result pcap_format_next(struct pcap_format *file, struct byte_source *source,
                                  struct file_packet *out, struct failure *why);

#endif
