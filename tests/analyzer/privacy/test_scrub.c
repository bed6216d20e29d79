/* SPDX-License-Identifier: ISC */
#include "analyzer/privacy/scrub.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const struct pseudonyms pseudonyms = {{7}};
static struct arena arena;

/* `pattern` as a person writes it: {name} stands for the pseudonym of name, {1.2.3.4} for that of
 * an address. */
static const char *fill(const char *pattern)
{
    static char out[1024];
    size_t length = 0;
    while (*pattern) {
        const char *end = *pattern == '{' ? strchr(pattern, '}') : NULL;
        if (!end) {
            out[length++] = *pattern++;
            continue;
        }
        struct bytes name = bytes_of(pattern + 1, (size_t)(end - pattern) - 1);
        char pseudonym[64];
        struct address address = {0};
        unsigned o[4];
        char rest;
        if (sscanf(pattern, "{%u.%u.%u.%u%c", &o[0], &o[1], &o[2], &o[3], &rest) == 5) {
            address.family = 4;
            for (int i = 0; i < 4; i++)
                address.octets[i] = (uint8_t)o[i];
        } else if (strncmp(pattern, "{2001:db8::1}", 13) == 0) {
            address = (struct address){6, {0x20, 1, 0xd, 0xb8, [15] = 1}};
        }
        if (address.family) {
            address = pseudonym_address(&pseudonyms, &address);
            address_print(&address, pseudonym);
        } else {
            pseudonym_name(&pseudonyms, name, pseudonym);
        }
        strcpy(out + length, pseudonym);
        length += strlen(pseudonym);
        pattern = end + 1;
    }
    out[length] = '\0';
    return out;
}

static void expect(struct bytes got, const char *pattern, const char *from)
{
    const char *wanted = fill(pattern);
    cr_expect(bytes_equal(got, bytes_of_string(wanted)), "%s\n   got %.*s\nwanted %s", from,
              (int)got.len, (const char *)got.at, wanted);
}

struct row {
    const char *text, *wanted;
};

Test(scrub, what_servers_say)
{
    static const struct row rows[] = {
        {"220 mx.example.org ESMTP Postfix", "220 {mx.example.org} ESMTP Postfix"},
        {"250-mx.example.org\n250-SIZE 10240000\n250 CHUNKING",
         "250-{mx.example.org}\n250-SIZE 10240000\n250 CHUNKING"},
        {"250-DESKTOP-1 Hello client [192.0.2.7], pleased to meet you",
         "250-{DESKTOP-1} Hello client [{192.0.2.7}], pleased to meet you"},
        {"550 5.1.1 <bob@example.org>: Recipient address rejected: User unknown",
         "550 5.1.1 <{bob}@{example.org}>: Recipient address rejected: User unknown"},
        {"250 2.0.0 Ok: queued as 4XyZ12abc", "250 2.0.0 Ok: queued as {4XyZ12abc}"},
        {"220 mail7 Sat, 21 Nov 2026 21:40:47 +0100",
         "220 {mail7} Sat, 21 Nov 2026 21:40:47 +0100"},
        {"554 blocked, see https://example.net/q?ip=192.0.2.7",
         "554 {blocked}, see https://{example.net}/{q}?ip={192.0.2.7}"},
        {"550 call 5551234 or 004412345", "550 {call} {5551234} or {004412345}"},
        {"550 host-192-0-2-7 rejected", "550 {host-192-0-2-7} rejected"},
        {"550 network 192.0.2 of 4.96.1", "550 network {192.0.2} of 4.96.1"},
        {"450 4.7.1 192.0.2.7.", "450 4.7.1 {192.0.2.7}."},
        {"250 IPv6:2001:db8::1 ok", "250 IPv6:{2001:db8::1} ok"},
        {"550 [2001:db8::1]:25 no", "550 [{2001:db8::1}]:25 no"},
        {"550 M\xc3\xbcller is away", "550 {M\xc3\xbcller} is away"},
        {"221 bye, Bob.", "221 bye, {Bob}."},
        {"535 -> ... ****", "535 -> ... ****"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect(scrub_text(&pseudonyms, &arena, bytes_of_string(rows[i].text), SCRUB_TEXT),
               rows[i].wanted, rows[i].text);
    cr_expect_null(scrub_text(&pseudonyms, &arena, bytes_of(NULL, 0), SCRUB_TEXT).at);
    cr_expect_not_null(scrub_text(&pseudonyms, &arena, bytes_of("", 0), SCRUB_TEXT).at);
}

Test(scrub, commands)
{
    static const struct {
        const char *text, *verb;
        bool content;
        const char *wanted;
    } rows[] = {
        {"EHLO mail", "EHLO", false, "EHLO {mail}"},
        {"helo [192.0.2.7]", "HELO", false, "helo [{192.0.2.7}]"},
        {"MAIL FROM:<bob@example.org> SIZE=123456 BODY=8BITMIME AUTH=<>", "MAIL", false,
         "MAIL FROM:<{bob}@{example.org}> SIZE=123456 BODY=8BITMIME AUTH=<>"},
        {"MAIL FROM:<>", "MAIL", false, "MAIL FROM:<>"},
        {"MAIL FROM: <user>", "MAIL", false, "MAIL FROM: <{user}>"},
        {"RCPT TO:user", "RCPT", false, "RCPT TO:{user}"},
        {"RCPT TO:<\"a b\"@[192.0.2.7]> ORCPT=rfc822;bob@example.org", "RCPT", false,
         "RCPT TO:<{\"a b\"}@[{192.0.2.7}]> ORCPT=rfc822;{bob}@{example.org}"},
        {"RCPT TO:<@hub:bob@example.org>", "RCPT", false, "RCPT TO:<{@hub:bob}@{example.org}>"},
        {"RCPT user@example.org", "RCPT", false, "RCPT {user}@{example.org}"},
        {"VRFY user", "VRFY", false, "VRFY {user}"},
        {"NOOP the message", "NOOP", false, "NOOP {the} {message}"},
        {"AUTH PLAIN ****", "AUTH", false, "AUTH PLAIN ****"},
        {"AUTH c2VjcmV0", "AUTH", false, "AUTH {c2VjcmV0}"},
        {"BDAT 86400 LAST", "BDAT", false, "BDAT 86400 LAST"},
        {"HELP me with the message", "HELP", true, "HELP {me} {with} {the} {message}"},
        {"MAIL FROM:<bob@example.org> 555 123 the", "MAIL", true,
         "MAIL FROM:<{bob}@{example.org}> {555} {123} {the}"},
        {"Mail me at 555 123: the user", "MAIL", false, "Mail {me} {at} {555} {123}: {the} {user}"},
        {"Rcpt to my account 123", "RCPT", true, "Rcpt to {my} {account} {123}"},
        {"RCPT TO user", "RCPT", false, "RCPT TO {user}"},
        {"RCPT to :<user> SIZE=4", "RCPT", false, "RCPT to :<{user}> SIZE=4"},
        {"RCPT", "RCPT", false, "RCPT"},
        {"MAIL FROM", "MAIL", false, "MAIL {FROM}"},
        {"the message, 42 of it", NULL, false, "{the} {message}, {42} {of} {it}"},
        {"QUIT", "QUIT", false, "QUIT"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect(scrub_command(&pseudonyms, &arena, bytes_of_string(rows[i].text), rows[i].verb,
                             rows[i].content),
               rows[i].wanted, rows[i].text);
}

Test(scrub, our_own_sentences)
{
    static const struct row rows[] = {
        {"MAIL was refused at #12345 (554), so no transaction was open for RCPT.",
         "MAIL was refused at #12345 (554), so no transaction was open for RCPT."},
        {"192.0.2.7 port 40001 -> 192.0.2.8 port 25, VLAN 7, VXLAN 123456",
         "{192.0.2.7} port 40001 -> {192.0.2.8} port 25, VLAN 7, VXLAN 123456"},
        {"ClientHello: up to TLS 1.3, server name mx.example.org",
         "ClientHello: up to TLS 1.3, server name {mx.example.org}"},
        {"The server read its lines as commands, here \"the price is 5500000\".",
         "The server read its lines as commands, here \"{the} {price} {is} {5500000}\"."},
        {"as commands, here \"DATA\".", "as commands, here \"DATA\"."},
        {"here \"say \"5500000 ok\" to\".", "here \"{say} \"{5500000} {ok}\" {to}\"."},
        {"a line \" is no quotation", "a line \" is no {quotation}"},
        {"ServerHello: TLS 1.3, cipher 0x1301", "ServerHello: TLS 1.3, cipher 0x1301"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect(scrub_text(&pseudonyms, &arena, bytes_of_string(rows[i].text), SCRUB_OURS),
               rows[i].wanted, rows[i].text);
}

Test(scrub, mailboxes)
{
    static const struct row rows[] = {
        {"", ""},
        {"bob@example.org", "{bob}@{example.org}"},
        {"<bob@example.org>", "<{bob}@{example.org}>"},
        {"postmaster", "{postmaster}"},
        {"bob@", "{bob}@"},
        {"<bob", "{<bob}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect(scrub_mailbox(&pseudonyms, &arena, bytes_of_string(rows[i].text)), rows[i].wanted,
               rows[i].text);
}

/* Secrets among words, numbers and punctuation in any order: none is ever found again. */
Test(scrub, no_secret_survives_whatever_stands_beside_it)
{
    static const char *const secrets[] = {"Oberholtzer",   "bob@acme.test", "acme-widgets.test",
                                          "10.20.30.40",   "5551234",       "2001:db8::77",
                                          "Z\xc3\xbcrich", "4XyZ12",        "gladys_o"};
    static const char *const fillers[] = {
        " ",    "<",   ">",    "(",     ")",    "[",     "]",  "\"", "'",    ",",      ".",    ":",
        ";",    "-",   "=",    "/",     "#",    "?",     "&",  "!",  "*",    "@",      "\n",   "\t",
        "user", "250", "250-", "5.1.1", "MAIL", "IPv6:", "to", "ok", "\xff", "fe80::", "0x12", "7"};
    enum {
        SECRETS = sizeof secrets / sizeof *secrets,
        FILLERS = sizeof fillers / sizeof *fillers
    };
    srandom(4711);
    for (int i = 0; i < 60000; i++) {
        char text[256] = "", got[2048];
        const char *secret = secrets[random() % SECRETS];
        for (long before = random() % 4; before > 0; before--)
            strcat(text, fillers[random() % FILLERS]);
        strcat(text, secret);
        for (long behind = random() % 4; behind > 0; behind--)
            strcat(text, fillers[random() % FILLERS]);
        struct bytes out =
            scrub_text(&pseudonyms, &arena, bytes_of_string(text), i % 2 ? SCRUB_TEXT : SCRUB_ALL);
        cr_assert_lt(out.len, sizeof got);
        memcpy(got, out.at, out.len);
        got[out.len] = '\0';
        cr_assert_null(strstr(got, secret), "%s: %s", text, got);
    }
    arena_free(&arena);
}

Test(scrub, any_octets_in_any_manner)
{
    uint8_t octets[64];
    srandom(4711);
    for (int i = 0; i < 60000; i++) {
        size_t length = (size_t)random() % (sizeof octets + 1);
        for (size_t k = 0; k < length; k++)
            octets[k] = (uint8_t)(random() % 3 ? "<>@:.[]\"-#0a "[random() % 13] : random());
        struct bytes text = bytes_of(malloc(length + !length), length); /* exact, for a sanitizer */
        memcpy((uint8_t *)text.at, octets, length);
        scrub_text(&pseudonyms, &arena, text, (enum manner)(i % 3));
        scrub_mailbox(&pseudonyms, &arena, text);
        scrub_command(&pseudonyms, &arena, text, i % 2 ? "MAIL" : NULL, i % 5 == 0);
        free((uint8_t *)text.at);
        if (i % 1000 == 0)
            arena_free(&arena);
    }
    arena_free(&arena);
}
