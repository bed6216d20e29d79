/* SPDX-License-Identifier: ISC */
/* Record protection with libcrypto, and with nettle where libcrypto lacks a cipher: RC4 (only in
 * its provider of outdated ones) and Camellia-GCM. */
#ifdef HAVE_CRYPTO
#include "cipher.h"
#include "heloscope/tls/tls.h"

#include <stdio.h>
#include <stdlib.h>

#include <nettle/arcfour.h>
#include <nettle/gcm.h>
#include <openssl/evp.h>

#include "heloscope/base/memory.h"
#include "key_schedule.h"

enum {
    NONCE = 12,
    EXPLICIT = 8, /* octets of the nonce that GCM and CCM send along up to TLS 1.2 */
    FIXED = NONCE - EXPLICIT,
    HEAD = 5,
    VERSION_10 = 0x0301,
    VERSION_13 = 0x0304,
};

struct tls_cipher {
    struct tls_suite suite;
    uint16_t version;
    bool encrypt_then_mac;
    struct tls_key_sizes sizes;
    uint8_t mac[TLS_HASH_LONGEST], iv[TLS_IV_LONGEST];
    /* TLS 1.0: the record that `iv` is for, by its number or by its place. */
    uint64_t iv_sequence, iv_start;
    EVP_CIPHER_CTX *evp; /* NULL = nettle's, or none */
    union {
        struct arcfour_ctx rc4;
        struct gcm_camellia128_ctx camellia128;
        struct gcm_camellia256_ctx camellia256;
    } own[];
};

struct tls_key_sizes tls_key_sizes(const struct tls_suite *suite, uint16_t version)
{
    struct tls_key_sizes sizes = {.mac = (uint8_t)tls_hash_length(suite->mac), .key = suite->key};
    if (suite->mode == TLS_MODE_CBC)
        sizes.iv = version <= VERSION_10 ? suite->block : 0; /* RFC 4346 section 6.2.3.2 */
    else if (suite->mode == TLS_MODE_GCM || suite->mode == TLS_MODE_CCM)
        sizes.iv = version >= VERSION_13 ? NONCE : FIXED;
    else if (suite->mode == TLS_MODE_POLY1305)
        sizes.iv = NONCE;
    return sizes;
}

static bool is_own(const struct tls_suite *suite)
{
    return suite->cipher == TLS_CIPHER_RC4 ||
           (suite->cipher == TLS_CIPHER_CAMELLIA && suite->mode == TLS_MODE_GCM);
}

static EVP_CIPHER_CTX *evp_new(const struct tls_suite *suite, const uint8_t *key)
{
    static const char *const modes[] = {[TLS_MODE_STREAM] = "",
                                        [TLS_MODE_CBC] = "CBC",
                                        [TLS_MODE_GCM] = "GCM",
                                        [TLS_MODE_CCM] = "CCM",
                                        [TLS_MODE_POLY1305] = ""};
    static const char *const ciphers[] = {[TLS_CIPHER_NULL] = "",
                                          [TLS_CIPHER_AES] = "AES",
                                          [TLS_CIPHER_CAMELLIA] = "CAMELLIA",
                                          [TLS_CIPHER_ARIA] = "ARIA"};
    char name[32] = "DES-EDE3-CBC";
    if (suite->cipher == TLS_CIPHER_CHACHA20)
        snprintf(name, sizeof name, "ChaCha20-Poly1305");
    else if (suite->cipher != TLS_CIPHER_3DES)
        snprintf(name, sizeof name, "%s-%d-%s", ciphers[suite->cipher], suite->key * 8,
                 modes[suite->mode]);
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
    EVP_CIPHER_CTX *evp = cipher ? EVP_CIPHER_CTX_new() : NULL;
    bool done = evp && EVP_DecryptInit_ex(evp, cipher, NULL, NULL, NULL) == 1;
    if (done && suite->mode == TLS_MODE_CCM)
        done = EVP_CIPHER_CTX_ctrl(evp, EVP_CTRL_AEAD_SET_IVLEN, NONCE, NULL) == 1 &&
               EVP_CIPHER_CTX_ctrl(evp, EVP_CTRL_AEAD_SET_TAG, suite->tag, NULL) == 1;
    done = done && EVP_DecryptInit_ex(evp, NULL, NULL, key, NULL) == 1;
    EVP_CIPHER_free(cipher);
    if (done)
        return evp;
    EVP_CIPHER_CTX_free(evp);
    return NULL;
}

struct tls_cipher *tls_cipher_new(const struct tls_suite *suite, uint16_t version,
                                  bool encrypt_then_mac, const struct tls_keys *keys)
{
    const bool own = is_own(suite);
    struct tls_cipher *cipher = memory_get(sizeof *cipher + (own ? sizeof *cipher->own : 0));
    cipher->suite = *suite;
    cipher->version = version;
    cipher->encrypt_then_mac = encrypt_then_mac && suite->mode == TLS_MODE_CBC;
    cipher->sizes = tls_key_sizes(suite, version);
    memcpy(cipher->mac, keys->mac, sizeof cipher->mac);
    memcpy(cipher->iv, keys->iv, sizeof cipher->iv);
    if (suite->cipher == TLS_CIPHER_NULL)
        return cipher;
    if (suite->cipher == TLS_CIPHER_RC4)
        arcfour_set_key(&cipher->own->rc4, suite->key, keys->key);
    else if (own && suite->key == CAMELLIA128_KEY_SIZE)
        gcm_camellia128_set_key(&cipher->own->camellia128, keys->key);
    else if (own)
        gcm_camellia256_set_key(&cipher->own->camellia256, keys->key);
    else
        cipher->evp = evp_new(suite, keys->key);
    if (own || cipher->evp)
        return cipher;
    tls_cipher_free(cipher);
    return NULL;
}

void tls_cipher_free(struct tls_cipher *cipher)
{
    if (!cipher)
        return;
    EVP_CIPHER_CTX_free(cipher->evp);
    explicit_bzero(cipher, sizeof *cipher + (is_own(&cipher->suite) ? sizeof *cipher->own : 0));
    free(cipher);
}

static void put_number(uint8_t *out, uint64_t number, size_t octets)
{
    for (size_t i = 0; i < octets; i++)
        out[i] = (uint8_t)(number >> 8 * (octets - 1 - i));
}

/* Sequence number, type, version and length: what tag and MAC protect beside the text (RFC 5246
 * sections 6.2.3.1 and 6.2.3.3). */
static void print_pseudo_head(const struct tls_sealed *record, size_t length, uint8_t out[13])
{
    put_number(out, record->sequence, 8);
    memcpy(out + 8, record->head, 3);
    put_number(out + 11, length, 2);
}

static bool mac_is_right(const struct tls_cipher *cipher, const struct tls_sealed *record,
                         struct bytes text, const uint8_t *mac)
{
    uint8_t head[13], made[TLS_HASH_LONGEST];
    print_pseudo_head(record, text.len, head);
    const struct bytes parts[] = {bytes_of(head, sizeof head), text};
    tls_hmac(cipher->suite.mac, bytes_of(cipher->mac, cipher->sizes.mac), parts, 2, made);
    return memcmp(made, mac, cipher->sizes.mac) == 0;
}

/* ----------------------------------------------------------------------- NULL, RC4
 */

static bool open_stream(struct tls_cipher *cipher, const struct tls_sealed *record, uint8_t *out,
                        size_t *length)
{
    const size_t mac = cipher->sizes.mac;
    const bool rc4 = cipher->suite.cipher == TLS_CIPHER_RC4;
    struct arcfour_ctx stream;
    if (record->body.len < mac)
        return false;
    if (rc4) {
        stream = cipher->own->rc4;
        for (size_t left = record->passed_over; left;) {
            const size_t part = left < TLS_PLAIN_LONGEST ? left : TLS_PLAIN_LONGEST;
            arcfour_crypt(&stream, part, out, out);
            left -= part;
        }
        arcfour_crypt(&stream, record->body.len, out, record->body.at);
    } else {
        memcpy(out, record->body.at, record->body.len);
    }
    *length = record->body.len - mac;
    const bool right = mac_is_right(cipher, record, bytes_of(out, *length), out + *length);
    if (right && rc4)
        cipher->own->rc4 = stream;
    if (rc4)
        explicit_bzero(&stream, sizeof stream);
    return right;
}

/* ----------------------------------------------------------------------- CBC
 */

static bool decrypt_blocks(struct tls_cipher *cipher, const uint8_t *iv, struct bytes text,
                           uint8_t *out)
{
    int length = 0;
    return EVP_DecryptInit_ex(cipher->evp, NULL, NULL, NULL, iv) == 1 &&
           EVP_CIPHER_CTX_set_padding(cipher->evp, 0) == 1 &&
           EVP_DecryptUpdate(cipher->evp, out, &length, text.at, (int)text.len) == 1 &&
           (size_t)length == text.len;
}

/* The last octet says how many before it are padding; all are like it (RFC 5246 6.2.3.2). */
static bool strip_padding(const uint8_t *text, size_t *length)
{
    const size_t padding = (size_t)text[*length - 1] + 1;
    if (padding > *length)
        return false;
    for (size_t i = 2; i <= padding; i++)
        if (text[*length - i] != padding - 1)
            return false;
    *length -= padding;
    return true;
}

static bool open_cbc(struct tls_cipher *cipher, const struct tls_sealed *record, uint8_t *out,
                     size_t *length)
{
    const size_t block = cipher->suite.block, mac = cipher->sizes.mac;
    const bool chained = cipher->version <= VERSION_10;
    struct bytes text = record->body;
    if (chained && record->sequence != cipher->iv_sequence && record->start != cipher->iv_start)
        return false; /* a MAC outside the encryption would hold all the same */
    if (cipher->encrypt_then_mac) {
        if (text.len < mac)
            return false;
        text.len -= mac;
        if (!mac_is_right(cipher, record, text, text.at + text.len))
            return false;
    }
    const uint8_t *iv = chained ? cipher->iv : text.at;
    const struct bytes blocks = bytes_from(text, chained ? 0 : block);
    if (!block || blocks.len < block || blocks.len % block ||
        !decrypt_blocks(cipher, iv, blocks, out))
        return false;
    *length = blocks.len;
    if (!strip_padding(out, length))
        return false;
    if (!cipher->encrypt_then_mac) {
        if (*length < mac)
            return false;
        *length -= mac;
        if (!mac_is_right(cipher, record, bytes_of(out, *length), out + *length))
            return false;
    }
    tls_cipher_pass(cipher, record->body, record->start + HEAD + record->body.len);
    cipher->iv_sequence = record->sequence + 1;
    return true;
}

void tls_cipher_pass(struct tls_cipher *cipher, struct bytes body, uint64_t end)
{
    const size_t block = cipher->suite.block;
    if (cipher->suite.mode != TLS_MODE_CBC || cipher->version > VERSION_10)
        return;
    if (cipher->encrypt_then_mac)
        body = bytes_first(body, body.len < cipher->sizes.mac ? 0 : body.len - cipher->sizes.mac);
    if (body.len < block)
        return;
    memcpy(cipher->iv, body.at + body.len - block, block);
    cipher->iv_start = end;
    cipher->iv_sequence = UINT64_MAX;
}

/* ----------------------------------------------------------------------- with a tag
 */

struct aead_input {
    uint8_t nonce[NONCE];
    struct bytes beside, text;
    const uint8_t *tag;
};

static bool evp_open(struct tls_cipher *cipher, const struct aead_input *in, uint8_t *out)
{
    EVP_CIPHER_CTX *evp = cipher->evp;
    const bool ccm = cipher->suite.mode == TLS_MODE_CCM;
    int length = 0, rest = 0;
    if (EVP_CIPHER_CTX_ctrl(evp, EVP_CTRL_AEAD_SET_TAG, cipher->suite.tag, (void *)in->tag) != 1 ||
        EVP_DecryptInit_ex(evp, NULL, NULL, NULL, in->nonce) != 1 ||
        (ccm && EVP_DecryptUpdate(evp, NULL, &length, NULL, (int)in->text.len) != 1) ||
        EVP_DecryptUpdate(evp, NULL, &length, in->beside.at, (int)in->beside.len) != 1)
        return false;
    /* CCM checks the tag here, and an empty text has to be asked for with a place for it. */
    if ((in->text.len || ccm) &&
        EVP_DecryptUpdate(evp, out, &length, in->text.at, (int)in->text.len) != 1)
        return false;
    return ccm || EVP_DecryptFinal_ex(evp, out + in->text.len, &rest) == 1;
}

static bool camellia_open(struct tls_cipher *cipher, const struct aead_input *in, uint8_t *out)
{
    uint8_t tag[GCM_DIGEST_SIZE];
    if (cipher->suite.key == CAMELLIA128_KEY_SIZE) {
        struct gcm_camellia128_ctx *c = &cipher->own->camellia128;
        gcm_camellia128_set_iv(c, NONCE, in->nonce);
        gcm_camellia128_update(c, in->beside.len, in->beside.at);
        gcm_camellia128_decrypt(c, in->text.len, out, in->text.at);
        gcm_camellia128_digest(c, sizeof tag, tag);
    } else {
        struct gcm_camellia256_ctx *c = &cipher->own->camellia256;
        gcm_camellia256_set_iv(c, NONCE, in->nonce);
        gcm_camellia256_update(c, in->beside.len, in->beside.at);
        gcm_camellia256_decrypt(c, in->text.len, out, in->text.at);
        gcm_camellia256_digest(c, sizeof tag, tag);
    }
    return memcmp(tag, in->tag, sizeof tag) == 0;
}

bool tls_cipher_nonce(const struct tls_cipher *cipher, struct bytes body, uint64_t *nonce)
{
    struct cursor c = cursor_over(body);
    if (cipher->version >= VERSION_13 ||
        (cipher->suite.mode != TLS_MODE_GCM && cipher->suite.mode != TLS_MODE_CCM))
        return false;
    *nonce = (uint64_t)cursor_u32(&c) << 32;
    *nonce |= cursor_u32(&c);
    return !c.failed;
}

/* The nonce: fixed octets and those sent along, or the sequence number mixed into the IV (RFC 7905
 * section 2, RFC 8446 section 5.3). */
static bool open_tagged(struct tls_cipher *cipher, const struct tls_sealed *record, uint8_t *out,
                        size_t *length)
{
    const size_t tag = cipher->suite.tag;
    uint8_t head[13];
    uint64_t sent;
    struct aead_input in = {.text = record->body};
    memcpy(in.nonce, cipher->iv, NONCE);
    if (tls_cipher_nonce(cipher, record->body, &sent)) {
        put_number(in.nonce + FIXED, sent, EXPLICIT);
        in.text = bytes_from(in.text, EXPLICIT);
    } else {
        for (size_t i = 0; i < 8; i++)
            in.nonce[NONCE - 1 - i] ^= (uint8_t)(record->sequence >> 8 * i);
    }
    if (in.text.len < tag)
        return false;
    in.text.len -= tag;
    in.tag = in.text.at + in.text.len;
    in.beside = bytes_of(record->head, HEAD);
    if (cipher->version < VERSION_13) {
        print_pseudo_head(record, in.text.len, head);
        in.beside = bytes_of(head, sizeof head);
    }
    *length = in.text.len;
    return cipher->evp ? evp_open(cipher, &in, out) : camellia_open(cipher, &in, out);
}

/* Of TLS 1.3 the type is the last octet that is not zero (RFC 8446 section 5.4). */
static bool strip_zeros(const uint8_t *text, size_t *length, uint8_t *type)
{
    while (*length && !text[*length - 1])
        --*length;
    if (!*length)
        return false;
    *type = text[--*length];
    return true;
}

bool tls_cipher_open(struct tls_cipher *cipher, const struct tls_sealed *record, uint8_t *out,
                     size_t *length, uint8_t *type)
{
    *type = record->head[0];
    if (record->body.len > TLS_PLAIN_LONGEST)
        return false;
    switch (cipher->suite.mode) {
    case TLS_MODE_STREAM:
        return open_stream(cipher, record, out, length);
    case TLS_MODE_CBC:
        return open_cbc(cipher, record, out, length);
    case TLS_MODE_GCM:
    case TLS_MODE_CCM:
    case TLS_MODE_POLY1305:
        break;
    }
    return open_tagged(cipher, record, out, length) &&
           (cipher->version < VERSION_13 || strip_zeros(out, length, type));
}

bool tls_is_built(void)
{
    return true;
}

#endif
