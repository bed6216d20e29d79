/* A session of the analysis fed by hand, octet for octet, and what it made of them. */
#ifndef TESTS_SUPPORT_TALK_H
#define TESTS_SUPPORT_TALK_H

#include "heloscope/session/session.h"

enum {
    TALK_CHAPTERS = 64
};

struct talk {
    struct session *session;
    struct draft *drafts[TALK_CHAPTERS]; /* what was handed over */
    size_t chapters;
    uint64_t sent[2]; /* octets, by enum side */
    uint64_t seen[2]; /* of the peer's octets, when it spoke last */
    uint64_t packet;
};

/* A session between loopback addresses, from its SYN on, or from the middle. */
void talk_begin(struct talk *talk, bool midstream);

/* Octets of `side`, whose sender has received all that the peer sent. */
void talk_octets(struct talk *talk, enum side side, struct bytes octets);

/* Likewise, but its sender has received only `seen` octets. */
void talk_blindly(struct talk *talk, enum side side, struct bytes octets, uint64_t seen);

void talk_gap(struct talk *talk, enum side side, uint64_t octets);

/* Lines "C: text", "S: text", each of which ends in CR LF; "C+ text" has seen no more than the
 * client's line before; "G: C 5" is a gap of five octets of the client; up to NULL. */
void talk_lines(struct talk *talk, const char *const *lines);
#define TALK(talk, ...) talk_lines(talk, (const char *const[]){__VA_ARGS__, NULL})

/* Hands over the chapter so far. */
void talk_chapter(struct talk *talk, bool last);

/* Ends the session, and frees what talk_begin() made but the chapters. */
void talk_end(struct talk *talk);
void talk_free(struct talk *talk);

/* The event with this number, NULL = none, in whatever chapter it is. */
const struct event *talk_event(const struct talk *talk, event_no seq);

/* What was made of the reply with this number, or of the command; NULL = nothing. */
const struct diagnosis *talk_diagnosis(const struct talk *talk, event_no reply);
const struct violation *talk_violation(const struct talk *talk, event_no command);

/* The first event whose text begins with `text`; 0 = none. */
event_no talk_text(const struct talk *talk, const char *text);

/* The first event of `side` and `kind` behind `after`; 0 = none. */
event_no talk_find(const struct talk *talk, enum side side, enum event_kind kind, event_no after);

/* All events, a word each: C or S, and "open", "EHLO", "250", "data:12", "gap:3", "auth" ...; of a
 * reply also what it answers, "250>3", or "250>-". Valid until the next call. */
const char *talk_shape(const struct talk *talk);

#endif
