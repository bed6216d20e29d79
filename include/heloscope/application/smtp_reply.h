/* SPDX-License-Identifier: ISC */
/* One line from the server, taken apart. RFC 5321 section 4.2, RFC 2034, RFC 3463. */
#ifndef HELOSCOPE_APPLICATION_SMTP_REPLY_H
#define HELOSCOPE_APPLICATION_SMTP_REPLY_H

#include "heloscope/bytes.h"

struct smtp_reply_line {
    bool well_formed;  /* three digits, then a space, a hyphen or the end of the line */
    int code;          /* 200 to 599; 0 when not well formed */
    bool more;         /* a hyphen: further lines follow (RFC 5321 section 4.2.1) */
    struct bytes text; /* behind the code and its separator, the whole line when it is not well
                        * formed; borrowed from the line */
};

/* `line` is without its line end. Pure. */
void smtp_reply_line_parse(struct bytes line, struct smtp_reply_line *out);

/* The enhanced status code at the front of `text`, "5.5.1" (RFC 3463 section 2); also "#5.5.1"
 * there, as Cisco ESA writes it, and "(#5.5.1)" at the end, as qmail does. Its class must match
 * `code`'s first digit (RFC 2034 section 4). Empty when there is none; borrowed from `text`. */
struct bytes smtp_enhanced_code(int code, struct bytes text);

/* Extensions that an EHLO or LHLO reply can offer, as far as they bear on order. */
enum extension {
    EXT_PIPELINING = 1 << 0,
    EXT_AUTH = 1 << 1, /* also the "AUTH=" of old Microsoft clients */
    EXT_STARTTLS = 1 << 2,
    EXT_CHUNKING = 1 << 3,
    EXT_BINARYMIME = 1 << 4,
    EXT_ENHANCEDSTATUSCODES = 1 << 5,
    EXT_XCLIENT = 1 << 6,
    EXT_XFORWARD = 1 << 7,
    EXT_ETRN = 1 << 8,
    EXT_BURL = 1 << 9,
    EXT_SIZE = 1 << 10,
    EXT_8BITMIME = 1 << 11,
    EXT_SMTPUTF8 = 1 << 12,
    EXT_DSN = 1 << 13,
    EXT_PIPECONNECT = 1 << 14, /* Exim: commands before the greeting by agreement */
    EXT_MASKED = 1 << 15,      /* a keyword of nothing but X: a middlebox has overwritten it */
};

/* The extension that one line of an EHLO reply names (its text behind "250-"); 0 when it is none
 * of the above. */
unsigned smtp_extension(struct bytes text);

/* Its keyword, "CHUNKING"; "" when it has none. Static storage. */
const char *extension_name(unsigned extension);

#endif
