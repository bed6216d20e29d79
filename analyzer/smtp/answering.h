/* SPDX-License-Identifier: ISC */
/* Which command a reply answers, where it is not simply the one that waits longest. */
#ifndef ANALYZER_SMTP_ANSWERING_H
#define ANALYZER_SMTP_ANSWERING_H

#include "heloscope/session/session.h"

/* Drops commands that were never answered: a reply with `code` can only answer a later one. True
 * when the client's octets waited for one of them: once they are read, ask again. */
bool answering_drop(struct session *s, int code);

/* Whether `code` answers a DATA ahead of the commands before it, whose replies are still to come:
 * proxies that read the message themselves (proxsmtp, clamsmtp) say 354 before their server has
 * answered what they passed on to it. Then `*index` is its place in the ring. */
bool answering_is_ahead(struct session *s, int code, uint32_t *index);

/* Whether a reply with `code` is one too many, whatever waits: it cannot answer the oldest, nor, by
 * what RFC 5321 section 4.3.2 has for it, anything behind that. */
bool answering_is_surplus(struct session *s, int code);

/* Whether a message that is being read has been answered by `code`, before its end was seen. */
bool answering_is_to_content(const struct session *s, int code);

#endif
