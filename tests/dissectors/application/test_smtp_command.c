/* SPDX-License-Identifier: ISC */
/* Command lines as clients send them, well formed and not. */
#include <criterion/criterion.h>

#include "heloscope/application/smtp_command.h"
#include "tests/support/guard.h"

static const struct row {
    const char *line;
    enum verb verb;
    bool well_formed;
    const char *word, *argument;
} rows[] = {
    {"EHLO client.example", VERB_EHLO, true, "EHLO", "client.example"},
    {"ehlo [127.0.0.1]", VERB_EHLO, true, "ehlo", "[127.0.0.1]"},
    {"EHLO", VERB_EHLO, false, "EHLO", ""},
    {"HELO ", VERB_HELO, false, "HELO", ""},
    {"Helo x", VERB_HELO, true, "Helo", "x"},
    {"LHLO x", VERB_LHLO, true, "LHLO", "x"},
    {"DATA", VERB_DATA, true, "DATA", ""},
    {"data", VERB_DATA, true, "data", ""},
    {"DATA  ", VERB_DATA, true, "DATA", ""},
    {"data is attached", VERB_DATA, false, "data", "is attached"},
    {"Database", VERB_UNKNOWN, false, "Database", ""},
    {"Data: 5", VERB_UNKNOWN, false, "Data:", "5"},
    {"DAT", VERB_UNKNOWN, false, "DAT", ""},
    {"RSET", VERB_RSET, true, "RSET", ""},
    {"RSET now", VERB_RSET, false, "RSET", "now"},
    {"NOOP", VERB_NOOP, true, "NOOP", ""},
    {"NOOP anything", VERB_NOOP, true, "NOOP", "anything"},
    {"QUIT\t", VERB_QUIT, true, "QUIT", ""},
    {"QUIT smoking", VERB_QUIT, false, "QUIT", "smoking"},
    {"VRFY postmaster", VERB_VRFY, true, "VRFY", "postmaster"},
    {"VRFY", VERB_VRFY, false, "VRFY", ""},
    {"EXPN staff", VERB_EXPN, true, "EXPN", "staff"},
    {"HELP", VERB_HELP, true, "HELP", ""},
    {"HELP mail", VERB_HELP, true, "HELP", "mail"},
    {"STARTTLS", VERB_STARTTLS, true, "STARTTLS", ""},
    {"STARTTLS now", VERB_STARTTLS, false, "STARTTLS", "now"},
    {"X-ANONYMOUSTLS", VERB_STARTTLS, true, "X-ANONYMOUSTLS", ""},
    {"ETRN @example.org", VERB_ETRN, true, "ETRN", "@example.org"},
    {"ETRN", VERB_ETRN, false, "ETRN", ""},
    {"ATRN", VERB_ATRN, true, "ATRN", ""},
    {"TURN", VERB_TURN, true, "TURN", ""},
    {"XCLIENT ADDR=127.0.0.1", VERB_XCLIENT, true, "XCLIENT", "ADDR=127.0.0.1"},
    {"XFORWARD", VERB_XFORWARD, false, "XFORWARD", ""},
    {"XXXX client.example", VERB_MASKED, false, "XXXX", "client.example"},
    {"XXXXXXXX", VERB_MASKED, false, "XXXXXXXX", ""},
    {"XXX", VERB_UNKNOWN, false, "XXX", ""},
    {"XXXY", VERB_UNKNOWN, false, "XXXY", ""},
    {"  NOOP", VERB_NOOP, true, "NOOP", ""},
    {"\tRCPT\tTO:<a@b>", VERB_RCPT, true, "RCPT", "TO:<a@b>"},
    {"", VERB_UNKNOWN, false, "", ""},
    {"   ", VERB_UNKNOWN, false, "", ""},
    {"\xff\xfe\x01", VERB_UNKNOWN, false, "\xff\xfe\x01", ""},
    {"GET / HTTP/1.1", VERB_UNKNOWN, false, "GET", "/ HTTP/1.1"},
};

static bool is_text(struct bytes b, const char *text)
{
    return bytes_equal(b, bytes_of_string(text));
}

Test(smtp_command, verbs_and_arguments)
{
    struct guard guard = guard_open(4096);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *r = &rows[i];
        struct smtp_command c;
        smtp_command_parse(guard_place(&guard, bytes_of_string(r->line)), &c);
        cr_expect_eq(c.verb, r->verb, "\"%s\": %s", r->line, verb_name(c.verb));
        cr_expect_eq(c.well_formed, r->well_formed, "\"%s\": well formed %d", r->line,
                     c.well_formed);
        cr_expect(is_text(c.word, r->word), "\"%s\": word", r->line);
        cr_expect(is_text(c.argument, r->argument), "\"%s\": argument", r->line);
    }
    guard_close(&guard);
}

static const struct path_row {
    const char *line, *path;
    bool well_formed, parameters, binarymime;
} paths[] = {
    {"MAIL FROM:<a@b>", "a@b", true, false, false},
    {"mail from:<a@b>", "a@b", true, false, false},
    {"MAIL FROM: <a@b>", "a@b", true, false, false},
    {"MAIL FROM :<a@b>", "a@b", true, false, false},
    {"MAIL FROM : <a@b>", "a@b", true, false, false},
    {"MAIL FROM:<>", "", true, false, false},
    {"MAIL FROM:<a@b> SIZE=500", "a@b", true, true, false},
    {"MAIL FROM:<a@b> SIZE=500 BODY=BINARYMIME", "a@b", true, true, true},
    {"MAIL FROM:<a@b> body=binarymime\tSIZE=5", "a@b", true, true, true},
    {"MAIL FROM:<a@b> BODY=8BITMIME", "a@b", true, true, false},
    {"MAIL FROM:<a@b> XBODY=BINARYMIME", "a@b", true, true, false},
    {"MAIL FROM:<\"a> b\"@c> SIZE=1", "\"a> b\"@c", true, true, false},
    {"MAIL FROM:<\"a\\\">\"@c>", "\"a\\\">\"@c", true, false, false},
    {"MAIL FROM:<@x,@y:a@b>", "@x,@y:a@b", true, false, false},
    {"MAIL FROM:<BODY=BINARYMIME>", "BODY=BINARYMIME", true, false, false},
    {"MAIL FROM:a@b", "a@b", false, false, false},
    {"MAIL FROM:a@b SIZE=1", "a@b", false, true, false},
    {"MAIL FROM:<a@b", "a@b", false, false, false},
    {"MAIL FROM:<a@b SIZE=1", "a@b", false, true, false},
    {"MAIL FROM:<\"a>", "\"a>", false, false, false},
    {"MAIL FROM:<a@b>SIZE=1", "a@b", false, true, false},
    {"MAIL FROM:", "", false, false, false},
    {"MAIL FROM:<", "", false, false, false},
    {"MAIL FROM", "", false, false, false},
    {"MAIL", "", false, false, false},
    {"MAIL TO:<a@b>", "", false, false, false},
    {"MAIL FROMAGE:<a@b>", "", false, false, false},
    {"MAIL <a@b>", "", false, false, false},
    {"SEND FROM:<a@b>", "a@b", true, false, false},
    {"SOML FROM:<a@b>", "a@b", true, false, false},
    {"saml from:<a@b>", "a@b", true, false, false},
    {"RCPT TO:<a@b>", "a@b", true, false, false},
    {"RCPT TO: <Postmaster>", "Postmaster", true, false, false},
    {"RCPT TO:<a@b> NOTIFY=NEVER", "a@b", true, true, false},
    {"RCPT TO:<>", "", false, false, false},
    {"RCPT FROM:<a@b>", "", false, false, false},
    {"RCPT TO:a@b", "a@b", false, false, false},
};

Test(smtp_command, paths_and_parameters)
{
    struct guard guard = guard_open(4096);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        const struct path_row *r = &paths[i];
        struct smtp_command c;
        smtp_command_parse(guard_place(&guard, bytes_of_string(r->line)), &c);
        cr_expect_eq(c.verb, ascii_upper((uint8_t)r->line[0]) == 'R' ? VERB_RCPT : VERB_MAIL, "%s",
                     r->line);
        cr_expect_eq(c.well_formed, r->well_formed, "%s: well formed %d", r->line, c.well_formed);
        cr_expect(is_text(c.path, r->path), "%s: path \"%.*s\"", r->line, (int)c.path.len,
                  (const char *)c.path.at);
        cr_expect_eq(c.has_parameters, r->parameters, "%s: parameters", r->line);
        cr_expect_eq(c.binarymime, r->binarymime, "%s: binarymime", r->line);
    }
    guard_close(&guard);
}

Test(smtp_command, odd_forms_that_servers_take_or_refuse)
{
    static const struct {
        const char *line;
        bool unbracketed, colon_spaced;
    } lines[] = {
        {"MAIL FROM:<a@b>", false, false},     {"MAIL FROM: <a@b>", false, false},
        {"MAIL FROM :<a@b>", false, true},     {"RCPT TO\t: <a@b>", false, true},
        {"MAIL FROM:a@b", true, false},        {"RCPT TO : a@b", true, true},
        {"MAIL FROM:<>", false, false},        {"MAIL FROM:", false, false},
        {"MAIL FROM:a@b SIZE=1", true, false},
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct smtp_command c;
        smtp_command_parse(bytes_of_string(lines[i].line), &c);
        cr_expect_eq(c.unbracketed, lines[i].unbracketed, "%s", lines[i].line);
        cr_expect_eq(c.colon_spaced, lines[i].colon_spaced, "%s", lines[i].line);
    }
}

static const struct chunk_row {
    const char *line;
    enum verb verb;
    bool well_formed, last;
    uint64_t size;
} chunks[] = {
    {"BDAT 0", VERB_BDAT, true, false, 0},
    {"BDAT 0 LAST", VERB_BDAT, true, true, 0},
    {"bdat 86 last", VERB_BDAT, true, true, 86},
    {"BDAT  86  LAST ", VERB_BDAT, true, true, 86},
    {"BDAT 0000086", VERB_BDAT, true, false, 86},
    {"BDAT 18446744073709551615", VERB_BDAT, true, false, UINT64_MAX},
    {"BDAT 18446744073709551616", VERB_BDAT, false, false, 0},
    {"BDAT 99999999999999999999999", VERB_BDAT, false, false, 0},
    {"BDAT", VERB_BDAT, false, false, 0},
    {"BDAT LAST", VERB_BDAT, false, false, 0},
    {"BDAT -5", VERB_BDAT, false, false, 0},
    {"BDAT +5", VERB_BDAT, false, false, 0},
    {"BDAT 0x10", VERB_BDAT, false, false, 0},
    {"BDAT 5 LASTS", VERB_BDAT, false, false, 5},
    {"BDAT 5 LAST 6", VERB_BDAT, false, false, 5},
    {"BURL imap://localhost/x", VERB_BURL, true, false, 0},
    {"BURL imap://localhost/x LAST", VERB_BURL, true, true, 0},
    {"BURL", VERB_BURL, false, false, 0},
    {"BURL a b", VERB_BURL, false, false, 0},
};

Test(smtp_command, chunks)
{
    for (size_t i = 0; i < sizeof chunks / sizeof chunks[0]; i++) {
        const struct chunk_row *r = &chunks[i];
        struct smtp_command c;
        smtp_command_parse(bytes_of_string(r->line), &c);
        cr_expect_eq(c.verb, r->verb, "%s", r->line);
        cr_expect_eq(c.well_formed, r->well_formed, "%s: well formed %d", r->line, c.well_formed);
        cr_expect_eq(c.chunk_size, r->size, "%s: size", r->line);
        cr_expect_eq(c.chunk_last, r->last, "%s: last", r->line);
    }
}

static const struct auth_row {
    const char *line, *mechanism;
    bool well_formed, initial_response;
} auths[] = {
    {"AUTH LOGIN", "LOGIN", true, false},
    {"auth plain AGEAYg==", "plain", true, true},
    {"AUTH EXTERNAL =", "EXTERNAL", true, true},
    {"AUTH  PLAIN  AGEAYg== ", "PLAIN", true, true},
    {"AUTH", "", false, false},
    {"AUTH ", "", false, false},
    {"AUTH LOGIN user password", "LOGIN", false, true},
    {"X-EXPS GSSAPI", "GSSAPI", true, false},
};

Test(smtp_command, authentication)
{
    for (size_t i = 0; i < sizeof auths / sizeof auths[0]; i++) {
        const struct auth_row *r = &auths[i];
        struct smtp_command c;
        smtp_command_parse(bytes_of_string(r->line), &c);
        cr_expect_eq(c.verb, VERB_AUTH, "%s", r->line);
        cr_expect_eq(c.well_formed, r->well_formed, "%s: well formed %d", r->line, c.well_formed);
        cr_expect(is_text(c.mechanism, r->mechanism), "%s: mechanism", r->line);
        cr_expect_eq(c.initial_response, r->initial_response, "%s: initial response", r->line);
    }
}

/* A name leads back to its verb, so that none is missing and none is doubled. */
Test(smtp_command, every_verb_has_its_name)
{
    for (int verb = VERB_UNKNOWN + 1; verb < VERB_COUNT; verb++) {
        struct smtp_command c;
        const char *name = verb_name((enum verb)verb);
        smtp_command_parse(bytes_of_string(name), &c);
        cr_expect_eq(c.verb, verb, "%d: \"%s\"", verb, name);
    }
    cr_expect_str_eq(verb_name(VERB_UNKNOWN), "");
    cr_expect_str_eq(verb_name(VERB_MAIL), "MAIL");
    cr_expect_str_eq(verb_name(VERB_AUTH), "AUTH");
    cr_expect_str_eq(verb_name(VERB_STARTTLS), "STARTTLS");
    cr_expect_str_eq(verb_name(VERB_MASKED), "XXXX");
}
