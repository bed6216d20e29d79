/* SPDX-License-Identifier: ISC */
/* Which flows become sessions, long ones, and what goes through beside them. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/support/lab.h"

static void expect_sessions(const struct lab *lab, const char *wanted)
{
    lab_expect(lab, "SELECT count(*) FROM sessions", wanted);
}

static void converse(struct lab *lab, uint16_t client_port, uint16_t server_port,
                     const char *const *lines)
{
    struct trace trace;
    trace_begin(&trace, client_port, server_port, 1000, 5000);
    trace_open(&trace);
    trace_lines(&trace, lines);
    trace_close(&trace, SIDE_CLIENT);
    lab_feed(lab, &trace);
}

Test(pipeline_flows, other_protocols_are_not_taken_for_smtp)
{
    static const char *const protocols[][12] = {
        {"S: 220 (vsFTPd 3.0.3)", "C: USER anonymous", "S: 331 Please specify the password.",
         "C: PASS x", "S: 230 Login successful.", "C: QUIT", "S: 221 Goodbye."},
        {"S: 220 ftp.localhost FTP server ready.", "C: AUTH TLS", "S: 502 no", "C: USER a",
         "S: 331 password", "C: PASS b", "S: 530 no"},
        {"C: GET / HTTP/1.1\r\nHost: localhost\r\n", "S: HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"},
        {"C: POST /mail HTTP/1.0\r\n\r\nMAIL FROM:<a@localhost>", "S: HTTP/1.0 404 Not Found\r\n"},
        {"S: SSH-2.0-OpenSSH_9.2", "C: SSH-2.0-OpenSSH_9.2"},
        {"S: +OK POP3 ready", "C: USER a", "S: +OK", "C: PASS b", "S: -ERR", "C: QUIT", "S: +OK"},
        {"S: * OK IMAP4rev1 ready", "C: a LOGIN b c", "S: a NO", "C: b LOGOUT", "S: * BYE"},
        {"S: 200 localhost InterNetNews NNRP server ready", "C: MODE READER", "S: 200 ok",
         "C: QUIT", "S: 205 bye"},
        {"C: hello", "S: world"},
    };
    struct lab lab;
    lab_begin(&lab);
    for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++)
        converse(&lab, (uint16_t)(40000 + i), 30000, protocols[i]);
    lab_finish(&lab);
    lab_expect(&lab, "SELECT group_concat(client_port || ' ' || " LAB_SHAPE ") FROM sessions s",
               "NULL");
    cr_expect_eq(lab.totals.connections, sizeof protocols / sizeof *protocols);
    lab_remove(&lab);
}

/* What makes a flow SMTP may come late: all before it has been kept. */
Test(pipeline_flows, smtp_is_found_by_what_is_said)
{
    static const struct {
        const char *lines[8], *shape;
    } rows[] = {
        {{"S: 220 localhost ESMTP", "C: EHLO a", "S: 250 a"},
         "C:open S:greeting220 C:EHLO S:250>3 C:close"},
        {{"S: 220 localhost", "C: EHLO a", "S: 250 a"},
         "C:open S:greeting220 C:EHLO S:250>3 C:close"},
        {{"S: 220 localhost", "C: HELO a", "S: 250 a"},
         "C:open S:greeting220 C:HELO S:250>3 C:close"},
        {{"S: 220 localhost LMTP", "C: LHLO a", "S: 250 a"},
         "C:open S:greeting220 C:LHLO S:250>3 C:close"},
        {{"S: 220-localhost\r\n220-please wait\r\n220 now", "C: EHLO a", "S: 250 a"},
         "C:open S:greeting220 C:EHLO S:250>3 C:close"},
        {{"S: 421 mx.localhost closing"}, "C:open S:greeting421 C:close"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct lab lab;
        lab_begin(&lab);
        converse(&lab, 40000, 30025, rows[i].lines);
        lab_finish(&lab);
        lab_expect(&lab, LAB_ONLY_SHAPE, rows[i].shape);
        lab_remove(&lab);
    }
}

Test(pipeline_flows, declared_ports_replace_the_usual_ones)
{
    static const char *const lines[] = {"S: 220 (odd)", "C: QUIT", "S: 221 bye", NULL};
    static const uint16_t ports[] = {30025};
    struct pipeline_options options = {.ports = ports, .port_count = 1};
    struct lab lab;
    lab_begin(&lab);
    pipeline_free(lab.pipeline);
    lab.pipeline = pipeline_new(&options, lab.store, NULL);
    converse(&lab, 40000, 30025, lines);
    converse(&lab, 40001, 25, lines);
    lab_finish(&lab);
    lab_expect(&lab, "SELECT group_concat(server_port) FROM sessions", "30025");
    lab_remove(&lab);
}

/* A session that rests behind each packet, and talks for so long that what it has to say is handed
 * over several times. */
Test(pipeline_flows, a_long_session_that_rests)
{
    enum {
        ROUNDS = 3000
    };
    struct pipeline_options options = {.freeze_always = true};
    struct lab lab;
    struct trace trace;
    char wanted[64], line[64];
    lab_begin(&lab);
    pipeline_free(lab.pipeline);
    lab.pipeline = pipeline_new(&options, lab.store, NULL);
    trace_begin(&trace, 40000, 25, 1000, 5000);
    trace_open(&trace);
    TRACE_LINES(&trace, "S: 220 localhost", "C: EHLO a", "S: 250 a", "C: MAIL FROM:<a>",
                "S: 250 ok");
    for (int i = 0; i < ROUNDS; i++) {
        snprintf(line, sizeof line, "C: VRFY user%d", i);
        TRACE_LINES(&trace, line, "S: 252 perhaps");
        lab_feed(&lab, &trace);
        trace.count = 0;
        trace.text_used = 0;
    }
    TRACE_LINES(&trace, "C: MAIL FROM:<b>", "S: 503 nested");
    trace_close(&trace, SIDE_CLIENT);
    lab_feed(&lab, &trace);
    lab_finish(&lab);
    snprintf(wanted, sizeof wanted, "%d %d", 9 + 2 * ROUNDS, 9 + 2 * ROUNDS);
    lab_expect(&lab, "SELECT count(*) || ' ' || max(seq) FROM events", wanted);
    lab_expect(&lab, "SELECT count(*) FROM events WHERE text = 'VRFY user' || ((seq - 7) / 2)",
               "3000");
    lab_expect(&lab, "SELECT cause || ' ' || origin_seq FROM diagnoses", "nested_mail 6007");
    lab_expect(&lab, "SELECT group_concat(seq) FROM related_events WHERE role = 'opened'", "5");
    lab_remove(&lab);
}

/* --- TLS --- */

/* A ClientHello for mail.localhost that offers TLS 1.3, and the ServerHello that chooses it. */
static const uint8_t client_hello[] = {
    22,  3,   1,   0,   81,  1,   0,   0,  77, 3, 3,  [43] = 0, 0,   2,   0x13, 1,   1,   0,
    0,   34,  0,   0,   0,   19,  0,   17, 0,  0, 14, 'm',      'a', 'i', 'l',  '.', 'l', 'o',
    'c', 'a', 'l', 'h', 'o', 's', 't', 0,  43, 0, 7,  6,        3,   4,   3,    3,   3,   2};
static const uint8_t server_hello[] = {22,   3, 3, 0, 50, 2, 0,  0, 46, 3, 3, [43] = 0,
                                       0x13, 1, 0, 0, 6,  0, 43, 0, 2,  3, 4};
static const uint8_t more[] = {23, 3, 3, 0, 4, 'a', 'b', 'c', 'd'};

static void say(struct trace *trace, enum side side, const uint8_t *octets, size_t length)
{
    struct trace_packet *p = trace_ack(trace, side);
    p->payload = bytes_of(octets, length);
    trace->next[side] += (uint32_t)length;
}

static void shake_hands(struct trace *trace)
{
    say(trace, SIDE_CLIENT, client_hello, sizeof client_hello);
    say(trace, SIDE_SERVER, server_hello, sizeof server_hello);
    for (int i = 0; i < 3; i++) {
        say(trace, SIDE_CLIENT, more, sizeof more);
        say(trace, SIDE_SERVER, more, sizeof more);
    }
    trace_close(trace, SIDE_CLIENT);
}

Test(pipeline_flows, tls_from_the_first_octet)
{
    struct lab lab;
    struct trace trace;
    lab_begin(&lab);
    trace_begin(&trace, 40000, 465, 1000, 5000);
    trace_open(&trace);
    shake_hands(&trace);
    lab_feed(&lab, &trace);
    trace_begin(&trace, 40001, 30443, 1000, 5000); /* on any other port it is not ours */
    trace_open(&trace);
    shake_hands(&trace);
    lab_feed(&lab, &trace);
    lab_finish(&lab);
    lab_expect(&lab, LAB_ONLY_SHAPE, "C:open C:tls S:tls C:close");
    lab_expect(&lab,
               "SELECT server_port || ' ' || tls_version || ' ' || tls_sni || ' ' || tls_records "
               "|| ' ' || commands || ' ' || outcome FROM sessions",
               "465 TLS 1.3 mail.localhost 8 0 TLS");
    lab_remove(&lab);
}

Test(pipeline_flows, tls_behind_starttls)
{
    struct lab lab;
    struct trace trace;
    lab_begin(&lab);
    trace_begin(&trace, 40000, 25, 1000, 5000);
    trace_open(&trace);
    TRACE_LINES(&trace, "S: 220 localhost ESMTP", "C: EHLO a", "S: 250-a\r\n250 STARTTLS",
                "C: STARTTLS", "S: 220 go on");
    shake_hands(&trace);
    lab_feed(&lab, &trace);
    lab_finish(&lab);
    lab_expect(&lab, LAB_ONLY_SHAPE,
               "C:open S:greeting220 C:EHLO S:250>3 C:STARTTLS S:220>5 C:tls S:tls C:close");
    lab_expect(&lab, "SELECT tls_version || ' ' || tls_sni || ' ' || tls_records FROM sessions",
               "TLS 1.3 mail.localhost 8");
    lab_remove(&lab);
}

/* --- long sessions --- */

/* A connection that a pool keeps for a day is stored as it goes on, and memory stays bounded. */
Test(pipeline_flows, a_session_that_does_not_end)
{
    struct lab lab;
    struct trace trace;
    lab_begin(&lab);
    trace_begin(&trace, 40000, 25, 0xfff00000u, 0xfff00000u); /* the numbers wrap on the way */
    trace_open(&trace);
    TRACE_LINES(&trace, "S: 220 localhost ESMTP", "C: EHLO a", "S: 250 a");
    lab_feed(&lab, &trace);
    for (int i = 0; i < 3000; i++) {
        trace.count = trace.text_used = 0;
        TRACE_LINES(&trace, "C: MAIL FROM:<a@localhost>", "S: 250 2.1.0 ok", "C: RSET",
                    "S: 250 2.0.0 ok");
        lab_feed(&lab, &trace);
    }
    lab_expect(&lab, "SELECT count(*) >= 0 FROM sessions", "1"); /* it can be read meanwhile */
    trace.count = 0;
    trace_close(&trace, SIDE_SERVER);
    lab_feed(&lab, &trace);
    lab_finish(&lab);
    expect_sessions(&lab, "1");
    lab_expect(&lab, "SELECT commands || ' ' || replies FROM sessions", "6001 6002");
    lab_expect(&lab, "SELECT count(*) || ' ' || max(seq) FROM events", "12005 12005");
    lab_expect(&lab, "SELECT count(*) || ' ' || max(tx) FROM transactions WHERE outcome = 'reset'",
               "3000 3000");
    lab_expect(&lab, "SELECT count(*) FROM events WHERE kind = 'reply' AND answers <> seq - 1",
               "0");
    lab_remove(&lab);
}

Test(pipeline_flows, many_at_once)
{
    struct lab lab;
    static struct trace traces[50];
    lab_begin(&lab);
    for (uint16_t i = 0; i < 50; i++) {
        trace_begin(&traces[i], (uint16_t)(40000 + i), 25, 1000u * i, 5000);
        trace_open(&traces[i]);
        TRACE_LINES(&traces[i], "S: 220 localhost ESMTP", "C: RCPT TO:<a@localhost>",
                    "S: 503 5.5.1 no", "C: QUIT", "S: 221 bye");
        trace_close(&traces[i], SIDE_CLIENT);
    }
    for (size_t at = 0; at < traces[0].count; at++)
        for (size_t i = 0; i < 50; i++)
            lab_packet(&lab, &traces[(i * 7 + at) % 50].packets[at]);
    lab_finish(&lab);
    expect_sessions(&lab, "50");
    lab_expect(&lab, "SELECT count(*) FROM (SELECT DISTINCT " LAB_SHAPE " FROM sessions s)", "1");
    lab_expect(&lab, "SELECT count(*) FROM diagnoses WHERE cause = 'hello_missing'", "50");
    lab_remove(&lab);
}

/* --- what is beside TCP --- */

static void raw(struct lab *lab, int link_type, const void *octets, size_t length)
{
    struct packet_record record = {.source = &lab->source,
                                   .number = ++lab->source.packets,
                                   .ts_us = 1,
                                   .link_type = link_type,
                                   .frame = bytes_of(octets, length),
                                   .wire_length = length};
    cr_assert(pipeline_packet(lab->pipeline, &record, NULL));
}

Test(pipeline_flows, what_is_no_tcp_is_counted)
{
    static const uint8_t udp[28] = {0x45, 0, 0,   28, 0, 0, 0,   0, 64, 17,
                                    0,    0, 127, 0,  0, 1, 127, 0, 0,  2};
    static const uint8_t fragment[28] = {0x45, 0, 0,   28, 0, 1, 0x20, 0, 64, 6,
                                         0,    0, 127, 0,  0, 1, 127,  0, 0,  2};
    struct lab lab;
    lab_begin(&lab);
    raw(&lab, 101, udp, sizeof udp);
    raw(&lab, 101, fragment, sizeof fragment);
    raw(&lab, 101, udp, 10);
    raw(&lab, 101, udp, 0);
    raw(&lab, 4711, udp, sizeof udp);
    lab_finish(&lab);
    cr_expect_eq(lab.totals.packets, 5);
    cr_expect_eq(lab.totals.tcp_packets, 0);
    cr_expect_eq(lab.totals.other_packets, 1);
    cr_expect_eq(lab.totals.fragments, 1);
    cr_expect_eq(lab.totals.unreadable_packets, 3);
    cr_expect_eq(lab.totals.unknown_link_type, 4711);
    expect_sessions(&lab, "0");
    lab_remove(&lab);
}

/* A bare acknowledgement, a FIN or a RST of something unknown begins nothing, nor does a
 * handshake alone. */
Test(pipeline_flows, nothing_was_said)
{
    struct lab lab;
    struct trace trace;
    lab_begin(&lab);
    trace_begin(&trace, 40000, 25, 1000, 5000);
    trace_ack(&trace, SIDE_CLIENT);
    trace_flag(&trace, SIDE_CLIENT, TCP_FIN | TCP_ACK);
    trace_flag(&trace, SIDE_SERVER, TCP_RST);
    lab_feed(&lab, &trace);
    pipeline_totals(lab.pipeline, &lab.totals);
    cr_expect_eq(lab.totals.connections, 0);
    for (uint16_t i = 0; i < 1000; i++) {
        trace_begin(&trace, (uint16_t)(41000 + i), 25, 1000, 5000);
        trace_flag(&trace, SIDE_CLIENT, TCP_SYN);
        lab_feed(&lab, &trace);
    }
    lab_finish(&lab);
    cr_expect_eq(lab.totals.connections, 1000);
    expect_sessions(&lab, "0");
    lab_remove(&lab);
}

Test(pipeline_flows, the_same_capture_again)
{
    static const char *const lines[] = {"S: 220 localhost ESMTP", "C: QUIT", "S: 221 bye", NULL};
    struct lab lab;
    lab_begin(&lab);
    converse(&lab, 40000, 25, lines);
    cr_assert(pipeline_finish(lab.pipeline, NULL));
    pipeline_free(lab.pipeline);
    scratch_close(lab.store);
    lab.store = scratch_store(&lab.scratch);
    lab.pipeline = pipeline_new(&(struct pipeline_options){0}, lab.store, NULL);
    lab.source.packets = 0;
    converse(&lab, 40000, 25, lines);
    lab_finish(&lab);
    cr_expect_eq(lab.totals.sessions, 1);
    cr_expect_eq(lab.totals.sessions_added, 0);
    cr_expect_eq(lab.totals.sessions_known, 1);
    expect_sessions(&lab, "1");
    lab_remove(&lab);
}

Test(pipeline_flows, a_pipeline_that_is_dropped_stores_nothing_more)
{
    struct lab lab;
    struct trace trace;
    lab_begin(&lab);
    trace_begin(&trace, 40000, 25, 1000, 5000);
    trace_open(&trace);
    TRACE_LINES(&trace, "S: 220 localhost ESMTP", "C: QUIT");
    lab_feed(&lab, &trace);
    pipeline_free(lab.pipeline);
    pipeline_free(NULL);
    scratch_close(lab.store);
    expect_sessions(&lab, "0");
    lab_remove(&lab);
}
