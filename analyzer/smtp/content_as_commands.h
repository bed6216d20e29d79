/* SPDX-License-Identifier: ISC */
/* Lines of a message that a server reads as commands. */
#ifndef ANALYZER_SMTP_CONTENT_AS_COMMANDS_H
#define ANALYZER_SMTP_CONTENT_AS_COMMANDS_H

#include "heloscope/session/session.h"

/* From event `because` on lines may be message content: a candidate, until a line proves it.
 * `after_data`: `because` is the message that a dot ended too early; else the reply that refused
 * DATA or BDAT. */
void content_as_commands_begin(struct session *s, event_no because, bool after_data);

/* They are none any more: what follows is a message, or are commands. */
void content_as_commands_end(struct session *s);

/* Takes the next line; returns whether it belongs to the run. */
bool content_as_commands_follow(struct session *s, const struct line *line,
                                const struct smtp_command *c);

/* The reply to `p`, which waits no longer, has come, and it is known what the client had sent by
 * then: if that holds lines that are no commands, `p` is marked as a line of a message, and so is
 * all that is on the way. */
void content_as_commands_judge(struct session *s, struct pending *p);

/* A hole in the client's octets: what is on the way may be message content, with the proof of it
 * missing. */
void content_as_commands_doubt(struct session *s);

#endif
