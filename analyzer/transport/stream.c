/* SPDX-License-Identifier: ISC */
#include "heloscope/transport/stream.h"

#include <stdlib.h>

#include "heloscope/base/memory.h"
#include "heloscope/base/limits.h"

void stream_start(struct stream *s, uint32_t seq)
{
    s->started = true;
    s->base = seq;
}

void stream_start_provisionally(struct stream *s, uint32_t seq)
{
    stream_start(s, seq - PROVISIONAL_ROOM);
    s->provisional = true;
    s->begun = PROVISIONAL_ROOM;
}

uint64_t stream_rebase(struct stream *s, uint32_t seq)
{
    uint64_t delta = seq - s->base;
    struct piece *kept = NULL, **tail = &kept;
    s->last = NULL;
    for (struct piece *p = s->waiting, *next; p; p = next) {
        next = p->next;
        if (p->offset < delta) {
            s->waiting_count--;
            s->waiting_octets -= p->missing ? 0 : p->length;
            free(p);
            continue;
        }
        p->offset -= delta;
        p->next = NULL;
        *tail = s->last = p;
        tail = &p->next;
    }
    s->waiting = kept;
    s->base = seq;
    s->next = 0;
    s->acked = s->acked > delta ? s->acked - delta : 0;
    s->end = s->end > delta ? s->end - delta : 0;
    s->provisional = false;
    s->begun = 0;
    return delta;
}

uint64_t stream_settle(struct stream *s)
{
    uint64_t first = s->waiting && s->waiting->offset < s->begun ? s->waiting->offset : s->begun;
    return stream_rebase(s, s->base + (uint32_t)first);
}

int64_t stream_offset(const struct stream *s, uint32_t seq)
{
    /* The 32-bit difference decides on which side of the wrap `seq` lies (RFC 9293 section 3.4). */
    int32_t distance = (int32_t)(seq - (s->base + (uint32_t)s->next));
    return (int64_t)s->next + distance;
}

static void insert(struct stream *s, struct piece *after, uint64_t offset, struct bytes data,
                   bool missing, const struct mark *mark)
{
    struct piece *piece = memory_get(sizeof *piece + (missing ? 0 : data.len));
    piece->offset = offset;
    piece->length = (uint32_t)data.len;
    piece->missing = missing;
    piece->mark = *mark;
    if (!missing)
        memcpy(piece->data, data.at, data.len);
    struct piece *behind = after ? after->next : s->waiting;
    if (behind && behind->mark.seen < piece->mark.seen)
        piece->mark.seen = behind->mark.seen;
    piece->next = behind;
    if (after)
        after->next = piece;
    else
        s->waiting = piece;
    if (!behind)
        s->last = piece;
    s->waiting_count++;
    s->waiting_octets += missing ? 0 : data.len;
}

static uint64_t piece_end(const struct piece *piece)
{
    return piece->offset + piece->length;
}

/* The last piece that begins at or before `offset`; NULL when there is none. */
static struct piece *piece_before(const struct stream *s, uint64_t offset)
{
    if (s->last && s->last->offset <= offset)
        return s->last;
    struct piece *before = NULL;
    for (struct piece *p = s->waiting; p && p->offset <= offset; p = p->next)
        before = p;
    return before;
}

/* What is missing has no octets. */
static const uint8_t *octets_behind(const uint8_t *at, size_t length, bool missing)
{
    return missing ? NULL : at + length;
}

void stream_keep(struct stream *s, int64_t offset, struct bytes data, bool missing,
                 const struct mark *mark)
{
    uint64_t at, end;
    if (offset + (int64_t)data.len <= (int64_t)s->next) {
        s->repeated += data.len;
        return;
    }
    if (offset < (int64_t)s->next) {
        size_t old = (size_t)((int64_t)s->next - offset);
        s->repeated += old;
        data.at = octets_behind(data.at, old, missing);
        data.len -= old;
        offset = (int64_t)s->next;
    }
    at = (uint64_t)offset;
    end = at + data.len;
    if (at - s->next > STREAM_MAX_AHEAD) {
        s->dropped += data.len;
        return;
    }
    struct piece *before = piece_before(s, at);
    while (at < end) {
        if (before && piece_end(before) > at) { /* the first copy wins */
            uint64_t skip = piece_end(before) < end ? piece_end(before) - at : end - at;
            s->repeated += skip;
            data.at = octets_behind(data.at, skip, missing);
            at += skip;
            continue;
        }
        const struct piece *behind = before ? before->next : s->waiting;
        uint64_t stop = behind && behind->offset < end ? behind->offset : end;
        if (stop > at) {
            size_t length = (size_t)(stop - at);
            insert(s, before, at, bytes_of(data.at, length), missing, mark);
            data.at = octets_behind(data.at, length, missing);
            at = stop;
        }
        before = before ? before->next : s->waiting;
    }
}

bool stream_ready(const struct stream *s, struct span *out)
{
    const struct piece *p = s->waiting;
    if (!p || p->offset != s->next || s->provisional)
        return false;
    *out = (struct span){
        .offset = p->offset,
        .data = p->missing ? bytes_of(NULL, 0) : bytes_of(p->data, p->length),
        .gap = p->missing ? p->length : 0,
        .cut = p->missing,
        .mark = p->mark,
    };
    return true;
}

void stream_advance(struct stream *s, uint64_t length)
{
    s->next += length;
    while (s->waiting && piece_end(s->waiting) <= s->next) {
        struct piece *p = s->waiting;
        s->waiting = p->next;
        s->waiting_count--;
        s->waiting_octets -= p->missing ? 0 : p->length;
        free(p);
    }
    if (!s->waiting)
        s->last = NULL;
}

bool stream_overfull(const struct stream *s)
{
    return s->waiting_octets > STREAM_MAX_WAITING || s->waiting_count > STREAM_MAX_PIECES;
}

void stream_free(struct stream *s)
{
    while (s->waiting) {
        struct piece *p = s->waiting;
        s->waiting = p->next;
        free(p);
    }
    s->last = NULL;
    s->waiting_count = 0;
    s->waiting_octets = 0;
}
