/* SPDX-License-Identifier: ISC */
/* A TLS handshake that the server does not take part in: it answers in clear text, or nothing. */
#ifndef ANALYZER_SMTP_CLEAR_ANSWER_H
#define ANALYZER_SMTP_CLEAR_ANSWER_H

#include "heloscope/session/session.h"

/* A handshake that a server in clear has answered: its event, if it has none yet. */
void tls_answered(struct session *s);

/* The client's octets end inside its first record: what there is of the hello gets its event. */
void tls_cut_off(struct session *s);

#endif
