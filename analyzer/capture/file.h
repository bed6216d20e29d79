/* A capture file, packet by packet: what its records say, whichever format it has. */
#ifndef ANALYZER_CAPTURE_FILE_H
#define ANALYZER_CAPTURE_FILE_H

#include "byte_source.h"

/* Times that a damaged record may claim are held below the year 10000, so that sums of them cannot
 * overflow. */
#define FILE_LAST_US (INT64_C(253402300799) * 1000000)

/* One packet as the file has it; `frame` is borrowed until the next call. */
struct file_packet {
    struct bytes frame;
    size_t wire_length; /* >= frame.len */
    int64_t ts_us;
    uint64_t number; /* in the file, from 1, as Wireshark counts */
    int link_type;   /* a number of https://www.tcpdump.org/linktypes.html */
};

enum file_result {
    FILE_PACKET,
    FILE_IDLE,       /* nothing came for a while: a pipe, or a file that is still being written */
    FILE_END,        /* all is read */
    FILE_EMPTY,      /* not a single octet */
    FILE_FOREIGN,    /* no capture; `start` shows how it begins */
    FILE_CUT,        /* it ends within a record or a header */
    FILE_DAMAGED,    /* `why` says what is impossible */
    FILE_UNREADABLE, /* the system or the unpacking library cannot go on: `why` */
};

/* pcap, the format of libpcap ("savefile"): one header, one link type. */
struct pcap_format {
    bool big_endian;
    bool nanoseconds;
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

/* pcapng: blocks; each interface has its own link type and clock, each section its own interfaces
 * and byte order. A structure that is all zero is ready. */
struct pcapng {
    bool big_endian;
    bool in_section;
    struct pcapng_interface *interfaces; /* of the section */
    size_t count, room;
    int64_t last_us;  /* for packets without a time */
    uint64_t others;  /* records that are no packets, but have numbers in Wireshark */
    uint64_t dropped; /* what statistics or packets say, all interfaces and sections */
};

bool pcapng_begins(struct bytes start);
enum file_result pcapng_next(struct pcapng *file, struct byte_source *source,
                             struct file_packet *out, struct failure *why);
void pcapng_close(struct pcapng *file);

enum file_format {
    FORMAT_UNKNOWN,
    FORMAT_PCAP,
    FORMAT_PCAPNG,
};

struct capture_file {
    struct byte_source source;
    enum file_format format; /* FORMAT_UNKNOWN until its header was read */
    struct pcap_format pcap_format;
    struct pcapng pcapng;
    uint64_t packets;
    struct failure why;
    uint8_t start[16]; /* of a foreign file */
    size_t start_length;
};

/* False with `why`. Nothing of the file is read yet. */
bool capture_file_open(struct capture_file *file, const char *name, bool growing,
                       struct failure *why);

/* The next packet. Every result but FILE_PACKET and FILE_IDLE is the last one. */
enum file_result capture_file_next(struct capture_file *file, struct file_packet *out);

void capture_file_close(struct capture_file *file);

/* What is asked of a source, as a result of reading a record: FILE_CUT when there is a rest. */
enum file_result file_result_of(enum bytes_result result, const struct byte_source *source);

#endif
