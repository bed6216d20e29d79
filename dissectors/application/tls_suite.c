/* SPDX-License-Identifier: ISC */
/* The table of cipher suites: a number and a name, which says the rest. */
#include "heloscope/application/tls_suite.h"

static const struct suite_name {
    uint16_t number;
    const char *name;
} names[] = {
#include "tls_suite_names.h"
};

static const struct cipher_row {
    const char *word;
    enum tls_cipher_kind cipher;
    enum tls_mode mode;
    uint8_t key, block, tag;
} ciphers[] = {
    {"NULL_", TLS_CIPHER_NULL, TLS_MODE_STREAM, 0, 0, 0},
    {"RC4_128_", TLS_CIPHER_RC4, TLS_MODE_STREAM, 16, 0, 0},
    {"3DES_EDE_CBC_", TLS_CIPHER_3DES, TLS_MODE_CBC, 24, 8, 0},
    {"AES_128_CBC_", TLS_CIPHER_AES, TLS_MODE_CBC, 16, 16, 0},
    {"AES_256_CBC_", TLS_CIPHER_AES, TLS_MODE_CBC, 32, 16, 0},
    {"AES_128_GCM_", TLS_CIPHER_AES, TLS_MODE_GCM, 16, 0, 16},
    {"AES_256_GCM_", TLS_CIPHER_AES, TLS_MODE_GCM, 32, 0, 16},
    {"AES_128_CCM_8", TLS_CIPHER_AES, TLS_MODE_CCM, 16, 0, 8},
    {"AES_256_CCM_8", TLS_CIPHER_AES, TLS_MODE_CCM, 32, 0, 8},
    {"AES_128_CCM", TLS_CIPHER_AES, TLS_MODE_CCM, 16, 0, 16},
    {"AES_256_CCM", TLS_CIPHER_AES, TLS_MODE_CCM, 32, 0, 16},
    {"CAMELLIA_128_CBC_", TLS_CIPHER_CAMELLIA, TLS_MODE_CBC, 16, 16, 0},
    {"CAMELLIA_256_CBC_", TLS_CIPHER_CAMELLIA, TLS_MODE_CBC, 32, 16, 0},
    {"CAMELLIA_128_GCM_", TLS_CIPHER_CAMELLIA, TLS_MODE_GCM, 16, 0, 16},
    {"CAMELLIA_256_GCM_", TLS_CIPHER_CAMELLIA, TLS_MODE_GCM, 32, 0, 16},
    {"ARIA_128_CBC_", TLS_CIPHER_ARIA, TLS_MODE_CBC, 16, 16, 0},
    {"ARIA_256_CBC_", TLS_CIPHER_ARIA, TLS_MODE_CBC, 32, 16, 0},
    {"ARIA_128_GCM_", TLS_CIPHER_ARIA, TLS_MODE_GCM, 16, 0, 16},
    {"ARIA_256_GCM_", TLS_CIPHER_ARIA, TLS_MODE_GCM, 32, 0, 16},
    {"CHACHA20_POLY1305_", TLS_CIPHER_CHACHA20, TLS_MODE_POLY1305, 32, 0, 16},
};

size_t tls_hash_length(enum tls_hash hash)
{
    static const uint8_t lengths[] = {
        [TLS_HASH_MD5] = 16, [TLS_HASH_SHA1] = 20, [TLS_HASH_SHA256] = 32, [TLS_HASH_SHA384] = 48};
    return lengths[hash];
}

static bool ends_in(const char *name, const char *end)
{
    const size_t length = strlen(name), tail = strlen(end);
    return length >= tail && strcmp(name + length - tail, end) == 0;
}

static enum tls_hash hash_named(const char *name)
{
    return ends_in(name, "_SHA384")   ? TLS_HASH_SHA384
           : ends_in(name, "_SHA256") ? TLS_HASH_SHA256
           : ends_in(name, "_SHA")    ? TLS_HASH_SHA1
           : ends_in(name, "_MD5")    ? TLS_HASH_MD5
                                      : TLS_HASH_NONE;
}

/* Suites of TLS 1.3 name no key exchange (RFC 8446 appendix B.4). */
static bool read_name(const struct suite_name *row, struct tls_suite *out)
{
    const char *with = strstr(row->name, "_WITH_");
    const char *cipher = with ? with + strlen("_WITH_") : row->name;
    const enum tls_hash hash = hash_named(row->name);
    *out = (struct tls_suite){.number = row->number, .name = row->name, .tls13 = !with};
    out->rsa = with && (bytes_start_nocase(bytes_of_string(row->name), "RSA_WITH_") ||
                        bytes_start_nocase(bytes_of_string(row->name), "RSA_EXPORT"));
    out->prf = hash == TLS_HASH_SHA384 ? TLS_HASH_SHA384 : TLS_HASH_SHA256;
    for (size_t i = 0; i < sizeof ciphers / sizeof *ciphers; i++)
        if (strncmp(cipher, ciphers[i].word, strlen(ciphers[i].word)) == 0) {
            out->cipher = ciphers[i].cipher;
            out->mode = ciphers[i].mode;
            out->key = ciphers[i].key;
            out->block = ciphers[i].block;
            out->tag = ciphers[i].tag;
            out->mac = out->tag ? TLS_HASH_NONE : hash;
            return true;
        }
    return false;
}

bool tls_suite_read(uint16_t number, struct tls_suite *out)
{
    size_t low = 0, high = sizeof names / sizeof *names;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (names[middle].number == number)
            return read_name(&names[middle], out);
        if (names[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}
