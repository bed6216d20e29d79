/* SPDX-License-Identifier: ISC */
/* From a secret to keys: the PRF of TLS up to 1.2 and the HKDF of TLS 1.3. */
#ifndef ANALYZER_TLS_KEY_SCHEDULE_H
#define ANALYZER_TLS_KEY_SCHEDULE_H

#include "heloscope/application/tls_suite.h"

/* HMAC over the parts in turn; writes tls_hash_length(hash) octets. */
void tls_hmac(enum tls_hash hash, struct bytes key, const struct bytes *parts, size_t count,
              uint8_t *out);

/* Hashes `data` in one go; writes tls_hash_length(hash) octets. */
void tls_digest(enum tls_hash hash, struct bytes data, uint8_t *out);

/* PRF(secret, label, seed) of RFC 5246 section 5 with `hash`; with TLS_HASH_NONE that of RFC 2246
 * and 4346, P_MD5 xor P_SHA1. Writes `length` octets. */
void tls_prf(enum tls_hash hash, struct bytes secret, const char *label, struct bytes seed,
             uint8_t *out, size_t length);

/* HKDF-Expand-Label(secret, label, "", length) of RFC 8446 section 7.1; at most 255 octets. */
void tls_expand_label(enum tls_hash hash, struct bytes secret, const char *label, uint8_t *out,
                      size_t length);

#endif
