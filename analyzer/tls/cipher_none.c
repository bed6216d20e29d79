/* SPDX-License-Identifier: ISC */
/* Built with --without-tls: no record can be opened. */
#ifndef HAVE_CRYPTO
#include "cipher.h"
#include "heloscope/tls/tls.h"

struct tls_key_sizes tls_key_sizes(const struct tls_suite *suite, uint16_t version)
{
    (void)suite, (void)version;
    return (struct tls_key_sizes){0};
}

struct tls_cipher *tls_cipher_new(const struct tls_suite *suite, uint16_t version,
                                  bool encrypt_then_mac, const struct tls_keys *keys)
{
    (void)suite, (void)version, (void)encrypt_then_mac, (void)keys;
    return NULL;
}

void tls_cipher_free(struct tls_cipher *cipher)
{
    (void)cipher;
}

bool tls_cipher_open(struct tls_cipher *cipher, const struct tls_sealed *record, uint8_t *out,
                     size_t *length, uint8_t *type)
{
    (void)cipher, (void)record, (void)out, (void)length, (void)type;
    return false;
}

void tls_cipher_pass(struct tls_cipher *cipher, struct bytes body, uint64_t end)
{
    (void)cipher, (void)body, (void)end;
}

bool tls_cipher_nonce(const struct tls_cipher *cipher, struct bytes body, uint64_t *nonce)
{
    (void)cipher, (void)body, (void)nonce;
    return false;
}

bool tls_is_built(void)
{
    return false;
}

#endif
