/* SPDX-License-Identifier: ISC */
/* The names of a session. The first two Community IDs are of the specification's own baseline; the
 * others were computed by hand from its description. */
#include <arpa/inet.h>
#include <criterion/criterion.h>

#include "heloscope/session/identity.h"

static struct address address(const char *text)
{
    struct address a = {.family = strchr(text, ':') ? 6 : 4};
    cr_assert_eq(inet_pton(a.family == 6 ? AF_INET6 : AF_INET, text, a.octets), 1);
    return a;
}

Test(identity, community_id)
{
    static const struct {
        const char *a;
        uint16_t a_port;
        const char *b;
        uint16_t b_port;
        const char *id;
    } rows[] = {
        {"128.232.110.120", 34855, "66.35.250.204", 80, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
        {"2001:470:e5bf:dead:4957:2174:e82c:4887", 63943, "2607:f8b0:400c:c03::1a", 25,
         "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4="},
        {"127.0.0.1", 40000, "127.0.0.2", 25, "1:gNWvkUsue96Uj03PH7FTfvRns/8="},
        {"127.0.0.1", 40000, "127.0.0.1", 25, "1:5GT01I0HMZZC9+6BxGteP1Ey5r8="},
        {"::1", 25, "::1", 40000, "1:Iquw52drXMC8K52Ag5JCBt0JP4k="},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct address a = address(rows[i].a), b = address(rows[i].b);
        char id[IDENTITY_SIZE];
        community_id(&a, rows[i].a_port, &b, rows[i].b_port, id);
        cr_expect_str_eq(id, rows[i].id, "row %zu: %s", i, id);
        community_id(&b, rows[i].b_port, &a, rows[i].a_port, id);
        cr_expect_str_eq(id, rows[i].id, "row %zu, the other way round: %s", i, id);
    }
}

static void uid_of(const char *client, uint16_t client_port, const char *server,
                   uint16_t server_port, int64_t started_us, char out[IDENTITY_SIZE])
{
    struct address c = address(client), s = address(server);
    session_uid(&c, client_port, &s, server_port, started_us, out);
}

/* It is stored: another value for the same connection would store it twice. */
Test(identity, the_uid_stays_what_it_was)
{
    char uid[IDENTITY_SIZE];
    uid_of("127.0.0.1", 40000, "127.0.0.2", 25, INT64_C(1700000000000000), uid);
    cr_expect_str_eq(uid, "1GA4GC1SG00R30V5QABE");
}

Test(identity, whatever_differs_makes_another_uid)
{
    static const struct {
        const char *client;
        uint16_t client_port;
        const char *server;
        uint16_t server_port;
        int64_t started_us;
    } rows[] = {
        {"127.0.0.1", 40000, "127.0.0.2", 25, 1},
        {"127.0.0.3", 40000, "127.0.0.2", 25, 1},
        {"127.0.0.1", 40001, "127.0.0.2", 25, 1},
        {"127.0.0.1", 40000, "127.0.0.3", 25, 1},
        {"127.0.0.1", 40000, "127.0.0.2", 26, 1},
        {"127.0.0.1", 40000, "127.0.0.2", 25, 2},
        {"127.0.0.1", 40000, "127.0.0.2", 25, 1ll << 48},
        {"127.0.0.2", 25, "127.0.0.1", 40000, 1},
        {"::1", 40000, "::1", 25, 1},
    };
    enum {
        COUNT = sizeof rows / sizeof *rows
    };
    char uids[COUNT][IDENTITY_SIZE];
    for (size_t i = 0; i < COUNT; i++) {
        uid_of(rows[i].client, rows[i].client_port, rows[i].server, rows[i].server_port,
               rows[i].started_us, uids[i]);
        cr_expect_eq(strlen(uids[i]), 20);
        for (size_t j = 0; j < i; j++)
            cr_expect_str_neq(uids[i], uids[j], "rows %zu and %zu", i, j);
    }
}

Test(identity, uids_sort_by_time)
{
    static const int64_t times[] = {0,
                                    1,
                                    31,
                                    32,
                                    1000000,
                                    INT64_C(1700000000000000),
                                    INT64_C(1700000000000001),
                                    INT64_C(1700000001000000),
                                    INT64_C(4102444800000000), /* the year 2100 */
                                    (INT64_C(1) << 55) - 1};
    char before[IDENTITY_SIZE] = "", uid[IDENTITY_SIZE];
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        uid_of("127.0.0.1", 40000, "127.0.0.2", 25, times[i], uid);
        cr_expect_lt(strcmp(before, uid), 0, "%s, then %s", before, uid);
        memcpy(before, uid, sizeof before);
    }
}
