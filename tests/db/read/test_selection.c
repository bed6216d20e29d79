/* SPDX-License-Identifier: ISC */
/* Which sessions fit what is asked for. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdlib.h>

#include "heloscope/db/selection.h"
#include "tests/db/scratch.h"

static struct scratch at;
static struct history *history;
static const int64_t start = INT64_C(1700000000000000);

/* Session 1 has two 503s of mail_rejected, session 2 an accepted message, queue id 4XyZ12; they
 * began at `start` and five seconds later. */
static void make(void)
{
    scratch_make(&at);
    scratch_fill(&at);
    scratch_run(&at,
                "UPDATE sessions SET client_addr = '192.0.2.77', helo = 'mx1.Example.org', "
                "community_id = '1:1111', source = 'day/a_b.pcap', server_name = 'in.test' "
                "WHERE session_id = 1;"
                "UPDATE sessions SET client_addr = '127.0.0.9', proxied_addr = '2001:db8::25', "
                "proxied_port = 4711, helo = 'notexample.org', source = 'day/axb.pcap', "
                "client_software = 'Python smtplib', server_port = 587, tls_sni = 'sub.test' "
                "WHERE session_id = 2;"
                "UPDATE transactions SET mail_from = 'Offers@Example.org' "
                "WHERE session_id = 1;"
                "UPDATE transactions SET message_id = '<1@x>' WHERE session_id = 2;");
    struct failure why = {""};
    history = history_open(at.path, &why);
    cr_assert_not_null(history, "%s", why.text);
}

static void clean(void)
{
    history_close(history);
    scratch_remove(&at);
}

TestSuite(selection, .init = make, .fini = clean);

/* The numbers of the sessions that fit, as "12", or the complaint. */
static const char *fitting(const struct selection *selection)
{
    static char out[600];
    struct failure why = {""};
    int64_t *ids;
    size_t count;
    if (!history_select_ids(history, selection, &ids, &count, &why))
        return strcpy(out, why.text);
    out[0] = '\0';
    for (size_t i = 0; i < count; i++)
        snprintf(out + strlen(out), sizeof out - strlen(out), "%d", (int)ids[i]);
    free(ids);
    return out;
}

static void expect_text(enum selection_field field, const char *text, const char *wanted)
{
    struct selection_term term = {.field = field, .text = text};
    const char *got = fitting(&(struct selection){.terms = &term, .term_count = 1});
    cr_expect_str_eq(got, wanted, "%d %s: '%s', not '%s'", field, text, got, wanted);
}

static void expect_network(enum selection_field field, const char *address, int bits, int port,
                           const char *wanted)
{
    struct selection_term term = {.field = field, .bits = bits, .port = port};
    term.address_length = strchr(address, ':') ? 16 : 4;
    cr_assert_eq(inet_pton(term.address_length == 4 ? AF_INET : AF_INET6, address, term.address),
                 1);
    const char *got = fitting(&(struct selection){.terms = &term, .term_count = 1});
    cr_expect_str_eq(got, wanted, "%s/%d:%d: '%s', not '%s'", address, bits, port, got, wanted);
}

Test(selection, all_without_a_term)
{
    cr_expect(selection_is_all(&(struct selection){0}));
    cr_expect_str_eq(fitting(&(struct selection){0}), "12");
}

Test(selection, by_address_and_network)
{
    expect_network(SELECTION_CLIENT, "192.0.2.77", 32, 0, "1");
    expect_network(SELECTION_CLIENT, "192.0.2.76", 32, 0, "");
    expect_network(SELECTION_CLIENT, "192.0.2.64", 26, 0, "1");
    expect_network(SELECTION_CLIENT, "192.0.2.128", 26, 0, "");
    expect_network(SELECTION_CLIENT, "192.0.2.76", 31, 0, "1");
    expect_network(SELECTION_CLIENT, "0.0.0.0", 0, 0, "12");    /* the balancer of 2 as well */
    expect_network(SELECTION_CLIENT, "2001:db8::", 32, 0, "2"); /* whom the balancer names */
    expect_network(SELECTION_CLIENT, "2001:db9::", 32, 0, "");
    expect_network(SELECTION_CLIENT, "2001:db8::25", 128, 4711, "2");
    expect_network(SELECTION_CLIENT, "2001:db8::25", 128, 4712, "");
    expect_network(SELECTION_SERVER, "127.0.0.2", 32, 0, "12");
    expect_network(SELECTION_SERVER, "127.0.0.2", 32, 587, "2");
    expect_network(SELECTION_SERVER, "192.0.2.77", 32, 0, "");
}

Test(selection, by_name_of_host_or_domain)
{
    expect_text(SELECTION_CLIENT, "mx1.example.ORG", "1");
    expect_text(SELECTION_CLIENT, "example.org", "1"); /* not notexample.org */
    expect_text(SELECTION_CLIENT, "*example.org", "12");
    expect_text(SELECTION_CLIENT, "mx_.example.org", "");
    expect_text(SELECTION_CLIENT, "%", "");
    expect_text(SELECTION_SERVER, "in.test", "1");
    expect_text(SELECTION_SERVER, "sub.test", "2");
}

Test(selection, by_port_alone)
{
    struct selection_term term = {.field = SELECTION_SERVER, .port = 587};
    cr_expect_str_eq(fitting(&(struct selection){.terms = &term, .term_count = 1}), "2");
}

Test(selection, by_mailbox)
{
    expect_text(SELECTION_SENDER, "offers@example.org", "1");
    expect_text(SELECTION_SENDER, "<offers@example.org>", "1");
    expect_text(SELECTION_SENDER, "@example.org", "1");
    expect_text(SELECTION_SENDER, "example.org", "1");
    expect_text(SELECTION_SENDER, "offers@*", "1");
    expect_text(SELECTION_SENDER, "ample.org", "");
    expect_text(SELECTION_SENDER, "<>", "2");
    expect_text(SELECTION_RECIPIENT, "a@mx.test", "2");
    expect_text(SELECTION_RECIPIENT, "offers@example.org", "");
}

Test(selection, by_ids_of_mail)
{
    expect_text(SELECTION_QUEUE_ID, "4XyZ12", "2");
    expect_text(SELECTION_QUEUE_ID, "4xyz12", ""); /* case counts in Postfix's long ids */
    expect_text(SELECTION_MESSAGE_ID, "1@x", "2");
    expect_text(SELECTION_MESSAGE_ID, "<1@x>", "2");
    expect_text(SELECTION_MESSAGE_ID, "2@x", "");
}

Test(selection, a_history_without_message_ids_says_so)
{
    scratch_run(&at, "UPDATE transactions SET message_id = NULL, queue_id = NULL");
    struct selection_term term = {.field = SELECTION_MESSAGE_ID, .text = "1@x"};
    const struct selection selection = {.terms = &term, .term_count = 1};
    cr_expect_not_null(strstr(fitting(&selection), "has no Message-IDs"));
    term.field = SELECTION_QUEUE_ID;
    cr_expect_not_null(strstr(fitting(&selection), "has no queue ids"));
}

Test(selection, by_finding)
{
    expect_text(SELECTION_CAUSE, "mail_rejected", "1");
    expect_text(SELECTION_CAUSE, "nested_mail", "");
    cr_expect_str_eq(fitting(&(struct selection){.errors_only = true}), "1");
    struct selection_term code = {.field = SELECTION_CODE, .low = 500, .high = 599};
    cr_expect_str_eq(fitting(&(struct selection){.terms = &code, .term_count = 1}), "1");
    code.high = 502;
    cr_expect_str_eq(fitting(&(struct selection){.terms = &code, .term_count = 1}), "");
}

Test(selection, of_one_finding_all_must_fit)
{
    scratch_run(&at, "UPDATE diagnoses SET fault = 'client' WHERE reply_seq = 8;"
                     "UPDATE diagnoses SET cause = 'rset', fault = 'policy' WHERE reply_seq = 10");
    struct selection_term terms[] = {{.field = SELECTION_CAUSE, .text = "mail_rejected"},
                                     {.field = SELECTION_FAULT, .text = "policy"},
                                     {.field = SELECTION_FAULT, .text = "client"}};
    struct selection selection = {.terms = terms, .term_count = 2};
    cr_expect_str_eq(fitting(&selection), "");
    selection.term_count = 3; /* either fault */
    cr_expect_str_eq(fitting(&selection), "1");
}

Test(selection, by_program_and_capture)
{
    expect_text(SELECTION_SOFTWARE, "postfix", "12");
    expect_text(SELECTION_SOFTWARE, "smtplib", "2");
    expect_text(SELECTION_SOURCE, "a_b.pcap", "1");
    expect_text(SELECTION_SOURCE, "day/a_b.pcap", "1");
    expect_text(SELECTION_SOURCE, "*.pcap", "12");
    expect_text(SELECTION_SOURCE, "b.pcap", "");
}

Test(selection, by_time)
{
    struct selection selection = {.from_us = start};
    cr_expect_str_eq(fitting(&selection), "12");
    selection.from_us++;
    cr_expect_str_eq(fitting(&selection), "2");
    selection = (struct selection){.to_us = start + 5000000};
    cr_expect_str_eq(fitting(&selection), "1");
    selection.to_us++;
    cr_expect_str_eq(fitting(&selection), "12");
}

Test(selection, the_last_are_in_the_order_of_time)
{
    struct selection selection = {.last = 1};
    cr_expect_str_eq(fitting(&selection), "2");
    selection.last = 5;
    cr_expect_str_eq(fitting(&selection), "12");
    selection.errors_only = true;
    selection.last = 1;
    cr_expect_str_eq(fitting(&selection), "1");
}

Test(selection, by_number_uid_and_community_id)
{
    struct selection_term terms[] = {{.field = SELECTION_ID, .low = 2, .high = INT64_MAX},
                                     {.field = SELECTION_COMMUNITY_ID, .text = "1:1111"}};
    struct selection selection = {.terms = terms, .term_count = 1};
    cr_expect_str_eq(fitting(&selection), "2");
    selection.term_count = 2;
    cr_expect_str_eq(fitting(&selection), "12");
    expect_text(SELECTION_UID, "uid-accepted", "2");
}

Test(selection, who_is_called_must_be_there)
{
    struct selection_term terms[] = {{.field = SELECTION_ID, .low = 1, .high = 1},
                                     {.field = SELECTION_UID, .text = "uid-none"}};
    const struct selection selection = {.terms = terms, .term_count = 2};
    cr_expect_not_null(strstr(fitting(&selection), "has no session uid-none"));
    terms[1] = (struct selection_term){.field = SELECTION_ID, .low = 77, .high = 77};
    cr_expect_not_null(strstr(fitting(&selection), "has no session 77"));
    terms[1].high = INT64_MAX;
    cr_expect_not_null(strstr(fitting(&selection), "has no session from 77"));
}

Test(selection, what_is_asked_is_never_sql)
{
    expect_text(SELECTION_CAUSE, "' OR 1 --", "");
    expect_text(SELECTION_SENDER, "') OR 1 --", "");
}

static bool note_first(void *context, const struct history_session *row)
{
    *(int64_t *)context = row->session_id;
    return false;
}

Test(selection, rows_until_no_more_are_wanted)
{
    int64_t id = 0;
    cr_expect(history_select(history, &(struct selection){0}, note_first, &id, NULL));
    cr_expect_eq(id, 1);
}
