/* SPDX-License-Identifier: ISC */
#include "heloscope/privacy/pseudonym.h"

#include <ctype.h>
#include <errno.h>
#include <nettle/hmac.h>
#include <sys/random.h>

enum {
    KEY_SHORTEST = 16,
    LETTERS =
        10, /* 50 bits: two names in a million share a pseudonym once in a thousand histories */
};

/* What a digest is of, so that a name is never hashed like an address. */
enum domain {
    OF_ADDRESS,
    OF_NAME,
};

static bool key_of_file(struct pseudonyms *p, const char *name, struct failure *why)
{
    struct sha256_ctx sha;
    uint8_t octets[4096];
    size_t got, size = 0;
    FILE *file = fopen(name, "rb");
    if (!file)
        return failure_set(why, "key file %.300s: %s", name, strerror(errno));
    sha256_init(&sha);
    while ((got = fread(octets, 1, sizeof octets, file))) {
        sha256_update(&sha, got, octets);
        size += got;
    }
    bool read = !ferror(file);
    fclose(file);
    if (!read)
        return failure_set(why, "key file %.300s cannot be read", name);
    if (size < KEY_SHORTEST)
        return failure_set(why, "key file %.300s has %zu octets; a key needs %d, of chance", name,
                           size, KEY_SHORTEST);
    sha256_digest(&sha, sizeof p->key, p->key);
    return true;
}

bool pseudonyms_begin(struct pseudonyms *p, const char *key_file, struct failure *why)
{
    if (key_file)
        return key_of_file(p, key_file, why);
    return getrandom(p->key, sizeof p->key, 0) == (ssize_t)sizeof p->key ||
           failure_set(why, "no random key is to be had: %s", strerror(errno));
}

static void digest_begin(const struct pseudonyms *p, struct hmac_sha256_ctx *hmac,
                         enum domain domain)
{
    uint8_t octet = (uint8_t)domain;
    hmac_sha256_set_key(hmac, sizeof p->key, p->key);
    hmac_sha256_update(hmac, 1, &octet);
}

struct address pseudonym_address(const struct pseudonyms *p, const struct address *address)
{
    struct address out = {.family = address->family};
    struct hmac_sha256_ctx hmac;
    if (!address->family)
        return out;
    size_t size = address->family == 6 ? 16 : 4;
    digest_begin(p, &hmac, OF_ADDRESS);
    hmac_sha256_update(&hmac, size, address->octets);
    hmac_sha256_digest(&hmac, size, out.octets);
    out.octets[0] = address->family == 6 ? 0xfd : out.octets[0] | 0xf0;
    if (address->family == 4)
        out.octets[3] &= 0xfe; /* never the broadcast address */
    return out;
}

char *pseudonym_word(const struct pseudonyms *p, struct bytes word, char out[PSEUDONYM_SIZE])
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
    uint8_t digest[SHA256_DIGEST_SIZE];
    struct hmac_sha256_ctx hmac;
    digest_begin(p, &hmac, OF_NAME);
    for (size_t i = 0; i < word.len; i++) {
        uint8_t lower = (uint8_t)tolower(word.at[i]);
        hmac_sha256_update(&hmac, 1, &lower);
    }
    hmac_sha256_digest(&hmac, sizeof digest, digest);
    out[0] = 'x'; /* a name that begins with a letter */
    for (size_t i = 0; i < LETTERS; i++)
        out[1 + i] = letters[digest[i] & 31];
    out[1 + LETTERS] = '\0';
    return out;
}

char *pseudonym_name(const struct pseudonyms *p, struct bytes name, char out[PSEUDONYM_SIZE])
{
    pseudonym_word(p, name, out);
    if (name.len && memchr(name.at, '.', name.len))
        strcat(out, ".invalid");
    return out;
}
