/* SPDX-License-Identifier: ISC */
/* What the server sends: lines to replies, replies to the commands that they answer. */
#ifndef ANALYZER_SMTP_SERVER_H
#define ANALYZER_SMTP_SERVER_H

#include "heloscope/session/session.h"

void server_line(struct session *s, const struct line *line);

/* A reply whose last lines are lost, or not sent any more: what there is of it becomes an event. */
void server_reply_cut(struct session *s);

/* The snap length cut off the rest of a reply, which counts for the code that it shows. `end`: of
 * what was captured. */
void server_reply_ends_in_cut(struct session *s, uint64_t end);

#endif
