/* SPDX-License-Identifier: ISC */
/* How clients go about it, told as text. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "heloscope/software/manner.h"

/* A command that waits ("RCPT"), does not ("+RCPT"), or comes in its predecessor's packet
 * ("&RCPT"); a reply ("550" to the newest command, "=250" to the message); anything else is a piece
 * of the message. */
static void play(struct manner *m, const char *const *steps)
{
    static const enum verb verbs[] = {VERB_EHLO, VERB_MAIL, VERB_RCPT, VERB_DATA,
                                      VERB_BDAT, VERB_RSET, VERB_QUIT};
    enum verb newest = VERB_UNKNOWN;
    uint64_t packet = 1;
    for (; *steps; steps++) {
        const char *step = *steps;
        const bool joined = *step == '&', pipelined = joined || *step == '+';
        const bool late = *step == '~', message = *step == '=';
        struct smtp_command c;
        step += pipelined || late || message;
        smtp_command_parse(bytes_of_string(step), &c);
        if (*step >= '2' && *step <= '5') {
            manner_reply(m, newest, message, atoi(step));
            continue;
        }
        size_t i = 0;
        while (i < sizeof verbs / sizeof *verbs && verbs[i] != c.verb)
            i++;
        if (i == sizeof verbs / sizeof *verbs) {
            manner_piece(m, bytes_of_string(step));
            continue;
        }
        packet += !joined;
        newest = c.verb;
        const struct manner_command how = {.pipelined = pipelined,
                                           .offered = true,
                                           .packet = packet,
                                           .thought_us = late ? 5000000 : 300};
        manner_command(m, c.verb, &how);
    }
}

static void expect_text(struct bytes got, const char *wanted, size_t row)
{
    cr_expect(bytes_equal(got, bytes_of_string(wanted)), "row %zu: \"%.*s\", not \"%s\"", row,
              (int)got.len, (const char *)got.at, wanted);
}

Test(manner, told)
{
    static const struct {
        const char *steps[24], *groups, *leaving, *pieces;
    } rows[] = {
        {{"EHLO x", "MAIL", "RCPT", "+RCPT", "+RCPT", "+RCPT", "DATA", "Subject: x\r\n\r\n",
          "hello\r\n", ".\r\n", "=250"},
         "MAIL, RCPT+RCPT, DATA",
         "message accepted: closes",
         "the header first, the dot by itself"},
        {{"EHLO x", "MAIL", "&RCPT", "&DATA", "From: a\r\n\r\nhello\r\n.\r\n", "=451", "QUIT"},
         "MAIL+RCPT+DATA; in one segment",
         "message refused: QUIT",
         "all at once"},
        {{"EHLO x", "MAIL", "+RCPT", "&DATA", "503", "From: a\r\n"},
         "MAIL+RCPT+DATA",
         "DATA refused: closes",
         ""},
        {{"EHLO x", "MAIL", "550", "RSET", "+QUIT"}, "MAIL", "MAIL refused: RSET+QUIT", ""},
        {{"EHLO x", "MAIL", "RCPT", "RCPT", "RCPT", "DATA", "From: a\r\n", "\r\n", "x\r\n",
          "\r\n.\r\n", "=250", "RSET", "QUIT"},
         "MAIL, RCPT, RCPT, DATA; PIPELINING offered",
         "message accepted: RSET, QUIT",
         "line by line, CR LF and the dot by themselves"},
        /* What is written line by line and is no header may be a person's. */
        {{"EHLO x", "MAIL", "RCPT", "DATA", "AAAA\r\n", ".\r\n", "=250", "QUIT"},
         "MAIL, RCPT, DATA; PIPELINING offered",
         "message accepted: QUIT",
         "in parts, the dot by itself"},
        /* Somebody who thinks for seconds has no manner. */
        {{"EHLO x", "MAIL", "~RCPT", "DATA", "From: a\r\n", ".\r\n", "=250", "QUIT"},
         "",
         "message accepted: QUIT",
         ""},
        /* The server has closed the service: what follows is no habit. */
        {{"EHLO x", "MAIL", "421", "QUIT"}, "MAIL", "", ""},
        {{"EHLO x", "QUIT"}, "", "", ""},
        /* The groups are the first message's, the end is the last one's. */
        {{"EHLO x", "MAIL", "RCPT", "DATA", "503", "RSET", "MAIL", "&RCPT", "&DATA",
          "From: a\r\n\r\n.\r\n", "=250", "QUIT"},
         "MAIL, RCPT, DATA; PIPELINING offered",
         "message accepted: QUIT",
         ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct manner m = {0};
        char text[MANNER_TEXT];
        play(&m, rows[i].steps);
        expect_text(manner_groups(&m, text), rows[i].groups, i);
        expect_text(manner_leaving(&m, true, text), rows[i].leaving, i);
        expect_text(manner_pieces(&m, text), rows[i].pieces, i);
    }
}

Test(manner, grows_no_further)
{
    struct manner m = {0};
    char text[MANNER_TEXT];
    for (int i = 0; i < 1000; i++) {
        const struct manner_command how = {.pipelined = i % 3 == 0, .packet = (uint64_t)i};
        manner_command(&m, i % 2 ? VERB_RCPT : VERB_MAIL, &how);
        manner_reply(&m, VERB_DATA, false, 503);
        manner_command(&m, VERB_UNKNOWN, &how);
    }
    cr_expect_leq(manner_groups(&m, text).len, (size_t)MANNER_TEXT);
    cr_expect_leq(manner_leaving(&m, false, text).len, (size_t)MANNER_TEXT);
    cr_expect_leq(sizeof m, 32);
}
