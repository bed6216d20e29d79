/* SPDX-License-Identifier: ISC */
/* TLS records and the two hellos, as far as they are sent in clear text. */
#include "heloscope/application/tls_hello.h"

#include <stdio.h>

enum {
    RECORD_LONGEST = (1 << 14) + 256, /* RFC 8446 section 5.2 */
    CLIENT_HELLO = 1,
    SERVER_HELLO = 2,
    EXTENSION_SERVER_NAME = 0,         /* RFC 6066 section 3 */
    EXTENSION_SUPPORTED_VERSIONS = 43, /* RFC 8446 section 4.2.1 */
    HOST_NAME = 0,
};

bool tls_record_read(struct bytes data, struct tls_record *out)
{
    if (data.len == 0)
        return false;
    struct cursor c = cursor_over(data);
    out->type = cursor_u8(&c);
    out->version = cursor_u16(&c);
    out->length = cursor_u16(&c);
    if (c.failed || out->type < TLS_CHANGE_CIPHER_SPEC || out->type > TLS_APPLICATION_DATA ||
        out->version >> 8 != 3 || out->length > RECORD_LONGEST)
        return false;
    out->body = bytes_first(bytes_from(data, 5), out->length);
    return true;
}

/* The next `len` octets, or as many of them as there are. */
static struct bytes take_present(struct cursor *c, size_t len)
{
    size_t left = cursor_left(c);
    return cursor_take(c, len < left ? len : left);
}

/* RFC 8701: values with equal octets of the form 0x?a stand for nothing. Draft versions and those
 * of other protocols fall out with them: versions that exist begin with 3. */
static bool is_version(uint16_t version)
{
    return version >> 8 == 3;
}

static void read_supported_versions(struct bytes body, struct tls_hello *out)
{
    struct cursor c = cursor_over(body);
    if (out->server) {
        uint16_t chosen = cursor_u16(&c);
        if (!c.failed && is_version(chosen))
            out->version = chosen;
        return;
    }
    struct bytes list = take_present(&c, cursor_u8(&c));
    uint16_t highest = 0;
    for (size_t i = 0; i + 2 <= list.len; i += 2) {
        uint16_t version = (uint16_t)(list.at[i] << 8 | list.at[i + 1]);
        if (is_version(version) && version > highest)
            highest = version;
    }
    if (highest)
        out->version = highest;
}

static void read_server_name(struct bytes body, struct tls_hello *out)
{
    struct cursor c = cursor_over(body);
    cursor_skip(&c, 2); /* length of the list, which holds one host name at most */
    while (cursor_left(&c) > 0) {
        uint8_t type = cursor_u8(&c);
        struct bytes name = cursor_take(&c, cursor_u16(&c));
        if (type == HOST_NAME && !c.failed) {
            out->sni = name;
            return;
        }
    }
}

static void read_extensions(struct cursor *c, struct tls_hello *out)
{
    struct bytes list = take_present(c, cursor_u16(c));
    if (list.len == 0)
        return;
    struct cursor e = cursor_over(list);
    while (cursor_left(&e) > 0) {
        uint16_t type = cursor_u16(&e);
        struct bytes body = cursor_take(&e, cursor_u16(&e));
        if (body.len == 0)
            continue; /* an empty one, or cut off: then nothing is left */
        if (type == EXTENSION_SUPPORTED_VERSIONS)
            read_supported_versions(body, out);
        else if (type == EXTENSION_SERVER_NAME && !out->server)
            read_server_name(body, out);
    }
}

bool tls_hello_read(struct bytes body, struct tls_hello *out)
{
    *out = (struct tls_hello){0};
    if (body.len == 0)
        return false;
    struct cursor c = cursor_over(body);
    uint8_t type = cursor_u8(&c);
    size_t length = cursor_u24(&c);
    if (c.failed || (type != CLIENT_HELLO && type != SERVER_HELLO))
        return false;

    c.end = c.at + (length < cursor_left(&c) ? length : cursor_left(&c));
    out->server = type == SERVER_HELLO;
    out->version = cursor_u16(&c);
    if (c.failed || !is_version(out->version))
        return false;
    cursor_skip(&c, 32);            /* random */
    cursor_skip(&c, cursor_u8(&c)); /* session id */
    if (out->server) {
        out->cipher = cursor_u16(&c);
        cursor_skip(&c, 1); /* compression */
    } else {
        cursor_skip(&c, cursor_u16(&c)); /* ciphers */
        cursor_skip(&c, cursor_u8(&c));  /* compressions */
    }
    read_extensions(&c, out);
    return true;
}

bool tls_alert_is_fatal(struct bytes body)
{
    enum {
        FATAL = 2
    };
    return body.len == 2 && body.at[0] == FATAL;
}

/* RFC 8446 section 6.2, and those of RFC 5246 section 7.2.2 that it no longer has. */
const char *tls_alert_name(uint8_t description)
{
    static const struct {
        uint8_t description;
        const char *name;
    } names[] = {
        {0, "close notify"},
        {10, "unexpected message"},
        {20, "bad record MAC"},
        {22, "record overflow"},
        {40, "handshake failure"},
        {42, "bad certificate"},
        {43, "unsupported certificate"},
        {44, "certificate revoked"},
        {45, "certificate expired"},
        {46, "certificate unknown"},
        {47, "illegal parameter"},
        {48, "unknown CA"},
        {49, "access denied"},
        {50, "decode error"},
        {51, "decrypt error"},
        {70, "protocol version"},
        {71, "insufficient security"},
        {80, "internal error"},
        {86, "inappropriate fallback"},
        {90, "user canceled"},
        {100, "no renegotiation"},
        {109, "missing extension"},
        {110, "unsupported extension"},
        {112, "unrecognized name"},
        {116, "certificate required"},
        {120, "no application protocol"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].description == description)
            return names[i].name;
    return NULL;
}

const char *tls_alert_meaning(uint8_t description)
{
    static const struct {
        uint8_t description;
        const char *meaning;
    } meanings[] = {
        {40, "no cipher suite, group or signature in common"},
        {42, "it does not accept the certificate"},
        {43, "it does not accept certificates of this kind"},
        {44, "the certificate has been revoked"},
        {45, "the certificate has expired, or is not valid yet"},
        {46, "it does not accept the certificate"},
        {48, "it does not know or trust who signed the certificate"},
        {49, "the certificate is valid, and has no access"},
        {70, "no TLS version in common"},
        {71, "what is offered is too weak for it"},
        {86, "a lower version was tried than both know"},
        {112, "it does not serve the name that was asked for"},
        {116, "it wants a certificate of the client"},
        {120, "no application protocol in common"},
    };
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        if (meanings[i].description == description)
            return meanings[i].meaning;
    return NULL;
}

static const struct version_row {
    uint16_t version;
    const char *name;
} versions[] = {
    {0x0300, "SSL 3.0"}, {0x0301, "TLS 1.0"}, {0x0302, "TLS 1.1"},
    {0x0303, "TLS 1.2"}, {0x0304, "TLS 1.3"},
};

enum {
    PRINT_ROOM = 16
};

char *tls_version_print(uint16_t version, char *out)
{
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++)
        if (versions[i].version == version) {
            snprintf(out, PRINT_ROOM, "%s", versions[i].name);
            return out;
        }
    snprintf(out, PRINT_ROOM, "TLS 0x%04x", version);
    return out;
}
