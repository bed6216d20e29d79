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
#include "heloscope/session/session.h"
#include "heloscope/application/tls_hello.h"

#include "reader.h"

/* --- lines --- */

/* `raw` and `skipped` octets behind it end in LF, or CR LF when `cr`. */
static void deliver_line(struct session *s, enum side side, struct bytes raw, uint64_t skipped,
                         bool cr, uint64_t start, const struct mark *mark)
{
    uint64_t whole = raw.len + skipped;
    struct line line = {
        .length = whole - 1 - cr, .start = start, .end = start + whole, .mark = *mark};
    line.text = bytes_first(raw, line.length < LINE_LIMIT ? (size_t)line.length : LINE_LIMIT);
    if (line.length > LINE_LIMIT) {
        line.notes |= NOTE_LONG;
        s->costs.of[COST_LINES]++;
    }
    if (!cr)
        line.notes |= NOTE_BARE_LF;
    if (line.text.len && memchr(line.text.at, '\r', line.text.len))
        line.notes |= NOTE_BARE_CR;
    s->half[side].offset = line.end;
    if (side == SIDE_SERVER)
        server_line(s, &line);
    else if (s->half[side].reading == READ_SASL)
        client_sasl(s, &line);
    else if (s->half[side].reading == READ_TLS_NEXT && line.mark.seen < s->tls.starttls_end)
        client_discarded(s, &line);
    else
        client_line(s, &line);
}

/* Text where a handshake should have come: the capture was taken where TLS had been removed, or a
 * side goes on in clear. Either way there is more to read; order_settle() has made the session new
 * already. */
static void go_on_in_clear(struct half *half, const struct session *s, enum side side,
                           const struct mark *mark)
{
    if (side == SIDE_SERVER || mark->seen >= s->tls.starttls_end)
        half->reading = READ_LINES;
}

static size_t read_line(struct session *s, enum side side, struct bytes data, uint64_t offset,
                        const struct mark *mark)
{
    struct half *half = &s->half[side];
    const uint8_t *lf = memchr(data.at, '\n', data.len);
    if (!lf) {
        half_hold(half, data, offset, mark);
        return data.len;
    }
    struct bytes part = {data.at, (size_t)(lf - data.at) + 1};
    if (!half->held_length && !half->skipped) {
        bool cr = part.len > 1 && lf[-1] == '\r';
        deliver_line(s, side, part, 0, cr, offset, mark);
        return part.len;
    }
    bool cr = part.len > 1 ? lf[-1] == '\r' : half->last == '\r';
    half_hold(half, part, offset, mark);
    /* The line is on loan while it is delivered; what it calls may hold octets of its own. */
    uint8_t *held = half->held;
    uint32_t length = half->held_length, size = half->held_size;
    uint64_t skipped = half->skipped, start = half->held_offset;
    struct mark held_mark = half->held_mark;
    half->held = NULL;
    half->held_length = half->held_size = 0;
    half->skipped = 0;
    deliver_line(s, side, bytes_of(held, length), skipped, cr, start, &held_mark);
    if (half->held) {
        free(held);
    } else {
        half->held = held;
        half->held_size = size;
        half_release(half);
    }
    return part.len;
}

/* --- the rest of what a client sends --- */

static size_t read_content(struct session *s, struct bytes data, uint64_t offset,
                           const struct mark *mark)
{
    bool ended;
    size_t n = smtp_content_scan(&s->content.scan, data, &ended);
    if (s->half[SIDE_CLIENT].reading == READ_CONTENT) {
        content_take(s, bytes_first(data, n), mark);
        if (ended)
            content_end(s, offset + n, 0);
    } else if (ended) {
        s->half[SIDE_CLIENT].reading = READ_LINES;
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

/* The header is held until it is whole; what turns out to be something else is read as lines. */
static size_t read_proxy(struct session *s, struct bytes data, uint64_t offset,
                         const struct mark *mark)
{
    struct half *half = &s->half[SIDE_CLIENT];
    size_t whole = proxy_header_length(bytes_of(half->held, half->held_length));
    size_t want = whole ? whole : PROXY_FIXED;
    struct bytes part = bytes_first(data, want - half->held_length);
    half_hold(half, part, offset, mark);
    struct bytes held = bytes_of(half->held, half->held_length);
    whole = proxy_header_length(held);
    if (!proxy_header_begins(held) || (!whole && held.len == PROXY_FIXED) || whole > LINE_LIMIT) {
        half->reading = READ_LINES; /* an empty line, most likely */
        s->proxy.none = true;
        struct span again = {.offset = half->held_offset,
                             .data = bytes_of(half->held, half->held_length),
                             .mark = half->held_mark};
        half->held = NULL;
        half->held_length = half->held_size = 0;
        read_span(s, SIDE_CLIENT, &again);
        free((void *)again.data.at);
    } else if (whole && held.len == whole) {
        proxied_binary(s, held, &half->held_mark);
        half->reading = READ_LINES;
        half_release(half);
    }
    return part.len;
}

/* --- spans --- */

static size_t read_some(struct session *s, enum side side, struct bytes data, uint64_t offset,
                        const struct mark *mark)
{
    struct half *half = &s->half[side];
    switch (half->reading) {
    case READ_LINES:
        /* TLS from the first octet on (RFC 8314 section 3.3). */
        if (offset == 0 && tls_begins(data, s->row.midstream)) {
            foreign_tls(s);
            half->reading = READ_TLS;
            s->greeted |= side == SIDE_SERVER;
            return 0;
        }
        if (side == SIDE_CLIENT && offset == 0 && data.at[0] == '\r' && !s->proxy.none &&
            mark->seen == 0 && !s->row.midstream) {
            half->reading = READ_PROXY;
            return 0;
        }
        if (s->layer_possible && !half->held_length && data.at[0] < '\t') {
            sasl_layer_begin(s, side, mark);
            return data.len;
        }
        /* A client set to TLS that speaks to a port in clear. */
        if (side == SIDE_CLIENT && !half->held_length && data.len > 2 &&
            data.at[0] == TLS_HANDSHAKE && data.at[1] == 3 && data.at[2] <= 4) {
            half->reading = READ_TLS;
            return 0;
        }
        return read_line(s, side, data, offset, mark);
    case READ_PROXY:
        return read_proxy(s, data, offset, mark);
    case READ_SASL:
        return read_line(s, side, data, offset, mark);
    case READ_TLS_NEXT:
        if (!half->held_length && tls_goes_on(data)) {
            half->reading = READ_TLS;
            return 0;
        }
        if (!half->held_length)
            go_on_in_clear(half, s, side, mark);
        return read_line(s, side, data, offset, mark);
    case READ_CONTENT:
    case READ_DRAIN:
        return read_content(s, data, offset, mark);
    case READ_CHUNK:
        return read_chunk(s, data, offset, mark);
    case READ_TLS:
        return tls_read(s, side, data, offset, mark);
    case READ_NOTHING:
    case READ_HELD:
    case READ_WAIT:
        break;
    }
    return data.len;
}

static void read_gap(struct session *s, enum side side, const struct span *span)
{
    struct half *half = &s->half[side];
    s->row.bytes_missing += span->gap;
    struct event *e = session_event(s, EVENT_GAP, side, &span->mark, bytes_of(NULL, 0));
    e->bytes = span->gap;
    e->has_bytes = true;
    e->saw = session_seen(s, !side, span->mark.seen);
    s->hole = true;
    half->offset = span->offset + span->gap;
    if (half->reading == READ_TLS || half->reading == READ_NOTHING) {
        half->reading = READ_NOTHING; /* records cannot be counted on */
        half_release(half);
        return;
    }
    if (side == SIDE_SERVER) {
        server_reply_cut(s);
        half_release(half);
        half->resync = true;
        if (!s->greeted) /* the greeting lay in it */
            s->greeted = true;
        s->server_hole_end = half->offset;
        order_replies_lost(&s->order, e->seq);
        pending_hole(s, side);
        if (s->half[SIDE_CLIENT].reading == READ_WAIT) /* the answer may lie in it */
            client_guess(s);
        return;
    }
    client_unread(s);
    content_run_doubt(s);
    if (half->reading == READ_CHUNK && span->gap <= s->chunk.left) {
        s->chunk.left -= span->gap; /* its size is known */
        s->content.hole = true;
        if (!s->chunk.left)
            content_end_chunk(s, half->offset, NOTE_INCOMPLETE);
        return;
    }
    if (half->reading == READ_CONTENT) { /* the end may lie in it: the next reply tells */
        s->content.scan.at = CONTENT_IN_LINE;
        s->content.scan.size += span->gap;
        s->content.hole = true;
        return;
    }
    if (half->reading == READ_CHUNK)
        content_end_chunk(s, half->offset, NOTE_INCOMPLETE);
    half_release(half);
    half->reading = READ_LINES;
    half->resync = true;
    order_hole(&s->order, e->seq);
    pending_hole(s, side);
    s->content_run.because = 0;
}

static void read_span(struct session *s, enum side side, const struct span *span)
{
    struct half *half = &s->half[side];
    if (!span->data.at) {
        read_gap(s, side, span);
        return;
    }
    uint64_t offset = span->offset;
    struct bytes data = span->data;
    while (data.len) {
        if (half->reading == READ_WAIT || half->reading == READ_HELD) {
            half_enqueue(half, &(struct span){.offset = offset, .data = data, .mark = span->mark});
            return;
        }
        half->offset = offset;
        size_t n = read_some(s, side, data, offset, &span->mark);
        data = bytes_from(data, n);
        offset += n;
        if (half->reading != READ_WAIT || data.len == 0)
            half->offset = offset;
    }
}

void reader_put_back(struct session *s, const struct line *line)
{
    size_t end = (size_t)(line->end - line->start - line->length);
    uint8_t *octets = memory_get((size_t)line->length + end);
    memcpy(octets, line->text.at, line->text.len);
    memcpy(octets + line->text.len, &"\r\n"[end == 1], end);
    struct span span = {
        .offset = line->start, .data = bytes_of(octets, line->text.len + end), .mark = line->mark};
    half_enqueue(&s->half[SIDE_CLIENT], &span);
    free(octets);
}

void reader_resume(struct session *s, enum side side)
{
    struct half *half = &s->half[side];
    struct queued_span *q = half->queue;
    half->queue = half->queue_last = NULL;
    half->queued = 0;
    half->queued_spans = 0;
    while (q) {
        struct queued_span *next = q->next;
        if (half->reading == READ_WAIT)
            half_enqueue(half, &q->span);
        else
            read_span(s, side, &q->span);
        free(q);
        q = next;
    }
}

void session_span(struct session *s, enum side side, const struct span *span)
{
    session_open_draft(s);
    struct half *half = &s->half[side];
    if (half->reading == READ_HELD) {
        half_enqueue(half, span);
        s->costs.of[COST_WAITS] += half_waits(half) > WAIT_LIMIT;
        if (half_waits(half) > WAIT_LIMIT || !span->data.at)
            foreign_give_up(s);
        return;
    }
    if (half->reading == READ_WAIT) {
        half_enqueue(half, span);
        if (!span->data.at)
            content_run_doubt(s);
        s->costs.of[COST_WAITS] += half_waits(half) > WAIT_LIMIT;
        if (s->chunk.doubt || s->waiting.guess || half_waits(half) > WAIT_LIMIT || !span->data.at)
            client_guess(s);
        return;
    }
    read_span(s, side, span);
}
