/* SPDX-License-Identifier: ISC */
#include "hole.h"

#include "content.h"
#include "content_as_commands.h"
#include "heloscope/session/direction.h"
#include "heloscope/session/pending.h"
#include "server.h"
#include "unread.h"

/* Replies are missing: to which commands, the pending ones say. */
static void lose_replies(struct session *s, event_no seq)
{
    struct direction *direction = &s->direction[SIDE_SERVER];
    server_reply_cut(s);
    direction_release(direction);
    direction->resync = true;
    s->greeted = true; /* if it was not yet, the greeting lay in the hole */
    s->server_hole_end = direction->offset;
    order_replies_lost(&s->order, seq);
    pending_hole(s, SIDE_SERVER);
}

/* Commands are missing, or part of a message or of a chunk. */
static void lose_commands(struct session *s, event_no seq, const struct span *span)
{
    struct direction *direction = &s->direction[SIDE_CLIENT];
    unread_end(s);
    content_as_commands_doubt(s);
    if (direction->reading == READ_CHUNK && span->gap <= s->chunk.left && !span->unsure) {
        s->chunk.left -= span->gap; /* its size is known */
        s->content.hole = true;
        if (!s->chunk.left)
            content_end_chunk(s, direction->offset, NOTE_INCOMPLETE);
        return;
    }
    if (direction->reading == READ_CONTENT) { /* the end may lie in it: the next reply tells */
        s->content.scan.at = CONTENT_IN_LINE;
        s->content.scan.size += span->gap;
        s->content.hole = true;
        return;
    }
    if (direction->reading == READ_CHUNK)
        content_end_chunk(s, direction->offset, NOTE_INCOMPLETE);
    direction_release(direction);
    direction_enter(direction, READ_LINES);
    direction->resync = true;
    order_hole(&s->order, seq);
    pending_hole(s, SIDE_CLIENT);
    s->content_as_commands.because = 0;
}

bool hole_loses_record(const struct session *s, enum side side, const struct span *span)
{
    return !span->data.at && s->direction[side].reading == READ_TLS_NEXT &&
           s->direction[!side].sealed && !s->tls.alert;
}

bool hole_take(struct session *s, enum side side, const struct span *span, struct bytes text)
{
    struct direction *direction = &s->direction[side];
    s->row.bytes_missing += span->mark.inside ? 0 : span->gap;
    struct event *e =
        session_event(s, EVENT_GAP, side, &span->mark, text.len ? text : bytes_of(NULL, 0));
    e->bytes = span->gap;
    e->has_bytes = true;
    e->saw = session_seen(s, !side, span->mark.seen);
    s->hole = true;
    direction->offset = span->offset + span->gap;
    if (direction->reading == READ_TLS || direction->reading == READ_NOTHING ||
        (direction->reading == READ_TLS_NEXT && direction->sealed)) {
        direction_enter(direction, READ_NOTHING); /* records cannot be counted on */
        direction_release(direction);
        return false;
    }
    if (side == SIDE_CLIENT && direction->reading == READ_TLS_NEXT) {
        direction_release(direction); /* lines to be thrown away, or the handshake: what follows */
        direction->resync = true;     /* shows whether commands can have lain in it */
        s->tls.gap[side] = e->seq;
        return false;
    }
    if (side == SIDE_CLIENT) {
        lose_commands(s, e->seq, span);
        return false;
    }
    lose_replies(s, e->seq);
    return s->direction[SIDE_CLIENT].reading == READ_WAIT;
}

void hole_in_front(struct session *s, enum side side, event_no gap)
{
    const struct span nothing = {0};
    if (side == SIDE_CLIENT)
        lose_commands(s, gap, &nothing);
    else
        lose_replies(s, gap);
}
