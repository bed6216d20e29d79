/* SPDX-License-Identifier: ISC */
/* What is kept of one side's octets: a line or record that is not complete yet, and what waits for
 * the other side's answer. Both are bounded: LINE_LIMIT here, WAIT_LIMIT where the reader asks. */
#ifndef HELOSCOPE_SESSION_DIRECTION_H
#define HELOSCOPE_SESSION_DIRECTION_H

#include "heloscope/span.h"

/* How a direction's next octets are to be read. */
enum reading {
    READ_LINES,    /* commands, or replies */
    READ_WAIT,     /* client: the answer decides (to DATA, AUTH, STARTTLS, BDAT) */
    READ_CONTENT,  /* client: a message, up to its final dot */
    READ_DRAIN,    /* client: the rest of a message that was answered before its end */
    READ_CHUNK,    /* client: the octets behind a BDAT */
    READ_SASL,     /* client: one line, the response to a 334 */
    READ_TLS_NEXT, /* a handshake should come; what the client sent before the 220 is to be
                      discarded */
    READ_TLS,      /* records are counted */
    READ_PROXY,    /* client: the binary header of a load balancer, before all else */
    READ_HELD,     /* client: begun as another protocol; the server's first line tells */
    READ_NOTHING,  /* the session has turned into something that is not read on */
};

/* A span that waits (a copy). */
struct queued_span {
    struct queued_span *next;
    struct span span;
    enum side side;
    uint8_t data[];
};

struct direction {
    enum reading reading;
    uint64_t offset; /* of the next octet to be read */
    uint8_t *held;   /* an incomplete line, or the head of a TLS record */
    uint32_t held_length, held_size;
    uint64_t held_offset;
    struct mark held_mark; /* of its first octet */
    uint64_t skipped;      /* octets of a line over LINE_LIMIT that were not held */
    uint8_t last;          /* the last octet that was held or skipped */
    bool resync;           /* behind a hole: the next line may have lost its beginning */
    struct queued_span *queue, *queue_last;
    size_t queued; /* octets in it */
    uint32_t queued_spans;
    bool sealed;      /* its octets are TLS records: analyzer/smtp/encrypted.c takes them */
    bool inside;      /* it has been read inside them */
    uint64_t begin;   /* where its lines begin: behind the handshake of a TLS from the start */
    uint64_t records; /* of TLS */
};

/* What waits takes. */
static inline size_t direction_waits(const struct direction *direction)
{
    return direction->queued + direction->queued_spans * sizeof(struct queued_span);
}

/* A line of one side, without its line end. */
struct line {
    struct bytes text;   /* at most LINE_LIMIT octets of it; borrowed */
    uint64_t length;     /* in truth */
    uint64_t start, end; /* its first octet, and the one behind its line end; inside TLS what lies
                            between is longer than the line, where that has several records */
    uint8_t ending;      /* octets of its line end: LF, or CR LF */
    struct mark mark;    /* of its first octet */
    unsigned notes;      /* NOTE_BARE_LF ... */
};

/* The direction's next octets are to be read so. The one place that changes it. */
void direction_enter(struct direction *direction, enum reading reading);

/* Adds to what is held; of a line over LINE_LIMIT the rest is counted only. `offset` and `mark` are
 * those of `data`. */
void direction_hold(struct direction *direction, struct bytes data, uint64_t offset,
                    const struct mark *mark);

/* Nothing is held any more. */
void direction_release(struct direction *direction);

/* Takes out what is held, with its offset and mark; the caller frees the octets. */
struct span direction_take_held(struct direction *direction);

/* A copy of a span and of its octets; the caller frees it. */
struct queued_span *queued_span_new(const struct span *span);

/* A copy of `span` waits behind what waits already. */
void direction_enqueue(struct direction *direction, const struct span *span);

/* In front of those that wait already. */
void direction_enqueue_first(struct direction *direction, const struct span *span);

/* Takes the first out; the caller frees it. NULL = none waits. */
struct queued_span *direction_dequeue(struct direction *direction);

/* Takes out all that waits, as a list; the caller frees each. */
struct queued_span *direction_take_queue(struct direction *direction);

/* A line that was delivered waits again, with its line end, behind what waits already. */
void direction_put_back(struct direction *direction, const struct line *line);

/* Nothing waits any more. */
void direction_drop_queue(struct direction *direction);

/* The first octets of what waits, across spans, into `out`; returns how many. */
size_t direction_peek(const struct direction *direction, uint8_t *out, size_t size);

/* Frees what the direction holds, not the direction. */
void direction_free(struct direction *direction);

#endif
