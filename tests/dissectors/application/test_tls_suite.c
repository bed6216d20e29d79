/* SPDX-License-Identifier: ISC */
/* What a suite's number means. The expected values are those of the RFC that defines the suite. */
#include <criterion/criterion.h>

#include "heloscope/application/tls_suite.h"

static const struct row {
    uint16_t number;
    enum tls_cipher_kind cipher;
    enum tls_mode mode;
    enum tls_hash mac, prf;
    uint8_t key, block, tag;
    bool rsa, tls13;
} rows[] = {
    /* RFC 8446 appendix B.4 */
    {0x1301, TLS_CIPHER_AES, TLS_MODE_GCM, TLS_HASH_NONE, TLS_HASH_SHA256, 16, 0, 16, false, true},
    {0x1302, TLS_CIPHER_AES, TLS_MODE_GCM, TLS_HASH_NONE, TLS_HASH_SHA384, 32, 0, 16, false, true},
    {0x1303, TLS_CIPHER_CHACHA20, TLS_MODE_POLY1305, TLS_HASH_NONE, TLS_HASH_SHA256, 32, 0, 16,
     false, true},
    {0x1304, TLS_CIPHER_AES, TLS_MODE_CCM, TLS_HASH_NONE, TLS_HASH_SHA256, 16, 0, 16, false, true},
    {0x1305, TLS_CIPHER_AES, TLS_MODE_CCM, TLS_HASH_NONE, TLS_HASH_SHA256, 16, 0, 8, false, true},
    /* RFC 5246 appendix A.5 */
    {0x0002, TLS_CIPHER_NULL, TLS_MODE_STREAM, TLS_HASH_SHA1, TLS_HASH_SHA256, 0, 0, 0, true,
     false},
    {0x0004, TLS_CIPHER_RC4, TLS_MODE_STREAM, TLS_HASH_MD5, TLS_HASH_SHA256, 16, 0, 0, true, false},
    {0x000a, TLS_CIPHER_3DES, TLS_MODE_CBC, TLS_HASH_SHA1, TLS_HASH_SHA256, 24, 8, 0, true, false},
    {0x002f, TLS_CIPHER_AES, TLS_MODE_CBC, TLS_HASH_SHA1, TLS_HASH_SHA256, 16, 16, 0, true, false},
    {0x006b, TLS_CIPHER_AES, TLS_MODE_CBC, TLS_HASH_SHA256, TLS_HASH_SHA256, 32, 16, 0, false,
     false},
    /* RFC 5289 section 3.2 */
    {0xc028, TLS_CIPHER_AES, TLS_MODE_CBC, TLS_HASH_SHA384, TLS_HASH_SHA384, 32, 16, 0, false,
     false},
    {0xc030, TLS_CIPHER_AES, TLS_MODE_GCM, TLS_HASH_NONE, TLS_HASH_SHA384, 32, 0, 16, false, false},
    /* RFC 6367, 6209, 6655, 7905 */
    {0xc08b, TLS_CIPHER_CAMELLIA, TLS_MODE_GCM, TLS_HASH_NONE, TLS_HASH_SHA384, 32, 0, 16, false,
     false},
    {0xc060, TLS_CIPHER_ARIA, TLS_MODE_GCM, TLS_HASH_NONE, TLS_HASH_SHA256, 16, 0, 16, false,
     false},
    {0xc0a1, TLS_CIPHER_AES, TLS_MODE_CCM, TLS_HASH_NONE, TLS_HASH_SHA256, 32, 0, 8, true, false},
    {0xc09e, TLS_CIPHER_AES, TLS_MODE_CCM, TLS_HASH_NONE, TLS_HASH_SHA256, 16, 0, 16, false, false},
    {0xcca8, TLS_CIPHER_CHACHA20, TLS_MODE_POLY1305, TLS_HASH_NONE, TLS_HASH_SHA256, 32, 0, 16,
     false, false},
};

Test(tls_suite, a_number_says_what_protects_the_records)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *r = &rows[i];
        struct tls_suite s;
        cr_assert(tls_suite_read(r->number, &s), "0x%04x", r->number);
        cr_expect(s.number == r->number && s.cipher == r->cipher && s.mode == r->mode &&
                      s.mac == r->mac && s.prf == r->prf && s.key == r->key &&
                      s.block == r->block && s.tag == r->tag && s.rsa == r->rsa &&
                      s.tls13 == r->tls13,
                  "0x%04x %s", r->number, s.name);
    }
}

/* The table is searched by halves: a row out of its place would not be found. */
Test(tls_suite, every_row_is_found_and_can_be_used)
{
    unsigned found = 0;
    for (unsigned number = 0; number <= UINT16_MAX; number++) {
        struct tls_suite s;
        if (!tls_suite_read((uint16_t)number, &s))
            continue;
        found++;
        cr_expect(s.key <= 32 && s.block <= 16 && s.tag <= 16);
        cr_expect((s.mac == TLS_HASH_NONE) == (s.tag != 0), "%s", s.name);
        cr_expect((s.mode == TLS_MODE_CBC) == (s.block != 0), "%s", s.name);
    }
    cr_expect(found == 230, "%u", found);
}

Test(tls_suite, what_is_not_in_the_table_is_not_known)
{
    struct tls_suite s;
    cr_expect(!tls_suite_read(0x0000, &s));
    cr_expect(!tls_suite_read(0x00ff, &s)); /* a signal of renegotiation, no suite */
    cr_expect(!tls_suite_read(0x0a0a, &s)); /* RFC 8701 */
}

Test(tls_suite, hashes_have_their_lengths)
{
    cr_expect(tls_hash_length(TLS_HASH_NONE) == 0);
    cr_expect(tls_hash_length(TLS_HASH_MD5) == 16);
    cr_expect(tls_hash_length(TLS_HASH_SHA1) == 20);
    cr_expect(tls_hash_length(TLS_HASH_SHA256) == 32);
    cr_expect(tls_hash_length(TLS_HASH_SHA384) == 48);
}
