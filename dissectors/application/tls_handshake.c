/* SPDX-License-Identifier: ISC */
/* Messages of a TLS handshake. What is not needed to read on is passed over. */
#include "heloscope/application/tls_handshake.h"

enum {
    EXTENSION_SERVER_NAME = 0, /* RFC 6066 section 3 */
    EXTENSION_ALPN = 16,       /* RFC 7301 section 3.1 */
    EXTENSION_ENCRYPT_THEN_MAC = 22,
    EXTENSION_EXTENDED_MASTER_SECRET = 23,
    EXTENSION_SESSION_TICKET = 35, /* RFC 5077 section 3.2 */
    EXTENSION_PRE_SHARED_KEY = 41, /* RFC 8446 section 4.2 */
    EXTENSION_EARLY_DATA = 42,
    EXTENSION_SUPPORTED_VERSIONS = 43,
    EXTENSION_KEY_SHARE = 51,
    NAMED_CURVE = 3, /* RFC 8422 section 5.4 */
};

/* The random of a ServerHello that is a HelloRetryRequest: SHA-256 of that name (RFC 8446 section
 * 4.1.3). */
static const uint8_t retry_random[TLS_RANDOM] = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

static void read_versions(struct bytes body, bool server, struct tls_hello_details *out)
{
    struct cursor c = cursor_over(body);
    uint16_t highest = 0;
    if (!server)
        cursor_skip(&c, 1); /* the list's length */
    while (cursor_left(&c) >= 2) {
        const uint16_t version = cursor_u16(&c);
        if (version >> 8 == 3 && version > highest) /* others stand for nothing (RFC 8701) */
            highest = version;
    }
    if (highest)
        out->version = highest;
}

static void read_name(struct bytes body, struct tls_hello_details *out)
{
    struct cursor c = cursor_over(body);
    cursor_skip(&c, 3); /* the list's length, and the type of its only entry */
    const struct bytes name = cursor_take(&c, cursor_u16(&c));
    if (!c.failed)
        out->name = name;
}

static void read_protocol(struct bytes body, struct tls_hello_details *out)
{
    struct cursor c = cursor_over(body);
    cursor_skip(&c, 2);
    const struct bytes name = cursor_take(&c, cursor_u8(&c));
    if (!c.failed)
        out->protocol = name;
}

static void read_extension(uint16_t type, struct bytes body, bool server,
                           struct tls_hello_details *out)
{
    struct cursor c = cursor_over(body);
    switch (type) {
    case EXTENSION_SERVER_NAME:
        if (!server)
            read_name(body, out);
        break;
    case EXTENSION_ALPN:
        read_protocol(body, out);
        break;
    case EXTENSION_ENCRYPT_THEN_MAC:
        out->encrypt_then_mac = true;
        break;
    case EXTENSION_EXTENDED_MASTER_SECRET:
        out->extended_master_secret = true;
        break;
    case EXTENSION_SESSION_TICKET:
        out->ticket = body.len;
        break;
    case EXTENSION_PRE_SHARED_KEY:
        out->psk = true;
        break;
    case EXTENSION_EARLY_DATA:
        out->early_data = true;
        break;
    case EXTENSION_SUPPORTED_VERSIONS:
        read_versions(body, server, out);
        break;
    case EXTENSION_KEY_SHARE:
        if (server)
            out->group = cursor_u16(&c);
        break;
    default:
        break;
    }
}

static bool read_extensions(struct cursor *c, bool server, struct tls_hello_details *out)
{
    if (!cursor_left(c))
        return !c->failed; /* before TLS 1.3 there need be none */
    struct cursor e = cursor_over(cursor_take(c, cursor_u16(c)));
    if (c->failed)
        return false;
    while (cursor_left(&e)) {
        const uint16_t type = cursor_u16(&e);
        const struct bytes body = cursor_take(&e, cursor_u16(&e));
        if (e.failed)
            return false;
        if (body.at)
            read_extension(type, body, server, out);
    }
    return true;
}

bool tls_hello_details(struct bytes body, bool server, struct tls_hello_details *out)
{
    struct cursor c = cursor_over(body);
    *out = (struct tls_hello_details){.version = cursor_u16(&c)};
    out->random = cursor_take(&c, TLS_RANDOM);
    out->session = cursor_take(&c, cursor_u8(&c));
    if (server) {
        out->suite = cursor_u16(&c);
        cursor_skip(&c, 1); /* compression */
    } else {
        out->suites = cursor_take(&c, cursor_u16(&c));
        cursor_skip(&c, cursor_u8(&c));
    }
    if (c.failed || out->version >> 8 != 3 || out->session.len > TLS_RANDOM)
        return false;
    out->retry = server && memcmp(out->random.at, retry_random, TLS_RANDOM) == 0;
    return read_extensions(&c, server, out);
}

bool tls_encrypted_extensions(struct bytes body, struct tls_hello_details *out)
{
    struct cursor c = cursor_over(body);
    *out = (struct tls_hello_details){0};
    return read_extensions(&c, true, out);
}

uint16_t tls_key_exchange_group(struct bytes body)
{
    struct cursor c = cursor_over(body);
    const uint8_t kind = cursor_u8(&c);
    const uint16_t group = cursor_u16(&c);
    return kind == NAMED_CURVE && !c.failed ? group : 0;
}

bool tls_certificate_is_given(struct bytes body, bool tls13)
{
    struct cursor c = cursor_over(body);
    if (tls13)
        cursor_skip(&c, cursor_u8(&c));
    return cursor_u24(&c) && !c.failed;
}

struct bytes tls_encrypted_premaster(struct bytes body)
{
    struct cursor c = cursor_over(body);
    return cursor_take(&c, cursor_u16(&c));
}

const char *tls_group_name(uint16_t group)
{
    static const struct {
        uint16_t group;
        const char *name;
    } groups[] = {
        {23, "secp256r1"},
        {24, "secp384r1"},
        {25, "secp521r1"},
        {26, "brainpoolP256r1"},
        {27, "brainpoolP384r1"},
        {28, "brainpoolP512r1"},
        {29, "x25519"},
        {30, "x448"},
        {256, "ffdhe2048"},
        {257, "ffdhe3072"},
        {258, "ffdhe4096"},
        {259, "ffdhe6144"},
        {260, "ffdhe8192"},
        {512, "MLKEM512"},
        {513, "MLKEM768"},
        {514, "MLKEM1024"},
        {4587, "SecP256r1MLKEM768"},
        {4588, "X25519MLKEM768"},
        {4589, "SecP384r1MLKEM1024"},
    };
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        if (groups[i].group == group)
            return groups[i].name;
    return NULL;
}
