/* SPDX-License-Identifier: ISC */
#include "heloscope/transport/reassembly.h"
#include "heloscope/base/limits.h"

/* Whether an acknowledgement of octets that were not seen can be true. */
static bool believable(const struct stream *peer, int64_t offset)
{
    return offset - (int64_t)peer->next <= STREAM_MAX_AHEAD;
}

/* What the sender had received, as an offset of the peer's stream; never more than is held to be
 * true of it, or octets would wait for what never comes. */
static uint64_t seen_by(const struct reassembly *c, enum side side, const struct segment *segment)
{
    const struct stream *peer = &c->side[!side];
    if (!(segment->flags & TCP_ACK) || !peer->started)
        return 0;
    int64_t offset = stream_offset(peer, segment->ack);
    if (offset <= 0)
        return 0;
    if (!believable(peer, offset))
        return peer->acked > peer->next ? peer->acked : peer->next;
    if (peer->finished && (uint64_t)offset > peer->end)
        return peer->end; /* the FIN has a sequence number too */
    return (uint64_t)offset;
}

/* Offsets of `side` have become smaller by `delta`: what its peer saw is counted anew. */
static void shift_seen(struct reassembly *c, enum side side, uint64_t delta)
{
    for (struct piece *p = c->side[!side].waiting; p; p = p->next)
        p->mark.seen = p->mark.seen > delta ? p->mark.seen - delta : 0;
}

/* A stream begins for certain with its SYN. Whatever else comes first, the SYN may have been
 * captured behind it; and a side that has not been captured yet has at least sent what is
 * acknowledged. */
static void start_streams(struct reassembly *c, enum side side, const struct segment *segment)
{
    struct stream *own = &c->side[side], *peer = &c->side[!side];
    if (segment->flags & TCP_SYN) {
        if (own->provisional)
            shift_seen(c, side, stream_rebase(own, segment->seq + 1));
        else if (!own->started)
            stream_start(own, segment->seq + 1);
        c->from_start = c->syn[side] = true;
    } else if (!own->started) {
        stream_start_provisionally(own, segment->seq);
    }
    if (!peer->started && (segment->flags & TCP_ACK) && !(segment->flags & TCP_RST))
        stream_start_provisionally(peer, segment->ack);
}

/* Whether the beginning is still waited for: both SYNs, as long as they may only be late. */
static bool opening(const struct reassembly *c)
{
    return !c->settled && !(c->syn[0] && c->syn[1]);
}

static void note_acknowledged(struct reassembly *c, enum side side, uint64_t seen)
{
    struct stream *peer = &c->side[!side];
    if (seen > peer->acked)
        peer->acked = seen;
}

/* The next octets of `side` if they are there and all that they acknowledge has been delivered. */
static bool deliverable(const struct reassembly *c, enum side side, struct span *out)
{
    const struct stream *peer = &c->side[!side];
    struct span theirs;
    if (opening(c) || !stream_ready(&c->side[side], out))
        return false;
    if (out->mark.seen <= peer->next)
        return true;
    /* Each side's next octets acknowledge the other's: the segment that was captured later came a
     * second time, with a newer acknowledgement. It was first sent before the other. */
    if (!stream_ready(peer, &theirs) || theirs.mark.seen <= c->side[side].next ||
        out->mark.packet < theirs.mark.packet)
        return false;
    out->mark.seen = peer->next;
    return true;
}

/* Of two that could go, the one that was captured first. */
static void deliver_waiting(struct reassembly *c, reassembly_sink *sink, void *context)
{
    struct span span[2];
    for (;;) {
        bool ready[2] = {deliverable(c, 0, &span[0]), deliverable(c, 1, &span[1])};
        if (!ready[0] && !ready[1])
            return;
        int side = ready[0] && ready[1] ? span[1].mark.packet < span[0].mark.packet : ready[1];
        sink(context, side, &span[side]);
        stream_advance(&c->side[side], span[side].gap ? span[side].gap : span[side].data.len);
    }
}

/* A hole of `side`: its length, 0 when it has none. `acknowledged` asks only for octets that the
 * peer has received; without it a hole before octets that wait counts too. */
static uint64_t hole(const struct reassembly *c, enum side side, bool acknowledged)
{
    const struct stream *s = &c->side[side];
    if (s->provisional || opening(c))
        return 0;
    uint64_t stop = s->waiting ? s->waiting->offset : UINT64_MAX;
    if (s->acked < stop) {
        if (s->acked > s->next)
            return s->acked - s->next;
        if (acknowledged || stop == UINT64_MAX)
            return 0;
    }
    return stop == UINT64_MAX ? 0 : stop - s->next;
}

static bool give_up_side(struct reassembly *c, enum side side, bool acknowledged,
                         reassembly_sink *sink, void *context)
{
    uint64_t length = hole(c, side, acknowledged);
    struct span theirs;
    if (!length)
        return false;
    /* No more than the peer's next octets wait for: what they did not acknowledge came behind them.
     */
    if (stream_ready(&c->side[!side], &theirs) && theirs.mark.seen > c->side[side].next &&
        theirs.mark.seen - c->side[side].next < length)
        length = theirs.mark.seen - c->side[side].next;
    struct span gap = {.offset = c->side[side].next, .gap = length, .mark = c->last};
    gap.mark.seen = c->side[!side].next;
    sink(context, side, &gap);
    stream_advance(&c->side[side], length);
    return true;
}

static bool give_up_hole(struct reassembly *c, bool acknowledged, reassembly_sink *sink,
                         void *context)
{
    return give_up_side(c, 0, acknowledged, sink, context) ||
           give_up_side(c, 1, acknowledged, sink, context);
}

/* A side that was never captured is not waited for. */
static uint32_t patience(const struct reassembly *c)
{
    return c->spoke[0] && c->spoke[1] ? PATIENCE_PACKETS : 0;
}

bool reassembly_waits(const struct reassembly *c)
{
    return c->side[0].waiting || c->side[1].waiting;
}

/* A beginning that does not come: the connection begins with what is there. */
static bool settle_beginning(struct reassembly *c)
{
    if (!opening(c))
        return false;
    c->settled = true;
    for (int side = 0; side < 2; side++)
        if (c->side[side].provisional)
            shift_seen(c, side, stream_settle(&c->side[side]));
    return true;
}

/* Octets that wait for an acknowledged hole wait a little, since captures reorder; then no more. */
static void resolve_holes(struct reassembly *c, reassembly_sink *sink, void *context)
{
    while (reassembly_waits(c)) {
        bool overfull = stream_overfull(&c->side[0]) || stream_overfull(&c->side[1]);
        bool acknowledged = hole(c, 0, true) || hole(c, 1, true);
        if (!overfull && !acknowledged && !opening(c))
            break; /* lost on the way to the peer as well: it will be sent again */
        const uint64_t delivered = c->side[0].next + c->side[1].next;
        if (!c->blocked_since || c->blocked_at != delivered) { /* each hole is waited for anew */
            c->blocked_since = c->last.ts_us;
            c->blocked_at = delivered;
            c->blocked_packets = 0;
        }
        if (!overfull && c->blocked_packets < patience(c) &&
            c->last.ts_us - c->blocked_since < PATIENCE_US)
            return;
        bool settled = settle_beginning(c);
        c->overfull += overfull;
        if (!settled && !give_up_hole(c, acknowledged, sink, context))
            break;
        deliver_waiting(c, sink, context);
        if (settled)
            c->blocked_since = 0; /* holes are waited for from now on */
    }
    c->blocked_since = 0;
}

static bool in_order(const struct reassembly *c, enum side side, int64_t offset, size_t length,
                     uint64_t seen)
{
    const struct stream *s = &c->side[side];
    return offset == (int64_t)s->next && !opening(c) && seen <= c->side[!side].next &&
           (!s->waiting || s->waiting->offset >= s->next + length);
}

/* `span` is the segment's payload as it will be delivered if it is in order. */
static void push_payload(struct reassembly *c, enum side side, int64_t offset,
                         const struct segment *segment, struct span *span, reassembly_sink *sink,
                         void *context)
{
    struct stream *s = &c->side[side];
    const uint64_t seen = span->mark.seen;
    const size_t length = segment->payload.len;
    if (length && in_order(c, side, offset, length, seen)) {
        if (s->waiting && s->waiting->mark.seen < seen)
            span->mark.seen = s->waiting->mark.seen;
        sink(context, side, span);
        stream_advance(s, length);
    } else if (length) {
        stream_keep(s, offset, segment->payload, false, &span->mark);
    }
    span->mark.seen = seen;
    if (segment->cut)
        stream_keep(s, offset + (int64_t)length, bytes_of(NULL, segment->cut), true, &span->mark);
}

/* The FIN has a sequence number too: what acknowledged it, and was captured in front of it, waits
 * for no octet more. */
static void note_finished(struct reassembly *c, enum side side)
{
    struct stream *s = &c->side[side];
    if (s->acked == s->end + 1)
        s->acked = s->end;
    for (struct piece *p = c->side[!side].waiting; p; p = p->next)
        if (p->mark.seen == s->end + 1)
            p->mark.seen = s->end;
}

static void note_end(struct reassembly *c, enum side side, const struct segment *segment,
                     int64_t offset)
{
    struct stream *s = &c->side[side];
    if (segment->flags & TCP_RST) {
        if (offset < (int64_t)s->next - RESET_WINDOW || offset > (int64_t)s->next + RESET_WINDOW)
            return;
        c->end = END_RESET;
        c->ended_by = side;
        return;
    } else if ((segment->flags & TCP_FIN) && !s->finished) {
        int64_t end = offset + (int64_t)segment->payload.len + segment->cut;
        if (end < (int64_t)s->next)
            return;
        s->finished = true;
        s->end = (uint64_t)end;
        c->fin_ack[side] = segment->ack;
        note_finished(c, side);
    } else {
        return;
    }
    if (c->ended_by < 0)
        c->ended_by = side;
}

/* Whether the FIN of `side` acknowledged that of the other, which so came first. */
static bool finished_second(const struct reassembly *c, enum side side)
{
    const struct stream *peer = &c->side[!side];
    return (int32_t)(c->fin_ack[side] - (peer->base + (uint32_t)peer->end + 1)) >= 0;
}

/* Which side ended the connection, whatever order the capture gave the two FINs. */
static int first_to_finish(const struct reassembly *c)
{
    return finished_second(c, 0) && !finished_second(c, 1) ? 1 : 0;
}

bool reassembly_left_before(const struct reassembly *c, enum side side, const struct span *span)
{
    const struct stream *own = &c->side[side], *peer = &c->side[!side];
    uint32_t end = peer->base + (uint32_t)(span->offset + span->data.len + span->gap);
    return own->finished && own->next >= own->end && (int32_t)(c->fin_ack[side] - end) < 0;
}

void reassembly_push(struct reassembly *c, enum side side, const struct segment *segment,
                     int64_t ts_us, uint64_t packet, reassembly_sink *sink, void *context)
{
    if (!c->packets++)
        c->ended_by = -1;
    c->spoke[side] = true;
    c->last.ts_us = ts_us;
    c->last.packet = packet;
    start_streams(c, side, segment);

    struct span span = {
        .offset = c->side[side].next,
        .data = segment->payload,
        .mark = {ts_us, packet, seen_by(c, side, segment)},
    };
    if (!(segment->flags & TCP_RST))
        note_acknowledged(c, side, span.mark.seen);
    int64_t offset = stream_offset(&c->side[side], segment->seq + !!(segment->flags & TCP_SYN));
    if (!(segment->flags & TCP_RST))
        push_payload(c, side, offset, segment, &span, sink, context);
    note_end(c, side, segment, offset);

    if (reassembly_waits(c)) {
        c->blocked_packets++;
        deliver_waiting(c, sink, context);
        resolve_holes(c, sink, context);
    } else {
        c->blocked_since = 0;
    }
    if (c->end == END_NONE && c->side[0].finished && c->side[1].finished &&
        c->side[0].next >= c->side[0].end && c->side[1].next >= c->side[1].end)
        c->end = END_FIN;
    if (c->side[0].finished && c->side[1].finished && c->end != END_RESET)
        c->ended_by = first_to_finish(c);
}

static bool is_near(const struct stream *stream, uint32_t seq)
{
    uint64_t expected = stream->next > stream->begun ? stream->next : stream->begun;
    int64_t distance = stream_offset(stream, seq) - (int64_t)expected;
    return distance >= -FLIGHT && distance <= FLIGHT;
}

bool reassembly_continues(const struct reassembly *c, enum side side, const struct segment *segment)
{
    const struct stream *own = &c->side[side], *peer = &c->side[!side];
    bool acknowledges = segment->flags & TCP_ACK && peer->started;
    if (!own->started && !acknowledges)
        return false;
    return (!own->started || is_near(own, segment->seq)) &&
           (!acknowledges || is_near(peer, segment->ack));
}

/* What was acknowledged and never seen, with nothing behind it, where one octet alone may be the
 * FIN; or what lies in front of a FIN that was seen. */
static bool missing_at_the_end(struct stream *s)
{
    if (!s->finished || !believable(s, (int64_t)s->end))
        return s->acked > s->next + 1;
    s->acked = s->end > s->next ? s->end : s->next;
    return s->acked > s->next;
}

void reassembly_drain(struct reassembly *c, reassembly_sink *sink, void *context)
{
    settle_beginning(c);
    do
        deliver_waiting(c, sink, context);
    while (reassembly_waits(c) &&
           (give_up_hole(c, true, sink, context) || give_up_hole(c, false, sink, context)));

    for (int side = 0; side < 2; side++)
        if (missing_at_the_end(&c->side[side]))
            give_up_side(c, side, true, sink, context);
}

void reassembly_free(struct reassembly *c)
{
    stream_free(&c->side[0]);
    stream_free(&c->side[1]);
}
