/* SPDX-License-Identifier: ISC */
#include "heloscope/session/direction.h"

#include <stdlib.h>

#include "heloscope/base/limits.h"
#include "heloscope/base/memory.h"

void direction_enter(struct direction *direction, enum reading reading)
{
    direction->reading = reading;
}

void direction_hold(struct direction *direction, struct bytes data, uint64_t offset,
                    const struct mark *mark)
{
    if (!direction->held_length && !direction->skipped) {
        direction->held_offset = offset;
        direction->held_mark = *mark;
    }
    size_t room = LINE_LIMIT - direction->held_length;
    struct bytes part = bytes_first(data, room);
    direction->skipped += data.len - part.len;
    if (direction->held_length + part.len > direction->held_size) {
        uint32_t size = direction->held_size ? direction->held_size : 128;
        while (size < direction->held_length + part.len)
            size *= 2;
        direction->held = memory_resize(direction->held, size);
        direction->held_size = size;
    }
    if (part.len)
        memcpy(direction->held + direction->held_length, part.at, part.len);
    direction->held_length += (uint32_t)part.len;
    if (data.len)
        direction->last = data.at[data.len - 1];
}

void direction_release(struct direction *direction)
{
    direction->held_length = 0;
    direction->skipped = 0;
    if (direction->held_size > 1024) { /* an idle session keeps little */
        free(direction->held);
        direction->held = NULL;
        direction->held_size = 0;
    }
}

struct span direction_take_held(struct direction *direction)
{
    const struct span held = {.offset = direction->held_offset,
                              .data = bytes_of(direction->held, direction->held_length),
                              .mark = direction->held_mark};
    direction->held = NULL;
    direction->held_length = direction->held_size = 0;
    return held;
}

struct queued_span *queued_span_new(const struct span *span)
{
    struct queued_span *q = memory_get(sizeof *q + span->data.len);
    q->span = *span;
    if (span->data.at) {
        memcpy(q->data, span->data.at, span->data.len);
        q->span.data.at = q->data;
    }
    return q;
}

void direction_enqueue(struct direction *direction, const struct span *span)
{
    struct queued_span *q = queued_span_new(span);
    if (direction->queue)
        direction->queue_last->next = q;
    else
        direction->queue = q;
    direction->queue_last = q;
    direction->queued += span->data.len;
    direction->queued_spans++;
}

void direction_enqueue_first(struct direction *direction, const struct span *span)
{
    struct queued_span *q = queued_span_new(span);
    q->next = direction->queue;
    if (!direction->queue)
        direction->queue_last = q;
    direction->queue = q;
    direction->queued += span->data.len;
    direction->queued_spans++;
}

struct queued_span *direction_dequeue(struct direction *direction)
{
    struct queued_span *q = direction->queue;
    if (!q)
        return NULL;
    direction->queue = q->next;
    if (!q->next)
        direction->queue_last = NULL;
    direction->queued -= q->span.data.len;
    direction->queued_spans--;
    return q;
}

size_t direction_peek(const struct direction *direction, uint8_t *out, size_t size)
{
    size_t n = 0;
    for (const struct queued_span *q = direction->queue; q && q->span.data.at && n < size;
         q = q->next) {
        struct bytes part = bytes_first(q->span.data, size - n);
        memcpy(out + n, part.at, part.len);
        n += part.len;
    }
    return n;
}

struct queued_span *direction_take_queue(struct direction *direction)
{
    struct queued_span *queue = direction->queue;
    direction->queue = direction->queue_last = NULL;
    direction->queued = 0;
    direction->queued_spans = 0;
    return queue;
}

void direction_put_back(struct direction *direction, const struct line *line)
{
    const size_t end = line->ending;
    uint8_t *octets = memory_get((size_t)line->length + end);
    memcpy(octets, line->text.at, line->text.len);
    memcpy(octets + line->text.len, &"\r\n"[end == 1], end);
    const struct span span = {
        .offset = line->start, .data = bytes_of(octets, line->text.len + end), .mark = line->mark};
    direction_enqueue(direction, &span);
    free(octets);
}

void direction_drop_queue(struct direction *direction)
{
    struct queued_span *q;
    while ((q = direction_dequeue(direction)))
        free(q);
}

void direction_free(struct direction *direction)
{
    free(direction->held);
    direction_drop_queue(direction);
}
