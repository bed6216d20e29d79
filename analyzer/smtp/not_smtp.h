/* SPDX-License-Identifier: ISC */
/* What is spoken where SMTP was expected: HTTP, TLS from the first octet on, a scanner's noise.
 *
 * Which it is, both sides together tell: an SMTP server answers a request of HTTP line by line, and
 * then they are commands; a server of HTTP does not. So a client that begins with such a request is
 * held until the server has said its first line. What then turns out to be no SMTP is named, and
 * not read on: one event for each side, however much they say. */
#ifndef ANALYZER_SMTP_NOT_SMTP_H
#define ANALYZER_SMTP_NOT_SMTP_H

#include "heloscope/session/session.h"

/* Returns what a line of the client, which is no command, shows of what is spoken; `*name` is then
 * the protocol's, NULL when it is not known. */
enum not_smtp_kind not_smtp_kind_of(struct bytes line, const char **name);

/* The client's first line; true when it is held for the server's answer (READ_HELD). */
bool not_smtp_holds(struct session *s, const struct line *line);

/* More waits than is kept, or nothing more will come: it is what it seems to be. */
void not_smtp_give_up(struct session *s);

/* The first lines of the server; true when this one is not SMTP, and has been taken care of. A
 * client that was held for it is to be read as lines if it is. */
bool not_smtp_greets(struct session *s, const struct line *line, bool well_formed);

/* TLS from the first octet on. */
void not_smtp_tls(struct session *s);

/* The session is over: what was spoken in it, by what was seen. True when it was no SMTP. */
bool not_smtp_ended(struct session *s);

#endif
