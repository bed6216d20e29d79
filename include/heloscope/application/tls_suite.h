/* SPDX-License-Identifier: ISC */
/* What a cipher suite's number means for its records. */
#ifndef HELOSCOPE_APPLICATION_TLS_SUITE_H
#define HELOSCOPE_APPLICATION_TLS_SUITE_H

#include "heloscope/bytes.h"

enum tls_cipher_kind {
    TLS_CIPHER_NULL,
    TLS_CIPHER_RC4,
    TLS_CIPHER_3DES,
    TLS_CIPHER_AES,
    TLS_CIPHER_CAMELLIA,
    TLS_CIPHER_ARIA,
    TLS_CIPHER_CHACHA20,
};

enum tls_mode {
    TLS_MODE_STREAM, /* NULL and RC4: a MAC behind the text */
    TLS_MODE_CBC,
    TLS_MODE_GCM,
    TLS_MODE_CCM,
    TLS_MODE_POLY1305,
};

enum tls_hash {
    TLS_HASH_NONE,
    TLS_HASH_MD5,
    TLS_HASH_SHA1,
    TLS_HASH_SHA256,
    TLS_HASH_SHA384,
};

enum {
    TLS_HASH_LONGEST = 48, /* octets */
};

struct tls_suite {
    uint16_t number;
    const char *name; /* of the IANA registry, without "TLS_"; static */
    enum tls_cipher_kind cipher;
    enum tls_mode mode;
    enum tls_hash mac;       /* of the records; TLS_HASH_NONE where the mode has a tag */
    enum tls_hash prf;       /* from TLS 1.2 on (RFC 5246 section 5, RFC 8446 section 7.1) */
    uint8_t key, block, tag; /* octets; block: of CBC, else 0; tag: 16, or 8 */
    bool rsa;                /* the premaster secret is encrypted with the server's RSA key */
    bool tls13;              /* of TLS 1.3 alone */
};

/* Reads the row of `number` into `out`; false when the suite is not known. Pure. */
bool tls_suite_read(uint16_t number, struct tls_suite *out);

/* Octets that the hash gives. */
size_t tls_hash_length(enum tls_hash hash);

#endif
