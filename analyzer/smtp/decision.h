/* SPDX-License-Identifier: ISC */
/* What a server's answer means for the reading of the client's octets. */
#ifndef ANALYZER_SMTP_DECISION_H
#define ANALYZER_SMTP_DECISION_H

#include "heloscope/session/session.h"

/* The answer to what the client's octets wait for (DATA, AUTH, STARTTLS, BDAT): how they are to be
 * read is known now. `reply_end`: the server's octets up to the end of the reply. */
void client_answered(struct session *s, int code, event_no reply, uint64_t reply_end);

/* What the client's octets wait for was never answered: they are commands. */
void client_unanswered(struct session *s);

/* Another reply came, `silence_us` after the client's last octets, although a refused BDAT was the
 * last thing outstanding, or another command: whether the chunk was skipped or read as commands is
 * known now. */
void client_chunk_evidence(struct session *s, int code, int64_t silence_us);

/* The client sends on while its octets wait: what has to be guessed is, if these tell. */
void client_goes_on(struct session *s);

/* What waits is read by what its octets suggest, since the answer will not be seen. */
void client_guess(struct session *s);

#endif
