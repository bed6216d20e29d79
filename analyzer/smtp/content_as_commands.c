/* SPDX-License-Identifier: ISC */
/* Lines of a message that a server reads as commands: where they begin, which lines belong to them,
 * where they end. A message comes in one piece, without a look at the replies to its lines; that,
 * and lines that no client would send as commands, tell it from commands. */
#include "content_as_commands.h"

#include "heloscope/session/pending.h"
#include "heloscope/session/direction.h"
#include "heloscope/session/session.h"

void content_as_commands_end(struct session *s)
{
    s->content_as_commands.because = 0;
    s->content_as_commands.sure = s->content_as_commands.after_data = false;
    s->content_as_commands.lines = 0;
    s->content_as_commands.limit = 0;
}

void content_as_commands_begin(struct session *s, event_no because, bool after_data)
{
    content_as_commands_end(s);
    s->content_as_commands.because = because;
    s->content_as_commands.after_data = after_data;
    s->content_as_commands.weak =
        s->order.hole && (s->content.hole || s->direction[SIDE_SERVER].resync ||
                          order_doubtful(&s->order, VERB_DATA));
}

static void mark_line(const struct session *s, struct pending *p)
{
    p->content_line = true;
    p->content_of = s->content_as_commands.because;
    p->content_after_data = s->content_as_commands.after_data;
}

static void mark_flight(struct session *s)
{
    s->content_as_commands.sure = true;
    for (uint32_t i = 0; i < s->ring.count; i++) {
        struct pending *p = pending_at(s, i);
        if (p->command.seq > s->content_as_commands.because && p->kind == PENDING_COMMAND)
            mark_line(s, p);
    }
}

/* Whether `text`, lines that wait, holds one that no client would send as a command. */
static bool holds_content(struct bytes text)
{
    struct bytes line;
    while (bytes_take_line(&text, &line)) {
        struct smtp_command c;
        smtp_command_parse(line, &c);
        if (c.verb == VERB_UNKNOWN)
            return true;
    }
    return false;
}

/* Whether what the client has on the way holds lines that are no commands: message content. Then
 * all of it is marked so. */
static bool flight_is_content(struct session *s)
{
    if (!s->content_as_commands.because)
        return false;
    bool found = s->content_as_commands.sure;
    for (uint32_t i = 0; i < s->ring.count && !found; i++) {
        const struct pending *p = pending_at(s, i);
        found = p->kind == PENDING_COMMAND && p->command.seq > s->content_as_commands.because &&
                p->command.verb == VERB_UNKNOWN;
    }
    /* What waits behind a BDAT is its chunk; behind MAIL, RCPT and DATA, the next message's
     * content. */
    bool lines = s->waiting.verb != VERB_BDAT && !s->content_as_commands.mail;
    uint8_t waiting[4096];
    if (!found && lines)
        found = holds_content(
            bytes_of(waiting, direction_peek(&s->direction[SIDE_CLIENT], waiting, sizeof waiting)));
    if (found)
        mark_flight(s);
    else
        content_as_commands_end(s);
    return found;
}

void content_as_commands_judge(struct session *s, struct pending *p)
{
    const bool candidate = s->content_as_commands.because && !s->content_as_commands.sure &&
                           p->command.seq > s->content_as_commands.because &&
                           p->kind == PENDING_COMMAND;
    if (candidate && !p->content_line && flight_is_content(s))
        mark_line(s, p);
}

/* Follows a run from line to line; returns whether this line belongs to it. A message comes in one
 * piece, without a look at the replies to its lines: a well-formed command that waited for them
 * ends the run. */
bool content_as_commands_follow(struct session *s, const struct line *line,
                                const struct smtp_command *c)
{
    if (!s->content_as_commands.because)
        return false;
    bool proper = c->verb != VERB_UNKNOWN && c->well_formed;
    bool waited = !s->ring.count && line->mark.seen >= s->last_reply_end;
    if ((s->content_as_commands.limit && line->start >= s->content_as_commands.limit) ||
        (waited &&
         (s->content_as_commands.after_data || (proper && s->content_as_commands.lines)))) {
        content_as_commands_end(s);
        return false;
    }
    if (!s->content_as_commands.lines++)
        s->content_as_commands.mail = c->verb == VERB_MAIL && c->well_formed;
    if (!s->content_as_commands.sure && c->verb == VERB_UNKNOWN)
        mark_flight(s);
    bool within = s->content_as_commands.sure;
    if (within && is_lone_dot(line->text) && !s->content_as_commands.limit)
        content_as_commands_end(s);
    return within;
}

void content_as_commands_doubt(struct session *s)
{
    for (uint32_t i = 0; s->content_as_commands.because && i < s->ring.count; i++)
        if (pending_at(s, i)->command.seq > s->content_as_commands.because)
            pending_at(s, i)->shaky = true;
}
