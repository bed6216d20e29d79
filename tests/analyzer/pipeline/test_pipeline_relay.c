/* SPDX-License-Identifier: ISC */
/* A session through a proxy is found behind the handshake with it, and read from there. */
#include <criterion/criterion.h>

#include "tests/support/lab.h"

struct say {
    enum side side;
    const char *octets;
    size_t length;
};
#define C(octets)                                                                                  \
    {                                                                                              \
        SIDE_CLIENT, octets, sizeof(octets) - 1                                                    \
    }
#define S(octets)                                                                                  \
    {                                                                                              \
        SIDE_SERVER, octets, sizeof(octets) - 1                                                    \
    }

static const struct row {
    const char *open;
    struct say handshake[6];
} rows[] = {
    {"127.0.0.1 port 40000 -> 127.0.0.2 port 1080, through SOCKS 4 to 127.0.0.2 port 25",
     {C("\4\1\0\x19\x7f\0\0\2me\0"), S("\0\x5a\0\0\0\0\0\0")}},
    {"127.0.0.1 port 40000 -> 127.0.0.2 port 1080, through SOCKS 5 to mx.a port 25",
     {C("\5\1\0"), S("\5\0"), C("\5\1\0\3\4mx.a\0\x19"), S("\5\0\0\1\0\0\0\0\0\0")}},
    {"127.0.0.1 port 40000 -> 127.0.0.2 port 1080, through HTTP CONNECT to mx.a port 25",
     {C("CONNECT mx.a:25 HTTP/1.1\r\n\r\n"), S("HTTP/1.1 200 ok\r\n\r\n")}},
};

static void tell(struct trace *trace, const struct say *handshake)
{
    static const char room[] = "................................................................";
    trace_begin(trace, 40000, 1080, 1000, 5000);
    trace_open(trace);
    for (; handshake->length; handshake++)
        trace_say(trace, handshake->side, room + sizeof room - 1 - handshake->length)->payload =
            bytes_of(handshake->octets, handshake->length);
    TRACE_LINES(trace, "S: 220 localhost ESMTP", "C: EHLO client",
                "S: 250-localhost\r\n250 PIPELINING", "C: MAIL FROM:<a@localhost>",
                "S: 550 5.1.0 no", "C: RCPT TO:<b@localhost>", "S: 503 5.5.1 need MAIL", "C: QUIT",
                "S: 221 bye");
    trace_close(trace, SIDE_CLIENT);
}

static void expect(struct lab *lab, const char *open)
{
    lab_expect(lab, LAB_ONLY_SHAPE, LAB_TOLD);
    lab_expect(lab, "SELECT text FROM events WHERE kind = 'open'", open);
    lab_expect(lab, "SELECT group_concat(coalesce(saw, '-')) FROM events", "-,-,2,3,4,5,6,7,8,9,-");
    lab_expect(lab, "SELECT cause || origin_seq || fault || certainty FROM diagnoses",
               "mail_rejected6clientcertain");
    lab_expect(lab, "SELECT bytes_missing || outcome FROM sessions", "0quit");
    lab_remove(lab);
}

Test(pipeline_relay, the_session_is_read_from_behind_the_handshake)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct lab lab;
        struct trace trace;
        tell(&trace, rows[i].handshake);
        lab_run(&lab, &trace);
        expect(&lab, rows[i].open);
    }
}

/* Segments of any size, also such that hold the end of the handshake and the beginning of the
 * session. */
Test(pipeline_relay, however_it_is_cut)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (uint32_t length = 1; length < 8; length += 3) {
            struct lab lab;
            struct trace trace;
            tell(&trace, rows[i].handshake);
            for (size_t k = 3; k < trace.count; k++)
                if (trace.packets[k].payload.len > length)
                    trace_split(&trace, k, length);
            lab_run(&lab, &trace);
            expect(&lab, rows[i].open);
        }
}

Test(pipeline_relay, a_greeting_in_the_segment_of_the_answer)
{
    static const char both[] = "\0\x5a\0\0\0\0\0\0"
                               "220 localhost ESMTP\r\n";
    static const struct say handshake[] = {
        C("\4\1\0\x19\x7f\0\0\2\0"), S("\0\x5a\0\0\0\0\0\0"), {0}};
    struct lab lab;
    struct trace trace;
    tell(&trace, handshake);
    trace.packets[4].payload = bytes_of(both, sizeof both - 1);
    trace_remove(&trace, 5);
    lab_run(&lab, &trace);
    expect(&lab,
           "127.0.0.1 port 40000 -> 127.0.0.2 port 1080, through SOCKS 4 to 127.0.0.2 port 25");
}

/* What looked like a handshake and is none is looked at as everything else. */
Test(pipeline_relay, none_after_all)
{
    static const struct say handshake[] = {C("CONN\r\n"), {0}};
    struct lab lab;
    struct trace trace;
    tell(&trace, handshake);
    lab_run(&lab, &trace);
    lab_count(&lab, "sessions", 1);
    lab_expect(&lab, "SELECT count(*) FROM events WHERE text LIKE '%through%'", "0");
    lab_remove(&lab);
}

/* A load balancer's header is no handshake: nobody answers it, and it is an event. */
Test(pipeline_relay, a_balancers_header_on_a_port_that_nobody_declared)
{
    static const struct say headers[][2] = {
        {C("PROXY TCP4 127.0.0.9 127.0.0.2 50000 25\r\n"), {0}},
        {C("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x7f\0\0\x09\x7f\0\0\2\xc3\x50\0\x19"), {0}},
    };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        struct lab lab;
        struct trace trace;
        tell(&trace, headers[i]);
        lab_run(&lab, &trace);
        lab_expect(&lab, LAB_ONLY_SHAPE,
                   "C:open C:? S:greeting220 C:EHLO S:250>4 C:MAIL S:550>6 C:RCPT S:503>8 C:QUIT "
                   "S:221>10 C:close");
        lab_expect(&lab, "SELECT text FROM events WHERE seq = 2",
                   "PROXY TCP4 127.0.0.9 127.0.0.2 50000 25");
        lab_expect(&lab,
                   "SELECT client_addr || ' ' || proxied_addr || ' ' || proxied_port FROM sessions",
                   "127.0.0.1 127.0.0.9 50000");
        lab_expect(&lab, "SELECT client FROM errors_503", "127.0.0.9");
        lab_remove(&lab);
    }
}
