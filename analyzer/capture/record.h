/* SPDX-License-Identifier: ISC */
/* A record of a capture file, whichever format the file has, and how reading one can end. */
#ifndef ANALYZER_CAPTURE_RECORD_H
#define ANALYZER_CAPTURE_RECORD_H

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

/* Returns what reading a record came to when its source answered `result`: FILE_CUT when a part of
 * the record is there, FILE_END when nothing is. */
enum file_result file_result_of(enum bytes_result result, const struct byte_source *source);

#endif
