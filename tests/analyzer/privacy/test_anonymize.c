/* SPDX-License-Identifier: ISC */
#include "heloscope/privacy/anonymize.h"

#include <criterion/criterion.h>
#include <stdio.h>

static const struct pseudonyms pseudonyms = {{7}};

/* The text of an event as it is stored. */
static const char *stored(enum event_kind kind, const char *text)
{
    static char out[256];
    struct arena arena = {0};
    struct event event = {.kind = kind, .text = bytes_of_string(text)};
    struct chapter chapter = {.events = &event};
    anonymize_chapter(&pseudonyms, &chapter, &arena);
    snprintf(out, sizeof out, "%.*s", (int)event.text.len, (const char *)event.text.at);
    arena_free(&arena);
    return out;
}

/* Of `text` the pseudonym of `name` is stored, and what stands around it. */
static void expect_named(enum event_kind kind, const char *text, const char *before,
                         const char *name, const char *behind)
{
    char pseudonym[PSEUDONYM_SIZE], wanted[256];
    pseudonym_name(&pseudonyms, bytes_of_string(name), pseudonym);
    snprintf(wanted, sizeof wanted, "%s%s%s", before, pseudonym, behind);
    cr_expect_str_eq(stored(kind, text), wanted);
}

/* A name that is a known word or a number is one all the same. */
Test(anonymize, names_in_our_own_texts)
{
    static const char *const names[] = {"mail", "12345678", "mx.example.org", "1.2.3"};
    char text[256];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(text, sizeof text, "ClientHello: up to TLS 1.2, server name %s", names[i]);
        expect_named(EVENT_TLS, text, "ClientHello: up to TLS 1.2, server name ", names[i], "");
        snprintf(text, sizeof text, ", through SOCKS 5 to %s port 2525", names[i]);
        expect_named(EVENT_OPEN, text, ", through SOCKS 5 to ", names[i], " port 2525");
    }
}

Test(anonymize, our_own_texts_without_names)
{
    static const char *const texts[] = {"ServerHello: TLS 1.3, cipher 0x1301",
                                        "ClientHello: up to TLS 1.2", "SASL security layer", ""};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        cr_expect_str_eq(stored(EVENT_TLS, texts[i]), texts[i]);
    cr_expect_str_eq(stored(EVENT_OPEN, ", VLAN 1234, VXLAN 12345678"),
                     ", VLAN 1234, VXLAN 12345678");
    struct arena arena = {0};
    struct event event = {.kind = EVENT_TLS};
    struct chapter chapter = {.events = &event};
    anonymize_chapter(&pseudonyms, &chapter, &arena);
    cr_expect_null(event.text.at, "no text stays none");
    arena_free(&arena);
}
