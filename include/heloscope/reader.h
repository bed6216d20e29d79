/* Octets of one side to lines, message content, chunks and TLS records. */
#ifndef HELOSCOPE_READER_H
#define HELOSCOPE_READER_H

#include "heloscope/session.h"

/* Goes on with what waited (READ_WAIT), in the reading that the half now has. */
void reader_resume(struct session *s, enum side side);

/* A handshake that a server in clear has answered: its event, if it has none yet. */
void reader_tls_answered(struct session *s);

/* A line of the client goes in front of what is to be read, to wait with it. */
void reader_put_back(struct session *s, const struct line *line);

/* The first octets of what waits, across spans, into `out`; returns how many. */
size_t reader_peek(const struct half *half, uint8_t *out, size_t size);

/* Frees what the half holds, not the half. */
void half_free(struct half *half);

#endif
