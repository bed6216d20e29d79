/* SPDX-License-Identifier: ISC */
/* What a passive observer can read of a TLS handshake: RFC 8446 sections 4.1.2, 4.1.3 and 5.1,
 * RFC 6066 section 3. */
#ifndef HELOSCOPE_APPLICATION_TLS_HELLO_H
#define HELOSCOPE_APPLICATION_TLS_HELLO_H

#include "heloscope/bytes.h"

enum tls_record_type {
    TLS_CHANGE_CIPHER_SPEC = 20,
    TLS_ALERT = 21,
    TLS_HANDSHAKE = 22,
    TLS_APPLICATION_DATA = 23,
};

struct tls_record {
    uint8_t type; /* enum tls_record_type */
    uint16_t version;
    struct bytes body; /* as far as present in the input */
    size_t length;     /* of the body as the header announces it */
};

/* Reads the record header at the front of `data`. False when it is cut off or cannot be TLS
 * (unknown type, version not 3.x, length over 2^14+256). Pure. */
bool tls_record_read(struct bytes data, struct tls_record *out);

struct tls_hello {
    bool server;      /* ServerHello, else ClientHello */
    uint16_t version; /* negotiated (server) or highest offered (client): 0x0301 to 0x0304 */
    uint16_t cipher;  /* ServerHello only */
    struct bytes sni; /* ClientHello only; empty when absent; borrowed */
};

/* Reads a hello from the body of a handshake record. A hello that is cut off gives what could be
 * read before. False when it is no hello. Pure. */
bool tls_hello_read(struct bytes body, struct tls_hello *out);

/* Whether the body of an alert record is a fatal alert in clear text: the handshake has failed
 * (RFC 8446 section 6). An encrypted one is longer. Pure. */
bool tls_alert_is_fatal(struct bytes body);

/* What its second octet means, "handshake failure"; NULL when it has no name. Static storage. */
const char *tls_alert_name(uint8_t description);

/* What it means where a handshake ends with it, "no TLS version in common"; NULL when the name says
 * it. Static storage. */
const char *tls_alert_meaning(uint8_t description);

/* "TLS 1.3"; "TLS 0x0305" style for what has no name. Writes into `out` (at least 16 octets). */
char *tls_version_print(uint16_t version, char *out);

#endif
