/* SPDX-License-Identifier: ISC */
#include "heloscope/application/forward_proxy.h"

#include <stdio.h>

#include "heloscope/network/packet.h"

enum {
    SOCKS_4 = 4,
    SOCKS_5 = 5,
    CONNECT = 1, /* the command; the others are no relay of a stream */
    GRANTED_4 = 0x5a,
    NAME_ROOM = 64,
};

/* Both sides, each read from its first octet on. */
struct reading {
    struct cursor client, server;
    bool wrong;
};

/* The next octet of `c` must be `wanted`. */
static void expect(struct reading *r, struct cursor *c, uint8_t wanted)
{
    uint8_t found = cursor_u8(c);
    r->wrong |= !c->failed && found != wanted;
}

static void print_name(struct forward_proxy *out, struct bytes name, uint16_t port)
{
    char text[NAME_ROOM];
    size_t n = 0;
    for (; n < name.len && n + 1 < sizeof text; n++)
        text[n] = name.at[n] > 0x20 && name.at[n] < 0x7f ? (char)name.at[n] : '?';
    text[n] = '\0';
    snprintf(out->target, sizeof out->target, "%s port %u", text, port);
}

static void print_address(struct forward_proxy *out, struct bytes octets, uint16_t port)
{
    struct address address = {.family = octets.len == 4 ? 4 : 6};
    char text[46];
    if (octets.len)
        memcpy(address.octets, octets.at, octets.len);
    snprintf(out->target, sizeof out->target, "%s port %u", address_print(&address, text), port);
}

/* --- SOCKS 4 --- */

/* Up to a NUL. */
static struct bytes take_string(struct cursor *c)
{
    const uint8_t *end = cursor_left(c) ? memchr(c->at, '\0', cursor_left(c)) : NULL;
    struct bytes text = cursor_take(c, end ? (size_t)(end - c->at) : cursor_left(c) + 1);
    cursor_skip(c, 1);
    return text;
}

static void read_socks_4(struct reading *r, struct forward_proxy *out)
{
    cursor_skip(&r->client, 1);
    expect(r, &r->client, CONNECT);
    uint16_t port = cursor_u16(&r->client);
    struct bytes address = cursor_take(&r->client, 4);
    take_string(&r->client); /* the user */
    /* 4a: an address that cannot be, and the name behind it */
    bool named = address.len && !address.at[0] && !address.at[1] && !address.at[2] && address.at[3];
    struct bytes name = named ? take_string(&r->client) : bytes_of(NULL, 0);
    expect(r, &r->server, 0);
    expect(r, &r->server, GRANTED_4);
    cursor_skip(&r->server, 6);
    out->kind = named ? "SOCKS 4a" : "SOCKS 4";
    if (named)
        print_name(out, name, port);
    else
        print_address(out, address, port);
}

/* --- SOCKS 5 --- */

static struct bytes take_counted(struct cursor *c)
{
    return cursor_take(c, cursor_u8(c));
}

/* An address by its type: 1 IPv4, 3 a name, 4 IPv6. */
static struct bytes take_address(struct reading *r, struct cursor *c, uint8_t *type)
{
    *type = cursor_u8(c);
    r->wrong |= !c->failed && *type != 1 && *type != 3 && *type != 4;
    return *type == 3 ? take_counted(c) : cursor_take(c, *type == 4 ? 16 : 4);
}

static void read_socks_5(struct reading *r, struct forward_proxy *out)
{
    uint8_t type, ignored;
    cursor_skip(&r->client, 1);
    take_counted(&r->client); /* methods that it offers */
    expect(r, &r->server, SOCKS_5);
    uint8_t method = cursor_u8(&r->server);
    if (r->server.failed) /* what the client says next depends on it */
        return;
    r->wrong |= method != 0 && method != 2;
    if (method == 2) { /* a name and a password (RFC 1929 section 2): passed over */
        expect(r, &r->client, 1);
        take_counted(&r->client);
        take_counted(&r->client);
        expect(r, &r->server, 1);
        expect(r, &r->server, 0);
    }
    expect(r, &r->client, SOCKS_5);
    expect(r, &r->client, CONNECT);
    cursor_skip(&r->client, 1);
    struct bytes address = take_address(r, &r->client, &type);
    uint16_t port = cursor_u16(&r->client);
    expect(r, &r->server, SOCKS_5);
    expect(r, &r->server, 0);
    cursor_skip(&r->server, 1);
    take_address(r, &r->server, &ignored);
    cursor_skip(&r->server, 2);
    out->kind = "SOCKS 5";
    if (type == 3)
        print_name(out, address, port);
    else
        print_address(out, address, port);
}

/* --- CONNECT --- */

/* The lines of a header, up to its empty line. */
static struct bytes take_header(struct cursor *c)
{
    size_t left = cursor_left(c);
    const uint8_t *end = left ? memmem(c->at, left, "\r\n\r\n", 4) : NULL;
    return cursor_take(c, end ? (size_t)(end - c->at) + 4 : left + 1);
}

/* "HTTP/1.1 2xx": only then the proxy relays (RFC 9110 section 9.3.6). */
static bool is_accepted(struct bytes header)
{
    return bytes_start_nocase(header, "HTTP/1.") && header.len > 9 && header.at[8] == ' ' &&
           header.at[9] == '2';
}

static void read_connect(struct reading *r, struct forward_proxy *out)
{
    struct bytes request = take_header(&r->client), answer = take_header(&r->server);
    r->wrong = answer.len && !is_accepted(answer);
    out->kind = "HTTP CONNECT";
    struct bytes authority = bytes_from(request, strlen("CONNECT "));
    const uint8_t *end = authority.len ? memchr(authority.at, ' ', authority.len) : NULL;
    authority.len = end ? (size_t)(end - authority.at) : 0;
    const uint8_t *colon = authority.len ? memrchr(authority.at, ':', authority.len) : NULL;
    uint32_t port = 0;
    for (const uint8_t *p = colon ? colon + 1 : end; p && p < end && port <= UINT16_MAX; p++) {
        r->wrong |= *p < '0' || *p > '9';
        port = port * 10 + (uint32_t)(*p - '0') % 10;
    }
    authority.len = colon ? (size_t)(colon - authority.at) : 0;
    print_name(out, authority, (uint16_t)port);
}

/* --- which --- */

static const struct kind {
    const char *first;
    size_t length;
    void (*read)(struct reading *r, struct forward_proxy *out);
} kinds[] = {
    {"\x04\x01", 2, read_socks_4},
    {"\x05", 1, read_socks_5},
    {"CONNECT ", 8, read_connect},
};

static const struct kind *kind_of(struct bytes first)
{
    for (size_t i = 0; first.len && i < sizeof kinds / sizeof *kinds; i++) {
        size_t known = first.len < kinds[i].length ? first.len : kinds[i].length;
        if (memcmp(first.at, kinds[i].first, known) == 0)
            return &kinds[i];
    }
    return NULL;
}

bool forward_proxy_begins(struct bytes first)
{
    return kind_of(first) != NULL;
}

enum forward_proxy_state forward_proxy_read(struct bytes client, struct bytes server,
                                            struct forward_proxy *out)
{
    const struct kind *kind = kind_of(client);
    if (!client.len)
        return server.len ? FORWARD_PROXY_NONE : FORWARD_PROXY_MORE;
    if (!kind)
        return FORWARD_PROXY_NONE;
    struct reading r = {cursor_over(client), cursor_over(server), false};
    memset(out, 0, sizeof *out);
    kind->read(&r, out);
    if (r.wrong)
        return FORWARD_PROXY_NONE;
    if (r.client.failed || r.server.failed)
        return client.len >= FORWARD_PROXY_HEAD || server.len >= FORWARD_PROXY_HEAD
                   ? FORWARD_PROXY_NONE
                   : FORWARD_PROXY_MORE;
    out->length[0] = (size_t)(r.client.at - client.at);
    out->length[1] = (size_t)(r.server.at - server.at);
    return FORWARD_PROXY_DONE;
}
