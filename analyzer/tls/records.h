/* SPDX-License-Identifier: ISC */
/* Records out of octets. */
#ifndef ANALYZER_TLS_RECORDS_H
#define ANALYZER_TLS_RECORDS_H

#include "state.h"

enum tls_content {
    TLS_CONTENT_CHANGE = 20,
    TLS_CONTENT_ALERT = 21,
    TLS_CONTENT_HANDSHAKE = 22,
    TLS_CONTENT_DATA = 23,
};

/* Reads a whole record; its news are told. False when it is none: behind a hole, where its
 * beginning was only supposed. */
bool record_take(struct tls *tls, enum side side, const struct record *record, uint8_t *scratch);

#endif
