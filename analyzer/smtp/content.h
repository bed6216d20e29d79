/* SPDX-License-Identifier: ISC */
/* The content of a message, behind a 354 (RFC 5321 section 4.1.1.4) or in chunks (RFC 3030 section
 * 2). */
#ifndef ANALYZER_SMTP_CONTENT_H
#define ANALYZER_SMTP_CONTENT_H

#include "heloscope/session/session.h"

/* The client's next octets are a message, up to its final dot. */
void content_begin(struct session *s);

/* They are the chunk of the last BDAT, `s->chunk_size` octets: `reading` is READ_CHUNK, or
 * READ_WAIT as long as the server may not take it. */
void content_begin_chunk(struct session *s, enum reading reading);

/* Octets of it, borrowed: looked at for header fields, not kept. */
void content_take(struct session *s, struct bytes data, const struct mark *mark);

/* It ended at `end` of the client's octets: its event, and what waits for a reply. `notes`: enum
 * note. */
void content_end(struct session *s, uint64_t end, unsigned notes);
void content_end_chunk(struct session *s, uint64_t end, unsigned notes);

#endif
