/* SPDX-License-Identifier: ISC */
/* Which flows are SMTP: conversations of several protocols, whole and octet by octet. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "analyzer/pipeline/classify.h"
#include "heloscope/base/memory.h"
#include "heloscope/timeline.h"

enum {
    TURNS = 6
};

/* What is said in turn; a line begins with the side that says it. */
struct reassembly {
    const char *name;
    enum classification wanted;
    uint16_t server_port;
    const char *turn[TURNS];
};

static const struct reassembly conversations[] = {
    {"SMTP by its greeting", CLASS_SMTP, 2526, {"S220 mx.example.org ESMTP\r\n"}},
    {"LMTP by its greeting", CLASS_SMTP, 10024, {"S220 mx.example.org LMTP ready\r\n"}},
    {"SMTP by its first command",
     CLASS_SMTP,
     2526,
     {"S220 mx.example.org ready\r\n", "CEHLO client.example.com\r\n"}},
    {"SMTP by a first command that says little",
     CLASS_SMTP,
     2526,
     {"S220 mx.example.org, at the service of all who come here\r\n", "CNOOP\r\n",
      "S250 2.0.0 Ok\r\n", "CEHLO client.example.com\r\n"}},
    {"LMTP by its first command", CLASS_SMTP, 10024, {"S220 hello\r\n", "CLHLO c\r\n"}},
    {"an early talker", CLASS_SMTP, 2526, {"CHELO client.example.com\r\n"}},
    {"begun in the middle", CLASS_SMTP, 2526, {"CMAIL FROM:<a@example.com>\r\n"}},
    {"a greeting in two lines", CLASS_SMTP, 2526, {"S220-mx.example.org ESMTP\r\n220 go\r\n"}},
    {"HTTP", CLASS_OTHER, 8080, {"CGET / HTTP/1.1\r\nHost: example.org\r\n\r\n"}},
    {"HTTP that posts SMTP", CLASS_OTHER, 8080, {"CPOST /EHLO HTTP/1.1\r\n\r\nEHLO x\r\n"}},
    {"SSH", CLASS_OTHER, 2222, {"SSSH-2.0-OpenSSH_9.2\r\n"}},
    {"IMAP", CLASS_OTHER, 1143, {"S* OK IMAP4rev1 ready\r\n", "Ca1 CAPABILITY\r\n"}},
    {"POP3", CLASS_OTHER, 1110, {"S+OK ready\r\n", "CUSER someone\r\n"}},
    {"FTP",
     CLASS_OTHER,
     2121,
     {"S220 ftp.example.org FTP server ready\r\n", "CUSER anonymous\r\n"}},
    {"TLS", CLASS_OTHER, 8443, {"C\x16\x03\x01\x02\x01\x01\xfc\x03\x03\r\n"}},
};

static const size_t reassembly_count = sizeof conversations / sizeof *conversations;

static enum classification watched(struct classifier *classifier, const struct reassembly *c,
                                   size_t step)
{
    struct candidate *candidate = memory_get(sizeof *candidate);
    memset(candidate, 0, sizeof *candidate);
    const uint16_t ports[2] = {[SIDE_CLIENT] = 40001, [SIDE_SERVER] = c->server_port};
    enum classification found = CLASS_UNDECIDED;
    for (size_t i = 0; i < TURNS && c->turn[i] && found == CLASS_UNDECIDED; i++) {
        int side = c->turn[i][0] == 'C' ? SIDE_CLIENT : SIDE_SERVER;
        struct bytes left = bytes_of_string(c->turn[i] + 1);
        while (left.len && found == CLASS_UNDECIDED) {
            found = classify_span(classifier, candidate, side, bytes_first(left, step), ports);
            left = bytes_from(left, step);
        }
    }
    candidate_free(candidate);
    return found;
}

static void expect_classes(size_t step)
{
    struct failure why;
    struct classifier *classifier = classifier_new(&why);
    cr_assert(classifier, "%s", why.text);
    for (size_t i = 0; i < reassembly_count; i++) {
        const struct reassembly *c = &conversations[i];
        enum classification found = watched(classifier, c, step);
        cr_expect(found == c->wanted, "%s, in steps of %zu: got %d, wanted %d", c->name, step,
                  (int)found, (int)c->wanted);
    }
    classifier_free(classifier);
}

Test(classify, conversations_turn_by_turn)
{
    expect_classes(4096);
}

Test(classify, conversations_in_small_steps)
{
    expect_classes(7);
    expect_classes(1);
}

/* A client that never says a line keeps nobody waiting for ever. */
Test(classify, an_endless_doubt_ends)
{
    struct failure why;
    struct classifier *classifier = classifier_new(&why);
    struct candidate *candidate = memory_get(sizeof *candidate);
    memset(candidate, 0, sizeof *candidate);
    const uint16_t ports[2] = {40001, 2526};
    enum classification found = CLASS_UNDECIDED;
    int spans = 0;
    for (; found == CLASS_UNDECIDED && spans < 100000; spans++)
        found = classify_span(classifier, candidate, SIDE_SERVER, bytes_of_string("22"), ports);
    cr_expect(found == CLASS_OTHER, "got %d after %d spans", (int)found, spans);
    candidate_free(candidate);
    classifier_free(classifier);
}

Test(classify, a_greeting_and_nothing_more)
{
    static const struct {
        const char *line;
        enum classification wanted;
    } rows[] = {
        {"220 mx.example.org ready\r\n", CLASS_SMTP},
        {"421 mx.example.org too busy\r\n", CLASS_SMTP},
        {"554 mx.example.org no service\r\n", CLASS_SMTP},
        {"521 mx.example.org accepts no mail\r\n", CLASS_SMTP},
        {"220 ftp.example.org FTP server\r\n", CLASS_OTHER},
        {"220 ready\r\n", CLASS_OTHER},
        {"200 mx.example.org\r\n", CLASS_OTHER},
        {"220 mx.example.org", CLASS_OTHER},
        {"mx.example.org ready\r\n", CLASS_OTHER},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct candidate candidate = {0};
        candidate.side[SIDE_SERVER].length = (uint8_t)strlen(rows[i].line);
        memcpy(candidate.side[SIDE_SERVER].head, rows[i].line, strlen(rows[i].line));
        cr_expect(classify_end(&candidate, SIDE_SERVER) == rows[i].wanted, "%s", rows[i].line);
        candidate.side[SIDE_CLIENT].length = 1;
        cr_expect(classify_end(&candidate, SIDE_SERVER) == CLASS_OTHER, "with a client: %s",
                  rows[i].line);
    }
}

Test(classify, who_speaks)
{
    static const struct {
        const char *octets;
        enum speaker wanted;
    } rows[] = {
        {"220 mx.example.org\r\n", SPEAKER_SERVER},
        {"250-PIPELINING\r\n", SPEAKER_SERVER},
        {"EHLO client.example.com\r\n", SPEAKER_CLIENT},
        {"quit\r\n", SPEAKER_CLIENT},
        {"Subject: EHLO\r\n", SPEAKER_UNKNOWN},
        {"EHLO without a line end", SPEAKER_UNKNOWN},
        {"", SPEAKER_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect(speaker_of(bytes_of_string(rows[i].octets)) == rows[i].wanted, "%s",
                  rows[i].octets);
}
