/* SPDX-License-Identifier: ISC */
#include "key_schedule.h"

#include <nettle/hmac.h>
#include <nettle/md5.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>

union hmac {
    struct hmac_md5_ctx md5;
    struct hmac_sha1_ctx sha1;
    struct hmac_sha256_ctx sha256;
    struct hmac_sha384_ctx sha384;
};

static void hmac_begin(union hmac *h, enum tls_hash hash, struct bytes key)
{
    switch (hash) {
    case TLS_HASH_MD5:
        hmac_md5_set_key(&h->md5, key.len, key.at);
        break;
    case TLS_HASH_SHA1:
        hmac_sha1_set_key(&h->sha1, key.len, key.at);
        break;
    case TLS_HASH_SHA384:
        hmac_sha384_set_key(&h->sha384, key.len, key.at);
        break;
    case TLS_HASH_SHA256:
    case TLS_HASH_NONE:
        hmac_sha256_set_key(&h->sha256, key.len, key.at);
        break;
    }
}

static void hmac_add(union hmac *h, enum tls_hash hash, struct bytes data)
{
    if (!data.len)
        return;
    switch (hash) {
    case TLS_HASH_MD5:
        hmac_md5_update(&h->md5, data.len, data.at);
        break;
    case TLS_HASH_SHA1:
        hmac_sha1_update(&h->sha1, data.len, data.at);
        break;
    case TLS_HASH_SHA384:
        hmac_sha384_update(&h->sha384, data.len, data.at);
        break;
    case TLS_HASH_SHA256:
    case TLS_HASH_NONE:
        hmac_sha256_update(&h->sha256, data.len, data.at);
        break;
    }
}

/* Writes the digest; the key stays for the next. */
static void hmac_end(union hmac *h, enum tls_hash hash, uint8_t *out)
{
    switch (hash) {
    case TLS_HASH_MD5:
        hmac_md5_digest(&h->md5, MD5_DIGEST_SIZE, out);
        break;
    case TLS_HASH_SHA1:
        hmac_sha1_digest(&h->sha1, SHA1_DIGEST_SIZE, out);
        break;
    case TLS_HASH_SHA384:
        hmac_sha384_digest(&h->sha384, SHA384_DIGEST_SIZE, out);
        break;
    case TLS_HASH_SHA256:
    case TLS_HASH_NONE:
        hmac_sha256_digest(&h->sha256, SHA256_DIGEST_SIZE, out);
        break;
    }
}

void tls_hmac(enum tls_hash hash, struct bytes key, const struct bytes *parts, size_t count,
              uint8_t *out)
{
    union hmac h;
    hmac_begin(&h, hash, key);
    for (size_t i = 0; i < count; i++)
        hmac_add(&h, hash, parts[i]);
    hmac_end(&h, hash, out);
    explicit_bzero(&h, sizeof h);
}

void tls_digest(enum tls_hash hash, struct bytes data, uint8_t *out)
{
    union {
        struct md5_ctx md5;
        struct sha1_ctx sha1;
        struct sha256_ctx sha256;
        struct sha512_ctx sha512;
    } h;
    switch (hash) {
    case TLS_HASH_MD5:
        md5_init(&h.md5);
        md5_update(&h.md5, data.len, data.at);
        md5_digest(&h.md5, MD5_DIGEST_SIZE, out);
        break;
    case TLS_HASH_SHA1:
        sha1_init(&h.sha1);
        sha1_update(&h.sha1, data.len, data.at);
        sha1_digest(&h.sha1, SHA1_DIGEST_SIZE, out);
        break;
    case TLS_HASH_SHA384:
        sha384_init(&h.sha512);
        sha384_update(&h.sha512, data.len, data.at);
        sha384_digest(&h.sha512, SHA384_DIGEST_SIZE, out);
        break;
    case TLS_HASH_SHA256:
    case TLS_HASH_NONE:
        sha256_init(&h.sha256);
        sha256_update(&h.sha256, data.len, data.at);
        sha256_digest(&h.sha256, SHA256_DIGEST_SIZE, out);
        break;
    }
}

/* P_hash(secret, label + seed), added to `out` by exclusive or (RFC 5246 section 5). */
static void mix_p_hash(enum tls_hash hash, struct bytes secret, struct bytes label,
                       struct bytes seed, uint8_t *out, size_t length)
{
    const size_t size = tls_hash_length(hash);
    uint8_t a[TLS_HASH_LONGEST], block[TLS_HASH_LONGEST];
    union hmac h;
    hmac_begin(&h, hash, secret);
    hmac_add(&h, hash, label);
    hmac_add(&h, hash, seed);
    hmac_end(&h, hash, a);
    for (size_t done = 0; done < length; done += size) {
        hmac_add(&h, hash, bytes_of(a, size));
        hmac_add(&h, hash, label);
        hmac_add(&h, hash, seed);
        hmac_end(&h, hash, block);
        for (size_t i = 0; i < size && done + i < length; i++)
            out[done + i] ^= block[i];
        hmac_add(&h, hash, bytes_of(a, size));
        hmac_end(&h, hash, a);
    }
    explicit_bzero(&h, sizeof h);
    explicit_bzero(a, sizeof a);
    explicit_bzero(block, sizeof block);
}

void tls_prf(enum tls_hash hash, struct bytes secret, const char *label, struct bytes seed,
             uint8_t *out, size_t length)
{
    const struct bytes name = bytes_of_string(label);
    memset(out, 0, length);
    if (hash != TLS_HASH_NONE) {
        mix_p_hash(hash, secret, name, seed, out, length);
        return;
    }
    const size_t half = (secret.len + 1) / 2; /* the two share an octet where its number is odd */
    mix_p_hash(TLS_HASH_MD5, bytes_first(secret, half), name, seed, out, length);
    mix_p_hash(TLS_HASH_SHA1, bytes_from(secret, secret.len - half), name, seed, out, length);
}

void tls_expand_label(enum tls_hash hash, struct bytes secret, const char *label, uint8_t *out,
                      size_t length)
{
    const size_t size = tls_hash_length(hash), name = strlen(label);
    uint8_t head[3] = {0, (uint8_t)length, (uint8_t)(6 + name)}, block[TLS_HASH_LONGEST];
    uint8_t count = 0;
    union hmac h;
    hmac_begin(&h, hash, secret);
    for (size_t done = 0; done < length; done += size) {
        const uint8_t end[2] = {0, ++count}; /* an empty context, and which block it is */
        if (done)
            hmac_add(&h, hash, bytes_of(block, size));
        hmac_add(&h, hash, bytes_of(head, sizeof head));
        hmac_add(&h, hash, bytes_of("tls13 ", 6));
        hmac_add(&h, hash, bytes_of(label, name));
        hmac_add(&h, hash, bytes_of(end, sizeof end));
        hmac_end(&h, hash, block);
        memcpy(out + done, block, length - done < size ? length - done : size);
    }
    explicit_bzero(&h, sizeof h);
    explicit_bzero(block, sizeof block);
}
