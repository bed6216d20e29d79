/* SPDX-License-Identifier: ISC */
/* A capture file, packet by packet: what its records say, whichever format it has. */
#ifndef ANALYZER_CAPTURE_FILE_H
#define ANALYZER_CAPTURE_FILE_H

#include "pcap_format.h"
#include "foreign_format.h"
#include "pcapng.h"

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
    uint8_t start[FOREIGN_START]; /* of a foreign file */
    size_t start_length;
};

/* False with `why`. Nothing of the file is read yet. */
bool capture_file_open(struct capture_file *file, const char *name, bool growing,
                       struct failure *why);

/* The next packet. Every result but FILE_PACKET and FILE_IDLE is the last one. */
enum file_result capture_file_next(struct capture_file *file, struct file_packet *out);

/* Reads the secrets that a file of pcapng holds, behind the packets that need them too. Of a pipe,
 * which can be read only once, and of other formats nothing is read. */
void capture_file_secrets(const char *name, struct keylog *keylog);

void capture_file_close(struct capture_file *file);

#endif
