/* SPDX-License-Identifier: ISC */
/* What a load balancer says in front of a session: who the real client is. */
#ifndef ANALYZER_SMTP_PROXIED_H
#define ANALYZER_SMTP_PROXIED_H

#include "heloscope/session/session.h"

/* Takes the client's first line when it is a PROXY header; false when it is something else. */
bool proxied_line(struct session *s, const struct line *line);

/* A binary header that is whole. */
void proxied_binary(struct session *s, struct bytes header, const struct mark *mark);

/* Whether the reply that is complete now refuses the header: the server does not know it. */
bool proxied_is_refused(struct session *s);

/* The header as the command that it then was. */
struct pending proxied_command(struct session *s);

#endif
