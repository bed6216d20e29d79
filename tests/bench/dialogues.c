/* SPDX-License-Identifier: ISC */
/* The tables: what clients and servers say. Replies are worded as Postfix 3.7, Exim 4.96 and the
 * like word them. */
#include "dialogue.h"

#define SAY_C(text)                                                                                \
    {                                                                                              \
        TURN_TEXT, CLIENT, false, text, NULL, 0                                                    \
    }
#define SAY_S(text)                                                                                \
    {                                                                                              \
        TURN_TEXT, SERVER, false, text, NULL, 0                                                    \
    }
#define SAY_S_ACK(text)                                                                            \
    {                                                                                              \
        TURN_TEXT, SERVER, true, text, NULL, 0                                                     \
    }
#define END_OF_TURNS                                                                               \
    {                                                                                              \
        TURN_END, CLIENT, false, NULL, NULL, 0                                                     \
    }

#define HEADER                                                                                     \
    "Received: from %c (%c [127.0.0.1])\r\n\tby %s (Postfix) with ESMTPS id %q\r\n\tfor <%t>; "    \
    "Thu, 1 Jan 2026 00:00:00 +0000 (UTC)\r\nDate: Thu, 1 Jan 2026 00:00:00 +0000\r\n"             \
    "From: Reports <%f>\r\nTo: <%t>\r\nSubject: Weekly figures %q\r\nMessage-ID: <%q@%c>\r\n"      \
    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
#define MESSAGE                                                                                    \
    {                                                                                              \
        TURN_CONTENT, CLIENT, true, HEADER, "\r\n.\r\n", 0                                         \
    }

#define POSTFIX_GREETING SAY_S_ACK("220 %s ESMTP Postfix (Debian/GNU)\r\n")
#define POSTFIX_EHLO                                                                               \
    SAY_C("EHLO %c\r\n"),                                                                          \
        SAY_S("250-%s\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250-VRFY\r\n250-ETRN\r\n"          \
              "250-STARTTLS\r\n250-AUTH PLAIN LOGIN\r\n250-ENHANCEDSTATUSCODES\r\n"                \
              "250-8BITMIME\r\n250-DSN\r\n250-SMTPUTF8\r\n250 CHUNKING\r\n")
#define POSTFIX_BEGIN  POSTFIX_GREETING, POSTFIX_EHLO
#define POSTFIX_354    SAY_S("354 End data with <CR><LF>.<CR><LF>\r\n")
#define POSTFIX_QUEUED SAY_S("250 2.0.0 Ok: queued as %q\r\n")
#define POSTFIX_QUIT   SAY_C("QUIT\r\n"), SAY_S("221 2.0.0 Bye\r\n"), END_OF_TURNS

#define EXIM_BEGIN                                                                                 \
    SAY_S_ACK("220 %s ESMTP Exim 4.96 Thu, 01 Jan 2026 00:00:00 +0000\r\n"), SAY_C("EHLO %c\r\n"), \
        SAY_S("250-%s Hello %c [127.0.0.1]\r\n250-SIZE 52428800\r\n250-8BITMIME\r\n"               \
              "250-PIPELINING\r\n250-PIPECONNECT\r\n250-AUTH PLAIN LOGIN\r\n250-CHUNKING\r\n"      \
              "250-STARTTLS\r\n250-SMTPUTF8\r\n250 HELP\r\n")
#define EXIM_354    SAY_S("354 Enter message, ending with \".\" on a line by itself\r\n")
#define EXIM_QUEUED SAY_S("250 OK id=%q\r\n")
#define EXIM_QUIT   SAY_C("QUIT\r\n"), SAY_S("221 %s closing connection\r\n"), END_OF_TURNS

#define MAIL SAY_C("MAIL FROM:<%f> SIZE=%n\r\n")
#define RCPT SAY_C("RCPT TO:<%t>\r\n")
#define DATA SAY_C("DATA\r\n")

static const struct turn postfix_lockstep[] = {POSTFIX_BEGIN,
                                               MAIL,
                                               SAY_S("250 2.1.0 Ok\r\n"),
                                               RCPT,
                                               SAY_S("250 2.1.5 Ok\r\n"),
                                               DATA,
                                               POSTFIX_354,
                                               MESSAGE,
                                               POSTFIX_QUEUED,
                                               POSTFIX_QUIT};

static const struct turn exim_lockstep[] = {
    EXIM_BEGIN, MAIL,    SAY_S("250 OK\r\n"), RCPT,     SAY_S("250 Accepted\r\n"), DATA,
    EXIM_354,   MESSAGE, EXIM_QUEUED,         EXIM_QUIT};

#define ENVELOPE SAY_C("MAIL FROM:<%f> SIZE=%n\r\nRCPT TO:<%t>\r\nDATA\r\n")

static const struct turn postfix_pipelined[] = {
    POSTFIX_BEGIN,
    ENVELOPE,
    SAY_S("250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 End data with <CR><LF>.<CR><LF>\r\n"),
    MESSAGE,
    POSTFIX_QUEUED,
    POSTFIX_QUIT};

static const struct turn exim_pipelined[] = {
    EXIM_BEGIN,
    ENVELOPE,
    SAY_S("250 OK\r\n250 Accepted\r\n354 Enter message, ending with \".\" on a line by itself\r\n"),
    MESSAGE,
    EXIM_QUEUED,
    EXIM_QUIT};

/* Lines of a message that would be commands elsewhere. */
#define TEMPTING_MESSAGE                                                                           \
    {                                                                                              \
        TURN_CONTENT, CLIENT, true,                                                                \
            "Subject: %q\r\nFrom: <%f>\r\n\r\nHelp is at hand.\r\nMail us,\r\nData follow:\r\n"    \
            "Quit\r\nTURN\r\nRSET\r\nMAIL FROM:<%t>\r\nDATA\r\n",                                  \
            "\r\n.\r\n", 0                                                                         \
    }

static const struct turn tempting[] = {POSTFIX_BEGIN,
                                       MAIL,
                                       SAY_S("250 2.1.0 Ok\r\n"),
                                       RCPT,
                                       SAY_S("250 2.1.5 Ok\r\n"),
                                       DATA,
                                       POSTFIX_354,
                                       TEMPTING_MESSAGE,
                                       POSTFIX_QUEUED,
                                       POSTFIX_QUIT};

static const struct turn tempting_pipelined[] = {
    POSTFIX_BEGIN,
    ENVELOPE,
    SAY_S("250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 End data with <CR><LF>.<CR><LF>\r\n"),
    TEMPTING_MESSAGE,
    POSTFIX_QUEUED,
    SAY_C("RSET\r\nMAIL FROM:<%f>\r\nRCPT TO:<%t>\r\nRCPT TO:<%f>\r\nDATA\r\n"),
    SAY_S("250 2.0.0 Ok\r\n250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n250 2.1.5 Ok\r\n"
          "354 End data with <CR><LF>.<CR><LF>\r\n"),
    MESSAGE,
    POSTFIX_QUEUED,
    POSTFIX_QUIT};

static const struct turn no_hello[] = {
    POSTFIX_GREETING, MAIL, SAY_S("503 5.5.1 Error: send HELO/EHLO first\r\n"), POSTFIX_QUIT};

static const struct turn mail_refused[] = {
    POSTFIX_BEGIN, ENVELOPE,
    SAY_S("550 5.1.8 <%f>: Sender address rejected: Domain not found\r\n"
          "503 5.5.1 Error: need MAIL command\r\n503 5.5.1 Error: need RCPT command\r\n"),
    POSTFIX_QUIT};

static const struct turn recipients_refused[] = {
    EXIM_BEGIN,
    MAIL,
    SAY_S("250 OK\r\n"),
    RCPT,
    SAY_S("550 no such user\r\n"),
    DATA,
    SAY_S("503-All RCPT commands were rejected with this error:\r\n503-550 no such user\r\n"
          "503 Valid RCPT command must precede DATA\r\n"),
    EXIM_QUIT};

static const struct turn nested_mail[] = {POSTFIX_BEGIN,
                                          MAIL,
                                          SAY_S("250 2.1.0 Ok\r\n"),
                                          RCPT,
                                          SAY_S("250 2.1.5 Ok\r\n"),
                                          MAIL,
                                          SAY_S("503 5.5.1 Error: nested MAIL command\r\n"),
                                          DATA,
                                          POSTFIX_354,
                                          MESSAGE,
                                          POSTFIX_QUEUED,
                                          POSTFIX_QUIT};

static const struct turn after_message[] = {
    POSTFIX_BEGIN,
    ENVELOPE,
    SAY_S("250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 End data with <CR><LF>.<CR><LF>\r\n"),
    MESSAGE,
    POSTFIX_QUEUED,
    RCPT,
    SAY_S("503 5.5.1 Error: need MAIL command\r\n"),
    POSTFIX_QUIT};

static const struct turn auth_late[] = {POSTFIX_BEGIN,
                                        MAIL,
                                        SAY_S("250 2.1.0 Ok\r\n"),
                                        SAY_C("AUTH LOGIN\r\n"),
                                        SAY_S("503 5.5.1 Error: MAIL transaction in progress\r\n"),
                                        RCPT,
                                        SAY_S("250 2.1.5 Ok\r\n"),
                                        DATA,
                                        POSTFIX_354,
                                        MESSAGE,
                                        POSTFIX_QUEUED,
                                        POSTFIX_QUIT};

#define AUTHENTICATED SAY_C("AUTH PLAIN AGEAYg==\r\n"), SAY_S("235 2.7.0 Ok\r\n")

/* Two rules broken by one command: the reply's text says which one counts. */
static const struct turn auth_again_late[] = {
    POSTFIX_BEGIN,
    AUTHENTICATED,
    MAIL,
    SAY_S("250 2.1.0 Ok\r\n"),
    SAY_C("AUTH PLAIN AGEAYg==\r\n"),
    SAY_S("503 5.5.1 Error: MAIL transaction in progress\r\n"),
    POSTFIX_QUIT};

static const struct turn auth_again[] = {POSTFIX_BEGIN,
                                         AUTHENTICATED,
                                         MAIL,
                                         SAY_S("250 2.1.0 Ok\r\n"),
                                         SAY_C("AUTH PLAIN AGEAYg==\r\n"),
                                         SAY_S("503 5.5.1 Error: already authenticated\r\n"),
                                         POSTFIX_QUIT};

static const struct turn recipients_refused_pipelined[] = {
    EXIM_BEGIN, ENVELOPE,
    SAY_S("250 OK\r\n550 no such user\r\n"
          "503-All RCPT commands were rejected with this error:\r\n503-550 no such user\r\n"
          "503 Valid RCPT command must precede DATA\r\n"),
    EXIM_QUIT};

#define HELLO(side)                                                                                \
    {                                                                                              \
        TURN_HELLO, side, true, NULL, NULL, 0                                                      \
    }
#define RECORDS(side, length)                                                                      \
    {                                                                                              \
        TURN_RECORDS, side, false, NULL, NULL, length                                              \
    }
/* The handshake of TLS 1.3 from the hellos on: certificate and Finished are records too. */
#define HANDSHAKE HELLO(CLIENT), HELLO(SERVER), RECORDS(SERVER, 2900), RECORDS(CLIENT, 74)
/* A transaction with PIPELINING as a listener sees it. */
#define OPAQUE_MAIL                                                                                \
    RECORDS(CLIENT, 46), RECORDS(SERVER, 214), RECORDS(CLIENT, 120), RECORDS(SERVER, 85),          \
        RECORDS(CLIENT, 0), RECORDS(SERVER, 58), RECORDS(CLIENT, 28), RECORDS(SERVER, 37)

static const struct turn starttls[] = {
    POSTFIX_BEGIN, SAY_C("STARTTLS\r\n"), SAY_S("220 2.0.0 Ready to start TLS\r\n"),
    HANDSHAKE,     OPAQUE_MAIL,           END_OF_TURNS};

static const struct turn implicit_tls[] = {HANDSHAKE, RECORDS(SERVER, 60), OPAQUE_MAIL,
                                           END_OF_TURNS};

static const struct turn http[] = {
    SAY_C("GET /reports/%q.html HTTP/1.1\r\nHost: %s\r\nUser-Agent: curl/7.88.1\r\n"
          "Accept: */*\r\n\r\n"),
    {TURN_CONTENT, SERVER, true,
     "HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: text/html\r\nContent-Length: %n\r\n\r\n",
     "", 0},
    SAY_C("GET /style.css HTTP/1.1\r\nHost: %s\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n"),
    {TURN_CONTENT, SERVER, true,
     "HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: text/css\r\nContent-Length: %n\r\n\r\n", "",
     0},
    END_OF_TURNS};

static const struct turn web_tls[] = {HANDSHAKE,          RECORDS(CLIENT, 420),
                                      RECORDS(SERVER, 0), RECORDS(CLIENT, 210),
                                      RECORDS(SERVER, 0), END_OF_TURNS};

/* A 220 that is not SMTP's. */
static const struct turn ftp[] = {SAY_S_ACK("220 (vsFTPd 3.0.3)\r\n"),
                                  SAY_C("USER anonymous\r\n"),
                                  SAY_S("331 Please specify the password.\r\n"),
                                  SAY_C("PASS guest@\r\n"),
                                  SAY_S("230 Login successful.\r\n"),
                                  SAY_C("PASV\r\n"),
                                  SAY_S("227 Entering Passive Mode (127,0,0,1,80,3).\r\n"),
                                  SAY_C("RETR %q.txt\r\n"),
                                  SAY_S_ACK("150 Opening BINARY mode data connection.\r\n"),
                                  SAY_S("226 Transfer complete.\r\n"),
                                  SAY_C("QUIT\r\n"),
                                  SAY_S("221 Goodbye.\r\n"),
                                  END_OF_TURNS};

static const struct turn imap[] = {
    SAY_S_ACK("* OK [CAPABILITY IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE] ready.\r\n"),
    SAY_C("a1 LOGIN reader secret\r\n"),
    SAY_S("a1 OK Logged in\r\n"),
    SAY_C("a2 SELECT INBOX\r\n"),
    SAY_S("* 3 EXISTS\r\n* 0 RECENT\r\na2 OK [READ-WRITE] Select completed.\r\n"),
    SAY_C("a3 FETCH 1 BODY[]\r\n"),
    {TURN_CONTENT, SERVER, true, "* 1 FETCH (BODY[] {%n}\r\n", ")\r\na3 OK Fetch completed.\r\n",
     0},
    SAY_C("a4 LOGOUT\r\n"),
    SAY_S("* BYE Logging out\r\na4 OK Logout completed.\r\n"),
    END_OF_TURNS};

static const struct turn ssh[] = {SAY_S_ACK("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2\r\n"),
                                  SAY_C("SSH-2.0-OpenSSH_9.2\r\n"),
                                  {TURN_CONTENT, CLIENT, true, "\1\2\3\4%q", "", 0},
                                  {TURN_CONTENT, SERVER, true, "\1\2\3\4%q", "", 0},
                                  END_OF_TURNS};

static const struct turn dns[] = {{TURN_QUERY, CLIENT, false, NULL, NULL, 0},
                                  {TURN_QUERY, SERVER, false, NULL, NULL, 0},
                                  END_OF_TURNS};

#define MAIL_PORTS                                                                                 \
    {                                                                                              \
        25, 25, 25, 587, 0                                                                         \
    }

static const struct dialogue lockstep_group[] = {
    {"postfix", postfix_lockstep, MAIL_PORTS, false, NULL, NULL, NULL},
    {"exim", exim_lockstep, MAIL_PORTS, false, NULL, NULL, NULL},
    {"tempting", tempting, MAIL_PORTS, false, NULL, NULL, NULL},
};
static const struct dialogue pipelined_group[] = {
    {"postfix-pipelined", postfix_pipelined, MAIL_PORTS, false, NULL, NULL, NULL},
    {"exim-pipelined", exim_pipelined, MAIL_PORTS, false, NULL, NULL, NULL},
    {"tempting-pipelined", tempting_pipelined, MAIL_PORTS, false, NULL, NULL, NULL},
};
static const struct dialogue faulty_group[] = {
    {"no-hello", no_hello, MAIL_PORTS, false, "hello_missing", "client", "command 1"},
    {"mail-refused", mail_refused, MAIL_PORTS, false, "mail_rejected", "pipelining", "reply 3"},
    {"recipients-refused", recipients_refused, MAIL_PORTS, false, "all_rcpt_rejected", "client",
     "reply 4"},
    {"nested-mail", nested_mail, MAIL_PORTS, false, "nested_mail", "client", "command 4"},
    {"after-message", after_message, MAIL_PORTS, false, "transaction_reset", "client", "message 1"},
    {"auth-late", auth_late, MAIL_PORTS, false, "auth_in_transaction", "client", "command 3"},
    {"auth-again-late", auth_again_late, MAIL_PORTS, false, "auth_in_transaction", "client",
     "command 4"},
    {"auth-again", auth_again, MAIL_PORTS, false, "auth_repeated", "client", "command 4"},
    {"recipients-refused-pipelined", recipients_refused_pipelined, MAIL_PORTS, false,
     "all_rcpt_rejected", "pipelining", "reply 4"},
};
static const struct dialogue starttls_group[] = {
    {"starttls", starttls, MAIL_PORTS, false, NULL, NULL, NULL}};
static const struct dialogue implicit_group[] = {
    {"smtps", implicit_tls, {465, 0}, false, NULL, NULL, NULL}};
static const struct dialogue other_group[] = {
    {"http", http, {80, 80, 8080, 8000, 0}, false, NULL, NULL, NULL},
    {"https", web_tls, {443, 443, 8443, 0}, false, NULL, NULL, NULL},
    {"ftp", ftp, {21, 2121, 0}, false, NULL, NULL, NULL},
    {"imap", imap, {143, 0}, false, NULL, NULL, NULL},
    {"ssh", ssh, {22, 2222, 0}, false, NULL, NULL, NULL},
    {"dns", dns, {53, 0}, true, NULL, NULL, NULL},
};

#define GROUP(table)                                                                               \
    {                                                                                              \
        table, sizeof table / sizeof table[0]                                                      \
    }
static const struct {
    const struct dialogue *of;
    size_t count;
} groups[GROUP_COUNT] = {
    [GROUP_LOCKSTEP] = GROUP(lockstep_group),     [GROUP_PIPELINED] = GROUP(pipelined_group),
    [GROUP_FAULTY] = GROUP(faulty_group),         [GROUP_STARTTLS] = GROUP(starttls_group),
    [GROUP_IMPLICIT_TLS] = GROUP(implicit_group), [GROUP_OTHER] = GROUP(other_group),
};

const struct dialogue *dialogue_group(enum group group, size_t *count)
{
    *count = groups[group].count;
    return groups[group].of;
}
