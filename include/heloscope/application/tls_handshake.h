/* SPDX-License-Identifier: ISC */
/* The messages of a TLS handshake, as far as a reader of somebody else's session needs them: RFC
 * 8446 section 4, RFC 5246 section 7.4. All views are borrowed from the input. */
#ifndef HELOSCOPE_APPLICATION_TLS_HANDSHAKE_H
#define HELOSCOPE_APPLICATION_TLS_HANDSHAKE_H

#include "heloscope/bytes.h"

enum tls_message_type {
    TLS_HELLO_REQUEST = 0,
    TLS_CLIENT_HELLO = 1,
    TLS_SERVER_HELLO = 2,
    TLS_NEW_SESSION_TICKET = 4,
    TLS_END_OF_EARLY_DATA = 5,
    TLS_ENCRYPTED_EXTENSIONS = 8,
    TLS_CERTIFICATE = 11,
    TLS_SERVER_KEY_EXCHANGE = 12,
    TLS_CERTIFICATE_REQUEST = 13,
    TLS_SERVER_HELLO_DONE = 14,
    TLS_CERTIFICATE_VERIFY = 15,
    TLS_CLIENT_KEY_EXCHANGE = 16,
    TLS_FINISHED = 20,
    TLS_KEY_UPDATE = 24,
};

enum {
    TLS_RANDOM = 32,
    TLS_MESSAGE_HEAD = 4,
};

struct tls_hello_details {
    uint16_t version;      /* chosen, or the highest offered: 0x0301 to 0x0304 */
    struct bytes random;   /* TLS_RANDOM octets */
    struct bytes session;  /* the session's id */
    struct bytes suites;   /* client: those it offers, two octets each */
    uint16_t suite, group; /* server: chosen; group 0 = none is named */
    struct bytes name;     /* client: the server's name that it asks for */
    struct bytes protocol; /* the first of its application protocols, or the chosen one (ALPN) */
    bool retry;            /* server: a HelloRetryRequest (RFC 8446 section 4.1.4) */
    bool psk;              /* client: offers one; server: has taken one */
    bool early_data;
    bool ticket;                 /* client: a ticket of TLS 1.2 that is not empty */
    bool encrypt_then_mac;       /* RFC 7366 */
    bool extended_master_secret; /* RFC 7627 */
};

/* Reads the body of a ClientHello or ServerHello, behind the message's head. False when it is cut
 * off or damaged. Pure. */
bool tls_hello_details(struct bytes body, bool server, struct tls_hello_details *out);

/* What EncryptedExtensions say of the same. False when damaged. Pure. */
bool tls_encrypted_extensions(struct bytes body, struct tls_hello_details *out);

/* The named group of a ServerKeyExchange with ECDHE (RFC 8422 section 5.4); 0 = it names none. */
uint16_t tls_key_exchange_group(struct bytes body);

/* Whether a Certificate message holds a certificate; TLS 1.3 puts a context in front of the list
 * (RFC 8446 section 4.4.2). The front of the body is enough. */
bool tls_certificate_is_given(struct bytes body, bool tls13);

/* The encrypted premaster secret of a ClientKeyExchange with RSA (RFC 5246 section 7.4.7.1). */
struct bytes tls_encrypted_premaster(struct bytes body);

/* "x25519"; NULL when the group has no name here. Static. */
const char *tls_group_name(uint16_t group);

#endif
