/* SPDX-License-Identifier: ISC */
/* Words by which replies show what the server speaks. */
#ifndef HELOSCOPE_DIAGNOSIS_PROTOCOL_WORDS_H
#define HELOSCOPE_DIAGNOSIS_PROTOCOL_WORDS_H

#include "heloscope/session/session.h"

enum {
    PORT_OF_TLS = 465, /* a handshake comes first there (RFC 8314 section 3.3) */
};

/* Whether the text is about the header of the PROXY protocol: "PROXY not allowed from ...",
 * "required Proxy negotiation failed". An "open proxy" of a block list is something else. */
bool names_proxy_header(struct bytes text);

/* Whether the server speaks LMTP: by its greeting, its port (24), or the words of `reply`. */
bool speaks_lmtp(const struct session *s, struct bytes reply);

/* Whether a greeting or another reply says that LMTP is spoken here. */
bool names_lmtp(struct bytes text);

/* Whether a reply speaks of a timeout: by its text, or by X.4.2, "bad connection", as Postfix and
 * SES number it (RFC 3463 section 3.5). */
bool names_timeout(struct bytes text, struct bytes enhanced);

#endif
