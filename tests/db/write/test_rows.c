/* SPDX-License-Identifier: ISC */
/* Every field of a chapter arrives in its column, and what is absent arrives as NULL. */
#include <criterion/criterion.h>

#include "db/write/rows.h"
#include "tests/db/scratch.h"

static struct scratch at;
static struct story story;

static void make(void)
{
    scratch_make(&at);
    story_begin(&story, "uid", INT64_C(1700000000123456), 1);
}

static void clean(void)
{
    story_free(&story);
    scratch_remove(&at);
}

TestSuite(rows, .init = make, .fini = clean);

static void store_story(void)
{
    struct store *store = scratch_store(&at);
    scratch_write(store, story_chapter(&story, true));
    scratch_close(store);
}

/* Each number is another, so that two columns that change places are noticed. */
Test(rows, session)
{
    struct session_row *s = &story.chapter.session;
    s->community_id = bytes_of_string("1:community");
    s->source = bytes_of_string("a.pcap");
    s->capture_id = 3;
    s->client = (struct address){6, {[15] = 1}};
    s->server.octets[3] = 5;
    s->client_port = 10;
    s->server_port = 11;
    s->vlan = 12;
    s->tunnel = (struct tunnel){TUNNEL_VXLAN, true, 25};
    s->proxied = (struct address){4, {127, 0, 0, 9}};
    s->proxied_port = 26;
    s->ended_us = s->started_us + 13;
    s->protocol = "LMTP";
    s->helo = bytes_of_string("helo");
    s->server_name = bytes_of_string("name");
    s->server_software = bytes_of_string("ssoft");
    s->server_evidence = bytes_of_string("sproof");
    s->client_software = bytes_of_string("csoft");
    s->client_evidence = bytes_of_string("cproof");
    s->tls_version = bytes_of_string("TLS 1.3");
    s->tls_sni = bytes_of_string("sni");
    s->tls_records = 14;
    s->tls = (struct tls_row){.suite = bytes_of_string("suite"),
                              .group = bytes_of_string("group"),
                              .alpn = bytes_of_string("alpn"),
                              .handshake = "full",
                              .certificate = "given",
                              .alerts = bytes_of_string("S close notify"),
                              .closed = "server",
                              .failure = bytes_of_string("failure"),
                              .hidden = bytes_of_string("hidden"),
                              .records_client = 27,
                              .octets_client = 28,
                              .octets_server = 29,
                              .idle_us = 30,
                              .seen = true};
    s->auth_mechanism = bytes_of_string("PLAIN");
    s->auth_outcome = bytes_of_string("accepted");
    s->commands = 15;
    s->replies = 16;
    s->messages = 17;
    s->violations = 18;
    s->errors_503 = 19;
    s->packets = 20;
    s->bytes_client = 21;
    s->bytes_server = 22;
    s->bytes_missing = 23;
    s->retransmitted = 24;
    s->midstream = true;
    s->outcome = "reset";
    store_story();
    scratch_expect(
        &at,
        "SELECT json_array(capture_id, source, uid, community_id, client_addr, client_port, "
        "server_addr, server_port, vlan, tunnel, tunnel_id, proxied_addr, proxied_port, "
        "started_us, "
        "ended_us - started_us, protocol) FROM sessions",
        "[3,\"a.pcap\",\"uid\",\"1:community\",\"::1\",10,\"127.0.0.5\",11,12,\"VXLAN\",25,"
        "\"127.0.0.9\",26,"
        "1700000000123456,13,\"LMTP\"]");
    scratch_expect(
        &at,
        "SELECT json_array(helo, server_name, server_software, server_evidence, "
        "client_software, client_evidence, tls_version, tls_sni, tls_records, auth_mechanism, "
        "auth_outcome) FROM sessions",
        "[\"helo\",\"name\",\"ssoft\",\"sproof\",\"csoft\",\"cproof\",\"TLS 1.3\",\"sni\",14,"
        "\"PLAIN\",\"accepted\"]");
    scratch_expect(
        &at,
        "SELECT json_array(commands, replies, messages, violations, errors_503, packets, "
        "bytes_client, bytes_server, bytes_missing, retransmitted, midstream, one_sided, "
        "outcome) FROM sessions",
        "[15,16,17,18,19,20,21,22,23,24,1,0,\"reset\"]");
    scratch_expect(
        &at,
        "SELECT json_array(tls_suite, tls_group, tls_alpn, tls_handshake, tls_certificate, "
        "tls_alerts, tls_closed, tls_failure, tls_hidden, tls_records_client, tls_octets_client, "
        "tls_octets_server, tls_idle_us) FROM sessions",
        "[\"suite\",\"group\",\"alpn\",\"full\",\"given\",\"S close "
        "notify\",\"server\",\"failure\","
        "\"hidden\",27,28,29,30]");
}

Test(rows, a_session_of_which_little_is_known)
{
    story.chapter.session.protocol = NULL;
    story.chapter.session.community_id = bytes_of(NULL, 0);
    story.chapter.session.helo = bytes_of("", 0);
    store_story();
    scratch_expect(
        &at,
        "SELECT json_array(vlan, tunnel, tunnel_id, proxied_addr, proxied_port, "
        "community_id, protocol, helo, "
        "server_name, server_software, coalesce(tls_records_client, tls_suite, tls_idle_us), "
        "tls_version, auth_mechanism) FROM sessions",
        "[null,null,null,null,null,null,null,\"\",null,null,null,null,null]");
}

/* 0 is a number too. */
Test(rows, a_tunnel_may_have_no_number)
{
    story.chapter.session.tunnel = (struct tunnel){TUNNEL_GENEVE, true, 0};
    struct story other;
    story_begin(&other, "other", INT64_C(1700000000123456), 2);
    other.chapter.session.tunnel = (struct tunnel){.kind = TUNNEL_IP_IN_IP};
    struct store *store = scratch_store(&at);
    scratch_write(store, story_chapter(&story, true));
    scratch_write(store, story_chapter(&other, true));
    scratch_close(store);
    story_free(&other);
    scratch_expect(&at, "SELECT json_group_array(tunnel || coalesce(tunnel_id, '-')) FROM sessions",
                   "[\"GENEVE0\",\"IP in IP-\"]");
}

Test(rows, event)
{
    story_event(&story, SIDE_SERVER, EVENT_REPLY, "550-5.1.1 no\n550 5.1.1 such user");
    struct event *event = story_last_event(&story);
    event->packet = 7;
    event->code = 550;
    event->enhanced = bytes_of_string("5.1.1");
    event->answers = 4;
    event->saw = 5;
    event->notes = NOTE_BARE_LF | NOTE_PIPELINED;
    story_event(&story, SIDE_CLIENT, EVENT_DATA, NULL);
    story_last_event(&story)->has_bytes = true;
    story_command(&story, "RCPT", "");
    store_story();
    scratch_expect(
        &at,
        "SELECT json_array(session_id, seq, ts_us, packet, side, kind, verb, code, enhanced, "
        "text, bytes, answers, saw, note) FROM events WHERE seq = 1",
        "[1,1,1700000000123456,7,\"S\",\"reply\",null,550,\"5.1.1\","
        "\"550-5.1.1 no\\n550 5.1.1 such user\",null,4,5,\"pipelined, bare LF\"]");
    scratch_expect(
        &at,
        "SELECT json_array(side, kind, verb, code, enhanced, text, bytes, answers, saw, note) "
        "FROM events WHERE seq = 2",
        "[\"C\",\"data\",null,null,null,null,0,null,null,null]");
    scratch_expect(&at, "SELECT json_array(verb, text) FROM events WHERE seq = 3",
                   "[\"RCPT\",\"\"]");
}

Test(rows, diagnosis_with_its_related_events)
{
    struct diagnosis *d = story_diagnosis(&story, 9, 8, 6, 550, CAUSE_ALL_RCPT_REJECTED);
    d->fault = FAULT_PIPELINING;
    d->certainty = CERTAINTY_LIKELY;
    d->server_says = CAUSE_RCPT_MISSING;
    d->agrees = 0;
    d->explanation = bytes_of_string("why");
    d->advice = bytes_of_string("what now");
    story_related(&story, d, 3, ROLE_OPENED);
    story_related(&story, d, 7, ROLE_REFUSAL);
    story_diagnosis(&story, 11, 0, 0, 503, CAUSE_UNKNOWN);
    store_story();
    scratch_expect(
        &at,
        "SELECT json_array(session_id, reply_seq, command_seq, origin_seq, code, cause, fault, "
        "certainty, server_says, agrees, explanation, advice) FROM diagnoses WHERE id = 1",
        "[1,9,8,6,550,\"all_rcpt_rejected\",\"pipelining\",\"likely\",\"rcpt_missing\",0,"
        "\"why\",\"what now\"]");
    scratch_expect(&at,
                   "SELECT json_array(command_seq, origin_seq, server_says, agrees) FROM diagnoses "
                   "WHERE id = 2",
                   "[null,null,null,null]");
    scratch_expect(
        &at,
        "SELECT group_concat(session_id || '/' || reply_seq || '/' || seq || '/' || role) "
        "FROM related_events",
        "1/9/3/opened,1/9/7/refusal");
}

Test(rows, transaction_with_its_recipients)
{
    struct transaction *t = story_transaction(&story, 5, "a@client.test", "accepted");
    t->started_us = 100;
    t->ended_us = 200;
    t->bytes = 300;
    t->code = 250;
    t->queue_id = bytes_of_string("4AbC");
    t->message_id = bytes_of_string("<m@client.test>");
    story_recipient(&story, t, 7, "b@mx.test", 250);
    story_recipient(&story, t, 9, "c@mx.test", 0);
    story_transaction(&story, 0, NULL, "unknown");
    story_transaction(&story, 12, "", "reset");
    store_story();
    scratch_expect(
        &at,
        "SELECT json_array(session_id, tx, mail_seq, started_us, ended_us, mail_from, "
        "recipients, accepted, bytes, outcome, code, queue_id, message_id) FROM transactions "
        "WHERE tx = 1",
        "[1,1,5,100,200,\"a@client.test\",2,1,300,\"accepted\",250,\"4AbC\","
        "\"<m@client.test>\"]");
    scratch_expect(
        &at,
        "SELECT json_array(mail_seq, mail_from, code, queue_id) FROM transactions WHERE tx = 2",
        "[null,null,null,null]");
    scratch_expect(&at, "SELECT mail_from = '' FROM transactions WHERE tx = 3", "1");
    scratch_expect(&at,
                   "SELECT json_group_array(json_array(tx, n, seq, reply_seq, address, code)) "
                   "FROM recipients",
                   "[[1,1,7,8,\"b@mx.test\",250],[1,2,9,10,\"c@mx.test\",null]]");
}

Test(rows, violations_of_one_command)
{
    story_violation(&story, 4, "data_needs_mail", true);
    story_violation(&story, 4, "data_needs_rcpt", false);
    story_violation(&story, 4, "data_needs_rcpt", false);
    store_story();
    scratch_expect(&at,
                   "SELECT group_concat(seq || ' ' || rule || ' ' || tolerated) FROM violations",
                   "4 data_needs_mail 1,4 data_needs_rcpt 0");
}

/* The keys of the next session begin right behind the last event that has room. */
Test(rows, events_beyond_the_last_number_do_not_reach_the_next_session)
{
    story_event(&story, SIDE_CLIENT, EVENT_OPEN, NULL);
    story_event(&story, SIDE_CLIENT, EVENT_GAP, "last");
    story_last_event(&story)->seq = EVENT_LAST;
    story_event(&story, SIDE_CLIENT, EVENT_CLOSE, "too many");
    story_last_event(&story)->seq = EVENT_LAST + 2;
    store_story();
    scratch_expect(&at, "SELECT group_concat(session_id || ':' || seq) FROM events",
                   "1:1,1:16777215");
}
