/* SPDX-License-Identifier: ISC */
/* Files of pcapng (draft-ietf-opsawg-pcapng). */
#ifndef ANALYZER_CAPTURE_PCAPNG_H
#define ANALYZER_CAPTURE_PCAPNG_H

#include "record.h"
#include "heloscope/tls/keylog.h"

/* pcapng: blocks; each interface has its own link type and clock, each section its own interfaces
 * and byte order. A structure that is all zero is ready. */
struct pcapng {
    bool big_endian;
    bool in_section;
    struct pcapng_interface *interfaces; /* of the section */
    size_t count, room;
    int64_t last_us;       /* for packets without a time */
    uint64_t others;       /* records that are no packets, but have numbers in Wireshark */
    struct keylog *keylog; /* takes the secrets in it; borrowed, NULL = they are passed over */
    uint64_t dropped;      /* what statistics or packets say, all interfaces and sections */
};

bool pcapng_begins(struct bytes start);
enum file_result pcapng_next(struct pcapng *file, struct byte_source *source,
                             struct file_packet *out, struct failure *why);
void pcapng_close(struct pcapng *file);

#endif
