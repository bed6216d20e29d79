/* SPDX-License-Identifier: ISC */
/* Lines of the client behind a hole, or where the capture begins: of a message perhaps, whose lines
 * can begin with Help, Data or Quit, or quote whole commands. Each is content until something
 * proves otherwise: the server, which answers commands and is silent within a message. */
#ifndef ANALYZER_SMTP_UNREAD_H
#define ANALYZER_SMTP_UNREAD_H

#include "heloscope/application/smtp_command.h"
#include "heloscope/session/session.h"

enum suggestion {
    SUGGESTS_NOTHING, /* so far: lines that can be either */
    SUGGESTS_COMMANDS,
    SUGGESTS_CONTENT,
};

/* What the lines that `octets` begin with are by their form; an incomplete last one is left out. */
enum suggestion unread_suggests(struct bytes octets);

/* Whether the line, which is `c`, is content as far as is known: it is counted, or kept until the
 * server has spoken. */
bool unread_takes(struct session *s, const struct line *line, const struct smtp_command *c);

/* Whether the lines that are kept are commands, as the line behind them shows. */
bool unread_proved_by_line(const struct session *s, const struct line *line);

/* The same, as the reply that has just been read shows. */
bool unread_proved_by_reply(struct session *s);

/* The same, at the end of the connection: a QUIT. */
bool unread_proved_by_end(const struct session *s);

/* Takes out the lines that are kept, now that they are known to be commands: as a list, to be read
 * and freed by the caller. What stood in front of them is told. */
struct queued_span *unread_believe(struct session *s);

/* What could not be read ends here, with what is kept: its event. */
void unread_end(struct session *s);

#endif
