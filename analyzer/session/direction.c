#include "heloscope/session/direction.h"

#include <stdlib.h>

void half_hold(struct half *half, struct bytes data, uint64_t offset, const struct mark *mark)
{
    if (!half->held_length && !half->skipped) {
        half->held_offset = offset;
        half->held_mark = *mark;
    }
    size_t room = LINE_LIMIT - half->held_length;
    struct bytes part = bytes_first(data, room);
    half->skipped += data.len - part.len;
    if (half->held_length + part.len > half->held_size) {
        uint32_t size = half->held_size ? half->held_size : 128;
        while (size < half->held_length + part.len)
            size *= 2;
        half->held = memory_resize(half->held, size);
        half->held_size = size;
    }
    if (part.len)
        memcpy(half->held + half->held_length, part.at, part.len);
    half->held_length += (uint32_t)part.len;
    if (data.len)
        half->last = data.at[data.len - 1];
}

void half_release(struct half *half)
{
    half->held_length = 0;
    half->skipped = 0;
    if (half->held_size > 1024) { /* an idle session keeps little */
        free(half->held);
        half->held = NULL;
        half->held_size = 0;
    }
}

void half_enqueue(struct half *half, const struct span *span)
{
    struct queued_span *q = memory_get(sizeof *q + span->data.len);
    q->span = *span;
    if (span->data.at) {
        memcpy(q->data, span->data.at, span->data.len);
        q->span.data.at = q->data;
    }
    if (half->queue)
        half->queue_last->next = q;
    else
        half->queue = q;
    half->queue_last = q;
    half->queued += span->data.len;
    half->queued_spans++;
}

size_t half_peek(const struct half *half, uint8_t *out, size_t size)
{
    size_t n = 0;
    for (const struct queued_span *q = half->queue; q && q->span.data.at && n < size; q = q->next) {
        struct bytes part = bytes_first(q->span.data, size - n);
        memcpy(out + n, part.at, part.len);
        n += part.len;
    }
    return n;
}

void half_free(struct half *half)
{
    free(half->held);
    while (half->queue) {
        struct queued_span *q = half->queue;
        half->queue = q->next;
        free(q);
    }
}
