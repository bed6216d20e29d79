/* SPDX-License-Identifier: ISC */
/* What the server sends: lines to replies, replies to the commands that they answer. In which order
 * these are asked for a reply, and where the client's octets are read in between, is the driver's
 * (decoder.c). `end` is always that of the reply, in the server's octets. */
#ifndef ANALYZER_SMTP_SERVER_H
#define ANALYZER_SMTP_SERVER_H

#include "heloscope/application/smtp_reply.h"
#include "heloscope/session/session.h"

/* Whether the line is one of a reply: neither the end of one whose beginning is lost, nor another
 * protocol's. Then `*parsed` is what it holds, and a client whose first line was held for it
 * (READ_HELD) is to be read as commands. */
bool server_speaks(struct session *s, const struct line *line, struct smtp_reply_line *parsed);

/* Adds the line, as server_speaks() has parsed it; returns whether the reply is complete. */
bool server_line(struct session *s, const struct line *line, const struct smtp_reply_line *parsed);

/* A reply whose last lines are lost, or not sent any more: what there is of it becomes an event. */
void server_reply_cut(struct session *s);

/* The snap length cut off the rest of a reply; returns whether it counts as complete, for the code
 * that it shows. */
bool server_reply_ends_in_cut(struct session *s);

/* Takes the reply if it is the greeting. */
bool server_greeting(struct session *s, uint64_t end);

/* Takes the reply if it refuses the PROXY header in front of the session. */
bool server_refuses_header(struct session *s, uint64_t end);

/* What the reply answers, as pending_match() has found it; it waits no longer, unless more replies
 * to it are due: of `due` in what is returned nothing is left with the last one. */
struct pending server_take_answered(struct session *s, struct pending *found);

/* The reply answers `p`, by a guess if `doubtful`: its event, its diagnosis, and what it changes.
 * Returns whether the client's octets wait for it: decision_by_reply(). */
bool server_settle(struct session *s, struct pending *p, bool doubtful, uint64_t end);

/* The reply answers the DATA at `index` of the ring before what had been sent in front of it. The
 * client's octets wait for it. */
void server_settle_ahead(struct session *s, uint32_t index, uint64_t end);

/* No command that was seen has asked for the reply; `doubtful` where a hole may have had it. */
void server_settle_unasked(struct session *s, bool doubtful, uint64_t end);

#endif
