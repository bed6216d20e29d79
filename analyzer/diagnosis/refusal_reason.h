/* SPDX-License-Identifier: ISC */
/* Why a server refused a command: what a diagnosis is made of. */
#ifndef ANALYZER_DIAGNOSIS_REFUSAL_REASON_H
#define ANALYZER_DIAGNOSIS_REFUSAL_REASON_H

#include "heloscope/diagnosis/diagnosis.h"
#include "heloscope/session/session.h"

struct refusal_reason {
    enum cause cause;
    event_no origin;
    enum certainty certainty;
    enum cause claim; /* what the reply's text names */
    enum fault fault; /* FAULT_COUNT: as the cause and what the client knew make it */
    event_no related;
    enum role role;
    bool passes_on; /* what follows from this refusal has the same cause */
    bool silent;    /* and is what there is to say: the refusal by itself can be put right */
};

/* Whether the reply refuses a DATA for what was sent behind it, before its 354. */
bool refusal_sees_content(const struct session *s, const struct pending *p, const struct answer *a,
                          enum cause claim);

/* What an error limit goes back to: the origin of the first error of order, else the first refusal,
 * else the reply `a` itself. */
event_no refusal_first_error(const struct order *order, const struct answer *a);

/* Whether a 421 that names no reason of its own comes behind so many errors of order that they are
 * the reason (postscreen says "try again later"). */
bool refusal_is_worn_out(const struct session *s, const struct answer *a, enum cause claim);

/* The command broke no rule, or none that explains this reply: what else it can be, from what the
 * session shows first and from the text of the reply then. False when the reply is not about order
 * at all (a code other than 503 that has reasons of its own). */
bool refusal_reason_of(const struct session *s, const struct pending *p, const struct answer *a,
                       enum cause claim, struct refusal_reason *out);

#endif
