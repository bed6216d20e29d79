/* SPDX-License-Identifier: ISC */
/* The envelope of each mail transaction, for the history. */
#ifndef HELOSCOPE_SESSION_TRANSACTION_H
#define HELOSCOPE_SESSION_TRANSACTION_H

#include "heloscope/session/session.h"

/* A reply to `p` (its event and code) and what it means for the envelope. `text`: without its
 * codes. */
void transaction_settle(struct session *s, const struct pending *p, event_no reply, int code,
                        struct bytes text);

/* Ends the open transaction; there must be one. `outcome` is static, `code` 0 = no final reply. */
void transaction_end(struct session *s, const char *outcome, int64_t ts_us, int code);

/* The message that was refused last, by a code of order or syntax, was accepted by a second reply,
 * `code` with `text`. */
void transaction_accept(struct session *s, int code, struct bytes text);

/* No second reply has come: the message's transaction is over. */
void transaction_finish(struct session *s);

/* The header of its message: the few marks that are kept are copied. */
void transaction_header(struct session *s, struct bytes header);

/* Moves the open transaction, if there is one, into `arena`. */
void transaction_rehome(struct session *s, struct arena *arena);

#endif
