/* SPDX-License-Identifier: ISC */
/* Octets of both directions of a connection to the session's commands, replies and messages. */
#ifndef HELOSCOPE_SMTP_DECODER_H
#define HELOSCOPE_SMTP_DECODER_H

#include "heloscope/session/session.h"

/* Takes what the reassembly delivers, octets or a hole. The octets are borrowed. */
void session_span(struct session *s, enum side side, const struct span *span);

/* What waits for a secret goes on if it has come, or has waited too long by `now_us`. Whether
 * anything did. */
bool session_poll(struct session *s, int64_t now_us);

/* What waits for an answer waits no longer: there is no room. */
void session_hurry(struct session *s);

/* The connection has ended or is given up: everything that waited is read by what it suggests, the
 * close event is written. `ended_by`: the enum side that closed first. `how`: NULL = it was closed
 * in order; else "reset", "capture ended" and so on, static. */
void session_end(struct session *s, const struct mark *mark, int ended_by, const char *how);

#endif
