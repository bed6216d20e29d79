/* SPDX-License-Identifier: ISC */
/* The dictionary of causes: what `explain` prints, what the table `causes` of the database holds,
 * and the names that the validator uses. The texts are addressed to the person who has to change
 * something. Addresses and names in the examples are those of RFC 2606 and RFC 5737. */
#include "heloscope/cause.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const struct cause_entry dictionary[] = {
    [CAUSE_NONE] = {"", "", "", "", "", "", "", ""},

    /* The hello */
    [CAUSE_HELLO_MISSING] =
        {
            .name = "hello_missing",
            .title = "a command came before any HELO or EHLO",
            .meaning = "The client never introduced itself in this session, and the server insists "
                       "on it. All refusals that follow have the same origin.",
            .rule = "RFC 5321 3.2, 4.1.1.1, 4.1.4",
            .example = "S: 220 mx.example.com ESMTP\n"
                       "C: MAIL FROM:<a@example.org>\n"
                       "S: 503 5.5.1 Error: send HELO/EHLO first",
            .look_for = "No HELO, EHLO or LHLO between the greeting and the first refused command.",
            .client = "Send EHLO (LHLO in LMTP) and wait for its 250 before anything else; after a "
                      "refused EHLO fall back to HELO.",
            .server = "The server is right to refuse. Where an old device cannot be changed, let "
                      "its address in without a hello (Postfix: smtpd_helo_required = no; Exim: "
                      "hosts_require_helo).",
        },
    [CAUSE_HELLO_REJECTED] =
        {
            .name = "hello_rejected",
            .title = "the server had refused the HELO or EHLO",
            .meaning = "The client did introduce itself, the server refused the introduction, and "
                       "the client went on as if it had been accepted.",
            .rule = "RFC 5321 4.1.1.1, 4.1.4",
            .example = "C: EHLO bad_name\n"
                       "S: 501 5.5.2 Helo command rejected: invalid name\n"
                       "C: MAIL FROM:<a@example.org>\n"
                       "S: 503 5.5.1 Error: send HELO/EHLO first",
            .look_for = "A 4xx or 5xx reply to HELO or EHLO, and no accepted hello behind it.",
            .client = "Look at the reply to EHLO. Give a full host name or an address literal such "
                      "as [192.0.2.1]; after 500 or 502 try HELO; after anything else QUIT.",
            .server = "The text of the refusal names the check that failed (name, DNS, policy). "
                      "Correct the client's name or exempt its address from that check.",
        },
    [CAUSE_HELLO_RESET] =
        {
            .name = "hello_reset",
            .title = "STARTTLS, a security layer or XCLIENT had cancelled the EHLO",
            .meaning = "After the TLS handshake, after an AUTH that puts a security layer in "
                       "place, and after XCLIENT the server forgets who the client is and what it "
                       "was told. The client did not say EHLO again.",
            .rule = "RFC 3207 4.2; RFC 4954 4",
            .example = "C: EHLO client.example.org\n"
                       "S: 250 STARTTLS\n"
                       "C: STARTTLS\n"
                       "S: 220 2.0.0 Ready to start TLS\n"
                       "   (TLS handshake)\n"
                       "C: MAIL FROM:<a@example.org>\n"
                       "S: 503 5.5.2 Send hello first",
            .look_for = "A STARTTLS or XCLIENT answered 220 (or an AUTH answered 235 with a "
                        "security layer) as the last change of state, and no EHLO behind it.",
            .client = "Send EHLO again after STARTTLS, XCLIENT or a security layer, and use only "
                      "what this second reply offers.",
            .server = "Nothing is wrong on the server. The client's software is to be updated or "
                      "configured for TLS from the start (port 465).",
        },
    [CAUSE_HELLO_REPEATED] =
        {
            .name = "hello_repeated",
            .title = "the server refuses a second HELO or EHLO",
            .meaning = "A hello was accepted before and the client sent another. The standard "
                       "allows this (it acts as RSET), some servers do not.",
            .rule = "RFC 5321 4.1.4",
            .example = "C: EHLO client.example.org\n"
                       "S: 250 mx.example.com\n"
                       "C: EHLO client.example.org\n"
                       "S: 503 5.5.1 Duplicate HELO/EHLO",
            .look_for = "Two hellos without STARTTLS or a security layer between them.",
            .client = "Say EHLO once per connection, and again only after STARTTLS. Use RSET to "
                      "clear a transaction. The refusal is harmless: the first hello still counts.",
            .server = "Allow a repeated hello: RFC 5321 4.1.4 asks the server to treat it as RSET.",
        },
    [CAUSE_EHLO_REQUIRED] =
        {
            .name = "ehlo_required",
            .title = "HELO was sent where EHLO is needed",
            .meaning = "The client introduced itself with HELO, and this server goes on only after "
                       "EHLO. An extension that is used after HELO has a cause of its own, such as "
                       "auth_not_offered.",
            .rule = "RFC 5321 2.2.1, 3.2, 4.5.1",
            .example = "C: HELO client.example.org\n"
                       "S: 250 mx.example.com\n"
                       "C: MAIL FROM:<a@example.org>\n"
                       "S: 503 5.5.1 EHLO required",
            .look_for = "The last accepted hello is a HELO, and the text of the 503 asks for EHLO.",
            .client = "Send EHLO first and fall back to HELO only when EHLO is refused with 500 or "
                      "502; without EHLO use no extension.",
            .server = "HELO is among the commands that every server takes (RFC 5321 4.5.1): give "
                      "up the demand for EHLO if old clients are to be served. Check that no proxy "
                      "in between turns EHLO into HELO.",
        },

    /* The transaction */
    [CAUSE_MAIL_MISSING] =
        {
            .name = "mail_missing",
            .title = "RCPT or DATA came without a MAIL before it",
            .meaning = "No transaction is open, and the client sent no MAIL for the message that "
                       "this command belongs to.",
            .rule = "RFC 5321 3.3, 4.1.4",
            .example = "C: EHLO client.example.org\n"
                       "S: 250 mx.example.com\n"
                       "C: RCPT TO:<b@example.com>\n"
                       "S: 503 5.5.1 Error: need MAIL command",
            .look_for = "No MAIL between the hello and the refused command, or none since the RSET "
                        "that followed a refused MAIL.",
            .client = "Begin each message with MAIL FROM and wait for its 250, or send it first in "
                      "the pipelined group.",
            .server = "The server is right; nothing to change.",
        },
    [CAUSE_MAIL_REJECTED] =
        {
            .name = "mail_rejected",
            .title = "the MAIL had been refused",
            .meaning =
                "The server refused the sender, so no transaction is open. RCPT and DATA behind it "
                "can only fail: their 503 repeats the refusal under another number.",
            .rule = "RFC 5321 3.3, 4.1.4; RFC 2920 3.1",
            .example = "C: MAIL FROM:<a@blocked.example>\n"
                       "S: 550 5.7.1 Sender rejected\n"
                       "C: RCPT TO:<b@example.com>\n"
                       "S: 503 5.5.1 Error: need MAIL command",
            .look_for = "The reply to the last MAIL is 4xx or 5xx. The 503s behind it need no "
                        "treatment of their own.",
            .client = "Report the reply to MAIL, not the last 503. Without pipelining, stop after "
                      "it; with pipelining, read all replies and keep the first refusal.",
            .server = "The reply to MAIL says why the sender was refused: address, size, "
                      "authentication, reputation. Correct that; the 503s go with it.",
        },
    [CAUSE_TRANSACTION_RESET] =
        {
            .name = "transaction_reset",
            .title = "the transaction had already been cleared",
            .meaning = "A transaction was open, and something ended it before this command: RSET, "
                       "a new EHLO or HELO, STARTTLS, or the end of the message itself.",
            .rule = "RFC 5321 4.1.1.4, 4.1.1.5, 4.1.4; RFC 3207 4.2",
            .example = "C: MAIL FROM:<a@example.org>\n"
                       "S: 250 2.1.0 Ok\n"
                       "C: RSET\n"
                       "S: 250 2.0.0 Ok\n"
                       "C: RCPT TO:<b@example.com>\n"
                       "S: 503 5.5.1 Error: need MAIL command",
            .look_for = "The last RSET, hello, STARTTLS or end of message before the refused "
                        "command; no MAIL between the two.",
            .client = "After anything that clears the transaction, the end of a message included, "
                      "begin again with MAIL. Where RSET or EHLO comes unexpected, look for a "
                      "keep-alive or pool that sends it in the middle of a message.",
            .server = "Nothing to change, unless a proxy inserts the RSET or EHLO.",
        },
    [CAUSE_NESTED_MAIL] =
        {
            .name = "nested_mail",
            .title = "a second MAIL came while a transaction was open",
            .meaning = "MAIL starts a transaction and may not stand inside another. Nothing in the "
                       "first one was refused: the client simply began the next message too early.",
            .rule = "RFC 5321 4.1.4",
            .example = "C: MAIL FROM:<a@example.org>\n"
                       "S: 250 2.1.0 Ok\n"
                       "C: MAIL FROM:<c@example.org>\n"
                       "S: 503 5.5.1 Error: nested MAIL command",
            .look_for = "Two MAILs, the first accepted, with neither RSET nor the end of a message "
                        "between.",
            .client = "Finish the first message or send RSET before the next MAIL. Two threads "
                      "that share a connection look like this too.",
            .server = "The server is right; nothing to change.",
        },
    [CAUSE_TRANSACTION_ABANDONED] =
        {
            .name = "transaction_abandoned",
            .title = "an earlier transaction was given up without RSET",
            .meaning = "A recipient, DATA or a chunk was refused. The client gave the message up "
                       "and began the next on the same connection, but on the server the old "
                       "transaction is still open.",
            .rule = "RFC 5321 3.3, 4.1.1.5, 4.1.4",
            .example = "C: RCPT TO:<gone@example.com>\n"
                       "S: 550 5.1.1 User unknown\n"
                       "C: MAIL FROM:<c@example.org>\n"
                       "S: 503 5.5.1 Error: nested MAIL command",
            .look_for =
                "A refusal inside the first transaction, then a MAIL with no RSET between. Typical "
                "of connection pools: the next message fails for the fault of the one before.",
            .client = "Send RSET whenever a message is given up, before the connection goes back "
                      "to the pool.",
            .server = "The server is right. A lower limit of messages per connection hides the "
                      "fault; only the client can cure it.",
        },
    [CAUSE_RCPT_MISSING] =
        {
            .name = "rcpt_missing",
            .title = "DATA or BDAT came before any RCPT",
            .meaning = "The transaction is open, but no recipient was given.",
            .rule = "RFC 5321 3.3, 4.1.1.4",
            .example = "C: MAIL FROM:<a@example.org>\n"
                       "S: 250 2.1.0 Ok\n"
                       "C: DATA\n"
                       "S: 503 5.5.1 Error: need RCPT command",
            .look_for = "An accepted MAIL and no RCPT between it and the refused DATA.",
            .client = "Send at least one RCPT before DATA. An empty list of recipients should be "
                      "caught before the connection is made.",
            .server = "The server is right; nothing to change.",
        },
    [CAUSE_ALL_RCPT_REJECTED] =
        {
            .name = "all_rcpt_rejected",
            .title = "every recipient had been refused",
            .meaning = "Recipients were given and the server refused all of them. The 503 to DATA "
                       "is only the shadow of those refusals.",
            .rule = "RFC 5321 3.3; RFC 2920 3.1",
            .example = "C: RCPT TO:<gone@example.com>\n"
                       "S: 550 5.1.1 User unknown\n"
                       "C: DATA\n"
                       "S: 503 5.5.1 RCPT first",
            .look_for = "The replies to RCPT: each is 4xx or 5xx. The first one is the answer to "
                        "the user's question.",
            .client = "Do not send DATA or BDAT when no recipient was accepted (with pipelining it "
                      "may be on its way already). Report the replies to RCPT; where they are 4xx, "
                      "try again later whatever the reply to DATA says.",
            .server =
                "The replies to RCPT name the reason: unknown user, relaying, greylisting, quota.",
        },

    /* Authentication */
    [CAUSE_AUTH_IN_TRANSACTION] =
        {
            .name = "auth_in_transaction",
            .title = "AUTH came while a transaction was open",
            .meaning = "AUTH is not allowed between MAIL and the end of the message.",
            .rule = "RFC 4954 4",
            .example = "C: MAIL FROM:<a@example.org>\n"
                       "S: 250 2.1.0 Ok\n"
                       "C: AUTH PLAIN ****\n"
                       "S: 503 5.5.1 Error: MAIL transaction in progress",
            .look_for = "An accepted MAIL in front of the AUTH.",
            .client = "Authenticate before MAIL; if MAIL was refused for want of it, or was "
                      "accepted, send RSET first.",
            .server = "The server is right; nothing to change.",
        },
    [CAUSE_AUTH_REPEATED] =
        {
            .name = "auth_repeated",
            .title = "AUTH was sent again after it had succeeded",
            .meaning = "A session can be authenticated once. The first AUTH still counts, the "
                       "second is refused.",
            .rule = "RFC 4954 4",
            .example = "C: AUTH PLAIN ****\n"
                       "S: 235 2.7.0 Authentication successful\n"
                       "C: AUTH PLAIN ****\n"
                       "S: 503 5.5.1 Error: already authenticated",
            .look_for = "A 235 earlier in the session.",
            .client = "Keep in mind that the connection is authenticated; open another one for "
                      "another user.",
            .server = "The server is right; nothing to change.",
        },
    [CAUSE_AUTH_NOT_OFFERED] =
        {
            .name = "auth_not_offered",
            .title = "AUTH was used although the server does not offer it",
            .meaning = "The reply to EHLO has no AUTH line, so the command does not exist in this "
                       "session.",
            .rule = "RFC 4954 3, 4; RFC 5321 2.2.1",
            .example = "C: EHLO client.example.org\n"
                       "S: 250-mx.example.com\n"
                       "S: 250 PIPELINING\n"
                       "C: AUTH LOGIN\n"
                       "S: 503 5.5.1 Error: authentication not enabled",
            .look_for = "The last EHLO reply before the AUTH: no line of it begins with AUTH.",
            .client = "Use AUTH only when EHLO offers it. Check port (587 or 465 for submission, "
                      "not 25) and whether it is offered after STARTTLS.",
            .server = "Offer AUTH on the submission ports; many servers do so only inside TLS.",
        },
    [CAUSE_AUTH_REQUIRED] =
        {
            .name = "auth_required",
            .title = "the server wants authentication first",
            .meaning = "The order of commands is legal. The server demands AUTH before it takes "
                       "the command, and AUTH was never tried.",
            .rule = "RFC 4954 6; RFC 6409 4.3",
            .example = "C: EHLO client.example.org\n"
                       "S: 250 AUTH PLAIN LOGIN\n"
                       "C: MAIL FROM:<a@example.org>\n"
                       "S: 503 This mail server requires authentication",
            .look_for =
                "An AUTH line in the EHLO reply, no AUTH command, and a text that asks for it.",
            .client = "Give the client a user name and password, or send through a server that "
                      "accepts its address.",
            .server = "Offer AUTH where it is demanded, and answer 530 5.7.0. Where the client is "
                      "trusted by address, allow it.",
        },
    [CAUSE_AUTH_REJECTED] =
        {
            .name = "auth_rejected",
            .title = "authentication had been refused",
            .meaning = "AUTH was tried and refused. The client went on without it and meets the "
                       "consequences.",
            .rule = "RFC 4954 4, 6",
            .example = "C: AUTH PLAIN ****\n"
                       "S: 535 5.7.8 Authentication credentials invalid\n"
                       "C: MAIL FROM:<a@example.org>\n"
                       "S: 503 5.5.1 You must authenticate first",
            .look_for =
                "A 4xx or 5xx in answer to AUTH or to a SASL response, and no 235 behind it.",
            .client = "Stop when AUTH fails and report its reply. Check user name, password and "
                      "mechanism.",
            .server = "Look for the failed login in the server's log: wrong password, locked "
                      "account, mechanism not enabled.",
        },

    /* TLS */
    [CAUSE_STARTTLS_IN_TRANSACTION] =
        {
            .name = "starttls_in_transaction",
            .title = "STARTTLS came while a transaction was open",
            .meaning = "TLS throws away all state, so servers refuse to start it in the middle of "
                       "a message. RFC 3207 does not say what is to happen.",
            .rule = "RFC 3207 4.2",
            .example = "C: MAIL FROM:<a@example.org>\n"
                       "S: 250 2.1.0 Ok\n"
                       "C: STARTTLS\n"
                       "S: 503 5.5.1 Command not allowed at this point",
            .look_for = "An accepted MAIL in front of the STARTTLS.",
            .client = "Start TLS directly after the first EHLO; otherwise send RSET before it.",
            .server = "The server is right; nothing to change.",
        },
    [CAUSE_STARTTLS_REPEATED] =
        {
            .name = "starttls_repeated",
            .title = "STARTTLS was sent inside TLS",
            .meaning = "TLS is active already; a session cannot start it twice.",
            .rule = "RFC 3207 4.2",
            .example = "   (inside TLS)\n"
                       "C: STARTTLS\n"
                       "S: 503 5.5.1 Error: TLS already active",
            .look_for = "A completed handshake earlier in the session, or a port with TLS from the "
                        "start (465).",
            .client = "Do not send STARTTLS on port 465 or a second time; after the handshake the "
                      "EHLO reply does not offer it any more.",
            .server = "Check that STARTTLS is not offered inside TLS.",
        },
    [CAUSE_STARTTLS_NOT_OFFERED] =
        {
            .name = "starttls_not_offered",
            .title = "STARTTLS was used although the server does not offer it",
            .meaning = "The reply to EHLO has no STARTTLS line.",
            .rule = "RFC 3207 4; RFC 5321 2.2.1",
            .example = "C: EHLO client.example.org\n"
                       "S: 250 mx.example.com\n"
                       "C: STARTTLS\n"
                       "S: 503 STARTTLS command used when not advertised",
            .look_for = "The last EHLO reply before the STARTTLS. A line of X characters where "
                        "STARTTLS would stand means that a firewall removed it.",
            .client = "Use STARTTLS only when it is offered. If the configuration demands TLS, end "
                      "the session with a clear message.",
            .server =
                "Install a certificate and enable TLS; check whether a firewall hides the offer.",
        },
    [CAUSE_TLS_REQUIRED] =
        {
            .name = "tls_required",
            .title = "the server wants TLS first",
            .meaning =
                "The order of commands is legal. The server takes the command only inside TLS.",
            .rule = "RFC 3207 4; RFC 8314 3.3",
            .example = "C: EHLO client.example.org\n"
                       "S: 250 STARTTLS\n"
                       "C: AUTH PLAIN ****\n"
                       "S: 503 5.7.10 Must issue a STARTTLS command first",
            .look_for =
                "STARTTLS in the EHLO reply, no STARTTLS from the client, a text that asks for it.",
            .client = "Turn on STARTTLS (port 587) or TLS from the start (port 465).",
            .server =
                "Offer STARTTLS where TLS is demanded. On port 25 of a public server TLS must "
                "not be made a condition (RFC 3207 4).",
        },
    [CAUSE_TLS_FAILED] =
        {
            .name = "tls_failed",
            .title = "TLS could not be started and the client went on",
            .meaning = "STARTTLS was refused or the handshake failed. The client continued in "
                       "clear text, where the server takes no more mail.",
            .rule = "RFC 3207 4, 4.1",
            .example = "C: STARTTLS\n"
                       "S: 454 4.7.0 TLS not available due to local problem\n"
                       "C: MAIL FROM:<a@example.org>\n"
                       "S: 503 5.5.1 Security failure",
            .look_for = "A 4xx or 5xx to STARTTLS, or a handshake that no encrypted data follows.",
            .client =
                "Report the reply to STARTTLS or the handshake's error; QUIT and connect again.",
            .server = "Look in the server's log for the TLS error: certificate, key file, protocol "
                      "versions.",
        },

    /* Chunks */
    [CAUSE_BDAT_DATA_MIX] =
        {
            .name = "bdat_data_mix",
            .title = "another command came between the chunks of a message",
            .meaning = "A message is sent either with DATA or with BDAT. Between chunks nothing "
                       "but further chunks or RSET may stand.",
            .rule = "RFC 3030 2",
            .example = "C: BDAT 1000\n"
                       "S: 250 2.0.0 1000 octets received\n"
                       "C: DATA\n"
                       "S: 503 5.5.1 Error: DATA after BDAT",
            .look_for = "An accepted BDAT without LAST, then DATA, MAIL or RCPT.",
            .client = "End the sequence with BDAT 0 LAST, or send RSET and begin again.",
            .server = "The server is right; nothing to change.",
        },
    [CAUSE_BDAT_AFTER_LAST] =
        {
            .name = "bdat_after_last",
            .title = "a chunk came after the last one had been refused",
            .meaning =
                "A chunk marked LAST ends the message, also when it is refused. What follows "
                "belongs to no message, and the server's state is undefined until RSET.",
            .rule = "RFC 3030 2",
            .example = "C: BDAT 1000 LAST\n"
                       "S: 552 5.3.4 Message too big\n"
                       "C: BDAT 500 LAST\n"
                       "S: 503 5.5.1 Bad sequence of commands",
            .look_for = "A refused BDAT with LAST, then BDAT again without RSET between. Behind an "
                        "accepted LAST the cause is transaction_reset.",
            .client = "Send RSET after a refused chunk, and begin the next message with MAIL.",
            .server = "The reply to the last chunk says why the message was refused.",
        },
    [CAUSE_BDAT_AFTER_FAILURE] =
        {
            .name = "bdat_after_failure",
            .title = "an earlier chunk had been refused",
            .meaning = "When one chunk is refused, the whole message has failed. Until RSET the "
                       "server refuses all further chunks.",
            .rule = "RFC 3030 2",
            .example = "C: BDAT 1000000\n"
                       "S: 552 5.3.4 Message too big\n"
                       "C: BDAT 1000 LAST\n"
                       "S: 503 5.5.1 Previous data chunk failed, issue RSET first",
            .look_for = "The first refused BDAT of the transaction.",
            .client = "Stop after a refused chunk and send RSET. Chunks that were on their way "
                      "already are refused too, which is normal.",
            .server = "The reply to the first refused chunk says what is wrong: size, recipients, "
                      "content.",
        },
    [CAUSE_BDAT_NOT_OFFERED] =
        {
            .name = "bdat_not_offered",
            .title = "BDAT was used although the server does not offer CHUNKING",
            .meaning = "The EHLO reply has no CHUNKING line. Some servers then read the chunk "
                       "itself as commands, which brings a train of further errors.",
            .rule = "RFC 3030 2; RFC 5321 2.2.1",
            .example = "C: EHLO client.example.org\n"
                       "S: 250 mx.example.com\n"
                       "C: BDAT 1000 LAST\n"
                       "S: 503 BDAT command used when CHUNKING not advertised",
            .look_for = "The EHLO reply without CHUNKING in front of the BDAT.",
            .client = "Use DATA unless CHUNKING is offered in this session.",
            .server =
                "Check whether a proxy removes CHUNKING from one session and leaves it in another.",
        },
    [CAUSE_BINARYMIME_DATA] =
        {
            .name = "binarymime_data",
            .title = "DATA was used for a message declared BINARYMIME",
            .meaning = "MAIL said BODY=BINARYMIME. Such content can be sent only with BDAT.",
            .rule = "RFC 3030 3",
            .example = "C: MAIL FROM:<a@example.org> BODY=BINARYMIME\n"
                       "S: 250 2.1.0 Ok\n"
                       "C: RCPT TO:<b@example.com>\n"
                       "S: 250 2.1.5 Ok\n"
                       "C: DATA\n"
                       "S: 503 5.5.1 BODY=BINARYMIME requires BDAT",
            .look_for = "BODY=BINARYMIME in the MAIL command of the transaction.",
            .client = "Send RSET, then use BDAT, or encode the message and declare 8BITMIME.",
            .server = "The server is right; nothing to change.",
        },

    /* Commands and parameters */
    [CAUSE_COMMAND_IN_TRANSACTION] =
        {
            .name = "command_in_transaction",
            .title = "the command is not allowed inside a transaction",
            .meaning = "ETRN, ATRN, XCLIENT, XFORWARD, and on some servers EHLO, are taken only "
                       "when no message is under way.",
            .rule = "RFC 1985 5; RFC 2645; RFC 5321 4.1.4",
            .example = "C: MAIL FROM:<a@example.org>\n"
                       "S: 250 2.1.0 Ok\n"
                       "C: ETRN example.org\n"
                       "S: 503 5.5.1 Error: MAIL transaction in progress",
            .look_for = "An accepted MAIL in front of the refused command.",
            .client = "Send the command before MAIL, or RSET before it.",
            .server = "For EHLO: RFC 5321 4.1.4 asks to accept it and to clear the transaction. "
                      "Otherwise nothing to change.",
        },
    [CAUSE_COMMAND_NOT_OFFERED] =
        {
            .name = "command_not_offered",
            .title = "the server does not know the command or has it switched off",
            .meaning = "Not the order is wrong: the verb does not exist on this server.",
            .rule = "RFC 5321 2.2.1, 4.1.5, 4.2.4",
            .example = "C: XEXAMPLE\n"
                       "S: 503 Bad sequence of commands",
            .look_for = "A verb that the last EHLO reply does not offer, or one that is commonly "
                        "switched off (VRFY, EXPN, ETRN, TURN).",
            .client = "Use only verbs of RFC 5321 and those that EHLO offers. Look for typing "
                      "errors and for bytes in front of the verb.",
            .server = "Answer 500 (unknown) or 502 (known, switched off) instead of 503 where that "
                      "can be set.",
        },
    [CAUSE_PARAMETER_REFUSED] =
        {
            .name = "parameter_refused",
            .title = "a parameter of MAIL or RCPT was not accepted",
            .meaning = "The order is legal; the server stumbles over an option of the command.",
            .rule = "RFC 5321 4.1.1.11, 2.2.1",
            .example = "C: MAIL FROM:<a@example.org> XVERP\n"
                       "S: 503 5.5.4 Unsupported option XVERP",
            .look_for =
                "Words behind the address of the refused MAIL or RCPT; an enhanced code x.5.4.",
            .client = "Send only parameters whose keyword EHLO offered in this session, and no "
                      "AUTH= with the null sender.",
            .server = "Use 555 or 501 for this; 503 suggests an error of order.",
        },
    [CAUSE_PIPELINING_VIOLATION] =
        {
            .name = "pipelining_violation",
            .title = "commands were sent together that may not be",
            .meaning = "The client sent further commands before it had the reply to one that must "
                       "be waited for, or pipelined without being offered PIPELINING.",
            .rule = "RFC 2920 3.1; RFC 5321 4.3.1",
            .example = "C: EHLO client.example.org\n"
                       "C: MAIL FROM:<a@example.org>   (in the same packet)\n"
                       "S: 250 mx.example.com\n"
                       "S: 503 5.5.0 Improper use of SMTP command pipelining",
            .look_for = "Commands marked as pipelined behind EHLO, HELO, DATA, VRFY, EXPN, NOOP or "
                        "QUIT, or all of them where EHLO does not offer PIPELINING. The complaint "
                        "may come several commands later.",
            .client = "Wait for the reply to EHLO, DATA and all commands that RFC 2920 names as "
                      "last in a group; pipeline only what it lists.",
            .server = "The check can be switched off per client (Postfix: reject_unauth_pipelining "
                      "and smtpd_forbid_unauth_pipelining; Exim: smtp_enforce_sync).",
        },
    [CAUSE_EARLY_TALKER] =
        {
            .name = "early_talker",
            .title = "the client spoke before the server's greeting",
            .meaning = "The client must wait for the 220. Programs that do not are mostly spam "
                       "senders, or proxies that put a header of their own in front.",
            .rule = "RFC 5321 3.1, 4.3.1",
            .example = "C: EHLO client.example.org\n"
                       "S: 503 5.5.1 Error: greeting not sent yet",
            .look_for = "The first octets of the client come before the greeting, or before the "
                        "client's host had received it.",
            .client =
                "Read the whole greeting (it may have several lines) before sending anything.",
            .server = "Slow greetings provoke this with impatient clients. Exempt known ones from "
                      "the greeting delay.",
        },
    [CAUSE_CONTENT_AS_COMMANDS] =
        {
            .name = "content_as_commands",
            .title = "lines of a message were read as commands",
            .meaning = "The client was sending a message while the server was still, or again, "
                       "waiting for commands. Each line of it got an error.",
            .rule = "RFC 5321 4.1.1.4, 4.5.2; RFC 3030 2",
            .example = "C: DATA\n"
                       "S: 451 4.3.0 Try again later\n"
                       "C: Subject: hello\n"
                       "S: 500 5.5.2 Error: command not recognized\n"
                       "C: From: a@example.org\n"
                       "S: 503 Bad sequence of commands",
            .look_for = "Header names (Subject:, From:, Received:) or text in place of verbs. In "
                        "front of them: a refused DATA or BDAT, a chunk of the wrong size, or a "
                        "line with a single dot in the message.",
            .client = "Send content only after 354. Double the dot of each line that begins with "
                      "one. Count the octets of a chunk exactly, with CRLF line ends.",
            .server =
                "The reply to DATA or BDAT is the real reason. Content that ends too early can "
                "also be an attempt at smuggling: accept CRLF . CRLF alone as the end of data.",
        },
    [CAUSE_REPLY_DESYNC] =
        {
            .name = "reply_desync",
            .title = "client and server count replies differently",
            .meaning = "A reply too many or one too few came earlier. From there on one side reads "
                       "each reply as the answer to another command.",
            .rule = "RFC 5321 4.2, 4.3.1; RFC 2920 3.1",
            .example = "C: EHLO client_name\n"
                       "S: 550 5.5.2 Invalid name\n"
                       "S: 550 5.5.2 Invalid name\n"
                       "C: HELO client.example.org      (takes the second 550 for its answer)\n"
                       "S: 250 mx.example.com\n"
                       "C: MAIL FROM:<a@example.org>    (sent again)\n"
                       "S: 503 5.5.1 Sender already given",
            .look_for = "A reply that no command is waiting for, or a command that never gets one.",
            .client = "Count replies strictly: one per command, a multi-line reply is one. Do not "
                      "send before the reply of the command before has come.",
            .server = "Find out which command was answered twice or not at all: a plug-in, a "
                      "proxy, a filter.",
        },

    /* The session as a whole */
    [CAUSE_SESSION_REFUSED] =
        {
            .name = "session_refused",
            .title = "the server had refused the session in its greeting",
            .meaning = "The greeting was 554, 521 or another refusal. From then on only QUIT is "
                       "taken; everything else gets 503.",
            .rule = "RFC 5321 3.1; RFC 7504 3",
            .example = "S: 554 5.7.1 No service for your address\n"
                       "C: EHLO client.example.org\n"
                       "S: 503 5.7.0 Error: access denied",
            .look_for = "A greeting that is not 220.",
            .client = "Read the greeting's code. After anything but 220 send QUIT and report the "
                      "greeting.",
            .server = "The greeting says why: a block list, a missing reverse name, a missing "
                      "PROXY header, load.",
        },
    [CAUSE_SESSION_OVER] =
        {
            .name = "session_over",
            .title = "the session had ended already",
            .meaning =
                "A command came after QUIT, or after a 421 by which the server closed the session.",
            .rule = "RFC 5321 3.8, 4.1.1.10",
            .example = "C: QUIT\n"
                       "S: 221 2.0.0 Bye\n"
                       "C: MAIL FROM:<a@example.org>\n"
                       "S: 503 5.5.1 Session closed",
            .look_for = "QUIT or a 421 in front of the refused command.",
            .client = "Open a new connection after QUIT or 421. A pool must drop such connections.",
            .server = "For 421 the text names the limit that was reached: time, load, number of "
                      "messages.",
        },
    [CAUSE_SERVER_TIMEOUT] =
        {
            .name = "server_timeout",
            .title = "the server waited for the client and gave up",
            .meaning = "The client said nothing for longer than the server waits. Nothing was "
                       "outstanding: the reply answers no command, and the session is over.",
            .rule = "RFC 5321 3.8, 4.5.3.2.7",
            .example = "C: EHLO client.example.org\n"
                       "S: 250 mx.example.com\n"
                       "   (five minutes pass)\n"
                       "S: 421 4.4.2 mx.example.com Error: timeout exceeded",
            .look_for =
                "A 421 or 451 after a long silence, with no command that waits for a reply.",
            .client =
                "Reconnect when the server has closed. A pool must drop connections that were "
                "idle for longer than the server's timeout: shorten its idle time, or send "
                "NOOP in between. A client that hangs waits for something that will not come.",
            .server = "The timeout can be raised (Postfix: smtpd_timeout; Exim: "
                      "smtp_receive_timeout), at the cost of connections that are held.",
        },
    [CAUSE_UNANSWERED] =
        {
            .name = "unanswered",
            .title = "a command was never answered",
            .meaning = "The client waited for a minute or more, had no reply, and closed the "
                       "connection.",
            .rule = "RFC 5321 4.5.3.2, 4.2",
            .example = "C: MAIL FROM:<a@example.org>\n"
                       "   (two minutes pass)\n"
                       "   (the client closes)",
            .look_for = "A command or message that is the last of its session, and a long time "
                        "between it and the end.",
            .client = "RFC 5321 section 4.5.3.2 asks for patience: five minutes for MAIL and RCPT, "
                      "two for DATA, ten for the end of a message.",
            .server = "Look in the server's log for what it was busy with: DNS, a block list, a "
                      "filter, a policy service, a full queue. A message whose final reply came "
                      "too late is sent again, and arrives twice.",
        },
    [CAUSE_ERROR_LIMIT] =
        {
            .name = "error_limit",
            .title = "the server gave up after too many errors",
            .meaning = "This command may have been in order. The server counts errors and refuses "
                       "everything beyond its limit.",
            .rule = "RFC 5321 7.8",
            .example = "C: RCPT TO:<u1@example.com>\n"
                       "S: 550 5.1.1 User unknown\n"
                       "   (many more of them)\n"
                       "C: RCPT TO:<u99@example.com>\n"
                       "S: 503 Too many errors",
            .look_for = "A row of refusals before, and 'too many' in the text.",
            .client = "Look at the first of the errors. Remove dead addresses from the list; do "
                      "not repeat what was refused.",
            .server =
                "The limit can be raised for trusted clients (Postfix: smtpd_hard_error_limit; "
                "Exim: smtp_max_synprot_errors, smtp_max_unknown_commands).",
        },
    [CAUSE_MIDDLEBOX] =
        {
            .name = "middlebox",
            .title = "a device in between altered the conversation",
            .meaning = "A firewall, virus scanner or proxy rewrote or answered commands, so that "
                       "client and server know of different sessions.",
            .rule = "RFC 5321 2.3.10",
            .example = "S: 220 ****************************\n"
                       "C: EHLO client.example.org\n"
                       "S: 250-mx.example.com\n"
                       "S: 250 XXXXXXXA\n"
                       "C: MAIL FROM:<a@example.org>\n"
                       "S: 503 5.5.2 Send hello first",
            .look_for = "Asterisks in the greeting, runs of X in place of verbs or keywords, a 250 "
                        "to a command that the server denies to have seen.",
            .client = "Nothing can be done in the client but to use a port that is not inspected "
                      "(587, 465).",
            .server = "Switch off SMTP inspection (Cisco: 'inspect esmtp', older 'fixup protocol "
                      "smtp') or allow EHLO and its extensions. Capture on both sides of the "
                      "device to prove it.",
        },
    [CAUSE_NOT_SMTP] =
        {
            .name = "not_smtp",
            .title = "what the client speaks is not SMTP",
            .meaning = "HTTP, a TLS handshake on a clear-text port, a PROXY header, or LMTP on an "
                       "SMTP port (or the reverse).",
            .rule = "RFC 5321 3.1, 4.1.1; RFC 8314 3.3; RFC 2033 4.1",
            .example = "S: 220 mx.example.com ESMTP\n"
                       "C: GET / HTTP/1.1\n"
                       "S: 503 5.5.1 Error: bad syntax",
            .look_for =
                "The first line of the client: GET, POST, octets that are not text, PROXY, LHLO.",
            .client = "Check port and mode: 465 is TLS from the start, 25 and 587 begin in clear "
                      "text, LMTP has a port of its own.",
            .server = "If a load balancer sends PROXY headers, let the server expect them; if it "
                      "does not, do not. Scanners can be ignored.",
        },

    /* The server */
    [CAUSE_POLICY] =
        {
            .name = "policy",
            .title = "the server refused by its own rules, under the number 503",
            .meaning = "The order of commands is legal. A rule of the server (access list, content "
                       "filter, limits) chose 503 as its code.",
            .rule = "RFC 5321 7.8, 7.9; RFC 3463 3.8",
            .example = "C: MAIL FROM:<a@example.org>\n"
                       "S: 503 5.7.1 Relay not allowed",
            .look_for = "An enhanced code x.7.x, or a text that speaks of access, relaying, "
                        "content or limits.",
            .client = "Treat it as a permanent refusal with the reason in the text. Repeating it "
                      "changes nothing.",
            .server = "Find the rule by its text in the configuration or filter; let it answer 550 "
                      "or 554 5.7.1.",
        },
    [CAUSE_SERVER_DISAGREES] =
        {
            .name = "server_disagrees",
            .title = "the sequence was legal, the server says it was not",
            .meaning =
                "Everything the command needs had been accepted in this session. Client and server "
                "disagree about what happened, and the standard is on the client's side.",
            .rule = "RFC 5321 4.1.4",
            .example = "C: MAIL FROM:<a@example.org>\n"
                       "S: 250 2.1.0 Ok\n"
                       "C: RCPT TO:<b@example.com>\n"
                       "S: 503 5.5.1 Error: need MAIL command",
            .look_for = "No violation in the timeline in front of the 503.",
            .client = "Nothing is wrong in the client. As a way round: send RSET before each MAIL, "
                      "or one message per connection.",
            .server = "Look for plug-ins and filters that drop the session's state, for a proxy "
                      "that shares connections, for a known fault of this version.",
        },
    [CAUSE_UNKNOWN] =
        {
            .name = "unknown",
            .title = "the capture does not show where it began",
            .meaning = "The part of the session that would decide is missing: it was lost, "
                       "encrypted, or came before the capture.",
            .rule = "RFC 5321 4.1.4",
            .example = "   (the capture begins in the middle of the session)\n"
                       "C: DATA\n"
                       "S: 503 5.5.1 Error: need RCPT command",
            .look_for = "A gap, a TLS event or a start in the middle, in front of the 503.",
            .client = "Capture again from the first packet of the connection, in both directions "
                      "and with full packet length.",
            .server = "Look the session up in the server's log by time and address; check the "
                      "capturing host for dropped packets.",
        },
};
_Static_assert(COUNT_OF(dictionary) == CAUSE_COUNT, "each cause has its row");

static const char *const fault_names[] = {
    [FAULT_CLIENT] = "client",       [FAULT_PIPELINING] = "pipelining", [FAULT_SERVER] = "server",
    [FAULT_MIDDLEBOX] = "middlebox", [FAULT_POLICY] = "policy",         [FAULT_UNKNOWN] = "unknown",
};
_Static_assert(COUNT_OF(fault_names) == FAULT_COUNT, "each fault has its name");

static const char *const certainty_names[] = {
    [CERTAINTY_CERTAIN] = "certain",
    [CERTAINTY_LIKELY] = "likely",
    [CERTAINTY_UNKNOWN] = "unknown",
};
_Static_assert(COUNT_OF(certainty_names) == CERTAINTY_COUNT, "each certainty has its name");

const struct cause_entry *cause_entry(enum cause cause)
{
    return &dictionary[cause];
}

enum cause cause_by_name(struct bytes name)
{
    for (size_t i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++)
        if (bytes_equal(name, bytes_of_string(dictionary[i].name)))
            return (enum cause)i;
    return CAUSE_NONE;
}

const char *fault_name(enum fault fault)
{
    return fault_names[fault];
}

const char *certainty_name(enum certainty level)
{
    return certainty_names[level];
}
