/* SPDX-License-Identifier: ISC */
/* What the client sends: commands and SASL responses to events, and to what waits for replies. */
#ifndef ANALYZER_SMTP_CLIENT_H
#define ANALYZER_SMTP_CLIENT_H

#include "heloscope/session/session.h"

/* A line: a command, the response to a 334, or what the server throws away before a handshake. */
void client_line(struct session *s, const struct line *line);

/* What could not be read behind a hole ends here: its event. */
void client_unread(struct session *s);

/* The connection has ended within a line: it is kept, and not judged. */
void client_unfinished(struct session *s);

#endif
