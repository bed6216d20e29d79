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

/* The connection has ended within a message or a chunk: it is told as far as it came. */
void content_cut_off(struct session *s);

/* Keeps a copy of those octets of `span` that lie behind a dot between line ends of which one is a
 * bare LF; `before` octets of the message came before the span. A server that takes the dot for the
 * end reads commands there (RFC 5321 section 4.1.1.4 has CR LF only). Bounded by WAIT_LIMIT: of
 * what is longer nothing is kept. */
void content_keep_behind(struct session *s, const struct span *span, uint64_t before);

/* Forgets them: the message went on, or is at its end. */
void content_drop_behind(struct session *s);

/* The reply with `code` came while the client's message had not ended as far as was seen. Behind a
 * hole the final dot lay in it; a server may take a dot between bare LFs for the end, and commands
 * that lie behind it are to be read then: returns true. Otherwise the server did not wait for it,
 * or took something else for it. */
bool content_was_answered(struct session *s, int code);

#endif
