/* SPDX-License-Identifier: ISC */
/* Credentials in lines that are no proper AUTH: by kinds, each in several spellings. The word
 * "hush" (or aHVzaA==) is the secret everywhere. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "heloscope/base/memory.h"
#include "heloscope/smtp/decoder.h"
#include "tests/support/told.h"
#include "analyzer/smtp/credentials.h"

/* The texts of all events of a session in which the client says `line` and then what the server
 * answers, until NULL. */
static void tell(const char *const *said, char *out, size_t size)
{
    struct session_begin begin = {
        .client = {.family = 4, .octets = {127, 0, 0, 1}},
        .server = {.family = 4, .octets = {127, 0, 0, 2}},
        .client_port = 10000,
        .server_port = 25,
        .source = "test.pcap",
        .mark = {.ts_us = 1, .packet = 1},
        .handle = 1,
    };
    struct told told = {.session = session_new(&begin), .packet = 1};
    TOLD(&told, "S: 220 localhost ESMTP", "C: EHLO localhost", "S: 250 localhost");
    for (; *said; said++)
        TOLD(&told, *said);
    struct mark mark = {.ts_us = 2, .packet = 2};
    session_end(told.session, &mark, SIDE_CLIENT, NULL);
    struct draft *draft = session_detach(told.session, true);
    draft_unfold(draft);
    size_t used = 0;
    out[0] = '\0';
    for (const struct event *e = draft->chapter.events; e; e = e->next)
        used += (size_t)snprintf(out + used, size - used, "%.*s\n", (int)e->text.len,
                                 e->text.at ? (const char *)e->text.at : "");
    for (const struct diagnosis *d = draft->chapter.diagnoses; d; d = d->next)
        used += (size_t)snprintf(out + used, size - used, "%.*s\n%.*s\n", (int)d->explanation.len,
                                 (const char *)d->explanation.at, (int)d->advice.len,
                                 (const char *)d->advice.at);
    const struct bytes mechanism = draft->chapter.session.auth_mechanism;
    snprintf(out + used, size - used, "%.*s\n", (int)mechanism.len,
             mechanism.at ? (const char *)mechanism.at : "");
    draft_free(draft);
    session_free(told.session);
}

static void expect_hidden(const char *const *said)
{
    char all[8192];
    tell(said, all, sizeof all);
    cr_expect_null(strstr(all, "hush"), "'%s' leads to %s", said[0], all);
    cr_expect_null(strstr(all, "aHVzaA"), "'%s' leads to %s", said[0], all);
    cr_expect_null(strstr(all, "AGEAaHVzaA"), "'%s' leads to %s", said[0], all);
}

static void expect_all_hidden(const char *const *lines, size_t count)
{
    for (size_t i = 0; i < count; i++)
        expect_hidden((const char *const[]){lines[i], "S: 500 5.5.1 what?", NULL});
}

#define EXPECT_HIDDEN(lines) expect_all_hidden(lines, sizeof(lines) / sizeof *(lines))

Test(credentials, behind_a_malformed_auth)
{
    static const char *const lines[] = {
        "C: AUTH aHVzaA==",           "C: AUTH AGEAaHVzaA==",
        "C: auth aHVzaA==",           "C: AUTHPLAIN AGEAaHVzaA==",
        "C: AUTH=PLAIN AGEAaHVzaA==", "C: AUTH:LOGIN aHVzaA==",
        "C: AUTH-PLAIN AGEAaHVzaA==", "C: AUT PLAIN AGEAaHVzaA==",
        "C: XAUTH aHVzaA==",          "C: XAUTH PLAIN aHVzaA==",
        "C: AUTH PLAINN aHVzaA==",    "C: AUTHENTICATE PLAIN aHVzaA==",
        "C: AUHT LOGIN aHVzaA==",     "C: FOO CRAM-MD5 aHVzaA==",
        "C: AUTH\tPLAIN\taHVzaA==",   "C: AUTH PLAIN hush hush",
        "C: AUTH: PLAIN hush",        "C: X-AUTH PLAIN hush",
    };
    EXPECT_HIDDEN(lines);
}

Test(credentials, behind_octets_that_do_not_belong_there)
{
    static const char *const lines[] = {
        "C: \bAUTH PLAIN aHVzaA==",
        "C: \xff\xfd\x03"
        "AUTH PLAIN aHVzaA==",
        "C: NOOP\rAUTH PLAIN aHVzaA==",
        "C: AUXX\b\bTH PLAIN aHVzaA==",
        "C: \x1b[AAUTH LOGIN aHVzaA==",
        "C: MAIL FROM:<a@localhost>\rAUTH PLAIN aHVzaA==",
        "C: \x01\x02 AUTH PLAIN aHVzaA==",
        "C: AUTH\rPLAIN aHVzaA==",
        "C: ??AUTH PLAIN aHVzaA==",
        "C: \xef\xbb\xbf"
        "AUTH PLAIN aHVzaA==",
    };
    EXPECT_HIDDEN(lines);
}

Test(credentials, of_other_protocols)
{
    static const char *const lines[] = {
        "C: USER hush",
        "C: PASS hush",
        "C: pass hush",
        "C: APOP somebody hush",
        "C: LOGIN hush hush",
        "C: a1 LOGIN somebody hush",
        "C: a1 login somebody hush",
        "C: A01 AUTHENTICATE PLAIN aHVzaA==",
        "C: Authorization: Basic aHVzaA==",
        "C: authorization: Bearer hush",
        "C: Proxy-Authorization: Basic aHVzaA==",
        "C: X-Auth-Token: hush",
        "C: Cookie: session=hush",
        "C: PASSWORD hush",
        "C: BURL imap://somebody:hush@localhost/INBOX;urlauth=submit+a:internal:hush LAST",
    };
    EXPECT_HIDDEN(lines);
}

/* Whatever the verb: after a 334 comes a response. */
Test(credentials, behind_any_334)
{
    expect_hidden((const char *const[]){"C: XLOGIN", "S: 334 VXNlcm5hbWU6", "C: hush",
                                        "S: 334 UGFzc3dvcmQ6", "C: aHVzaA==", "S: 535 no", NULL});
    expect_hidden((const char *const[]){"C: NOOP", "S: 334 go on", "C: hush", "S: 535 no", NULL});
}

Test(credentials, quoted_by_the_server)
{
    expect_hidden((const char *const[]){
        "C: AUTH PLAIN AGEAaHVzaA==", "S: 535 5.7.8 'hush' is no password", NULL});
    expect_hidden((const char *const[]){"C: AUTH LOGIN", "S: 334 VXNlcm5hbWU6", "C: Ym9i",
                                        "S: 334 UGFzc3dvcmQ6",
                                        "C: aHVzaA==", "S: 535 bob may not use hush", NULL});
    expect_hidden((const char *const[]){"C: a1 LOGIN \"somebody\" \"hush\"",
                                        "S: 500 hush? no such command", NULL});
    expect_hidden(
        (const char *const[]){"C: AUTH aHVzaA==", "S: 504 aHVzaA== is no mechanism", NULL});
}

/* What is harmless stays readable. */
Test(credentials, and_nothing_else)
{
    static const char *const lines[] = {
        "AUTH LOGIN",
        "AUTH CRAM-MD5",
        "MAIL FROM:<auth@localhost>",
        "RCPT TO:<login@localhost>",
        "VRFY login",
        "HELP AUTH",
        "FOO BAR BAZ",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char all[8192], line[128];
        snprintf(line, sizeof line, "C: %s", lines[i]);
        tell((const char *const[]){line, "S: 500 5.5.1 what?", NULL}, all, sizeof all);
        cr_expect_not_null(strstr(all, lines[i]), "'%s' leads to %s", lines[i], all);
    }
}

Test(credentials, names_that_nobody_knows_are_told_by_their_spelling)
{
    static const char *const names[] = {"NONSENSE", "X-SECRET-THING", "A"};
    static const char *const others[] = {
        "", "secret", "Secret", "HUNTER2", "-A", "AGFsaWNlAHNlY3JldA==", "ABCDEFGHIJKLMNOPQRSTU"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        cr_expect(credentials_could_be_mechanism(bytes_of_string(names[i])), "%s", names[i]);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        cr_expect(!credentials_could_be_mechanism(bytes_of_string(others[i])), "%s", others[i]);
}
