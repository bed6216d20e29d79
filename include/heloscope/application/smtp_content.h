/* SPDX-License-Identifier: ISC */
/* The content of a message between 354 and its final dot. RFC 5321 sections 4.1.1.4 and 4.5.2. */
#ifndef HELOSCOPE_APPLICATION_SMTP_CONTENT_H
#define HELOSCOPE_APPLICATION_SMTP_CONTENT_H

#include "heloscope/bytes.h"

/* Where in CR LF "." CR LF the scan stands. Content starts as if a CR LF had just been read: the
 * message may be empty. */
enum content_at {
    CONTENT_LINE_START,
    CONTENT_IN_LINE,
    CONTENT_CR,
    CONTENT_DOT,
    CONTENT_DOT_CR,
};

/* Odd things in content, noted and not acted upon (RFC 5321 section 2.3.8: only CR LF ends a line).
 */
enum content_oddity {
    CONTENT_BARE_LF = 1 << 0,
    CONTENT_BARE_CR = 1 << 1,
    CONTENT_NUL = 1 << 2,
    CONTENT_SMUGGLE = 1 << 3, /* a lone dot between line ends of which at least one is not CR LF */
};

struct content_scan {
    enum content_at at;
    bool bare_start;   /* the line being read began behind a bare LF or CR */
    uint8_t dot_line;  /* octets of the line that was read last, if it was a lone dot that ends the
                        * message only for those who take a bare LF for a line end; else 0 */
    unsigned oddities; /* enum content_oddity */
    uint64_t lf_end;   /* octets up to the end of the first such line, that line included; 0 = there
                        * was none */
    uint8_t lf_line;   /* octets of that line */
    uint64_t size;     /* octets so far as sent, dot-stuffing included, the final dot line not */
};

/* All zero is the start of a message. */

/* Scans `data` for the end of the message. Returns the number of octets consumed; `*ended` tells
 * whether the last of them was the LF of the final dot line. When it was not, all were consumed.
 * State is kept in `scan`, so data may be cut anywhere. Pure; runs at memchr's speed. */
size_t smtp_content_scan(struct content_scan *scan, struct bytes data, bool *ended);

#endif
