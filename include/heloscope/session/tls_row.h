/* SPDX-License-Identifier: ISC */
/* What is known of TLS in a session, in words. */
#ifndef HELOSCOPE_SESSION_TLS_ROW_H
#define HELOSCOPE_SESSION_TLS_ROW_H

#include "heloscope/session/session.h"

enum {
    TLS_NAME_ROOM = 64 /* octets of a suite's or a group's name */
};

/* "TLS_AES_128_GCM_SHA256", or "cipher 0xfefe" for one without a name, into `out`; returns it. */
const char *tls_row_suite(uint16_t suite, char out[TLS_NAME_ROOM]);

/* "x25519", or "group 0xfefe"; "" when there is none. */
const char *tls_row_group(uint16_t group, char out[TLS_NAME_ROOM]);

/* Fills the columns of TLS in `row`, of which the texts lie in `arena`. `last`: the session is
 * over, so that what has not come will not come. */
void tls_row_describe(const struct session *s, bool last, struct session_row *row,
                      struct arena *arena);

#endif
