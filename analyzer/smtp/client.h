/* SPDX-License-Identifier: ISC */
/* What the client sends: commands and SASL responses to events, and to what waits for replies. */
#ifndef ANALYZER_SMTP_CLIENT_H
#define ANALYZER_SMTP_CLIENT_H

#include "heloscope/session/session.h"

/* Octets have come: how long nobody had spoken is remembered. */
void client_speaks(struct session *s, int64_t ts_us);

/* A line: a command, the response to a 334, or what the server throws away before a handshake. */
void client_line(struct session *s, const struct line *line);

/* The connection has ended within a line: it is kept, and not judged. */
void client_unfinished(struct session *s);

#endif
