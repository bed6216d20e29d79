/* SPDX-License-Identifier: ISC */
/* Opening records. That each cipher is read right is shown by tests/system/test_keylog.py, on
 * sessions of another library; here is a published record, and what must not open. */
#ifdef HAVE_CRYPTO
#include <criterion/criterion.h>

#include "analyzer/tls/cipher.h"

/* RFC 8448 section 3: the client's application data, the octets 0 to 49. */
static const uint8_t record[] = {
    0x17, 0x03, 0x03, 0x00, 0x43, 0xa2, 0x3f, 0x70, 0x54, 0xb6, 0x2c, 0x94, 0xd0, 0xaf, 0xfa,
    0xfe, 0x82, 0x28, 0xba, 0x55, 0xcb, 0xef, 0xac, 0xea, 0x42, 0xf9, 0x14, 0xaa, 0x66, 0xbc,
    0xab, 0x3f, 0x2b, 0x98, 0x19, 0xa8, 0xa5, 0xb4, 0x6b, 0x39, 0x5b, 0xd5, 0x4a, 0x9a, 0x20,
    0x44, 0x1e, 0x2b, 0x62, 0x97, 0x4e, 0x1f, 0x5a, 0x62, 0x92, 0xa2, 0x97, 0x70, 0x14, 0xbd,
    0x1e, 0x3d, 0xea, 0xe6, 0x3a, 0xee, 0xbb, 0x21, 0x69, 0x49, 0x15, 0xe4};
static const struct tls_keys keys = {
    .key = {0x17, 0x42, 0x2d, 0xda, 0x59, 0x6e, 0xd5, 0xd9, 0xac, 0xd8, 0x90, 0xe3, 0xc6, 0x3f,
            0x50, 0x51},
    .iv = {0x5b, 0x78, 0x92, 0x3d, 0xee, 0x08, 0x57, 0x90, 0x33, 0xe5, 0x23, 0xd9}};

static struct tls_cipher *cipher_of(uint16_t number, uint16_t version)
{
    struct tls_suite suite;
    cr_assert(tls_suite_read(number, &suite));
    struct tls_cipher *cipher = tls_cipher_new(&suite, version, false, &keys);
    cr_assert_not_null(cipher, "%s", suite.name);
    return cipher;
}

static bool opens(struct tls_cipher *cipher, const uint8_t *octets, size_t length,
                  uint64_t sequence, uint8_t *out, size_t *got, uint8_t *type)
{
    const struct tls_sealed sealed = {
        .head = octets, .body = bytes_of(octets + 5, length - 5), .sequence = sequence};
    return tls_cipher_open(cipher, &sealed, out, got, type);
}

Test(cipher, a_published_record_is_opened)
{
    struct tls_cipher *cipher = cipher_of(0x1301, 0x0304);
    uint8_t out[TLS_PLAIN_LONGEST], type = 0;
    size_t length = 0;
    cr_assert(opens(cipher, record, sizeof record, 0, out, &length, &type));
    cr_expect(length == 50 && type == 23);
    for (size_t i = 0; i < 50; i++)
        cr_expect(out[i] == i);
    tls_cipher_free(cipher);
}

Test(cipher, no_octet_may_differ)
{
    struct tls_cipher *cipher = cipher_of(0x1301, 0x0304);
    uint8_t out[TLS_PLAIN_LONGEST], copy[sizeof record], type;
    size_t length;
    for (size_t i = 0; i < sizeof record; i++) {
        memcpy(copy, record, sizeof copy);
        copy[i] ^= 1;
        cr_expect(!opens(cipher, copy, sizeof copy, 0, out, &length, &type), "%zu", i);
    }
    cr_expect(!opens(cipher, record, sizeof record, 1, out, &length, &type));
    cr_expect(opens(cipher, record, sizeof record, 0, out, &length, &type));
    tls_cipher_free(cipher);
}

/* Every suite, on records of every small length: all are refused, and none is read beyond. */
Test(cipher, what_is_too_short_is_refused)
{
    uint8_t out[TLS_PLAIN_LONGEST], octets[5 + 70] = {23, 3, 3, 0, 0}, type;
    size_t length;
    for (unsigned number = 1; number < 0xd000; number++) {
        struct tls_suite suite;
        if (!tls_suite_read((uint16_t)number, &suite))
            continue;
        for (unsigned version = suite.tls13 ? 0x0304 : 0x0301;
             version <= (suite.tls13 ? 0x0304 : 0x0303); version++) {
            struct tls_cipher *cipher = cipher_of((uint16_t)number, (uint16_t)version);
            for (size_t n = 0; n <= 70; n++) {
                octets[4] = (uint8_t)n;
                cr_expect(!opens(cipher, octets, 5 + n, 0, out, &length, &type), "%s %zu",
                          suite.name, n);
            }
            tls_cipher_free(cipher);
        }
    }
}
#endif
