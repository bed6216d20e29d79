/* SPDX-License-Identifier: ISC */
/* The driver: gives the octets of both directions to those who read them, and is the only one to go
 * on with octets that have waited.
 *
 * How a client's octets are to be read depends on what the server answers (DATA, AUTH, STARTTLS,
 * BDAT): until the answer is there they wait, as copies and bounded. The files below this one
 * decide how a direction is to be read and never read on themselves; where they return that a
 * decision was made, read_waiting() follows here. */
#include "heloscope/smtp/decoder.h"

#include <stdlib.h>
#include <string.h>

#include "answering.h"
#include "clear_answer.h"
#include "client.h"
#include "content.h"
#include "content_as_commands.h"
#include "decision.h"
#include "encrypted.h"
#include "ending.h"
#include "heloscope/diagnosis/violation.h"
#include "heloscope/session/direction.h"
#include "injected.h"
#include "heloscope/session/pending.h"
#include "hole.h"
#include "not_smtp.h"
#include "proxied.h"
#include "reader.h"
#include "server.h"
#include "unread.h"

static void take_inside(struct session *s, enum side side, const struct span *span,
                        struct bytes text);
static void read_span(struct session *s, enum side side, const struct span *span);

static bool is_record(const struct session *s, enum side side, const struct span *span)
{
    const struct direction *direction = &s->direction[side];
    return !span->mark.inside && (direction->sealed || direction->reading == READ_TLS ||
                                  hole_loses_record(s, side, span));
}

static void read_queue(struct session *s, enum side side, struct queued_span *q)
{
    struct direction *direction = &s->direction[side];
    while (q) {
        struct queued_span *next = q->next;
        if (direction->reading == READ_WAIT && !is_record(s, side, &q->span))
            direction_enqueue(direction, &q->span);
        else
            read_span(s, side, &q->span);
        free(q);
        q = next;
    }
}

/* Reads what has waited, in the reading that the direction now has, as far as that goes. */
static void read_waiting(struct session *s, enum side side)
{
    read_queue(s, side, direction_take_queue(&s->direction[side]));
}

/* Whatever the client's octets wait for will not be seen: they are read by what they suggest. */
static void guess(struct session *s)
{
    if (decision_by_octets(s))
        read_waiting(s, SIDE_CLIENT);
}

/* The client's first octets may have been a binary PROXY header, and are none: most likely an empty
 * line. */
static void read_as_no_header(struct session *s)
{
    struct direction *direction = &s->direction[SIDE_CLIENT];
    if (direction->reading != READ_PROXY)
        return;
    direction_enter(direction, READ_LINES);
    s->proxy.none = true;
    const struct span again = direction_take_held(direction);
    if (again.data.len)
        read_span(s, SIDE_CLIENT, &again);
    free((void *)again.data.at);
}

/* A reply is complete, at `end` of the server's octets. */
static void take_reply(struct session *s, uint64_t end)
{
    const int code = s->reply.code;
    if (server_greeting(s, end))
        return;
    if (unread_proved_by_reply(s))
        read_queue(s, SIDE_CLIENT, unread_believe(s));
    unread_end(s);
    read_as_no_header(s);
    if (server_refuses_header(s, end))
        return;
    if (s->direction[SIDE_CLIENT].reading == READ_TLS && !s->ring.count && !s->reply.mark.inside)
        tls_answered(s);
    /* What was sent before the reply, and can be read now that it is there. */
    if (answering_is_to_content(s, code) && content_was_answered(s, code))
        read_waiting(s, SIDE_CLIENT);
    if (decision_by_evidence(s))
        read_waiting(s, SIDE_CLIENT);
    uint32_t index;
    if (answering_is_ahead(s, code, &index)) {
        server_settle_ahead(s, index, end);
        if (decision_by_reply(s, end))
            read_waiting(s, SIDE_CLIENT);
        return;
    }
    struct pending *found = NULL;
    bool doubtful = false;
    if (!answering_is_surplus(s, code)) {
        while (answering_drop(s, code))
            read_waiting(s, SIDE_CLIENT);
        found = pending_match(s, code, s->reply.start, end, s->reply.mark.seen, &doubtful);
    }
    struct pending p;
    if (found) {
        p = server_take_answered(s, found);
        injected_are_over(s);
    } else if (doubtful || !injected_take_answered(s, &p)) {
        server_settle_unasked(s, doubtful, end);
        return;
    }
    if (decision_by_accepted_chunk(s, &p)) /* it stands before its reply, as it was sent */
        read_waiting(s, SIDE_CLIENT);
    if (server_settle(s, &p, doubtful, end) && decision_by_reply(s, end))
        read_waiting(s, SIDE_CLIENT);
}

static void take_server_line(struct session *s, const struct line *line)
{
    const struct direction *client = &s->direction[SIDE_CLIENT];
    const bool held = client->reading == READ_HELD;
    struct smtp_reply_line parsed;
    if (!server_speaks(s, line, &parsed))
        return;
    if (held && client->reading != READ_HELD)
        read_waiting(s, SIDE_CLIENT);
    if (server_line(s, line, &parsed))
        take_reply(s, line->end);
}

static void take_client_line(struct session *s, const struct line *line)
{
    struct direction *direction = &s->direction[SIDE_CLIENT];
    if (unread_proved_by_line(s, line)) {
        read_queue(s, SIDE_CLIENT, unread_believe(s));
        direction->offset = line->end;
        if (direction->reading == READ_WAIT) { /* the answer lay in a hole */
            direction_put_back(direction, line);
            guess(s);
            return;
        }
    }
    client_line(s, line);
}

static void take_line(struct session *s, enum side side, const struct line *line)
{
    if (side == SIDE_SERVER)
        take_server_line(s, line);
    else
        take_client_line(s, line);
}

static size_t read_line(struct session *s, enum side side, struct bytes data, uint64_t offset,
                        const struct mark *mark)
{
    struct direction *direction = &s->direction[side];
    struct whole_line whole;
    const size_t n = reader_line(direction, data, offset, mark, &whole);
    if (!whole.is_there)
        return n;
    s->costs.of[COST_LINES] += (whole.line.notes & NOTE_LONG) != 0;
    direction->offset = whole.line.end;
    take_line(s, side, &whole.line);
    reader_line_done(direction, &whole);
    return n;
}

/* The snap length has cut a line: it counts for what it shows, the code of a reply or the verb of a
 * command. What more the cut hides is a hole like any other. */
static void take_cut_line(struct session *s, enum side side, uint64_t cut)
{
    struct direction *direction = &s->direction[side];
    if (direction->reading != READ_LINES && direction->reading != READ_SASL)
        return;
    if (direction->held_length) {
        struct whole_line whole;
        reader_cut_line(direction, cut, &whole);
        take_line(s, side, &whole.line);
        reader_line_done(direction, &whole);
    }
    if (side == SIDE_SERVER && server_reply_ends_in_cut(s))
        take_reply(s, direction->offset);
}

static void take_hole(struct session *s, enum side side, const struct span *span, struct bytes text)
{
    if (span->cut)
        take_cut_line(s, side, span->gap);
    if (hole_take(s, side, span, text)) /* the answer may lie in it */
        guess(s);
}

/* What is held of the line was the head of the side's first record, which goes on at `offset`. */
static void begin_records(struct session *s, enum side side, uint64_t offset)
{
    struct direction *direction = &s->direction[side];
    const struct span head = direction_take_held(direction);
    if (side == SIDE_SERVER && !s->tls.starttls_end) /* its 220 was the last line in clear */
        s->tls.starttls_end = head.data.len ? head.offset : offset;
    direction_enter(direction, READ_TLS);
    direction->resync = false;
    if (head.data.len)
        encrypted_take(s, side, &head, take_inside);
    free((void *)head.data.at);
}

/* Where commands or replies are read, whatever else may begin there. */
static size_t read_clear(struct session *s, enum side side, struct bytes data, uint64_t offset,
                         const struct mark *mark)
{
    struct direction *direction = &s->direction[side];
    /* TLS from the first octet on (RFC 8314 section 3.3). */
    if (offset == 0 &&
        (tls_begins(data, s->row.midstream) || (side == SIDE_SERVER && tls_goes_on(data)))) {
        not_smtp_tls(s);
        direction_enter(direction, READ_TLS);
        s->tls.from_start |= !s->row.midstream;
        s->greeted |= side == SIDE_SERVER;
        return 0;
    }
    if (side == SIDE_CLIENT && offset == 0 && proxied_may_begin(s, data.at[0])) {
        direction_enter(direction, READ_PROXY);
        return 0;
    }
    if (s->layer_possible && !direction->held_length && data.at[0] < '\t') {
        sasl_layer_begin(s, side, mark);
        return data.len;
    }
    /* A client set to TLS that speaks to a port in clear; or STARTTLS in a capture that lacks the
     * other side. */
    if (!mark->inside && reader_begins_record(direction, data, s->hole)) {
        begin_records(s, side, offset);
        return 0;
    }
    return read_line(s, side, data, offset, mark);
}

/* Where a handshake should begin. Text there: the capture was taken where TLS had been removed, or
 * a side goes on in clear. There is more to read; order_settle() has made the session new. */
static size_t read_tls_next(struct session *s, enum side side, struct bytes data, uint64_t offset,
                            const struct mark *mark)
{
    const bool begins = !s->direction[side].held_length;
    if (begins && tls_goes_on(data)) {
        tls_comes(s, side);
        return 0;
    }
    if (begins && (side == SIDE_SERVER || mark->seen >= s->tls.starttls_end))
        tls_does_not_come(s, side);
    return read_line(s, side, data, offset, mark);
}

static size_t read_proxy(struct session *s, struct bytes data, uint64_t offset,
                         const struct mark *mark)
{
    size_t n;
    if (!proxied_octets(s, data, offset, mark, &n))
        read_as_no_header(s);
    return n;
}

/* Returns how many octets were read; 0 when the direction is to be read in another way. */
static size_t read_some(struct session *s, enum side side, struct bytes data, uint64_t offset,
                        const struct mark *mark)
{
    switch (s->direction[side].reading) {
    case READ_LINES:
        return read_clear(s, side, data, offset, mark);
    case READ_PROXY:
        return read_proxy(s, data, offset, mark);
    case READ_SASL:
        return read_line(s, side, data, offset, mark);
    case READ_TLS_NEXT:
        return read_tls_next(s, side, data, offset, mark);
    case READ_CONTENT:
    case READ_DRAIN:
        return reader_content(s, data, offset, mark);
    case READ_CHUNK:
        return reader_chunk(s, data, offset, mark);
    case READ_TLS: /* inside TLS: nobody reads that */
    case READ_NOTHING:
    case READ_HELD:
    case READ_WAIT:
        break;
    }
    return data.len;
}

/* Reads a span, or a hole, in the reading that the direction is in, up to where it has to wait. */
static void read_span(struct session *s, enum side side, const struct span *span)
{
    struct direction *direction = &s->direction[side];
    if (is_record(s, side, span)) {
        encrypted_take(s, side, span, take_inside);
        return;
    }
    if (!span->data.at) {
        take_hole(s, side, span, bytes_of(NULL, 0));
        return;
    }
    const size_t padding = reader_padding(direction, span->data);
    if (padding) {
        struct span part = *span;
        part.data.len -= padding;
        read_span(s, side, &part);
        part.offset += part.data.len;
        part.data = bytes_of(NULL, 0);
        part.gap = padding;
        part.cut = true;
        read_span(s, side, &part);
        return;
    }
    uint64_t offset = span->offset;
    struct bytes data = span->data;
    while (data.len) {
        const struct span rest = {.offset = offset, .data = data, .mark = span->mark};
        if (is_record(s, side, &rest)) {
            encrypted_take(s, side, &rest, take_inside);
            return;
        }
        if (direction->reading == READ_WAIT || direction->reading == READ_HELD) {
            direction_enqueue(direction, &rest);
            if (s->waiting.guess)
                guess(s);
            return;
        }
        direction->offset = offset;
        const size_t n = read_some(s, side, data, offset, &span->mark);
        data = bytes_from(data, n);
        offset += n;
        if (direction->reading != READ_WAIT || data.len == 0)
            direction->offset = offset;
    }
}

/* Takes octets that have just come, or a hole: they are read, or wait behind those that wait
 * already. */
static void take_span(struct session *s, enum side side, const struct span *span)
{
    struct direction *direction = &s->direction[side];
    if (is_record(s, side, span) ||
        (direction->reading != READ_HELD && direction->reading != READ_WAIT)) {
        read_span(s, side, span);
        return;
    }
    direction_enqueue(direction, span);
    const bool too_much = direction_waits(direction) > WAIT_LIMIT;
    s->costs.of[COST_WAITS] += too_much;
    if (direction->reading == READ_HELD) {
        if (too_much || !span->data.at)
            not_smtp_give_up(s);
        return;
    }
    /* What lies behind a STARTTLS need not be known to tell what becomes of it. */
    const bool torn = !span->data.at && s->waiting.verb != VERB_STARTTLS;
    if (torn)
        content_as_commands_doubt(s);
    if (too_much || torn)
        guess(s);
    else if (decision_by_more(s))
        read_waiting(s, side);
}

/* The same for what lay inside TLS records: an encrypted_sink. */
static void take_inside(struct session *s, enum side side, const struct span *span,
                        struct bytes text)
{
    if (span->data.at)
        take_span(s, side, span);
    else
        take_hole(s, side, span, text);
}

void session_span(struct session *s, enum side side, const struct span *span)
{
    session_open_draft(s);
    if (side == SIDE_CLIENT)
        client_speaks(s, span->mark.ts_us);
    struct span read = *span;
    if (side == SIDE_CLIENT && span->data.len && receipt_take(s, &read.mark))
        note_owed(s);
    take_span(s, side, &read);
}

bool session_poll(struct session *s, int64_t now_us)
{
    if (!s->tls.layer || (!s->tls.waiting[SIDE_CLIENT].queue && !s->tls.waiting[SIDE_SERVER].queue))
        return false;
    session_open_draft(s);
    return encrypted_poll(s, now_us, take_inside);
}

void session_hurry(struct session *s)
{
    struct direction *client = &s->direction[SIDE_CLIENT];
    session_open_draft(s);
    s->waiting.last = true;
    if (client->reading == READ_WAIT && client->queue)
        guess(s);
    else if (client->reading == READ_HELD)
        not_smtp_give_up(s);
    s->waiting.last = false;
}

/* What still waits is read; what is not complete is told as it is. */
static void read_what_is_left(struct session *s)
{
    struct direction *client = &s->direction[SIDE_CLIENT];
    for (size_t before = SIZE_MAX; client->reading == READ_WAIT && client->queued < before;) {
        before = client->queued;
        guess(s);
    }
    content_cut_off(s);
    unread_end(s);
    read_as_no_header(s);
    if (s->protocol.server_is_smtp && !s->tls.starttls_end)
        tls_cut_off(s);
    client_unfinished(s);
    server_reply_cut(s);
}

void session_end(struct session *s, const struct mark *mark, int ended_by, const char *how)
{
    session_open_draft(s);
    encrypted_end(s, take_inside);
    s->waiting.last = true;
    s->over_and_seen = (!how || strcmp(how, "reset") == 0) && !s->hole;
    if ((!how || s->half_closed) && unread_proved_by_end(s))
        read_queue(s, SIDE_CLIENT, unread_believe(s));
    read_what_is_left(s);
    ending_tell(s, mark, ended_by, how);
}
