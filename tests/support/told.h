/* SPDX-License-Identifier: ISC */
/* A session of the analysis fed by hand, octet for octet, and what it made of them. */
#ifndef TESTS_SUPPORT_TOLD_H
#define TESTS_SUPPORT_TOLD_H

#include "heloscope/session/session.h"

enum {
    TALK_CHAPTERS = 64
};

struct told {
    struct session *session;
    struct draft *drafts[TALK_CHAPTERS]; /* what was handed over */
    size_t chapters;
    uint64_t sent[2]; /* octets, by enum side */
    uint64_t seen[2]; /* of the peer's octets, when it spoke last */
    uint64_t packet;
};

/* A session between loopback addresses, from its SYN on, or from the middle. */
void told_begin(struct told *told, bool midstream);

/* Octets of `side`, whose sender has received all that the peer sent. */
void told_octets(struct told *told, enum side side, struct bytes octets);

/* Likewise, but its sender has received only `seen` octets. */
void told_blindly(struct told *told, enum side side, struct bytes octets, uint64_t seen);

void told_gap(struct told *told, enum side side, uint64_t octets);

/* Lines "C: text", "S: text", each of which ends in CR LF; "C+ text" has seen no more than the
 * client's line before; "G: C 5" is a gap of five octets of the client; up to NULL. */
void told_lines(struct told *told, const char *const *lines);
#define TOLD(told, ...) told_lines(told, (const char *const[]){__VA_ARGS__, NULL})

/* Hands over the chapter so far. */
void told_chapter(struct told *told, bool last);

/* Ends the session, and frees what told_begin() made but the chapters. */
void told_end(struct told *told);
void told_free(struct told *told);

/* The event with this number, NULL = none, in whatever chapter it is. */
const struct event *told_event(const struct told *told, event_no seq);

/* What was made of the reply with this number, or of the command; NULL = nothing. */
const struct diagnosis *told_diagnosis(const struct told *told, event_no reply);
const struct violation *told_violation(const struct told *told, event_no command);

/* The first event whose text begins with `text`; 0 = none. */
event_no told_text(const struct told *told, const char *text);

/* The first event of `side` and `kind` behind `after`; 0 = none. */
event_no told_find(const struct told *told, enum side side, enum event_kind kind, event_no after);

/* All events, a word each: C or S, and "open", "EHLO", "250", "data:12", "gap:3", "auth" ...; of a
 * reply also what it answers, "250>3", or "250>-". Valid until the next call. */
const char *told_shape(const struct told *told);

#endif
