/* SPDX-License-Identifier: ISC */
/* What lies under SMTP once it cannot be read: TLS records, of which the hellos are, and SASL
 * security layers. */
#ifndef ANALYZER_SMTP_ENCRYPTED_H
#define ANALYZER_SMTP_ENCRYPTED_H

#include "heloscope/session/session.h"

/* Whether `data`, which is not empty, looks like the beginning of a handshake record; in a session
 * begun `midway`, of any record. */
bool tls_begins(struct bytes data, bool midway);

/* The same behind the 220 to STARTTLS, where the server's first record may be an alert. */
bool tls_goes_on(struct bytes data);

/* There the side's records begin; or text does, where a hole in front of it counts as in any text.
 */
void tls_comes(struct session *s, enum side side);
void tls_does_not_come(struct session *s, enum side side);

/* Takes what is to be read of what records hold, and what is in clear again after them; where
 * `span->data.at` is NULL, a hole, of which `text`, if it is not empty, says more. */
typedef void encrypted_sink(struct session *s, enum side side, const struct span *span,
                            struct bytes text);

/* Takes octets of `side`, as records, from the first on that it was given; also a hole in them. The
 * hellos, and an alert that ends the handshake, become events, and what follows that is read as
 * lines; with a key log that fits so is what the records hold. */
void encrypted_take(struct session *s, enum side side, const struct span *span,
                    encrypted_sink *sink);

/* Goes on with what waits for a secret, if it has come or has waited too long by `now_us`. Whether
 * anything did. */
bool encrypted_poll(struct session *s, int64_t now_us, encrypted_sink *sink);

/* The connection is over: what waits is read, what is lost is told. */
void encrypted_end(struct session *s, encrypted_sink *sink);

/* Both sides go on in a SASL security layer, whose first octets `mark` is of. */
void sasl_layer_begin(struct session *s, enum side side, const struct mark *mark);

#endif
