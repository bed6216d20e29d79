/* SPDX-License-Identifier: ISC */
/* The words in which sessions are asked for: what is understood, and what is refused. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/program/selection_options.h"

enum {
    WORDS = 24
};

/* Splits `line` at blanks and reads it as the words behind "heloscope show". */
static bool read_line(const char *line, struct options *out, struct failure *why)
{
    static char copy[512];
    static char name[] = "show";
    char *argv[WORDS + 1] = {name};
    int argc = 1;
    snprintf(copy, sizeof copy, "%s", line);
    for (char *word = strtok(copy, " "); word && argc < WORDS; word = strtok(NULL, " "))
        argv[argc++] = word;
    return options_read(FOR_SHOW, argc, argv, out, why);
}

static void expect_wrong(const char *line, const char *words)
{
    struct options options;
    struct failure why = {""};
    cr_expect_not(read_line(line, &options, &why), "%s", line);
    cr_expect_not_null(strstr(why.text, words), "%s: \"%s\" has no \"%s\"", line, why.text, words);
    options_free(&options);
}

/* The only term that `line` asks for. */
static struct selection_term only_term(const char *line, struct options *o)
{
    struct failure why = {""};
    cr_assert(read_line(line, o, &why), "%s: %s", line, why.text);
    cr_assert_eq(o->selection.term_count, 1, "%s", line);
    return o->selection.terms[0];
}

static void expect_address(const char *line, const char *address, int bits, int port)
{
    struct options o;
    const struct selection_term term = only_term(line, &o);
    char text[INET6_ADDRSTRLEN] = "";
    cr_assert_neq(term.address_length, 0, "%s", line);
    inet_ntop(term.address_length == 4 ? AF_INET : AF_INET6, term.address, text, sizeof text);
    cr_expect_str_eq(text, address, "%s", line);
    cr_expect_eq(term.bits, bits, "%s", line);
    cr_expect_eq(term.port, port, "%s", line);
    cr_expect_null(term.text);
    options_free(&o);
}

static void expect_name(const char *line, const char *name, int port)
{
    struct options o;
    const struct selection_term term = only_term(line, &o);
    cr_expect_eq(term.address_length, 0, "%s", line);
    cr_expect_str_eq(term.text ? term.text : "", name, "%s", line);
    cr_expect_eq(term.port, port, "%s", line);
    options_free(&o);
}

Test(selection_options, clients_and_servers)
{
    expect_address("--client 192.0.2.1", "192.0.2.1", 32, 0);
    expect_address("--client 192.0.2.1:4711", "192.0.2.1", 32, 4711);
    expect_address("--server 192.0.2.0/24", "192.0.2.0", 24, 0);
    expect_address("--server 192.0.2.0/24:25", "192.0.2.0", 24, 25);
    expect_address("--server 2001:db8::1", "2001:db8::1", 128, 0);
    expect_address("--server [2001:db8::1]:587", "2001:db8::1", 128, 587);
    expect_address("--server [2001:db8::1]", "2001:db8::1", 128, 0);
    expect_address("--server 2001:db8::/32", "2001:db8::", 32, 0);
    expect_address("--server ::1", "::1", 128, 0);
    expect_name("--server mx.example.org", "mx.example.org", 0);
    expect_name("--server mx.example.org:587", "mx.example.org", 587);
    expect_name("--server :587", "", 587);
    expect_wrong("--client 192.0.2.0/33", "--client is an address");
    expect_wrong("--client 2001:db8::/129", "--client is an address");
    expect_wrong("--client mx.example.org/24", "--client is an address");
    expect_wrong("--client 192.0.2.1:0", "--client is an address");
    expect_wrong("--server mx:70000", "--server is an address");
    expect_wrong("--server mx:", "--server is an address");
    expect_wrong("--server=", "--server is an address");
}

Test(selection_options, sessions_by_number_and_name)
{
    static const struct {
        const char *word;
        enum selection_field field;
        int64_t low, high;
    } rows[] = {
        {"7", SELECTION_ID, 7, 7},
        {"1-3", SELECTION_ID, 1, 3},
        {"5-", SELECTION_ID, 5, INT64_MAX},
        {"1J0Q0UMGP3UJPJ6VT9RO", SELECTION_UID, 0, 0},
        {"10000000000000000000", SELECTION_UID, 0, 0}, /* too large for a number */
        {"1:BYkMOinRyNaomR+0Ve1RraIB4+Y=", SELECTION_COMMUNITY_ID, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct options o;
        const struct selection_term term = only_term(rows[i].word, &o);
        cr_expect_eq(term.field, rows[i].field, "%s", rows[i].word);
        cr_expect_eq(term.low, rows[i].low, "%s", rows[i].word);
        cr_expect_eq(term.high, rows[i].high, "%s", rows[i].word);
        cr_expect(selection_is_named(&o.selection));
        options_free(&o);
    }
    static const char *const wrong[] = {"x", "3-1", "-3-", "1-x", "1.5", "7,8", "1-2-3", "1:short"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (*wrong[i] != '-')
            expect_wrong(wrong[i], "is not the number of a session");
}

Test(selection_options, codes)
{
    struct options o;
    struct selection_term term = only_term("--code 503", &o);
    cr_expect(term.low == 503 && term.high == 503);
    options_free(&o);
    term = only_term("--code 5xx", &o);
    cr_expect(term.low == 500 && term.high == 599);
    options_free(&o);
    term = only_term("--code close", &o);
    cr_expect(term.low == 0 && term.high == 0);
    options_free(&o);
    expect_wrong("--code 5", "--code is a code such as 503");
    expect_wrong("--code 50xx", "--code is a code such as 503");
    expect_wrong("--code soon", "--code is a code such as 503");
}

Test(selection_options, words_of_the_dictionary)
{
    struct options o;
    cr_expect_str_eq(only_term("--cause nested_mail", &o).text, "nested_mail");
    cr_expect_not(selection_is_named(&o.selection));
    options_free(&o);
    cr_expect_str_eq(only_term("--fault middlebox", &o).text, "middlebox");
    options_free(&o);
    cr_expect_str_eq(only_term("--certainty likely", &o).text, "likely");
    options_free(&o);
    expect_wrong("--cause nested", "there is no cause 'nested'");
    expect_wrong("--fault mine", "--fault is client,");
    expect_wrong("--certainty sure", "--certainty is certain,");
}

Test(selection_options, times_wait_for_the_zone)
{
    struct options o;
    struct failure why = {""};
    setenv("TZ", "CET-1", 1);
    cr_assert(read_line("--from 2026-11-21 --to 2026-11-21 --utc", &o, &why), "%s", why.text);
    cr_expect_eq(o.selection.from_us, INT64_C(1795219200000000));
    cr_expect_eq(o.selection.to_us, INT64_C(1795305600000000));
    options_free(&o);
    cr_assert(read_line("--from 2026-11-21", &o, &why), "%s", why.text);
    cr_expect_eq(o.selection.from_us, INT64_C(1795215600000000));
    options_free(&o);
    cr_assert(read_line("--since 24h", &o, &why), "%s", why.text);
    cr_expect_gt(o.selection.from_us, INT64_C(1700000000000000));
    options_free(&o);
    expect_wrong("--since soon", "--since wants a span");
    expect_wrong("--from 24h", "--from wants a time");
    expect_wrong("--to never", "--to wants a time");
    expect_wrong("--from 2026-11-21 --to 2026-11-20", "nothing lies between");
}

Test(selection_options, terms_add_up_to_a_bound)
{
    struct options o;
    struct failure why = {""};
    cr_assert(
        read_line("--cause transaction_reset --cause nested_mail --last 3 --errors 4", &o, &why),
        "%s", why.text);
    cr_expect_eq(o.selection.term_count, 3);
    cr_expect_eq(o.selection.last, 3);
    cr_expect(o.selection.errors_only);
    options_free(&o);
    expect_wrong("--last 0", "--last wants a number");
    expect_wrong("--sender=", "--sender wants a value");

    static char name[] = "show", word[] = "7";
    static char *argv[SELECTION_TERMS_MAX + 3] = {name};
    for (int i = 1; i <= SELECTION_TERMS_MAX + 1; i++)
        argv[i] = word;
    cr_expect(options_read(FOR_SHOW, SELECTION_TERMS_MAX + 1, argv, &o, &why));
    options_free(&o);
    cr_expect_not(options_read(FOR_SHOW, SELECTION_TERMS_MAX + 2, argv, &o, &why));
    cr_expect_not_null(strstr(why.text, "at most 400"), "%s", why.text);
    options_free(&o);
}
