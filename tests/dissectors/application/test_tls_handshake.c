/* SPDX-License-Identifier: ISC */
/* Messages of a handshake, made by hand from RFC 8446 section 4 and RFC 5246 section 7.4. */
#include <criterion/criterion.h>

#include "heloscope/application/tls_handshake.h"
#include "tests/support/guard.h"

#define RANDOM       "0123456789abcdef0123456789abcdef"
#define OCTETS(text) bytes_of(text, sizeof(text) - 1)

static const char client[] = "\x03\x03" RANDOM "\x02id"
                             "\x00\x04\x13\x01\xc0\x2f"
                             "\x01\x00"
                             "\x00\x39"
                             "\x00\x00\x00\x09\x00\x07\x00\x00\x04mail"
                             "\x00\x10\x00\x0a\x00\x08\x03smt\x03lmt"
                             "\x00\x16\x00\x00"
                             "\x00\x17\x00\x00"
                             "\x00\x23\x00\x01T"
                             "\x00\x2b\x00\x05\x04\x03\x04\x03\x03"
                             "\x00\x2a\x00\x00"
                             "\x00\x29\x00\x00";

static const char server[] = "\x03\x03" RANDOM "\x00"
                             "\x13\x02\x00"
                             "\x00\x10"
                             "\x00\x2b\x00\x02\x03\x04"
                             "\x00\x33\x00\x02\x00\x1d"
                             "\x00\x29\x00\x00";

Test(tls_handshake, a_client_hello_says_what_it_offers)
{
    struct tls_hello_details hello;
    cr_assert(tls_hello_details(OCTETS(client), false, &hello));
    cr_expect(hello.version == 0x0304);
    cr_expect(bytes_equal(hello.random, OCTETS(RANDOM)));
    cr_expect(bytes_equal(hello.session, OCTETS("id")));
    cr_expect(bytes_equal(hello.suites, OCTETS("\x13\x01\xc0\x2f")));
    cr_expect(bytes_equal(hello.name, OCTETS("mail")));
    cr_expect(bytes_equal(hello.protocol, OCTETS("smt")));
    cr_expect(hello.encrypt_then_mac && hello.extended_master_secret && hello.ticket);
    cr_expect(hello.early_data && hello.psk && !hello.retry);
}

Test(tls_handshake, a_server_hello_says_what_it_has_chosen)
{
    struct tls_hello_details hello;
    cr_assert(tls_hello_details(OCTETS(server), true, &hello));
    cr_expect(hello.version == 0x0304 && hello.suite == 0x1302 && hello.group == 29);
    cr_expect(hello.psk && !hello.retry && !hello.encrypt_then_mac);
}

Test(tls_handshake, the_fixed_random_makes_it_a_retry)
{
    /* RFC 8446 section 4.1.3 */
    static const char retry[] = "\x03\x03"
                                "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91"
                                "\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c"
                                "\x00\x13\x01\x00\x00\x06\x00\x2b\x00\x02\x03\x04";
    struct tls_hello_details hello;
    cr_assert(tls_hello_details(OCTETS(retry), true, &hello));
    cr_expect(hello.retry);
}

/* Extensions may be absent altogether (RFC 5246 section 7.4.1.2): that is the one shorter form. */
Test(tls_handshake, one_cut_off_anywhere_is_refused)
{
    struct guard guard = guard_open(sizeof client);
    struct tls_hello_details hello;
    const size_t bare = 2 + 32 + 3 + 6 + 2;
    for (size_t n = 0; n < sizeof client - 1; n++)
        cr_expect(tls_hello_details(guard_place(&guard, bytes_of(client, n)), false, &hello) ==
                      (n == bare),
                  "%zu", n);
    for (size_t n = 0; n < sizeof server - 1; n++)
        cr_expect(tls_hello_details(guard_place(&guard, bytes_of(server, n)), true, &hello) ==
                      (n == 2 + 32 + 1 + 3),
                  "%zu", n);
    guard_close(&guard);
}

Test(tls_handshake, lengths_that_lie_are_refused)
{
    struct tls_hello_details hello;
    char copy[sizeof client];
    memcpy(copy, client, sizeof client);
    copy[34] = 33; /* a session id of more than 32 octets */
    cr_expect(!tls_hello_details(OCTETS(copy), false, &hello));
    memcpy(copy, client, sizeof client);
    copy[sizeof client - 2] = 1; /* the last extension reaches out of the list */
    cr_expect(!tls_hello_details(OCTETS(copy), false, &hello));
    memcpy(copy, client, sizeof client);
    copy[0] = 2; /* SSL 2 */
    cr_expect(!tls_hello_details(OCTETS(copy), false, &hello));
}

Test(tls_handshake, encrypted_extensions_tell_of_early_data_and_protocol)
{
    struct tls_hello_details hello;
    cr_assert(tls_encrypted_extensions(
        OCTETS("\x00\x0c\x00\x10\x00\x04\x00\x02\x01s\x00\x2a\x00\x00"), &hello));
    cr_expect(hello.early_data && bytes_equal(hello.protocol, OCTETS("s")));
    cr_assert(tls_encrypted_extensions(OCTETS("\x00\x00"), &hello));
    cr_expect(!hello.early_data && !hello.protocol.len);
    cr_expect(!tls_encrypted_extensions(OCTETS("\x00\x03\x00\x10"), &hello));
}

Test(tls_handshake, what_the_smaller_messages_say)
{
    cr_expect(tls_key_exchange_group(OCTETS("\x03\x00\x17\x41")) == 23);
    cr_expect(tls_key_exchange_group(OCTETS("\x01\x00\x17")) == 0);
    cr_expect(tls_key_exchange_group(OCTETS("\x03\x00")) == 0);
    cr_expect(!tls_certificate_is_given(OCTETS("\x00\x00\x00"), false));
    cr_expect(tls_certificate_is_given(OCTETS("\x00\x00\x09\x00"), false));
    cr_expect(!tls_certificate_is_given(OCTETS("\x00\x00\x00\x00"), true));
    cr_expect(tls_certificate_is_given(OCTETS("\x01x\x00\x00\x09"), true));
    cr_expect(!tls_certificate_is_given(OCTETS("\x00"), true));
    cr_expect(bytes_equal(tls_encrypted_premaster(OCTETS("\x00\x02kk")), OCTETS("kk")));
    cr_expect(!tls_encrypted_premaster(OCTETS("\x00\x03kk")).len);
    cr_expect_str_eq(tls_group_name(29), "x25519");
    cr_expect_str_eq(tls_group_name(4588), "X25519MLKEM768");
    cr_expect_null(tls_group_name(1));
}
