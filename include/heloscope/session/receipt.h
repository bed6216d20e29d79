/* SPDX-License-Identifier: ISC */
/* Whether a client's acknowledgements can be used. Captures that a generator wrote, or that were
 * rewritten, may have the same number in all of a client's segments; taken at its word it would
 * have sent each command without having received any reply. */
#ifndef HELOSCOPE_SESSION_RECEIPT_H
#define HELOSCOPE_SESSION_RECEIPT_H

#include "heloscope/span.h"
#include "heloscope/timeline.h"

struct session;
struct pending;

enum {
    RECEIPT_OWED = 8,  /* violations that wait for a proof */
    RECEIPT_STUCK = 3, /* so often must it have stayed behind to be called unusable */
};

/* The client's acknowledgements as far as they have been seen. */
struct receipts {
    uint64_t first; /* server octets that its first octets acknowledged */
    bool begun, moved;
    uint8_t stuck; /* how often it went on, all of its commands answered, and had not seen it */
    bool unproved; /* what is being read came behind a reply that it does not acknowledge */
    bool doubted;  /* so has something before: the client did not wait, or the numbers are dead */
    bool unusable; /* they are dead: the order is that of the capture */
    bool told;     /* that has been noted */
    struct receipt_owed {
        event_no seq;
        const char *rule; /* static */
        bool tolerated;
    } owed[RECEIPT_OWED];
    uint32_t owed_count;
};

/* Looks at what the client's next octets acknowledge. Where such numbers have been proved unusable,
 * the mark gets what the capture's order says. True = they mean something after all: what is owed
 * is to be noted. */
bool receipt_take(struct session *s, struct mark *mark);

/* Has the command be judged as the capture's order says, when its number proves nothing. */
void receipt_place(struct session *s, struct pending *p);

/* Keeps a violation until the acknowledgements are known to mean something; if they never do, it is
 * never noted. False = it can be noted at once. */
bool receipt_owes(struct session *s, event_no seq, const char *rule, bool tolerated);

#endif
