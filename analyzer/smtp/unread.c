/* SPDX-License-Identifier: ISC */
#include "unread.h"

#include <stdlib.h>

#include "heloscope/session/direction.h"
#include "heloscope/session/pending.h"
#include "heloscope/software/queue_id.h"

enum {
    KEPT_MOST = 256, /* so many lines are no commands without an answer, or no harm is done */
};

static void count(struct session *s, uint64_t start, uint64_t end, const struct mark *mark)
{
    struct unread *unread = &s->unread;
    if (!unread->octets)
        unread->first = (struct line){.start = start, .mark = *mark};
    unread->octets += end - start;
    unread->end = end;
}

/* The lines that are kept are content like those in front of them. */
static void count_kept(struct session *s)
{
    struct direction *kept = &s->unread.kept;
    struct queued_span *q;
    while ((q = direction_dequeue(kept))) {
        count(s, q->span.offset, q->span.offset + q->span.data.len, &q->span.mark);
        free(q);
    }
}

static void tell(struct session *s)
{
    struct unread *unread = &s->unread;
    if (!unread->octets)
        return;
    const struct mark mark = unread->first.mark;
    struct event *e = session_event(s, EVENT_DATA, SIDE_CLIENT, &mark, bytes_of(NULL, 0));
    e->notes |= NOTE_DOUBTFUL;
    e->saw = session_seen(s, SIDE_SERVER, mark.seen);
    session_landmark(s, SIDE_CLIENT, unread->end, e->seq);
    e->has_bytes = true;
    e->bytes = unread->octets;
    unread->octets = 0;
}

void unread_end(struct session *s)
{
    count_kept(s);
    tell(s);
}

/* Whether the line is a command by its form alone: a message on mail may quote others. */
static bool is_command(const struct line *line, const struct smtp_command *c)
{
    /* The snap length has cut the line behind what only a command has: the path is not whole. */
    if (line->notes & NOTE_INCOMPLETE)
        return bytes_start_nocase(line->text, "MAIL FROM:<") ||
               bytes_start_nocase(line->text, "RCPT TO:<");
    return c->verb == VERB_BDAT && c->well_formed;
}

/* Whether nothing may be sent behind it before its reply is there. */
static bool is_waited_for(enum verb verb)
{
    return verb == VERB_DATA || verb == VERB_AUTH || verb == VERB_STARTTLS || verb == VERB_QUIT;
}

static bool may_be_command(const struct line *line, const struct smtp_command *c)
{
    return c->verb != VERB_UNKNOWN && c->verb != VERB_MASKED && c->well_formed &&
           !(line->notes & NOTE_INCOMPLETE) && line->text.len == line->length;
}

enum suggestion unread_suggests(struct bytes octets)
{
    struct line line = {0};
    struct smtp_command c;
    while (bytes_take_line(&octets, &line.text)) {
        line.length = line.text.len;
        smtp_command_parse(line.text, &c);
        if (is_command(&line, &c))
            return SUGGESTS_COMMANDS;
        if (!may_be_command(&line, &c))
            return SUGGESTS_CONTENT;
    }
    return SUGGESTS_NOTHING;
}

bool unread_takes(struct session *s, const struct line *line, const struct smtp_command *c)
{
    struct direction *direction = &s->direction[SIDE_CLIENT];
    struct unread *unread = &s->unread;
    if (!direction->resync)
        return false;
    if (is_command(line, c)) {
        direction->resync = false;
        unread_end(s);
        return false;
    }
    if (unread->kept.queue &&
        (is_waited_for(unread->verb) || unread->kept.queued_spans >= KEPT_MOST))
        count_kept(s);
    if (may_be_command(line, c)) {
        unread->verb = c->verb;
        if (!unread->kept.queue)
            unread->first_verb = c->verb;
        unread->kept_end = line->end;
        unread->seen = line->mark.seen;
        direction_put_back(&unread->kept, line);
        return true;
    }
    count_kept(s);
    count(s, line->start, line->end, &line->mark);
    if (is_lone_dot(line->text)) { /* the end of a message whose beginning was lost */
        direction->resync = false;
        unread_end(s);
        pending_push(s, PENDING_HOLE);
    }
    return true;
}

bool unread_proved_by_line(const struct session *s, const struct line *line)
{
    const struct unread *unread = &s->unread;
    if (!unread->kept.queue)
        return false;
    if (line->mark.seen > unread->seen) /* the server has spoken in between */
        return true;
    struct smtp_command c;
    smtp_command_parse(line->text, &c);
    return is_command(line, &c) && !is_waited_for(unread->verb);
}

/* Whether a reply with this code can answer a command with this verb; none that accepts a message
 * can, whose end may lie in a hole. */
static bool can_answer(enum verb verb, int code, struct bytes text)
{
    switch (code) {
    case 421:
        return false;
    case 354:
        return verb == VERB_DATA;
    case 334:
    case 235:
        return verb == VERB_AUTH;
    case 221:
        return verb == VERB_QUIT;
    default:
        return code / 100 != 2 || (verb != VERB_DATA && !queue_id_of(text).len);
    }
}

bool unread_proved_by_reply(struct session *s)
{
    const struct reply_building *reply = &s->reply;
    const struct unread *unread = &s->unread;
    const struct bytes text = bytes_from(bytes_of(reply->text, reply->length), strlen("250 "));
    return unread->kept.queue && !s->direction[SIDE_CLIENT].held_length &&
           unread->kept_end <= reply->mark.seen &&
           (can_answer(unread->first_verb, reply->code, text) ||
            can_answer(unread->verb, reply->code, text));
}

bool unread_proved_by_end(const struct session *s)
{
    return s->unread.kept.queue && s->unread.verb == VERB_QUIT;
}

struct queued_span *unread_believe(struct session *s)
{
    s->direction[SIDE_CLIENT].resync = false;
    tell(s);
    return direction_take_queue(&s->unread.kept);
}
