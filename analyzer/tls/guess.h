/* SPDX-License-Identifier: ISC */
/* What the hellos of a session would have told, supposed where they were not captured. */
#ifndef ANALYZER_TLS_GUESS_H
#define ANALYZER_TLS_GUESS_H

#include "state.h"

enum {
    GUESS_ENTRIES = 256, /* of the key log, the newest, that are tried */
    GUESS_RECORDS = 8,   /* of one side for which it is tried */
};

/* What was known before, and how far the trials are. */
struct guess {
    enum keylog_label label;
    struct tls_suite suite;
    uint8_t client_random[TLS_RANDOM];
    uint16_t version;
    bool suite_known;
    bool midway;    /* its side began later: so many records may have passed before */
    uint32_t ahead; /* sequence numbers to be tried then */
    size_t place, entries, next_suite;
    uint8_t length; /* octets of the secret */
};

/* Whether a record of `side` cannot be read because a hello is not there, and may be by trial. */
bool guess_may_help(const struct tls *tls, enum side side);

/* The same, and that hello does not come any more. */
bool guess_is_due(const struct tls *tls, enum side side);

void guess_begin(struct tls *tls, enum side side, struct guess *guess);

/* Makes `tls` as it would be after hellos that the key log speaks for; false when there are no
 * more. */
bool guess_next(struct tls *tls, struct guess *guess);

/* None fitted: all is as it was. */
void guess_fails(struct tls *tls, const struct guess *guess);

/* The last one is proved. */
void guess_holds(struct tls *tls, const struct guess *guess);

#endif
