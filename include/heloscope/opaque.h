/* What lies under SMTP once it cannot be read: TLS records, of which the hellos are, and SASL
 * security layers. */
#ifndef HELOSCOPE_OPAQUE_H
#define HELOSCOPE_OPAQUE_H

#include "heloscope/session.h"

/* Whether `data`, which is not empty, looks like the beginning of a handshake record; in a session
 * begun `midway`, of any record. */
bool tls_begins(struct bytes data, bool midway);

/* Takes octets of `side` in the reading READ_TLS; returns how many. The hellos become events. */
size_t tls_read(struct session *s, enum side side, struct bytes data, uint64_t offset,
                const struct mark *mark);

/* A handshake that a server in clear has answered: its event, if it has none yet. */
void tls_answered(struct session *s);

/* Both sides go on in a SASL security layer, whose first octets `mark` is of. */
void sasl_layer_begin(struct session *s, enum side side, const struct mark *mark);

#endif
