/* SPDX-License-Identifier: ISC */
/* Who broke a rule, whatever the server made of it. */
#ifndef HELOSCOPE_DIAGNOSIS_VIOLATION_H
#define HELOSCOPE_DIAGNOSIS_VIOLATION_H

#include "heloscope/session/session.h"

/* A command that breaks a rule at the moment it is sent (early talk, group), whatever the answer.
 */
void accuse(struct session *s, struct pending *p, bool tolerated);

/* The same once the answer is there: what `verdict` says of the client. */
void judge_client(struct session *s, const struct pending *p, const struct verdict *verdict,
                  bool tolerated);

/* Writes a violation. `rule` is static. */
void note_violation(struct session *s, event_no seq, const char *rule, bool tolerated);

/* Notes the violations that waited until the client's acknowledgements meant something (receipt.h).
 */
void note_owed(struct session *s);

#endif
