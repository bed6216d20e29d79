/* SPDX-License-Identifier: ISC */
/* Reply lines, enhanced status codes, extensions. */
#include <criterion/criterion.h>

#include "heloscope/application/smtp_reply.h"
#include "tests/support/guard.h"

static const struct row {
    const char *line, *text;
    int code;
    bool well_formed, more;
} rows[] = {
    {"250 OK", "OK", 250, true, false},
    {"250-first", "first", 250, true, true},
    {"250", "", 250, true, false},
    {"250 ", "", 250, true, false},
    {"250-", "", 250, true, true},
    {"250  two spaces", " two spaces", 250, true, false},
    {"503-503 quoted", "503 quoted", 503, true, true},
    {"200 lowest", "lowest", 200, true, false},
    {"599 highest", "highest", 599, true, false},
    {"199 below", NULL, 0, false, false},
    {"600 above", NULL, 0, false, false},
    {"2500 digits", NULL, 0, false, false},
    {"25", NULL, 0, false, false},
    {"2x0 no", NULL, 0, false, false},
    {"25x no", NULL, 0, false, false},
    {" 250 no", NULL, 0, false, false},
    {"250\tno", NULL, 0, false, false},
    {"250_no", NULL, 0, false, false},
    {"", NULL, 0, false, false},
    {"Hello", NULL, 0, false, false},
    {"\xb2\xb5\xb0 no", NULL, 0, false, false},
};

static bool is_text(struct bytes b, const char *text)
{
    return bytes_equal(b, bytes_of_string(text));
}

Test(smtp_reply, lines)
{
    struct guard guard = guard_open(4096);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *r = &rows[i];
        struct smtp_reply_line l;
        smtp_reply_line_parse(guard_place(&guard, bytes_of_string(r->line)), &l);
        cr_expect_eq(l.well_formed, r->well_formed, "\"%s\": well formed %d", r->line,
                     l.well_formed);
        cr_expect_eq(l.code, r->code, "\"%s\": code %d", r->line, l.code);
        cr_expect_eq(l.more, r->more, "\"%s\": more %d", r->line, l.more);
        /* What is no reply is text as a whole. */
        cr_expect(is_text(l.text, r->text ? r->text : r->line), "\"%s\": text", r->line);
    }
    guard_close(&guard);
}

static const struct status_row {
    int code;
    const char *text, *expected;
} statuses[] = {
    {503, "5.5.1 Error: need MAIL command", "5.5.1"},
    {250, "2.1.0 Ok", "2.1.0"},
    {250, "2.0.0", "2.0.0"},
    {452, "4.5.3: too many", "4.5.3"},
    {550, "5.7.509 policy", "5.7.509"},
    {550, "5.123.456 x", "5.123.456"},
    {550, " 5.1.1 behind a blank", "5.1.1"},
    {550, "5.1.1<a@b> unknown", "5.1.1"},
    {550, "#5.1.0 Address rejected.", "5.1.0"},
    {503, "MAIL first (#5.5.1)", "5.5.1"},
    {503, "MAIL first (#4.5.1)", ""},
    {503, "MAIL first (#5.5.1) and more", ""},
    {503, "MAIL first (5.5.1)", ""},
    {503, "(#5.5.1)", "5.5.1"},
    {550, "(#5.123.456)", "5.123.456"},
    {503, "4.5.1 another class", ""},
    {250, "5.5.1 another class", ""},
    {550, "5.1234.1 four digits", ""},
    {550, "5.1.1234 four digits", ""},
    {550, "5.5 two parts", ""},
    {550, "5.5. no detail", ""},
    {550, "5..1 no subject", ""},
    {550, "5.5.1.2 an address", ""},
    {550, "5.5.1a a name", ""},
    {550, "5.5.1-2 a version", ""},
    {550, "55.5.1 two digits", ""},
    {550, "x 5.5.1", ""},
    {550, "", ""},
    {550, "#", ""},
    {550, "(#", ""},
    {0, "0.1.1 no reply", ""},
};

Test(smtp_reply, enhanced_codes)
{
    struct guard guard = guard_open(4096);
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        const struct status_row *r = &statuses[i];
        struct bytes text = guard_place(&guard, bytes_of_string(r->text));
        struct bytes found = smtp_enhanced_code(r->code, text);
        cr_expect(is_text(found, r->expected), "\"%s\": \"%.*s\"", r->text, (int)found.len,
                  (const char *)found.at);
        cr_expect(found.len == 0 ||
                      (found.at >= text.at && found.at + found.len <= text.at + text.len),
                  "\"%s\": borrowed", r->text);
    }
    guard_close(&guard);
}

static const struct extension_row {
    const char *text;
    unsigned expected;
} extensions[] = {
    {"PIPELINING", EXT_PIPELINING},
    {"pipelining", EXT_PIPELINING},
    {"SIZE 10240000", EXT_SIZE},
    {"SIZE", EXT_SIZE},
    {"SIZE=10240000", EXT_SIZE},
    {"AUTH PLAIN LOGIN", EXT_AUTH},
    {"AUTH=PLAIN LOGIN", EXT_AUTH},
    {"STARTTLS", EXT_STARTTLS},
    {"CHUNKING", EXT_CHUNKING},
    {"BINARYMIME", EXT_BINARYMIME},
    {"ENHANCEDSTATUSCODES", EXT_ENHANCEDSTATUSCODES},
    {"XCLIENT NAME ADDR", EXT_XCLIENT},
    {"XFORWARD NAME ADDR", EXT_XFORWARD},
    {"ETRN", EXT_ETRN},
    {"BURL imap", EXT_BURL},
    {"8BITMIME", EXT_8BITMIME},
    {"8bitmime", EXT_8BITMIME},
    {"SMTPUTF8", EXT_SMTPUTF8},
    {"DSN", EXT_DSN},
    {"PIPECONNECT", EXT_PIPECONNECT},
    {"X_PIPE_CONNECT", EXT_PIPECONNECT},
    {"X-EXPS GSSAPI NTLM", EXT_AUTH},
    {"X-ANONYMOUSTLS", EXT_STARTTLS},
    {"XXXX", EXT_MASKED},
    {"XXXXXXXX 1", EXT_MASKED},
    {"XXXXXXXA", EXT_MASKED},
    {"XXX", 0},
    {"XXAA", 0},
    {"XXXXx", 0},
    {"XACK", 0},
    {"STARTTLSX", 0},
    {"STARTTL", 0},
    {"mail.example Hello", 0},
    {"", 0},
    {"=", 0},
};

Test(smtp_reply, extensions)
{
    struct guard guard = guard_open(4096);
    for (size_t i = 0; i < sizeof extensions / sizeof extensions[0]; i++) {
        const struct extension_row *r = &extensions[i];
        unsigned found = smtp_extension(guard_place(&guard, bytes_of_string(r->text)));
        cr_expect_eq(found, r->expected, "\"%s\": %#x", r->text, found);
    }
    guard_close(&guard);
}

Test(smtp_reply, an_extension_is_named_by_the_keyword_that_offers_it)
{
    static const char *const keywords[] = {"PIPELINING", "AUTH", "STARTTLS", "CHUNKING",
                                           "BINARYMIME", "ETRN", "BURL",     "PIPECONNECT"};
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
        cr_expect_str_eq(extension_name(smtp_extension(bytes_of_string(keywords[i]))), keywords[i]);
    cr_expect_str_eq(extension_name(EXT_MASKED), "");
    cr_expect_str_eq(extension_name(0), "");
}
