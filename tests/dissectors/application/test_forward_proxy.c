/* SPDX-License-Identifier: ISC */
/* Handshakes with proxies, whole and cut at every octet of either side. */
#include <criterion/criterion.h>

#include "heloscope/application/forward_proxy.h"
#include "tests/support/guard.h"

struct octets {
    const char *at;
    size_t len;
};
#define OCTETS(text)                                                                               \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }

static const struct row {
    const char *name;
    struct octets client, server; /* up to the end of the handshake; "" when it is none */
    enum forward_proxy_state state;
    const char *kind, *target;
} rows[] = {
    {"SOCKS 4", OCTETS("\4\1\0\x19\x7f\0\0\2me\0"), OCTETS("\0\x5a\0\0\0\0\0\0"),
     FORWARD_PROXY_DONE, "SOCKS 4", "127.0.0.2 port 25"},
    {"SOCKS 4a", OCTETS("\4\1\0\x19\0\0\0\1\0mx.example.org\0"), OCTETS("\0\x5a\0\0\0\0\0\0"),
     FORWARD_PROXY_DONE, "SOCKS 4a", "mx.example.org port 25"},
    {"SOCKS 4, refused", OCTETS("\4\1\0\x19\x7f\0\0\2\0"), OCTETS("\0\x5b\0\0\0\0\0\0"),
     FORWARD_PROXY_NONE, NULL, NULL},
    {"SOCKS 4, to listen", OCTETS("\4\2\0\x19\x7f\0\0\2\0"), OCTETS("\0\x5a\0\0\0\0\0\0"),
     FORWARD_PROXY_NONE, NULL, NULL},
    {"SOCKS 5, a name", OCTETS("\5\1\0\5\1\0\3\4mx.a\0\x19"), OCTETS("\5\0\5\0\0\1\0\0\0\0\0\0"),
     FORWARD_PROXY_DONE, "SOCKS 5", "mx.a port 25"},
    {"SOCKS 5, with a password", OCTETS("\5\2\0\2\1\2me\3pwd\5\1\0\1\x7f\0\0\2\x02\x4b"),
     OCTETS("\5\2\1\0\5\0\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), FORWARD_PROXY_DONE, "SOCKS 5",
     "127.0.0.2 port 587"},
    {"SOCKS 5, IPv6", OCTETS("\5\1\0\5\1\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\x19"),
     OCTETS("\5\0\5\0\0\1\0\0\0\0\0\0"), FORWARD_PROXY_DONE, "SOCKS 5", "::1 port 25"},
    {"SOCKS 5, a wrong password", OCTETS("\5\1\2\1\1a\1b"), OCTETS("\5\2\1\1"), FORWARD_PROXY_NONE,
     NULL, NULL},
    {"SOCKS 5, no method", OCTETS("\5\1\0"), OCTETS("\5\xff"), FORWARD_PROXY_NONE, NULL, NULL},
    {"SOCKS 5, refused", OCTETS("\5\1\0\5\1\0\1\x7f\0\0\2\0\x19"),
     OCTETS("\5\0\5\5\0\1\0\0\0\0\0\0"), FORWARD_PROXY_NONE, NULL, NULL},
    {"CONNECT", OCTETS("CONNECT mx.a:25 HTTP/1.1\r\nHost: mx.a:25\r\n\r\n"),
     OCTETS("HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n"), FORWARD_PROXY_DONE,
     "HTTP CONNECT", "mx.a port 25"},
    {"CONNECT, IPv6", OCTETS("CONNECT [::1]:587 HTTP/1.0\r\n\r\n"), OCTETS("HTTP/1.0 200\r\n\r\n"),
     FORWARD_PROXY_DONE, "HTTP CONNECT", "[::1] port 587"},
    {"CONNECT, refused", OCTETS("CONNECT mx.a:25 HTTP/1.1\r\n\r\n"),
     OCTETS("HTTP/1.1 407 No\r\n\r\n"), FORWARD_PROXY_NONE, NULL, NULL},
    {"CONNECT to an SMTP server", OCTETS("CONNECT mx.a:25 HTTP/1.1\r\n\r\n"),
     OCTETS("220 mx\r\n\r\n"), FORWARD_PROXY_NONE, NULL, NULL},
    {"a client of SMTP", OCTETS("EHLO a\r\n"), OCTETS("220 mx\r\n"), FORWARD_PROXY_NONE, NULL,
     NULL},
};

Test(forward_proxy, whole_and_with_more_behind_it)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        for (size_t more = 0; more < 3; more++) {
            uint8_t client[256] = {0}, server[256] = {0};
            struct forward_proxy forward_proxy;
            memcpy(client, row->client.at, row->client.len);
            memcpy(server, row->server.at, row->server.len);
            enum forward_proxy_state state =
                forward_proxy_read(bytes_of(client, row->client.len + more),
                                   bytes_of(server, row->server.len + more), &forward_proxy);
            cr_expect_eq(state, row->state, "%s", row->name);
            if (state != FORWARD_PROXY_DONE || row->state != FORWARD_PROXY_DONE)
                continue;
            cr_expect_str_eq(forward_proxy.kind, row->kind, "%s", row->name);
            cr_expect_str_eq(forward_proxy.target, row->target, "%s: %s", row->name,
                             forward_proxy.target);
            cr_expect_eq(forward_proxy.length[0], row->client.len, "%s", row->name);
            cr_expect_eq(forward_proxy.length[1], row->server.len, "%s", row->name);
        }
    }
}

/* What is not all there is neither done nor refused, as long as all that is there is right. */
Test(forward_proxy, cut_at_every_octet)
{
    struct guard client = guard_open(256), server = guard_open(256);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        for (size_t c = 0; c <= row->client.len; c++)
            for (size_t s = 0; s <= row->server.len; s++) {
                struct forward_proxy forward_proxy;
                struct bytes from = guard_place(&client, bytes_of(row->client.at, c)),
                             to = guard_place(&server, bytes_of(row->server.at, s));
                enum forward_proxy_state state = forward_proxy_read(from, to, &forward_proxy);
                bool whole = c == row->client.len && s == row->server.len;
                if (row->state == FORWARD_PROXY_DONE && c)
                    cr_expect_eq(state, whole ? FORWARD_PROXY_DONE : FORWARD_PROXY_MORE,
                                 "%s at %zu, %zu", row->name, c, s);
                else
                    cr_expect(state != FORWARD_PROXY_DONE, "%s at %zu, %zu", row->name, c, s);
            }
    }
    guard_close(&client);
    guard_close(&server);
}

/* A handshake that does not end is none. */
Test(forward_proxy, it_must_end)
{
    static uint8_t octets[FORWARD_PROXY_HEAD];
    struct forward_proxy forward_proxy;
    memset(octets, 'x', sizeof octets);
    memcpy(octets, "CONNECT ", 8);
    cr_expect_eq(forward_proxy_read(bytes_of(octets, FORWARD_PROXY_HEAD - 1), bytes_of("", 0),
                                    &forward_proxy),
                 FORWARD_PROXY_MORE);
    cr_expect_eq(
        forward_proxy_read(bytes_of(octets, FORWARD_PROXY_HEAD), bytes_of("", 0), &forward_proxy),
        FORWARD_PROXY_NONE);
}

Test(forward_proxy, how_it_begins)
{
    cr_expect(forward_proxy_begins(bytes_of("\4", 1)));
    cr_expect(forward_proxy_begins(bytes_of("\5", 1)));
    cr_expect(forward_proxy_begins(bytes_of("C", 1)));
    cr_expect_not(forward_proxy_begins(bytes_of("\4\2", 2)));
    cr_expect_not(forward_proxy_begins(bytes_of("CA", 2)));
    cr_expect_not(forward_proxy_begins(bytes_of("", 0)));
    cr_expect_not(forward_proxy_begins(bytes_of(NULL, 0)));
}
