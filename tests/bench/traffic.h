/* SPDX-License-Identifier: ISC */
/* Many connections side by side, as packets in the order of time. */
#ifndef TESTS_BENCH_TRAFFIC_H
#define TESTS_BENCH_TRAFFIC_H

#include "wire.h"

/* Shares are from 0 to 1. */
struct traffic {
    uint64_t seed;
    uint32_t sessions; /* of SMTP; the other protocols' come on top */
    uint32_t open;     /* how many connections are open at once */
    uint32_t size_min, size_max;
    uint32_t segment; /* the largest payload of a segment */
    uint32_t rate;    /* packets a second */
    double pipelined, faulty, starttls, implicit_tls;
    double other;     /* of all connections those that are not SMTP */
    double odd_ports; /* of the SMTP connections those on ports that nobody declares */
    double ip6, tagged;
    double lost, twice, late; /* of all packets */
    double repeated;          /* segments with data that are sent again */
    double lost_hello;        /* of the sessions those whose reply to EHLO is not captured */
    double lost_turn;         /* of the sessions those of which one turn is not captured */
    double frozen;            /* of the sessions those whose client acknowledges the greeting, and
                               * nothing more, as rewritten captures have it */
    FILE *truth;              /* what is sent and what is not captured, see truth.h; or NULL */
};

/* Writes all of it. */
void traffic_write(const struct traffic *traffic, struct wire *wire);

#endif
