/* SPDX-License-Identifier: ISC */
/* Octets of one side to lines, message content and chunks; opaque.c has what cannot be read.
 *
 * What is complete is read where it lies; only an incomplete line is copied. How a client's octets
 * are to be read depends on what the server answers (DATA, AUTH, STARTTLS, BDAT): until the answer
 * is there they wait, as copies and bounded. */
#include <stdlib.h>

#include "decision.h"
#include "client.h"
#include "content.h"
#include "content_as_commands.h"
#include "not_smtp.h"
#include "heloscope/session/direction.h"
#include "encrypted.h"
#include "heloscope/session/pending.h"
#include "proxied.h"
#include "heloscope/application/proxy_protocol.h"
#include "server.h"
#include "heloscope/diagnosis/violation.h"
#include "heloscope/session/session.h"
#include "heloscope/application/tls_hello.h"

#include "reader.h"

enum {
    PADDING_LEAST = 4, /* zeros in a row */
};

/* --- lines --- */

static void deliver_client_line(struct session *s, const struct line *line)
{
    const enum reading reading = s->direction[SIDE_CLIENT].reading;
    if (reading == READ_SASL)
        client_sasl(s, line);
    else if (reading == READ_TLS_NEXT && line->mark.seen < s->tls.starttls_end)
        client_discarded(s, line);
    else
        client_line(s, line);
}

/* `raw` and `skipped` octets behind it end in LF, or CR LF when `cr`; `end` is the offset behind
 * them. */
static void deliver_line(struct session *s, enum side side, struct bytes raw, uint64_t skipped,
                         bool cr, uint64_t start, uint64_t end, const struct mark *mark)
{
    uint64_t whole = raw.len + skipped;
    struct line line = {.length = whole - 1 - cr,
                        .start = start,
                        .end = end,
                        .ending = (uint8_t)(1 + cr),
                        .mark = *mark};
    line.text = bytes_first(raw, line.length < LINE_LIMIT ? (size_t)line.length : LINE_LIMIT);
    if (line.length > LINE_LIMIT) {
        line.notes |= NOTE_LONG;
        s->costs.of[COST_LINES]++;
    }
    if (!cr)
        line.notes |= NOTE_BARE_LF;
    if (line.text.len && memchr(line.text.at, '\r', line.text.len))
        line.notes |= NOTE_BARE_CR;
    s->direction[side].offset = line.end;
    if (side == SIDE_SERVER)
        server_line(s, &line);
    else
        deliver_client_line(s, &line);
}

/* Text where a handshake should have come: the capture was taken where TLS had been removed, or a
 * side goes on in clear. Either way there is more to read; order_settle() has made the session new
 * already. */
static void go_on_in_clear(struct direction *direction, const struct session *s, enum side side,
                           const struct mark *mark)
{
    if (side == SIDE_SERVER || mark->seen >= s->tls.starttls_end)
        direction_enter(direction, READ_LINES);
}

static size_t read_line(struct session *s, enum side side, struct bytes data, uint64_t offset,
                        const struct mark *mark)
{
    struct direction *direction = &s->direction[side];
    const uint8_t *lf = memchr(data.at, '\n', data.len);
    if (!lf) {
        direction_hold(direction, data, offset, mark);
        return data.len;
    }
    struct bytes part = {data.at, (size_t)(lf - data.at) + 1};
    if (!direction->held_length && !direction->skipped) {
        bool cr = part.len > 1 && lf[-1] == '\r';
        deliver_line(s, side, part, 0, cr, offset, offset + part.len, mark);
        return part.len;
    }
    bool cr = part.len > 1 ? lf[-1] == '\r' : direction->last == '\r';
    direction_hold(direction, part, offset, mark);
    /* The line is on loan while it is delivered; what it calls may hold octets of its own. */
    uint8_t *held = direction->held;
    uint32_t length = direction->held_length, size = direction->held_size;
    uint64_t skipped = direction->skipped, start = direction->held_offset;
    struct mark held_mark = direction->held_mark;
    direction->held = NULL;
    direction->held_length = direction->held_size = 0;
    direction->skipped = 0;
    deliver_line(s, side, bytes_of(held, length), skipped, cr, start, offset + part.len,
                 &held_mark);
    if (direction->held) {
        free(held);
    } else {
        direction->held = held;
        direction->held_size = size;
        direction_release(direction);
    }
    return part.len;
}

/* --- the rest of what a client sends --- */

static size_t read_content(struct session *s, struct bytes data, uint64_t offset,
                           const struct mark *mark)
{
    bool ended;
    const uint64_t before = s->content.scan.size;
    size_t n = smtp_content_scan(&s->content.scan, data, &ended);
    if (s->direction[SIDE_CLIENT].reading == READ_CONTENT) {
        content_take(s, bytes_first(data, n), mark);
        if (ended) {
            content_drop_behind(s);
            content_end(s, offset + n, 0);
        } else {
            const struct span span = {.offset = offset, .data = data, .mark = *mark};
            content_keep_behind(s, &span, before);
        }
    } else if (ended) {
        direction_enter(&s->direction[SIDE_CLIENT], READ_LINES);
    }
    return n;
}

static size_t read_chunk(struct session *s, struct bytes data, uint64_t offset,
                         const struct mark *mark)
{
    struct bytes part = bytes_first(data, s->chunk.left);
    content_take(s, part, mark);
    s->chunk.left -= part.len;
    if (!s->chunk.left)
        content_end_chunk(s, offset + part.len, 0);
    return part.len;
}

static void read_span(struct session *s, enum side side, const struct span *span);

/* --- the PROXY header of load balancers, version 2 --- */

/* An empty line, most likely. */
void reader_no_header(struct session *s)
{
    struct direction *direction = &s->direction[SIDE_CLIENT];
    if (direction->reading != READ_PROXY)
        return;
    direction_enter(direction, READ_LINES);
    s->proxy.none = true;
    struct span again = {.offset = direction->held_offset,
                         .data = bytes_of(direction->held, direction->held_length),
                         .mark = direction->held_mark};
    direction->held = NULL;
    direction->held_length = direction->held_size = 0;
    if (again.data.len)
        read_span(s, SIDE_CLIENT, &again);
    free((void *)again.data.at);
}

/* The header is held until it is whole; what turns out to be something else is read as lines. */
static size_t read_proxy(struct session *s, struct bytes data, uint64_t offset,
                         const struct mark *mark)
{
    struct direction *direction = &s->direction[SIDE_CLIENT];
    size_t whole = proxy_protocol_length(bytes_of(direction->held, direction->held_length));
    size_t want = whole ? whole : PROXY_FIXED;
    struct bytes part = bytes_first(data, want - direction->held_length);
    direction_hold(direction, part, offset, mark);
    struct bytes held = bytes_of(direction->held, direction->held_length);
    whole = proxy_protocol_length(held);
    if (!proxy_protocol_begins(held) || (!whole && held.len == PROXY_FIXED) || whole > LINE_LIMIT) {
        reader_no_header(s);
    } else if (whole && held.len == whole) {
        proxied_binary(s, held, &direction->held_mark);
        direction_enter(direction, READ_LINES);
        direction_release(direction);
    }
    return part.len;
}

/* --- spans --- */

/* Whether `head` begins a record of TLS (RFC 8446 section 5.1): a handshake, or any where the
 * beginning may lie in a hole. No line of either side begins with such octets. */
static bool is_record_head(const uint8_t head[3], bool any)
{
    const bool type = any ? head[0] >= TLS_CHANGE_CIPHER_SPEC && head[0] <= TLS_APPLICATION_DATA
                          : head[0] == TLS_HANDSHAKE;
    return type && head[1] == 3 && head[2] <= 4;
}

/* Whether what is held of a line, and `data` behind it, begin as a record does. Each side is judged
 * by itself: the other, with its STARTTLS or the 220 to it, may not be in the capture. */
static bool begins_record(struct direction *direction, struct bytes data, bool hole)
{
    uint8_t head[3];
    const size_t held = direction->held_length;
    if (hole && direction->resync && data.len >= sizeof head && is_record_head(data.at, true)) {
        direction_release(direction); /* of a record whose beginning is lost */
        return true;
    }
    if (direction->skipped || held >= sizeof head || held + data.len < sizeof head)
        return false;
    if (held)
        memcpy(head, direction->held, held);
    memcpy(head + held, data.at, sizeof head - held);
    return is_record_head(head, hole);
}

/* What is held of the line was the head of the side's first record, which goes on at `offset`. */
static void begin_records(struct session *s, enum side side, uint64_t offset)
{
    struct direction *direction = &s->direction[side];
    uint8_t *held = direction->held;
    const struct span head = {.offset = direction->held_offset,
                              .data = bytes_of(held, direction->held_length),
                              .mark = direction->held_mark};
    if (side == SIDE_SERVER && !s->tls.starttls_end) /* its 220 was the last line in clear */
        s->tls.starttls_end = head.data.len ? head.offset : offset;
    direction_enter(direction, READ_TLS);
    direction->resync = false;
    direction->held = NULL;
    direction->held_length = direction->held_size = 0;
    if (head.data.len)
        encrypted_take(s, side, &head);
    free(held);
}

static size_t read_some(struct session *s, enum side side, struct bytes data, uint64_t offset,
                        const struct mark *mark)
{
    struct direction *direction = &s->direction[side];
    switch (direction->reading) {
    case READ_LINES:
        /* TLS from the first octet on (RFC 8314 section 3.3). */
        if (offset == 0 &&
            (tls_begins(data, s->row.midstream) || (side == SIDE_SERVER && tls_goes_on(data)))) {
            not_smtp_tls(s);
            direction_enter(direction, READ_TLS);
            s->tls.from_start |= !s->row.midstream;
            s->greeted |= side == SIDE_SERVER;
            return 0;
        }
        if (side == SIDE_CLIENT && offset == 0 && data.at[0] == '\r' && !s->proxy.none &&
            !s->row.midstream) {
            direction_enter(direction, READ_PROXY);
            return 0;
        }
        if (s->layer_possible && !direction->held_length && data.at[0] < '\t') {
            sasl_layer_begin(s, side, mark);
            return data.len;
        }
        /* A client set to TLS that speaks to a port in clear; or STARTTLS in a capture that lacks
         * the other side. */
        if (!mark->inside && begins_record(direction, data, s->hole)) {
            begin_records(s, side, offset);
            return 0;
        }
        return read_line(s, side, data, offset, mark);
    case READ_PROXY:
        return read_proxy(s, data, offset, mark);
    case READ_SASL:
        return read_line(s, side, data, offset, mark);
    case READ_TLS_NEXT:
        if (!direction->held_length && tls_goes_on(data)) {
            direction_enter(direction, READ_TLS);
            return 0;
        }
        if (!direction->held_length)
            go_on_in_clear(direction, s, side, mark);
        return read_line(s, side, data, offset, mark);
    case READ_CONTENT:
    case READ_DRAIN:
        return read_content(s, data, offset, mark);
    case READ_CHUNK:
        return read_chunk(s, data, offset, mark);
    case READ_TLS: /* inside TLS: nobody reads that */
    case READ_NOTHING:
    case READ_HELD:
    case READ_WAIT:
        break;
    }
    return data.len;
}

/* The snap length has cut a line: it counts for what it shows, the code of a reply or the verb of a
 * command. What more the cut hides is a hole like any other. */
static void read_cut_line(struct session *s, enum side side, uint64_t cut)
{
    struct direction *direction = &s->direction[side];
    if (direction->reading != READ_LINES && direction->reading != READ_SASL)
        return;
    if (direction->held_length) {
        struct line line = {
            .text = bytes_without_cr(bytes_of(direction->held, direction->held_length)),
            .start = direction->held_offset,
            .end = direction->held_offset + direction->held_length + direction->skipped + cut,
            .mark = direction->held_mark,
            .notes = NOTE_INCOMPLETE};
        uint8_t *held = direction->held;
        line.length = line.text.len + direction->skipped;
        direction->held = NULL;
        direction->held_length = direction->held_size = 0;
        direction->skipped = 0;
        if (side == SIDE_SERVER)
            server_line(s, &line);
        else
            deliver_client_line(s, &line);
        free(held);
    }
    if (side == SIDE_SERVER)
        server_reply_ends_in_cut(s, direction->offset);
}

void reader_gap(struct session *s, enum side side, const struct span *span, struct bytes text)
{
    struct direction *direction = &s->direction[side];
    if (span->cut)
        read_cut_line(s, side, span->gap);
    s->row.bytes_missing += span->mark.inside ? 0 : span->gap;
    struct event *e =
        session_event(s, EVENT_GAP, side, &span->mark, text.len ? text : bytes_of(NULL, 0));
    e->bytes = span->gap;
    e->has_bytes = true;
    e->saw = session_seen(s, !side, span->mark.seen);
    s->hole = true;
    direction->offset = span->offset + span->gap;
    if (direction->reading == READ_TLS || direction->reading == READ_NOTHING) {
        direction_enter(direction, READ_NOTHING); /* records cannot be counted on */
        direction_release(direction);
        return;
    }
    if (side == SIDE_SERVER) {
        server_reply_cut(s);
        direction_release(direction);
        direction->resync = true;
        if (!s->greeted) /* the greeting lay in it */
            s->greeted = true;
        s->server_hole_end = direction->offset;
        order_replies_lost(&s->order, e->seq);
        pending_hole(s, side);
        if (s->direction[SIDE_CLIENT].reading == READ_WAIT) /* the answer may lie in it */
            client_guess(s);
        return;
    }
    client_unread(s);
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
    order_hole(&s->order, e->seq);
    pending_hole(s, side);
    s->content_as_commands.because = 0;
}

/* Octets of zero at the end of a segment in which lines are read: a tool has put them in place of
 * what the snap length had cut. Returns how many; a few can be somebody's own. */
static size_t padding_of(const struct direction *direction, struct bytes data)
{
    size_t zeros = 0;
    if ((direction->reading != READ_LINES && direction->reading != READ_SASL) || !data.len ||
        data.at[0] < ' ')
        return 0;
    while (zeros < data.len && !data.at[data.len - 1 - zeros])
        zeros++;
    return zeros >= PADDING_LEAST ? zeros : 0;
}

static bool is_record(const struct direction *direction, const struct span *span)
{
    return !span->mark.inside && (direction->sealed || direction->reading == READ_TLS);
}

static void read_span(struct session *s, enum side side, const struct span *span)
{
    struct direction *direction = &s->direction[side];
    if (is_record(direction, span)) {
        encrypted_take(s, side, span);
        return;
    }
    if (!span->data.at) {
        reader_gap(s, side, span, bytes_of(NULL, 0));
        return;
    }
    const size_t padding = padding_of(direction, span->data);
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
        if (is_record(direction, &rest)) {
            encrypted_take(s, side, &rest);
            return;
        }
        if (direction->reading == READ_WAIT || direction->reading == READ_HELD) {
            direction_enqueue(direction, &rest);
            return;
        }
        direction->offset = offset;
        size_t n = read_some(s, side, data, offset, &span->mark);
        data = bytes_from(data, n);
        offset += n;
        if (direction->reading != READ_WAIT || data.len == 0)
            direction->offset = offset;
    }
}

void reader_put_back(struct session *s, const struct line *line)
{
    const size_t end = line->ending;
    uint8_t *octets = memory_get((size_t)line->length + end);
    memcpy(octets, line->text.at, line->text.len);
    memcpy(octets + line->text.len, &"\r\n"[end == 1], end);
    struct span span = {
        .offset = line->start, .data = bytes_of(octets, line->text.len + end), .mark = line->mark};
    direction_enqueue(&s->direction[SIDE_CLIENT], &span);
    free(octets);
}

void reader_resume(struct session *s, enum side side)
{
    struct direction *direction = &s->direction[side];
    struct queued_span *q = direction->queue;
    direction->queue = direction->queue_last = NULL;
    direction->queued = 0;
    direction->queued_spans = 0;
    while (q) {
        struct queued_span *next = q->next;
        if (direction->reading == READ_WAIT && !is_record(direction, &q->span))
            direction_enqueue(direction, &q->span);
        else
            read_span(s, side, &q->span);
        free(q);
        q = next;
    }
}

void session_span(struct session *s, enum side side, const struct span *span)
{
    session_open_draft(s);
    if (side == SIDE_CLIENT) {
        const int64_t idle_us = span->mark.ts_us - s->last_octets_us;
        if (idle_us > 0 && s->last_octets_us)
            s->idle_us = idle_us;
        s->last_octets_us = span->mark.ts_us;
    }
    struct span read = *span;
    if (side == SIDE_CLIENT && span->data.len && receipt_take(s, &read.mark))
        note_owed(s);
    reader_span(s, side, &read);
}

void reader_span(struct session *s, enum side side, const struct span *span)
{
    struct direction *direction = &s->direction[side];
    if (is_record(direction, span)) {
        encrypted_take(s, side, span);
        return;
    }
    if (direction->reading == READ_HELD) {
        direction_enqueue(direction, span);
        s->costs.of[COST_WAITS] += direction_waits(direction) > WAIT_LIMIT;
        if (direction_waits(direction) > WAIT_LIMIT || !span->data.at)
            not_smtp_give_up(s);
        return;
    }
    if (direction->reading == READ_WAIT) {
        direction_enqueue(direction, span);
        if (!span->data.at)
            content_as_commands_doubt(s);
        s->costs.of[COST_WAITS] += direction_waits(direction) > WAIT_LIMIT;
        if (direction_waits(direction) > WAIT_LIMIT || !span->data.at)
            client_guess(s);
        else
            client_goes_on(s);
        return;
    }
    read_span(s, side, span);
}
