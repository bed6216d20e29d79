/* SPDX-License-Identifier: ISC */
/* Octets of one side to lines, message content and chunks. */
#ifndef ANALYZER_SMTP_READER_H
#define ANALYZER_SMTP_READER_H

#include "heloscope/session/session.h"

/* The server has spoken before a binary PROXY header was whole: what is held is none. */
void reader_no_header(struct session *s);

/* Goes on with what waited (READ_WAIT), in the reading that the half now has. */
void reader_resume(struct session *s, enum side side);

/* Octets of `side` in the reading that they are in, or a hole in them. */
void reader_span(struct session *s, enum side side, const struct span *span);

/* A hole; `text` says more of it, if it is not empty. */
void reader_gap(struct session *s, enum side side, const struct span *span, struct bytes text);

/* A line of the client goes in front of what is to be read, to wait with it. */
void reader_put_back(struct session *s, const struct line *line);

#endif
