/* SPDX-License-Identifier: ISC */
/* The records of one direction under one set of keys: what a record holds, if its tag or MAC is
 * right. */
#ifndef ANALYZER_TLS_CIPHER_H
#define ANALYZER_TLS_CIPHER_H

#include "heloscope/application/tls_suite.h"

enum {
    TLS_PLAIN_LONGEST = (1 << 14) + 2048, /* octets of a record's fragment (RFC 5246 6.2.3) */
    TLS_KEY_LONGEST = 32,
    TLS_IV_LONGEST = 16,
};

/* What the keys of a suite take, in octets; in this order they are cut from the key block (RFC 5246
 * section 6.3), each for the client and then for the server. */
struct tls_key_sizes {
    uint8_t mac, key, iv;
};

struct tls_keys {
    uint8_t mac[TLS_HASH_LONGEST], key[TLS_KEY_LONGEST], iv[TLS_IV_LONGEST];
};

struct tls_key_sizes tls_key_sizes(const struct tls_suite *suite, uint16_t version);

struct tls_cipher;

/* NULL when no library here has this cipher. Owned by the caller. */
struct tls_cipher *tls_cipher_new(const struct tls_suite *suite, uint16_t version,
                                  bool encrypt_then_mac, const struct tls_keys *keys);

/* Wipes the keys. NULL is allowed. */
void tls_cipher_free(struct tls_cipher *cipher);

/* A record as it is on the wire. */
struct tls_sealed {
    const uint8_t *head; /* five octets: type, version, length */
    struct bytes body;
    uint64_t sequence;
    uint64_t start;     /* offset of its first octet in the stream */
    size_t passed_over; /* octets of ciphertext that lie between this record and the one before it:
                           RC4 counts them */
};

/* Opens a record into `out`, which has room for TLS_PLAIN_LONGEST octets. Returns false, and keeps
 * the state, when its tag or MAC is not right. `type` is the content's, of TLS 1.3 the inner one.
 */
bool tls_cipher_open(struct tls_cipher *cipher, const struct tls_sealed *record, uint8_t *out,
                     size_t *length, uint8_t *type);

/* A record that could not be opened, and ends at offset `end`, may lie in front of the next: the
 * CBC of TLS 1.0 chains them. */
void tls_cipher_pass(struct tls_cipher *cipher, struct bytes body, uint64_t end);

/* The explicit nonce of a record; false when the cipher has none (RFC 5288 section 3). */
bool tls_cipher_nonce(const struct tls_cipher *cipher, struct bytes body, uint64_t *nonce);

#endif
