/* SPDX-License-Identifier: ISC */
/* What waits for replies, and which command a reply answers: strictly first in, first out (RFC 5321
 * section 4.3.1, RFC 2920 section 3.1); behind holes by acknowledgement numbers. */
#ifndef HELOSCOPE_SESSION_PENDING_H
#define HELOSCOPE_SESSION_PENDING_H

#include "heloscope/session/session.h"

/* Room at the end of the ring. At PENDING_LIMIT a hole is left instead, and NULL returned. The
 * pointer is good until the next call of this module. */
/* Makes room for `count` that wait. */
void pending_reserve(struct session *s, uint32_t count);

struct pending *pending_push(struct session *s, enum pending_kind kind);

/* The entry `index` places behind the oldest; NULL = none. */
struct pending *pending_at(struct session *s, uint32_t index);
void pending_pop(struct session *s);

/* Takes out the entry `index` places behind the oldest, which waits no longer. */
void pending_remove(struct session *s, uint32_t index);

/* What the reply that lies at [start, end) of the server's octets, sent when it had received
 * `seen` octets, answers; NULL = nothing that was seen. What was passed over is dropped.
 * `*doubtful` tells whether a hole stands between. */
struct pending *pending_match(struct session *s, int code, uint64_t start, uint64_t end,
                              uint64_t seen, bool *doubtful);

/* Whether the message that was answered last, by the words for an unknown command, is accepted by a
 * reply with `code` that is one too many: the first was for a line end that the server had misread.
 */
bool pending_accepts_late(const struct session *s, int code);

/* A client that waits for its replies sends something new, having received `seen` octets: what a
 * hole has left over was answered in it. */
void pending_resynchronise(struct session *s, uint64_t seen);

/* A hole in the octets of `side`: replies or commands may lie in it. */
void pending_hole(struct session *s, enum side side);

#endif
