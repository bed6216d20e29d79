/* SPDX-License-Identifier: ISC */
/* What a load balancer says in front of a session: who the real client is. */
#ifndef ANALYZER_SMTP_PROXIED_H
#define ANALYZER_SMTP_PROXIED_H

#include "heloscope/session/session.h"

/* Takes the client's first line when it is a PROXY header; false when it is something else. */
bool proxied_line(struct session *s, const struct line *line);

/* Whether the client's octets, of which this is the very first, may begin with a binary header. */
bool proxied_may_begin(const struct session *s, uint8_t first);

/* Takes octets that may be those of a binary header (READ_PROXY), `*taken` of them: they are held
 * until it is whole. False when what is held is none. */
bool proxied_octets(struct session *s, struct bytes data, uint64_t offset, const struct mark *mark,
                    size_t *taken);

/* Whether the reply that is complete now refuses the header: the server does not know it. */
bool proxied_is_refused(struct session *s);

/* The header as the command that it then was. */
struct pending proxied_command(struct session *s);

#endif
