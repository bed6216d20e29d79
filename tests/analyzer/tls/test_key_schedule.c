/* SPDX-License-Identifier: ISC */
/* From secrets to keys, by vectors that others have published or that were made with another
 * implementation of HMAC (Python's). */
#include <stdio.h>

#include <criterion/criterion.h>

#include "analyzer/tls/key_schedule.h"

static size_t from_hex(const char *hex, uint8_t *out)
{
    size_t n = 0;
    for (unsigned octet; sscanf(hex + 2 * n, "%2x", &octet) == 1; n++)
        out[n] = (uint8_t)octet;
    return n;
}

static void expect(const uint8_t *got, const char *hex, const char *what)
{
    uint8_t wanted[256];
    const size_t n = from_hex(hex, wanted);
    cr_expect(memcmp(got, wanted, n) == 0, "%s", what);
}

/* The vector that Hubert Kario sent to the IETF's list for TLS 1.2's PRF with SHA-256. */
Test(key_schedule, the_prf_of_tls_12)
{
    uint8_t secret[16], seed[16], out[100];
    from_hex("9bbe436ba940f017b17652849a71db35", secret);
    from_hex("a0ba9f936cda311827a6f796ffd5198c", seed);
    tls_prf(TLS_HASH_SHA256, bytes_of(secret, 16), "test label", bytes_of(seed, 16), out, 100);
    expect(out, "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a", "SHA-256");
}

Test(key_schedule, the_prf_of_tls_12_with_sha_384)
{
    uint8_t secret[48], seed[64] = {0}, out[100];
    for (size_t i = 0; i < sizeof secret; i++)
        secret[i] = (uint8_t)i;
    tls_prf(TLS_HASH_SHA384, bytes_of(secret, 48), "key expansion", bytes_of(seed, 64), out, 100);
    expect(
        out,
        "a1125e7ba3d40267cbac61183b8a8e6ae3278e7d2167f04cd34bed8db3499fa37e03c7992a3c54740c3675e7"
        "a53a445baa4c437ffbc43fdccc229e6355ed9af4ffa814120f9d6394bfe0fbe080628b4629ca35fc5c734b51"
        "0382a83223fbecaa6fa43ef1",
        "SHA-384");
}

Test(key_schedule, the_prf_before_is_two_together)
{
    uint8_t secret[48], seed[64] = {0}, out[40];
    for (size_t i = 0; i < sizeof secret; i++)
        secret[i] = (uint8_t)i;
    tls_prf(TLS_HASH_NONE, bytes_of(secret, 48), "key expansion", bytes_of(seed, 64), out, 40);
    expect(out, "2494f75cff2c6335eec558956b3c33c5ed8e2cf390c6760a08f6776f3a4f62e24256f39fc86e490c",
           "MD5 and SHA-1");
    /* A secret of an odd length: the halves share an octet (RFC 2246 section 5). */
    tls_prf(TLS_HASH_NONE, bytes_of(secret, 5), "x", bytes_of("s", 1), out, 20);
    expect(out, "79c471f1c4054032d19a33b09cf6f9014fee406b", "halves that share an octet");
}

/* RFC 8448 section 3. */
Test(key_schedule, the_keys_of_tls_13)
{
    uint8_t secret[32], out[16];
    from_hex("b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38", secret);
    tls_expand_label(TLS_HASH_SHA256, bytes_of(secret, 32), "key", out, 16);
    expect(out, "3fce516009c21727d0f2e4e86ee403bc", "the server's handshake key");
    tls_expand_label(TLS_HASH_SHA256, bytes_of(secret, 32), "iv", out, 12);
    expect(out, "5d313eb2671276ee13000b30", "its IV");
}

/* RFC 4231 section 4.3 (test case 2), RFC 2202 section 3 (test case 2), RFC 1321 appendix A.5. */
Test(key_schedule, hmac_and_hashes)
{
    const struct bytes parts[] = {bytes_of("what do ya ", 11), bytes_of("want for nothing?", 17)};
    uint8_t out[TLS_HASH_LONGEST];
    tls_hmac(TLS_HASH_SHA256, bytes_of("Jefe", 4), parts, 2, out);
    expect(out, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", "SHA-256");
    tls_hmac(TLS_HASH_SHA384, bytes_of("Jefe", 4), parts, 2, out);
    expect(out,
           "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239"
           "ecfab21649",
           "SHA-384");
    tls_hmac(TLS_HASH_SHA1, bytes_of("Jefe", 4), parts, 2, out);
    expect(out, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79", "SHA-1");
    tls_hmac(TLS_HASH_MD5, bytes_of("Jefe", 4), parts, 2, out);
    expect(out, "750c783e6ab0b503eaa86e310a5db738", "MD5");
    tls_digest(TLS_HASH_MD5, bytes_of("abc", 3), out);
    expect(out, "900150983cd24fb0d6963f7d28e17f72", "MD5");
    tls_digest(TLS_HASH_SHA1, bytes_of("abc", 3), out);
    expect(out, "a9993e364706816aba3e25717850c26c9cd0d89d", "SHA-1");
    tls_digest(TLS_HASH_SHA256, bytes_of("abc", 3), out);
    expect(out, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "SHA-256");
    tls_digest(TLS_HASH_SHA384, bytes_of("abc", 3), out);
    expect(out, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded163", "SHA-384");
}
