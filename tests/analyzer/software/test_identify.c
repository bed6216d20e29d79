/* SPDX-License-Identifier: ISC */
/* Who is speaking, as a session goes on. The dialogues are what the products really say, with
 * names and addresses of our own. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "heloscope/software/identify.h"
#include "heloscope/application/smtp_reply.h"

static struct arena own, arena;

static struct event reply_event(int code, const char *text)
{
    struct bytes raw = bytes_of_string(text);
    struct bytes behind = bytes_from(bytes_first(raw, strcspn(text, "\n")), 4);
    return (struct event){.side = SIDE_SERVER,
                          .kind = EVENT_REPLY,
                          .code = code,
                          .enhanced = smtp_enhanced_code(code, behind),
                          .text = raw};
}

/* Lines in turn: "S: ..." the greeting, then pairs of command and reply; a command "." is the end
 * of a message. In a reply "|" ends a line. */
static void play(struct identify *id, const char *const *lines)
{
    for (; *lines; lines++) {
        const char *command = *lines;
        bool greeting = strncmp(command, "S: ", 3) == 0;
        char text[512];
        snprintf(text, sizeof text, "%s", greeting ? command + 3 : lines[1] + 3);
        for (char *p = text; (p = strchr(p, '|'));)
            *p = '\n';
        struct event e = reply_event(atoi(text), text);
        if (greeting) {
            identify_greeting(id, &own, &e);
            continue;
        }
        lines++;
        struct bytes line = bytes_of_string(command + 3);
        struct smtp_command c;
        smtp_command_parse(line, &c);
        bool end = strcmp(command, "C: .") == 0;
        identify_exchange(id, end ? VERB_DATA : c.verb, end, end ? bytes_of("", 0) : line, &e);
    }
}

static void expect_bytes(struct bytes got, const char *wanted, const char *what, size_t row)
{
    cr_expect(wanted ? got.at && bytes_equal(got, bytes_of_string(wanted)) : !got.at,
              "row %zu, %s: \"%.*s\", not \"%s\"", row, what, (int)got.len,
              got.at ? (const char *)got.at : "", wanted ? wanted : "(none)");
}

Test(identify, greetings)
{
    static const struct {
        const char *greeting, *software;
    } rows[] = {
        {"220 mx.example.org ESMTP Postfix", "Postfix"},
        {"220 mx.example.org ESMTP Postfix (Debian/GNU)", "Postfix"},
        {"220 mx.example.org ESMTP Postfix (3.7.11)", "Postfix 3.7.11"},
        {"220 mx.example.org ESMTP Exim 4.96 Sat, 21 Nov 2026 00:00:00 +0000", "Exim 4.96"},
        {"220-mx.example.org ESMTP Exim 4.98.1 #2 Sat, 21 Nov 2026 00:00:00 +0000|220-We do "
         "not|220 "
         "and so on",
         "Exim 4.98.1"},
        {"220 mx.example.org ESMTP Sendmail 8.17.1/8.17.1; Sat, 21 Nov 2026 00:00:00 GMT",
         "Sendmail 8.17.1"},
        {"220 mx.example.org ESMTP OpenSMTPD", "OpenSMTPD"},
        {"220 mx.example.org Microsoft ESMTP MAIL Service ready at Sat, 21 Nov 2026 00:00:00 +0000",
         "Exchange"},
        {"220 mx.example.org Microsoft ESMTP MAIL Service, Version: 10.0.17763.1697 ready at  Sat, "
         "21 "
         "Nov 2026 00:00:00 +0000",
         "IIS SMTP 10.0.17763.1697"},
        {"220 mx.google.com ESMTP ab12-20020a05600c00.123 - gsmtp", "Gmail"},
        {"220 mx.example.org ESMTP Haraka/3.0.2 ready (0A1B2C)", "Haraka 3.0.2"},
        {"220 mx.example.org Dovecot (Debian) ready.", "Dovecot"},
        {"220 mx.example.org Cyrus LMTP 3.6.1 server ready", "Cyrus lmtpd 3.6.1"},
        {"220 mx.example.org Python SMTP 1.4.3", "aiosmtpd 1.4.3"},
        {"220 mx.example.org Python SMTP proxy version 0.3", "Python smtpd 0.3"},
        {"220 mx.example.org ESMTP MailEnable Service, Version: 10.49-- ready at 11/21/26 00:00:00",
         "MailEnable 10.49--"},
        {"220 mx.example.org ESMTP Service (HCL Domino Release 12.0.2) ready at Sat, 21 Nov 2026",
         "Domino 12.0.2"},
        {"220 email-smtp.amazonaws.com ESMTP SimpleEmailService-d-ABC", "Amazon SES"},
        {"220 mx.example.org ESMTP ZoneMTA (example)", "ZoneMTA"},
        {"220 gmx.example (mrgmx104) Nemesis ESMTP Service ready", "Nemesis"},
        {"220 mx.example.org GreenMail SMTP Service v2.0.0 ready", "GreenMail 2.0.0"},
        {"220 mx.example.org ESMTP", NULL},
        {"220 postfix.example.org ESMTP", NULL},
        {"220 mx.example.org ESMTP ready", NULL},
        {"220 ***************0*********2***", NULL},
        {"554 5.7.1 mx.example.org no service", NULL},
        {"220", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct identify id = {0};
        struct session_row row = {0};
        char line[256];
        snprintf(line, sizeof line, "S: %s", rows[i].greeting);
        play(&id, (const char *const[]){line, NULL});
        identify_describe(&id, &row, &arena);
        expect_bytes(row.server_software, rows[i].software, rows[i].greeting, i);
        cr_expect_eq(row.server_evidence.at != NULL, rows[i].software != NULL, "row %zu", i);
        expect_bytes(row.client_software, NULL, "client", i);
    }
    arena_free(&own);
    arena_free(&arena);
}

#define GREETING "S: 220 mx.example.org ESMTP"
#define EHLO     "C: EHLO client.example.net"
#define MAIL     "C: MAIL FROM:<a@example.net>"
#define RCPT     "C: RCPT TO:<b@example.org>"

Test(identify, without_a_banner)
{
    static const struct {
        const char *lines[20], *software;
    } rows[] = {
        {{GREETING, EHLO,
          "S: 250-mx.example.org|250-PIPELINING|250-SIZE 10240000|250-VRFY|250-ETRN|250-STARTTLS|"
          "250-ENHANCEDSTATUSCODES|250-8BITMIME|250-DSN|250 CHUNKING",
          MAIL, "S: 250 2.1.0 Ok"},
         "Postfix"},
        {{GREETING, EHLO,
          "S: 250-mx.example.org Hello client.example.net [127.0.0.1]|250-SIZE "
          "52428800|250-8BITMIME|"
          "250-PIPELINING|250-CHUNKING|250 HELP",
          MAIL, "S: 250 OK", RCPT, "S: 250 Accepted"},
         "Exim"},
        {{GREETING, EHLO,
          "S: 250-mx.example.org Hello client.example.net [127.0.0.1], pleased to meet you|"
          "250-ENHANCEDSTATUSCODES|250-PIPELINING|250-EXPN|250-VERB|250-8BITMIME|250-SIZE|250-DSN|"
          "250-ETRN|250-DELIVERBY|250 HELP"},
         "Sendmail"},
        {{GREETING, EHLO,
          "S: 250-mx.example.org Hello client.example.net [127.0.0.1], pleased to meet you|"
          "250-8BITMIME|250-ENHANCEDSTATUSCODES|250-SIZE 36700160|250-DSN|250 HELP"},
         "OpenSMTPD"},
        {{GREETING, EHLO,
          "S: 250-mx.example.org Nice to meet you, [127.0.0.1]|250-PIPELINING|250-8BITMIME|250 "
          "SMTPUTF8"},
         "smtp-server"},
        {{GREETING, EHLO, "S: 250-mx.example.org|250-PIPELINING|250 8BITMIME", MAIL, "S: 250 ok",
          RCPT, "S: 250 ok", "C: DATA", "S: 354 go ahead", "C: .", "S: 250 ok 1700000000 qp 12345",
          "C: QUIT", "S: 221 mx.example.org"},
         "qmail"},
        {{GREETING, EHLO, "S: 250 mx.example.org", MAIL, "S: 250 ok", "C: .",
          "S: 250 2.0.0 <b@example.org> gBinAUsQAmuRDQAAdBcN+A Saved"},
         "Dovecot"},
        {{GREETING, "C: AUTH PLAIN ****", "S: 503 AUTH command used when not advertised",
          "C: STARTTLS", "S: 503 STARTTLS command used when not advertised"},
         "Exim"},
        {{GREETING, EHLO, "S: 250 mx.example.org", MAIL, "S: 250 2.1.0 Ok", RCPT,
          "S: 550 5.1.1 <b@example.org>: Recipient address rejected: User unknown in local "
          "recipient "
          "table"},
         "Postfix"},
        {{"S: 220 mx.example.org ESMTP Exim", EHLO, "S: 250 mx.example.org", MAIL,
          "S: 250 2.1.0 Ok", RCPT, "S: 250 2.1.5 Ok", "C: DATA",
          "S: 354 End data with <CR><LF>.<CR><LF>", "C: .", "S: 250 2.0.0 Ok: queued as 4XyZ12"},
         "Postfix"},
        /* a proxy answers first, and what stands behind it shows as well */
        {{"S: 220 mx.example.org ESMTP ready", EHLO, "S: 250-mx.example.org|250 STARTTLS", MAIL,
          "S: 250 2.0.0 OK", RCPT, "S: 250 2.1.5 Ok", "C: DATA",
          "S: 354 End data with <CR><LF>.<CR><LF>", "C: .", "S: 250 2.0.0 Ok: queued as 4XyZ12"},
         "nginx in front of Postfix"},
        {{"S: 220 [127.0.0.1] ESMTP amavisd-new service ready", EHLO, "S: 250 [127.0.0.1]", MAIL,
          "S: 250 2.1.0 Sender <a@example.net> OK", "C: .",
          "S: 250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 4XyZ12"},
         "amavisd"},
        /* weak marks are no match for a greeting's name */
        {{"S: 220 mx.example.org ESMTP OpenSMTPD", EHLO,
          "S: 250-mx.example.org|250-PIPELINING|250-SIZE 10240000|250-ENHANCEDSTATUSCODES|"
          "250-8BITMIME|250 DSN",
          MAIL, "S: 250 2.1.0 Ok", RCPT, "S: 250 2.1.5 Ok"},
         "OpenSMTPD"},
        {{"S: 220 mx.example.org ESMTP MAILSAC", "C: HELO client.example.net",
          "S: 250 mx.example.org at your service, [192.0.2.10]", MAIL, "S: 250 2.1.0 Ok"},
         NULL},
        /* what anybody can say names nobody */
        {{GREETING, EHLO, "S: 250-mx.example.org|250 HELP", MAIL, "S: 250 2.1.0 ok", RCPT,
          "S: 250 2.1.5 ok", "C: DATA", "S: 354 go ahead", "C: .", "S: 250 2.0.0 queued", "C: QUIT",
          "S: 221 2.0.0 bye"},
         NULL},
        {{GREETING, EHLO, "S: 250 mx.example.org", MAIL, "S: 503 5.5.1 Bad sequence of commands",
          RCPT, "S: 503 5.5.1 Bad sequence of commands"},
         NULL},
        /* the text of a message is no reply to it */
        {{GREETING, "C: DATA", "S: 250 OK id=1xUsqQ-0000qU-2a"}, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct identify id = {0};
        struct session_row row = {0};
        play(&id, rows[i].lines);
        identify_describe(&id, &row, &arena);
        expect_bytes(row.server_software, rows[i].software, "server", i);
        const char *product = identify_server(&id);
        cr_expect_eq(product != NULL, rows[i].software != NULL);
        if (product && rows[i].software) /* the proxy alone, which answers */
            cr_expect_eq(strncmp(product, rows[i].software, strlen(product)), 0);
        arena_free(&own);
        arena_free(&arena);
    }
}

Test(identify, clients_by_their_commands)
{
    static const struct {
        const char *lines[12], *software;
    } rows[] = {
        {{"C: ehlo [127.0.0.1]", "S: 250 mx", "C: mail FROM:<a@example.net> size=12", "S: 250 ok"},
         "Python smtplib"},
        {{"C: EHLO client.example.net", "S: 250 mx", "C: MAIL From:<a@example.net> SIZE=12",
          "S: 250 ok", "C: RCPT To:<b@example.org>", "S: 250 ok"},
         "Sendmail"},
        {{"C: EHLO localhost", "S: 250 mx", "C: MAIL FROM:<a@example.net> BODY=8BITMIME",
          "S: 250 ok"},
         "Go net/smtp"},
        {{"C: EHLO MACHINE", "S: 250 mx", "C: AUTH login ****", "S: 334 x"}, ".NET SmtpClient"},
        {{"C: EHLO mail-wr1-f41.google.com", "S: 250 mx"}, "Gmail"},
        {{"C: EHLO eur05-obe.outbound.protection.outlook.com", "S: 250 mx"}, "Exchange Online"},
        {{"C: EHLO localhost", "S: 250 mx", "C: MAIL FROM:<a@example.net>", "S: 250 ok"}, NULL},
        {{"C: EHLO client.example.net", "S: 250 mx", MAIL, "S: 250 ok", RCPT, "S: 250 ok"}, NULL},
        {{"C: mail from:<a@example.net>", "S: 250 ok"}, NULL},
        {{"C: ehlo relay", "S: 250 mx", "C: mail FROM:<a@example.net>", "S: 250 ok",
          "C: RCPT TO:<b@example.org>", "S: 250 ok"},
         "emailjs"},
        /* Refused there, it may be emailjs or smtplib. */
        {{"C: ehlo relay", "S: 250 mx", "C: mail FROM:<a@example.net>", "S: 550 no"}, NULL},
        {{"C: EHLO relay", "S: 250 mx", "C: MAIL FROM:<a@example.net> size=12", "S: 550 no"},
         "Python aiosmtplib"},
        {{"C: HELO  relay", "S: 250 mx", "C: MAIL FROM:  <a@example.net>", "S: 250 ok"},
         "R sendmailR"},
        {{"C: EHLO [127.0.0.1]", "S: 250 mx", MAIL, "S: 250 ok"}, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct identify id = {0};
        struct session_row row = {0};
        play(&id, rows[i].lines);
        identify_describe(&id, &row, &arena);
        expect_bytes(row.client_software, rows[i].software, rows[i].lines[0], i);
        cr_expect_eq(row.client_evidence.at != NULL, rows[i].software != NULL, "row %zu", i);
        arena_free(&arena);
    }
}

/* Only the first reply of each kind is looked at: what a server says later, or says in a message
 * that it takes for commands, does not change its name. */
Test(identify, a_long_session_costs_no_more)
{
    struct identify id = {0};
    play(&id, (const char *const[]){MAIL, "S: 250 OK", NULL});
    for (int i = 0; i < 1000; i++)
        play(&id, (const char *const[]){MAIL, "S: 250 2.1.0 OK ab12 - gsmtp", RCPT,
                                        "S: 550 relay not permitted", NULL});
    cr_expect_leq(id.server.count, 4);
    cr_expect_leq(id.refusals, 4);
    cr_expect_null(memmem(&id, sizeof id, "gsmtp", 5));
    cr_expect_str_eq(identify_server(&id), "Exim");
    cr_expect_leq(sizeof id, 256);
    arena_free(&own);
}
