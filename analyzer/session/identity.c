/* SPDX-License-Identifier: ISC */
#include "heloscope/session/identity.h"

#include <nettle/base64.h>
#include <nettle/sha1.h>

static size_t address_size(const struct address *a)
{
    return a->family == 6 ? 16 : 4;
}

static void put16(struct sha1_ctx *sha, uint16_t value)
{
    uint8_t octets[2] = {(uint8_t)(value >> 8), (uint8_t)value};
    sha1_update(sha, sizeof octets, octets);
}

void community_id(const struct address *a, uint16_t a_port, const struct address *b,
                  uint16_t b_port, char out[IDENTITY_SIZE])
{
    size_t size = address_size(a);
    int order = memcmp(a->octets, b->octets, size);
    if (order > 0 || (order == 0 && a_port > b_port)) {
        const struct address *other = a;
        uint16_t port = a_port;
        a = b;
        a_port = b_port;
        b = other;
        b_port = port;
    }
    static const uint8_t tcp[2] = {6, 0}; /* the protocol number, and padding */
    struct sha1_ctx sha;
    sha1_init(&sha);
    put16(&sha, 0); /* the seed */
    sha1_update(&sha, size, a->octets);
    sha1_update(&sha, size, b->octets);
    sha1_update(&sha, sizeof tcp, tcp);
    put16(&sha, a_port);
    put16(&sha, b_port);
    uint8_t digest[SHA1_DIGEST_SIZE];
    sha1_digest(&sha, sizeof digest, digest);
    memcpy(out, "1:", 2);
    base64_encode_raw(out + 2, sizeof digest, digest);
    out[2 + BASE64_ENCODE_RAW_LENGTH(SHA1_DIGEST_SIZE)] = '\0';
}

/* FNV-1a: octet by octet, so that the order in which a machine keeps them does not matter. */
static uint32_t endpoint_hash(const struct address *a, uint16_t port)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < address_size(a); i++)
        hash = (hash ^ a->octets[i]) * 16777619u;
    hash = (hash ^ (port >> 8)) * 16777619u;
    return (hash ^ (port & 0xff)) * 16777619u;
}

uint32_t endpoints_hash(const struct address *a, uint16_t a_port, const struct address *b,
                        uint16_t b_port)
{
    const uint32_t one = endpoint_hash(a, a_port), other = endpoint_hash(b, b_port);
    const uint32_t low = one < other ? one : other, high = one < other ? other : one;
    return (low * 0x9e3779b1u ^ high) * 0x85ebca6bu;
}

enum {
    UID_TIME = 11, /* digits of 5 bits: microseconds of a thousand years */
    UID_HASH = 9
};

/* The lowest 5 * `count` bits of `value`. Letters that sort as numbers do (RFC 4648 section 7). */
static void put_digits(char *out, uint64_t value, int count)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
    for (int i = count - 1; i >= 0; i--, value >>= 5)
        out[i] = digits[value & 31];
}

void session_uid(const struct address *client, uint16_t client_port, const struct address *server,
                 uint16_t server_port, int64_t started_us, char out[IDENTITY_SIZE])
{
    struct sha1_ctx sha;
    sha1_init(&sha);
    sha1_update(&sha, address_size(client), client->octets);
    put16(&sha, client_port);
    sha1_update(&sha, address_size(server), server->octets);
    put16(&sha, server_port);
    for (int shift = 48; shift >= 0; shift -= 16)
        put16(&sha, (uint16_t)((uint64_t)started_us >> shift));
    uint8_t digest[SHA1_DIGEST_SIZE];
    sha1_digest(&sha, sizeof digest, digest);
    uint64_t hash = 0;
    for (size_t i = 0; i < sizeof hash; i++)
        hash = hash << 8 | digest[i];
    put_digits(out, (uint64_t)started_us, UID_TIME);
    put_digits(out + UID_TIME, hash, UID_HASH);
    out[UID_TIME + UID_HASH] = '\0';
}
