/* SPDX-License-Identifier: ISC */
/* How the client's octets that wait (READ_WAIT) are to be read: what a server's answer to DATA,
 * AUTH, STARTTLS or BDAT means for them, and what is made of them when it is not to be seen. Each
 * function returns whether it has decided; what waits is then read by the driver (decoder.c), none
 * of it here. */
#ifndef ANALYZER_SMTP_DECISION_H
#define ANALYZER_SMTP_DECISION_H

#include "heloscope/session/session.h"

/* The answer has come: `s->answered`, at `reply_end` of the server's octets. */
bool decision_by_reply(struct session *s, uint64_t reply_end);

/* The reply that is complete now answers `p`, and no event has been made of it: it accepts the BDAT
 * whose chunk waits. */
bool decision_by_accepted_chunk(struct session *s, const struct pending *p);

/* What the client's octets wait for was never answered: they are commands. */
bool decision_by_silence(struct session *s);

/* Another reply is complete although a refused BDAT was the last thing outstanding, or another
 * command: whether the chunk was skipped or read as commands shows now. */
bool decision_by_evidence(struct session *s);

/* The client has sent more while its octets wait: what had to be guessed may be told by these. */
bool decision_by_more(struct session *s);

/* The answer will not be seen: by what the octets suggest. */
bool decision_by_octets(struct session *s);

#endif
