/* SPDX-License-Identifier: ISC */
/* What servers of November 2026 answered, with 503, to commands out of order: each text is known
 * for what it says. The cause is what a person reads in it; CAUSE_NONE where it says no more than
 * that something was out of order. */
#include <criterion/criterion.h>

#include "heloscope/diagnosis/claims.h"

static const struct row {
    const char *server; /* NULL = a proxy, or not among the products that are recognised */
    enum verb verb;
    const char *enhanced, *text;
    enum cause says;
} rows[] = {
    {"aiosmtpd", VERB_AUTH, "", "Already authenticated", CAUSE_AUTH_REPEATED},
    {"aiosmtpd", VERB_RCPT, "", "Error: need MAIL command", CAUSE_MAIL_MISSING},
    {"aiosmtpd", VERB_DATA, "", "Error: need RCPT command", CAUSE_RCPT_MISSING},
    {"aiosmtpd", VERB_MAIL, "", "Error: nested MAIL command", CAUSE_NESTED_MAIL},
    {"aiosmtpd", VERB_DATA, "", "Error: send HELO first", CAUSE_HELLO_MISSING},
    {"aiosmtpd", VERB_MAIL, "", "Error: send HELO first", CAUSE_HELLO_MISSING},
    {"aiosmtpd", VERB_RCPT, "", "Error: send HELO first", CAUSE_HELLO_MISSING},
    {"amavisd-new", VERB_MAIL, "5.5.1", "Error: nested MAIL command", CAUSE_NESTED_MAIL},
    {"amavisd-new", VERB_DATA, "5.5.1", "Need MAIL command before DATA", CAUSE_MAIL_MISSING},
    {"amavisd-new", VERB_RCPT, "5.5.1", "Need MAIL command before RCPT", CAUSE_MAIL_MISSING},
    {"amavisd-new", VERB_DATA, "5.5.1", "Need RCPT command before DATA", CAUSE_RCPT_MISSING},
    {"chasquid", VERB_DATA, "5.5.1", "Invisible customers are not welcome!", CAUSE_HELLO_MISSING},
    {"chasquid", VERB_DATA, "5.5.1", "Need an address to send to", CAUSE_RCPT_MISSING},
    {"chasquid", VERB_DATA, "5.5.1", "Sender not yet given", CAUSE_MAIL_MISSING},
    {"chasquid", VERB_RCPT, "5.5.1", "Sender not yet given", CAUSE_MAIL_MISSING},
    {"chasquid", VERB_AUTH, "5.7.10", "You feel vulnerable", CAUSE_TLS_REQUIRED},
    {"Dovecot", VERB_AUTH, "5.5.0", "Already authenticated", CAUSE_AUTH_REPEATED},
    {"Dovecot", VERB_DATA, "5.5.0", "Bad sequence of commands", CAUSE_NONE},
    {"Dovecot", VERB_MAIL, "5.5.0", "MAIL already given", CAUSE_NESTED_MAIL},
    {"Dovecot", VERB_DATA, "5.5.0", "MAIL needed first", CAUSE_MAIL_MISSING},
    {"Dovecot", VERB_RCPT, "5.5.0", "MAIL needed first", CAUSE_MAIL_MISSING},
    {"Dovecot", VERB_DATA, "5.5.0", "No valid recipients", CAUSE_RCPT_MISSING},
    {"Exim", VERB_MAIL, "", "HELO or EHLO required", CAUSE_HELLO_MISSING},
    {"Exim", VERB_RCPT, "", "Too many syntax or protocol errors", CAUSE_ERROR_LIMIT},
    {"Exim", VERB_DATA, "", "Valid RCPT command must precede DATA", CAUSE_RCPT_MISSING},
    {"Exim", VERB_AUTH, "", "already authenticated", CAUSE_AUTH_REPEATED},
    {"Exim", VERB_AUTH, "", "not permitted in mail transaction", CAUSE_AUTH_IN_TRANSACTION},
    {"Exim", VERB_DATA, "", "only BDAT permissible after non-LAST BDAT", CAUSE_BDAT_DATA_MIX},
    {"Exim", VERB_MAIL, "", "sender already given", CAUSE_NESTED_MAIL},
    {"Exim", VERB_RCPT, "", "sender not yet given", CAUSE_MAIL_MISSING},
    {"Exim", VERB_BDAT, "", "valid RCPT command must precede BDAT", CAUSE_RCPT_MISSING},
    {"Exim", VERB_DATA, "", "valid RCPT command must precede DATA", CAUSE_RCPT_MISSING},
    {"Haraka", VERB_DATA, "", "MAIL required first", CAUSE_MAIL_MISSING},
    {"Haraka", VERB_DATA, "", "RCPT required first", CAUSE_RCPT_MISSING},
    {"Haraka", VERB_MAIL, "", "Use EHLO/HELO before MAIL", CAUSE_HELLO_MISSING},
    {"Haraka", VERB_RCPT, "", "Use MAIL before RCPT", CAUSE_MAIL_MISSING},
    {"Net::Server::Mail", VERB_DATA, "", "Bad sequence of commands", CAUSE_NONE},
    {"Net::Server::Mail", VERB_MAIL, "", "Bad sequence of commands", CAUSE_NONE},
    {"Net::Server::Mail", VERB_RCPT, "", "Bad sequence of commands", CAUSE_NONE},
    {"nginx", VERB_RCPT, "5.5.1", "Bad sequence of commands", CAUSE_NONE},
    {"nginx", VERB_DATA, "5.5.1", "Error: DATA after BDAT", CAUSE_BDAT_DATA_MIX},
    {"nginx", VERB_AUTH, "5.5.1", "Error: authentication not enabled", CAUSE_AUTH_NOT_OFFERED},
    {"nginx", VERB_RCPT, "5.5.1", "Error: need MAIL command", CAUSE_MAIL_MISSING},
    {"nginx", VERB_MAIL, "5.5.1", "Error: nested MAIL command", CAUSE_NESTED_MAIL},
    {"OpenSMTPD", VERB_DATA, "5.5.4", "Invalid command arguments: No recipient specified",
     CAUSE_RCPT_MISSING},
    {"OpenSMTPD", VERB_AUTH, "5.5.1", "Invalid command: Command not allowed at this point.",
     CAUSE_NONE},
    {"OpenSMTPD", VERB_DATA, "5.5.1", "Invalid command: Command not allowed at this point.",
     CAUSE_NONE},
    {"OpenSMTPD", VERB_MAIL, "5.5.1", "Invalid command: Command not allowed at this point.",
     CAUSE_NONE},
    {"OpenSMTPD", VERB_RCPT, "5.5.1", "Invalid command: Command not allowed at this point.",
     CAUSE_NONE},
    {"OpenSMTPD", VERB_STARTTLS, "5.5.1", "Invalid command: Command not allowed at this point.",
     CAUSE_NONE},
    {"OpenSMTPD", VERB_AUTH, "5.5.1", "Invalid command: Command not supported",
     CAUSE_COMMAND_NOT_OFFERED},
    {"Postfix", VERB_DATA, "5.5.1", "Error: DATA after BDAT", CAUSE_BDAT_DATA_MIX},
    {"Postfix", VERB_AUTH, "5.5.1", "Error: MAIL transaction in progress",
     CAUSE_AUTH_IN_TRANSACTION},
    {"Postfix", VERB_AUTH, "5.5.1", "Error: already authenticated", CAUSE_AUTH_REPEATED},
    {"Postfix", VERB_AUTH, "5.5.1", "Error: authentication not enabled", CAUSE_AUTH_NOT_OFFERED},
    {"Postfix", VERB_RCPT, "5.5.1", "Error: need MAIL command", CAUSE_MAIL_MISSING},
    {"Postfix", VERB_DATA, "5.5.1", "Error: need RCPT command", CAUSE_RCPT_MISSING},
    {"Postfix", VERB_MAIL, "5.5.1", "Error: nested MAIL command", CAUSE_NESTED_MAIL},
    {"Postfix", VERB_MAIL, "5.5.1", "Error: send HELO/EHLO first", CAUSE_HELLO_MISSING},
    {"Sendmail", VERB_AUTH, "5.5.0", "AUTH not permitted during a mail transaction",
     CAUSE_AUTH_IN_TRANSACTION},
    {"Sendmail", VERB_RCPT, "5.0.0", "Need MAIL before RCPT", CAUSE_MAIL_MISSING},
    {"Sendmail", VERB_DATA, "5.0.0", "Need MAIL command", CAUSE_MAIL_MISSING},
    {"Sendmail", VERB_DATA, "5.0.0", "Need RCPT (recipient)", CAUSE_RCPT_MISSING},
    {"Sendmail", VERB_MAIL, "5.0.0", "Polite people say HELO first", CAUSE_HELLO_MISSING},
    {"Sendmail", VERB_MAIL, "5.5.0", "Sender already specified", CAUSE_NESTED_MAIL},
    {"simplesmtp", VERB_RCPT, "5.5.1", "Error: need MAIL command", CAUSE_MAIL_MISSING},
    {"simplesmtp", VERB_DATA, "5.5.1", "Error: need RCPT command", CAUSE_RCPT_MISSING},
    {"simplesmtp", VERB_MAIL, "5.5.1", "Error: nested MAIL command", CAUSE_NESTED_MAIL},
    {"simplesmtp", VERB_MAIL, "5.5.1", "Error: send HELO/EHLO first", CAUSE_HELLO_MISSING},
    {"smtp-protocol", VERB_DATA, "", "Bad sequence: HELO, EHLO, or LHLO expected.",
     CAUSE_HELLO_MISSING},
    {"smtp-protocol", VERB_MAIL, "", "Bad sequence: HELO, EHLO, or LHLO expected.",
     CAUSE_HELLO_MISSING},
    {"smtp-protocol", VERB_RCPT, "", "Bad sequence: HELO, EHLO, or LHLO expected.",
     CAUSE_HELLO_MISSING},
    {"smtp-protocol", VERB_UNKNOWN, "", "Bad sequence: HELO, EHLO, or LHLO expected.",
     CAUSE_HELLO_MISSING},
    {"smtp-protocol", VERB_DATA, "", "Bad sequence: MAIL expected", CAUSE_MAIL_MISSING},
    {"smtp-protocol", VERB_DATA, "", "Bad sequence: RCPT expected", CAUSE_RCPT_MISSING},
    {"smtp-server", VERB_AUTH, "", "Error: No identity changes permitted", CAUSE_AUTH_REPEATED},
    {"smtp-server", VERB_RCPT, "", "Error: need MAIL command", CAUSE_MAIL_MISSING},
    {"smtp-server", VERB_DATA, "", "Error: need RCPT command", CAUSE_RCPT_MISSING},
    {"smtp-server", VERB_MAIL, "", "Error: nested MAIL command", CAUSE_NESTED_MAIL},
    {"smtp-server", VERB_DATA, "", "Error: send HELO/EHLO first", CAUSE_HELLO_MISSING},
    {"smtp-server", VERB_MAIL, "", "Error: send HELO/EHLO first", CAUSE_HELLO_MISSING},
    {"smtp-server", VERB_RCPT, "", "Error: send HELO/EHLO first", CAUSE_HELLO_MISSING},
    {"smtp-server", VERB_DATA, "", "Error: send LHLO first", CAUSE_HELLO_MISSING},
    {"smtp-server", VERB_MAIL, "", "Error: send LHLO first", CAUSE_HELLO_MISSING},
    {"smtp-server", VERB_RCPT, "", "Error: send LHLO first", CAUSE_HELLO_MISSING},
    {"Twisted", VERB_AUTH, "", "Already authenticated", CAUSE_AUTH_REPEATED},
    {"Twisted", VERB_RCPT, "", "Must have sender before recipient", CAUSE_MAIL_MISSING},
    {"Twisted", VERB_DATA, "", "Must have valid receiver and originator", CAUSE_NONE},
    {"Twisted", VERB_MAIL, "", "Only one sender per message, please", CAUSE_NESTED_MAIL},
    {NULL, VERB_DATA, "5.5.1", "Error: DATA after BDAT", CAUSE_BDAT_DATA_MIX},
    {NULL, VERB_AUTH, "5.5.1", "Error: MAIL transaction in progress", CAUSE_AUTH_IN_TRANSACTION},
    {NULL, VERB_AUTH, "5.5.1", "Error: already authenticated", CAUSE_AUTH_REPEATED},
    {NULL, VERB_AUTH, "5.5.1", "Error: authentication not enabled", CAUSE_AUTH_NOT_OFFERED},
    {NULL, VERB_RCPT, "5.5.1", "Error: need MAIL command", CAUSE_MAIL_MISSING},
    {NULL, VERB_RCPT, "", "Error: need MAIL command", CAUSE_MAIL_MISSING},
    {NULL, VERB_DATA, "", "Error: need RCPT command", CAUSE_RCPT_MISSING},
    {NULL, VERB_DATA, "5.5.1", "Error: need RCPT command", CAUSE_RCPT_MISSING},
    {NULL, VERB_MAIL, "5.5.1", "Error: nested MAIL command", CAUSE_NESTED_MAIL},
    {NULL, VERB_MAIL, "", "Error: nested MAIL command", CAUSE_NESTED_MAIL},
    {NULL, VERB_DATA, "", "Error: send HELO/EHLO first", CAUSE_HELLO_MISSING},
    {NULL, VERB_MAIL, "", "Error: send HELO/EHLO first", CAUSE_HELLO_MISSING},
    {NULL, VERB_RCPT, "", "Error: send HELO/EHLO first", CAUSE_HELLO_MISSING},
};

/* Recognised or not, the server's words count. */
static void expect_claim(const struct row *row, const char *server)
{
    const enum cause claim = claim_of_reply(server, 503, bytes_of_string(row->enhanced),
                                            bytes_of_string(row->text), row->verb);
    if (row->says == CAUSE_NONE)
        cr_expect(claim_is_vague(claim), "%s: \"%s\" is read as %s", server ? server : "-",
                  row->text, cause_entry(claim)->name);
    else
        cr_expect(claim_agrees(claim, row->says), "%s: \"%s\" is read as %s, not %s",
                  server ? server : "-", row->text, cause_entry(claim)->name,
                  cause_entry(row->says)->name);
}

Test(claims_2026, every_text_is_known)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        expect_claim(&rows[i], rows[i].server);
        if (rows[i].server)
            expect_claim(&rows[i], NULL);
    }
}
