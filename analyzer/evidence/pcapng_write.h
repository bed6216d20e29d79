/* SPDX-License-Identifier: ISC */
/* Writes a file of pcapng (draft-ietf-opsawg-pcapng) whose packets carry comments; libpcap cannot
 * write those. One section, in this machine's order of octets, times in microseconds. */
#ifndef ANALYZER_EVIDENCE_PCAPNG_WRITE_H
#define ANALYZER_EVIDENCE_PCAPNG_WRITE_H

#include <stdio.h>

#include "heloscope/packet_record.h"

/* Begins the file. `program` and `comment` are of the whole file; neither may be NULL. */
void pcapng_write_begin(FILE *out, const char *program, const char *comment);

/* Secrets of TLS: lines of a key log, in front of the packets that they open. */
void pcapng_write_secrets(FILE *out, struct bytes lines);

/* An interface; the first is number 0. `name` says where its packets come from. */
void pcapng_write_interface(FILE *out, int link_type, const char *name);

/* A packet with its comments, in UTF-8. */
void pcapng_write_packet(FILE *out, unsigned interface, const struct packet_record *packet,
                         const char *const *comments, size_t count);

#endif
