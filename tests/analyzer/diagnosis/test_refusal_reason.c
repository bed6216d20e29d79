/* SPDX-License-Identifier: ISC */
/* Why a command that broke no rule was refused: for each row of the list of reasons a session in
 * which it is the reason, and for the order of the list sessions in which two could be. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "analyzer/diagnosis/refusal_reason.h"
#include "tests/support/told.h"

struct row {
    const char *name;
    const char *refusal; /* the reply that is asked about, by how its text begins */
    const char *wanted;  /* what finding_words() makes of it */
    const char *lines;   /* as TOLD() takes them, a bar between them */
};

static const struct row rows[] = {
    {"early_talk", "503", "early_talker at EHLO client (client, certain)",
     "C: EHLO client|S: 220 mx|S: 503 not so fast"},
    {"foreign_protocol, a request of HTTP", "503", "not_smtp at GET / HTTP/1.1 (client, certain)",
     "S: 220 mx|C: GET / HTTP/1.1|S: 503 what"},
    {"foreign_protocol, LMTP", "503", "not_smtp at LHLO client (client, certain)",
     "S: 220 mx ESMTP|C: LHLO client|S: 503 what"},
    {"response_misread", "503", "server_disagrees at itself (server, certain)",
     "S: 220 mx|C: EHLO client|S: 250-mx|S: 250 AUTH LOGIN|C: AUTH LOGIN|S: 334 VXNlcm5hbWU6|"
     "C: DATA|S: 503 MAIL required first"},
    {"lost_to_auth", "503", "transaction_reset at AUTH PLAIN **** (client, likely)",
     "S: 220 mx|C: EHLO client|S: 250-mx|S: 250 AUTH PLAIN|C: MAIL FROM:<a@x>|S: 250 ok|"
     "C: AUTH PLAIN AGEAYg==|S: 235 ok|C: RCPT TO:<b@x>|S: 503 5.5.1 Error: need MAIL command"},
    {"tolerated_before", "503", "hello_missing at MAIL FROM:<a@x> (client, certain)",
     "S: 220 mx|C: MAIL FROM:<a@x>|S: 250 ok|C: RCPT TO:<b@x>|S: 250 ok|C: DATA|"
     "S: 503 5.5.1 Bad sequence"},
    {"hello_forgotten", "503", "hello_rejected at 550 no (client, certain)",
     "S: 220 mx|C: EHLO client|S: 250 mx|C: EHLO client|S: 550 no|C: MAIL FROM:<a@x>|"
     "S: 503 5.5.1 Error: send HELO/EHLO first"},
    {"hello_withheld", "503", "middlebox at itself (middlebox, likely)",
     "S: 220 ***************************|C: EHLO client|S: 250 mx|C: MAIL FROM:<a@x>|"
     "S: 503 5.5.1 Error: send HELO/EHLO first"},
    {"opened_in_hole", "503", "nested_mail at MAIL FROM:<a@x> (client, likely)",
     "S: 220 mx|C: EHLO client|S: 250 mx|G: C 30|G: S 8|C: MAIL FROM:<a@x>|"
     "S: 503 5.5.1 Error: nested MAIL command"},
    {"mail_forgotten", "503", "mail_rejected at 501 no path (client, certain)",
     "S: 220 mx|C: EHLO client|S: 250 mx|C: MAIL FROM:<a@x>|S: 250 ok|C: MAIL a|S: 501 no path|"
     "C: RCPT TO:<b@x>|S: 503 5.5.1 Error: need MAIL command"},
    {"not_waited_for", "503",
     "pipelining_violation at EHLO client (client, certain) with MAIL FROM:<a@x> (group)",
     "S: 220 mx|C: EHLO client|C+ MAIL FROM:<a@x>|S: 503 Bad sequence"},
    {"between_chunks", "503", "bdat_data_mix at DATA (client, certain)",
     "S: 220 mx|C: EHLO client|S: 250-mx|S: 250 CHUNKING|C: MAIL FROM:<a@x>|S: 250 ok|"
     "C: RCPT TO:<b@x>|S: 250 ok|C: BDAT 0|S: 551 5.7.1 Null BDAT request|C: DATA|"
     "S: 503 5.5.1 Error: DATA after BDAT"},
    {"chunk_failed", "503", "bdat_after_failure at 452 full (client, certain)",
     "S: 220 mx|C: EHLO client|S: 250-mx|S: 250 CHUNKING|C: MAIL FROM:<a@x>|S: 250 ok|"
     "C: RCPT TO:<b@x>|S: 250 ok|C: BDAT 0|S: 452 full|C: RCPT TO:<c@x>|S: 250 ok|C: DATA|"
     "S: 503 5.5.0 Previous data chunk failed, issue RSET first"},
    {"hello_again", "503",
     "hello_repeated at EHLO again (server, certain) with EHLO client (opened)",
     "S: 220 mx|C: EHLO client|S: 250 mx|C: EHLO again|S: 503 Duplicate HELO/EHLO"},
    {"auth_was_refused", "530", "auth_rejected at 535 5.7.8 no (client, certain)",
     "S: 220 mx|C: EHLO client|S: 250-mx|S: 250 AUTH PLAIN|C: AUTH PLAIN AGEAYg==|"
     "S: 535 5.7.8 no|C: MAIL FROM:<a@x>|S: 530 5.7.0 Authentication required"},
    {"auth_was_refused, on its way", "530", "auth_rejected at 535 5.7.8 no (pipelining, certain)",
     "S: 220 mx|C: EHLO client|S: 250-mx|S: 250-PIPELINING|S: 250 AUTH PLAIN|"
     "C: AUTH PLAIN AGEAYg==|C+ MAIL FROM:<a@x>|S: 535 5.7.8 no|"
     "S: 530 5.7.0 Authentication required"},
    {"tls_failed", "530", "tls_failed at 454 4.7.0 TLS not available (client, certain)",
     "S: 220 mx|C: EHLO client|S: 250-mx|S: 250 STARTTLS|C: STARTTLS|"
     "S: 454 4.7.0 TLS not available|C: MAIL FROM:<a@x>|"
     "S: 530 5.7.0 Must issue a STARTTLS command first"},
    {"wants_ehlo", "503", "ehlo_required at HELO client (policy, certain)",
     "S: 220 mx|C: HELO client|S: 250 mx|C: MAIL FROM:<a@x>|"
     "S: 503 5.5.1 Error: send HELO/EHLO first"},
    {"wants_more, TLS", "530",
     "tls_required at MAIL FROM:<a@x> (client, certain) with 250-mx (offer)",
     "S: 220 mx|C: EHLO client|S: 250-mx|S: 250 STARTTLS|C: MAIL FROM:<a@x>|"
     "S: 530 5.7.0 Must issue a STARTTLS command first"},
    {"wants_more, AUTH", "503",
     "auth_required at MAIL FROM:<a@x> (client, certain) with 250-mx (offer)",
     "S: 220 mx|C: EHLO client|S: 250-mx|S: 250 AUTH PLAIN|C: MAIL FROM:<a@x>|"
     "S: 503 5.7.0 Authentication required"},
    {"group_named, though the server had allowed it", "503",
     "pipelining_violation at RCPT TO:<b@x> (server, certain)",
     "S: 220 mx|C: EHLO client|S: 250-mx|S: 250 PIPELINING|C: MAIL FROM:<a@x>|C+ RCPT TO:<b@x>|"
     "S: 250 ok|S: 503 5.5.0 <x>: Helo command rejected: Improper use of SMTP command pipelining"},
    {"group_named, not offered", "503",
     "pipelining_violation at RCPT TO:<b@x> (client, certain) with MAIL FROM:<a@x> (group)",
     "S: 220 mx|C: EHLO client|S: 250 mx|C: MAIL FROM:<a@x>|C+ RCPT TO:<b@x>|S: 250 ok|"
     "S: 503 Bad sequence of commands"},
    {"gave_up", "421", "error_limit at 500 what (policy, certain)",
     "S: 220 mx|C: EHLO client|S: 250 mx|C: XYZZY|S: 500 what|C: XYZZY|S: 502 what|C: NOOP|"
     "S: 421 4.7.0 mx Error: too many errors"},
    {"parameter", "503", "parameter_refused at MAIL FROM:<a@x> FROB=1 (client, certain)",
     "S: 220 mx|C: EHLO client|S: 250 mx|C: MAIL FROM:<a@x> FROB=1|S: 503 5.5.4 Unsupported"},
    {"policy, by its class", "503", "policy at itself (policy, certain)",
     "S: 220 mx|C: EHLO client|S: 250 mx|C: MAIL FROM:<a@x>|S: 503 5.7.1 not from you"},
    {"policy, too many recipients", "503", "policy at itself (policy, certain)",
     "S: 220 mx|C: EHLO client|S: 250 mx|C: MAIL FROM:<a@x>|S: 250 ok|C: RCPT TO:<b@x>|"
     "S: 250 ok|C: RCPT TO:<c@x>|S: 452 enough|C: DATA|S: 503 Bad sequence of commands"},
    {"overwritten", "503", "middlebox at itself (middlebox, certain)",
     "S: 220 mx|C: EHLO client|S: 250 mx|C: XXXX|S: 503 Bad sequence of commands"},
    {"not_offered", "503", "command_not_offered at ETRN x.example (client, certain)",
     "S: 220 mx|C: EHLO client|S: 250 mx|C: ETRN x.example|S: 503 Bad sequence"},
    {"no_reason", "503", "server_disagrees at itself (server, certain)",
     "S: 220 mx|C: EHLO client|S: 250 mx|C: NOOP|S: 503 Bad sequence of commands"},
};

/* Refusals that are nobody's mistake of order. */
static const struct row silent[] = {
    {"an unknown recipient", "550", "nothing",
     "S: 220 mx|C: EHLO client|S: 250 mx|C: MAIL FROM:<a@x>|S: 250 ok|C: RCPT TO:<b@x>|"
     "S: 550 5.1.1 no such user"},
    {"ETRN where it is not offered, by its own code", "502", "nothing",
     "S: 220 mx|C: EHLO client|S: 250 mx|C: ETRN x.example|S: 502 not here"},
    {"a password that was wrong", "535", "nothing",
     "S: 220 mx|C: EHLO client|S: 250-mx|S: 250 AUTH PLAIN|C: AUTH PLAIN AGEAYg==|"
     "S: 535 5.7.8 no"},
    {"a parameter refused by its own code", "555", "nothing",
     "S: 220 mx|C: EHLO client|S: 250 mx|C: MAIL FROM:<a@x> FROB=1|S: 555 5.5.4 Unsupported"},
};

/* What a session shows comes before what the text names. */
static const struct row ranked[] = {
    {"early talk, whatever the text says", "503", "early_talker at EHLO client (client, certain)",
     "C: EHLO client|S: 220 mx|S: 503 5.7.1 Authentication required"},
    {"a second hello, though the text asks for the first", "503",
     "hello_repeated at EHLO again (server, certain) with HELO client (opened)",
     "S: 220 mx|C: HELO client|S: 250 mx|C: EHLO again|S: 503 5.5.1 Error: send HELO/EHLO first"},
    {"a refused AUTH before the want of one", "503",
     "auth_rejected at 535 5.7.8 no (client, certain)",
     "S: 220 mx|C: EHLO client|S: 250-mx|S: 250 AUTH PLAIN|C: AUTH PLAIN AGEAYg==|"
     "S: 535 5.7.8 no|C: MAIL FROM:<a@x>|S: 503 5.7.0 Authentication required"},
    {"a response that was misread, whatever the text says", "503",
     "server_disagrees at itself (server, certain)",
     "S: 220 mx|C: EHLO client|S: 250-mx|S: 250 AUTH LOGIN|C: AUTH LOGIN|S: 334 VXNlcm5hbWU6|"
     "C: DATA|S: 503 5.7.0 Authentication required"},
};

static void print_text(FILE *out, const struct told *told, event_no seq)
{
    const struct event *e = told_event(told, seq);
    struct bytes text = e ? e->text : bytes_of(NULL, 0);
    const uint8_t *lf = text.len ? memchr(text.at, '\n', text.len) : NULL;
    fprintf(out, "%.*s", (int)(lf ? (size_t)(lf - text.at) : text.len), (const char *)text.at);
}

/* "cause at origin (fault, certainty)", then " with event (role)" for what is related; events by
 * the first line of their text. To be freed. */
static char *finding_words(const struct told *told, event_no refusal)
{
    const struct diagnosis *d = told_diagnosis(told, refusal);
    char *words;
    size_t size;
    FILE *out = open_memstream(&words, &size);
    fprintf(out, "%s", d ? cause_entry(d->cause)->name : "nothing");
    if (d) {
        fputs(" at ", out);
        if (d->origin == refusal)
            fputs("itself", out);
        else
            print_text(out, told, d->origin);
        fprintf(out, " (%s, %s)", fault_name(d->fault), certainty_name(d->certainty));
    }
    for (const struct related *r = d ? d->related : NULL; r; r = r->next) {
        fputs(" with ", out);
        print_text(out, told, r->seq);
        fprintf(out, " (%s)", role_name(r->role));
    }
    fclose(out);
    return words;
}

static void say(struct told *told, const char *lines)
{
    char copy[1024], *next;
    cr_assert_lt(strlen(lines), sizeof copy);
    strcpy(copy, lines);
    for (char *line = strtok_r(copy, "|", &next); line; line = strtok_r(NULL, "|", &next))
        TOLD(told, line);
}

static void judge(const struct row *row)
{
    struct told told;
    told_begin(&told, false);
    say(&told, row->lines);
    event_no refusal = told_text(&told, row->refusal);
    cr_assert_neq(refusal, 0, "%s: %s", row->name, told_shape(&told));
    char *words = finding_words(&told, refusal);
    cr_expect_str_eq(words, row->wanted, "%s: %s", row->name, words);
    free(words);
    told_free(&told);
}

#define EACH(rows)                                                                                 \
    for (size_t i = 0; i < sizeof(rows) / sizeof *(rows); i++)                                     \
    judge(&(rows)[i])

Test(reason, each_is_found)
{
    EACH(rows);
}

Test(reason, what_is_no_matter_of_order_is_left_alone)
{
    EACH(silent);
}

Test(reason, what_the_session_shows_comes_first)
{
    EACH(ranked);
}
