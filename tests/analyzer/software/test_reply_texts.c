/* SPDX-License-Identifier: ISC */
/* The texts of refusals: each row is found again by its own text. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "heloscope/diagnosis/claims.h"
#include "heloscope/software/reply_texts.h"
#include "heloscope/session/session.h"
#include "tests/support/fill.h"

/* A verb that is answered so. */
static enum verb verb_of(const struct reply_text *row)
{
    enum verb verb = VERB_UNKNOWN;
    while (verb + 1 < VERB_COUNT && !(row->verbs & 1u << verb))
        verb++;
    return verb;
}

static struct bytes enhanced_of(const struct reply_text *row)
{
    return bytes_of_string(strcmp(row->enhanced, "-") == 0 ? "" : row->enhanced);
}

static const char *server_of(const struct reply_text *row)
{
    return strcmp(row->server, "-") == 0 ? NULL : row->server;
}

Test(reply_texts, every_row_is_found_by_its_own_text_and_gives_its_claim)
{
    size_t count;
    const struct reply_text *rows = reply_texts(&count);
    cr_assert_gt(count, 300);
    for (size_t i = 0; i < count; i++) {
        const struct reply_text *row = &rows[i];
        char text[1024];
        struct bytes said = bytes_of_string(fill_pattern(row->text, text, sizeof text));
        const struct reply_text *found =
            reply_text_find(server_of(row), row->code, enhanced_of(row), said, verb_of(row));
        cr_expect_not_null(found, "%s %d \"%s\"", row->server, row->code, text);
        if (!found)
            continue;
        cr_expect_str_eq(found->server, row->server, "\"%s\" of %s is found at %s", text,
                         row->server, found->server);
        cr_expect_eq(
            claim_of_reply(server_of(row), row->code, enhanced_of(row), said, verb_of(row)),
            row->claim, "%s %d \"%s\" claims %s", row->server, row->code, text,
            cause_entry(found->claim)->name);
    }
}

Test(reply_texts, a_row_is_found_whatever_server_says_it)
{
    size_t count;
    const struct reply_text *rows = reply_texts(&count);
    for (size_t i = 0; i < count; i++) {
        char text[1024], loud[1040];
        struct bytes said = bytes_of_string(fill_pattern(rows[i].text, text, sizeof text));
        const struct reply_text *found =
            reply_text_find(NULL, rows[i].code, enhanced_of(&rows[i]), said, verb_of(&rows[i]));
        cr_expect_not_null(found, "%d \"%s\"", rows[i].code, text);
        snprintf(loud, sizeof loud, "%s.", text);
        cr_expect_not_null(reply_text_find(NULL, rows[i].code, enhanced_of(&rows[i]),
                                           bytes_of_string(loud), verb_of(&rows[i])),
                           "%d \"%s\"", rows[i].code, loud);
    }
}

Test(reply_texts, a_row_is_a_refusal_with_a_claim)
{
    size_t count;
    const struct reply_text *rows = reply_texts(&count);
    for (size_t i = 0; i < count; i++) {
        cr_expect(rows[i].code >= 400 && rows[i].code < 600, "%s", rows[i].text);
        cr_expect(rows[i].verbs != 0, "%s", rows[i].text);
        cr_expect(rows[i].claim > CAUSE_NONE && rows[i].claim < CAUSE_COUNT, "%s", rows[i].text);
        for (size_t j = 0; j < i; j++)
            cr_expect(rows[i].code != rows[j].code || rows[i].verbs != rows[j].verbs ||
                          strcmp(rows[i].server, rows[j].server) != 0 ||
                          strcmp(rows[i].enhanced, rows[j].enhanced) != 0 ||
                          strcmp(rows[i].text, rows[j].text) != 0,
                      "%s says \"%s\" twice", rows[i].server, rows[i].text);
    }
}

/* What is asked first, and what makes no difference. */
static const struct row {
    const char *software;
    int code;
    const char *enhanced, *text;
    enum verb verb;
    const char *server; /* of the row that is to be found; NULL = none */
    enum cause claim;
} rows[] = {
    {"Exim 4.96", 503, "", "valid RCPT command must precede DATA", VERB_DATA, "Exim",
     CAUSE_RCPT_MISSING},
    {"Exim 4.96", 503, "", "sender already given", VERB_MAIL, "Exim", CAUSE_NESTED_MAIL},
    {"Postfix", 503, "5.5.1", "Error: need MAIL command", VERB_RCPT, "Postfix", CAUSE_MAIL_MISSING},
    {"aiosmtpd 1.4.3", 503, "", "Error: need MAIL command", VERB_RCPT, "aiosmtpd",
     CAUSE_MAIL_MISSING},
    {"SubEthaSMTP", 503, "5.5.1", "Error: need MAIL command", VERB_DATA, "SubEthaSMTP",
     CAUSE_MAIL_MISSING},
    /* the same words to different commands */
    {"Postfix", 503, "5.5.1", "Error: MAIL transaction in progress", VERB_AUTH, "Postfix",
     CAUSE_AUTH_IN_TRANSACTION},
    {"Postfix", 503, "5.5.1", "Error: MAIL transaction in progress", VERB_XCLIENT, "Postfix",
     CAUSE_COMMAND_IN_TRANSACTION},
    {"James", 503, "5.6.0", "No recipients", VERB_DATA, "James", CAUSE_RCPT_MISSING},
    {"Cyrus lmtpd 3.6", 503, "5.5.1", "No recipients", VERB_DATA, "Cyrus lmtpd",
     CAUSE_ALL_RCPT_REJECTED},
    /* a server of a similar name is another */
    {"James mock-smtp-server", 503, "", "Error: need MAIL command.", VERB_RCPT,
     "James mock-smtp-server", CAUSE_MAIL_MISSING},
    /* several lines: the first that is known; what is quoted below it is not the server's word */
    {"Exim", 503, "",
     "All RCPT commands were rejected with this error:\n503 sender not yet given\n"
     "Valid RCPT command must precede DATA",
     VERB_DATA, "Exim", CAUSE_ALL_RCPT_REJECTED},
    {"Exim", 503, "", "sender not yet given\nToo many syntax or protocol errors", VERB_RCPT, "Exim",
     CAUSE_MAIL_MISSING},
    {NULL, 503, "", "something new\nMAIL first", VERB_RCPT, "Cisco ESA", CAUSE_MAIL_MISSING},
    {"Gmail", 503, "5.5.1",
     "RCPT first. A mail transaction protocol command was issued out of\nsequence. For more "
     "information, go to\nhttps://support.google.com/a/answer/3221692 and review RFC 5321\n"
     "specifications. ab12-20020a0 - gsmtp",
     VERB_DATA, "Gmail", CAUSE_RCPT_MISSING},
    /* qmail's status stands in the text */
    {"qmail", 503, "5.5.1", "MAIL first (#5.5.1)", VERB_RCPT, "qmail", CAUSE_MAIL_MISSING},
    /* the claim is the text's, not the session's */
    {"Postfix", 503, "5.5.1", "Error: need RCPT command", VERB_DATA, "Postfix", CAUSE_RCPT_MISSING},
    {NULL, 503, "5.5.1", "BAD SEQUENCE OF COMMANDS", VERB_DATA, "Exchange", CAUSE_UNKNOWN},
    /* unknown text, code or verb */
    {"Exim", 503, "", "no such words", VERB_DATA, NULL, CAUSE_NONE},
    {"Exim", 550, "", "sender already given", VERB_MAIL, NULL, CAUSE_NONE},
    {"Exim", 503, "", "ETRN is not permitted inside a transaction", VERB_MAIL, NULL, CAUSE_NONE},
    {"Exim", 503, "", "ETRN is not permitted inside a transaction", VERB_UNKNOWN, "Exim",
     CAUSE_COMMAND_IN_TRANSACTION},
    {"Exim", 503, "", "", VERB_DATA, NULL, CAUSE_NONE},
    {NULL, 503, "", "\n\n\n", VERB_DATA, NULL, CAUSE_NONE},
};

Test(reply_texts, found_in_order)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *r = &rows[i];
        const struct reply_text *found = reply_text_find(
            r->software, r->code, bytes_of_string(r->enhanced), bytes_of_string(r->text), r->verb);
        cr_expect_eq(found != NULL, r->server != NULL, "row %zu: \"%s\"", i, r->text);
        if (!found || !r->server)
            continue;
        cr_expect_str_eq(found->server, r->server, "row %zu: \"%s\"", i, r->text);
        cr_expect_eq(found->claim, r->claim, "row %zu: \"%s\"", i, r->text);
    }
}

Test(reply_texts, long_texts_cost_no_more)
{
    static char text[64 * 1024];
    memset(text, 'a', sizeof text);
    for (size_t i = 0; i < sizeof text; i += 2)
        text[i] = '\n';
    struct bytes all = bytes_of(text, sizeof text);
    cr_expect_null(reply_text_find(NULL, 503, bytes_of_string(""), all, VERB_UNKNOWN));
    memset(text, '<', sizeof text);
    cr_expect_null(reply_text_find(NULL, 503, bytes_of_string(""), all, VERB_UNKNOWN));
}

Test(reply_texts, owned_by_one_product)
{
    static const struct {
        int code;
        const char *text, *server;
    } owned[] = {
        {503, "AUTH command used when not advertised", "Exim"},
        {503, "Polite people say HELO first", "Sendmail"},
        {503, "already authenticated", NULL}, /* a dozen */
        {503, "Bad sequence of commands", NULL},
        {503, "auth command used when not advertised", NULL}, /* letters differ */
        {503, "nobody says so", NULL},
    };
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) {
        const struct reply_text *row =
            reply_text_owned(owned[i].code, bytes_of_string(owned[i].text));
        cr_expect_eq(row != NULL, owned[i].server != NULL, "%s", owned[i].text);
        if (row && owned[i].server)
            cr_expect_str_eq(row->server, owned[i].server);
    }
}
