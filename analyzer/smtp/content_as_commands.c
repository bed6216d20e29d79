/* Lines of a message that a server reads as commands: where they begin, which lines belong to them,
 * where they end. A message comes in one piece, without a look at the replies to its lines; that,
 * and lines that no client would send as commands, tell it from commands. */
#include "content_as_commands.h"

#include "heloscope/session/pending.h"
#include "heloscope/session/direction.h"
#include "heloscope/session/session.h"

static void content_run_end(struct session *s)
{
    s->content_run.because = 0;
    s->content_run.sure = s->content_run.after_data = false;
    s->content_run.lines = 0;
    s->content_run.limit = 0;
}

void content_run_begin(struct session *s, event_no because, bool after_data)
{
    content_run_end(s);
    s->content_run.because = because;
    s->content_run.after_data = after_data;
    s->content_run.weak = s->order.hole && (s->content.hole || s->half[SIDE_SERVER].resync ||
                                            order_doubtful(&s->order, VERB_DATA));
}

void content_run_mark(const struct session *s, struct pending *p)
{
    p->content_line = true;
    p->content_of = s->content_run.because;
    p->content_after_data = s->content_run.after_data;
}

static void mark_flight(struct session *s)
{
    s->content_run.sure = true;
    for (uint32_t i = 0; i < s->ring.count; i++) {
        struct pending *p = pending_at(s, i);
        if (p->command.seq > s->content_run.because && p->kind == PENDING_COMMAND)
            content_run_mark(s, p);
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

bool content_run_in_flight(struct session *s)
{
    if (!s->content_run.because)
        return false;
    bool found = s->content_run.sure;
    for (uint32_t i = 0; i < s->ring.count && !found; i++) {
        const struct pending *p = pending_at(s, i);
        found = p->kind == PENDING_COMMAND && p->command.seq > s->content_run.because &&
                p->command.verb == VERB_UNKNOWN;
    }
    /* What waits behind a BDAT is its chunk; behind MAIL, RCPT and DATA, the next message's
     * content. */
    bool lines = s->waiting.verb != VERB_BDAT && !s->content_run.mail;
    uint8_t waiting[4096];
    if (!found && lines)
        found = holds_content(
            bytes_of(waiting, half_peek(&s->half[SIDE_CLIENT], waiting, sizeof waiting)));
    if (found)
        mark_flight(s);
    else
        content_run_end(s);
    return found;
}

/* Follows a run from line to line; returns whether this line belongs to it. A message comes in one
 * piece, without a look at the replies to its lines: a well-formed command that waited for them
 * ends the run. */
bool content_run_follow(struct session *s, const struct line *line, const struct smtp_command *c)
{
    if (!s->content_run.because)
        return false;
    bool proper = c->verb != VERB_UNKNOWN && c->well_formed;
    bool waited = !s->ring.count && line->mark.seen >= s->last_reply_end;
    if ((s->content_run.limit && line->start >= s->content_run.limit) ||
        (waited && (s->content_run.after_data || (proper && s->content_run.lines)))) {
        content_run_end(s);
        return false;
    }
    if (!s->content_run.lines++)
        s->content_run.mail = c->verb == VERB_MAIL && c->well_formed;
    if (!s->content_run.sure && c->verb == VERB_UNKNOWN)
        mark_flight(s);
    bool within = s->content_run.sure;
    if (within && is_lone_dot(line->text) && !s->content_run.limit)
        content_run_end(s);
    return within;
}

void content_run_doubt(struct session *s)
{
    for (uint32_t i = 0; s->content_run.because && i < s->ring.count; i++)
        if (pending_at(s, i)->command.seq > s->content_run.because)
            pending_at(s, i)->shaky = true;
}
