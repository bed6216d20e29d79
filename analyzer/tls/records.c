/* SPDX-License-Identifier: ISC */
/* Records out of octets that come in any pieces, and their beginnings behind a hole: records are
 * chained by their lengths, so that behind lost octets the next beginning is unknown. What may be
 * one is tried; the tag or the MAC proves it. */
#include "records.h"

#include <stdlib.h>

#include "heloscope/base/limits.h"
#include "heloscope/base/memory.h"

static void hold(struct half *half, struct bytes data, uint64_t offset, const struct mark *mark)
{
    if (!half->held_length) {
        half->held_offset = offset;
        half->held_mark = *mark;
    }
    if (half->held_length + data.len > half->held_size) {
        uint32_t size = half->held_size ? half->held_size : 64;
        while (size < half->held_length + data.len)
            size *= 2;
        half->held = memory_resize(half->held, size);
        half->held_size = size;
    }
    memcpy(half->held + half->held_length, data.at, data.len);
    half->held_length += (uint32_t)data.len;
}

static void release(struct half *half, size_t octets)
{
    half->held_length -= (uint32_t)octets;
    half->held_offset += octets;
    memmove(half->held, half->held + octets, half->held_length);
    if (!half->held_length && half->held_size > 1024) { /* an idle session keeps little */
        free(half->held);
        half->held = NULL;
        half->held_size = 0;
    }
}

/* Whether a record can begin so; its whole length, or 0. */
static size_t record_length(const uint8_t *head)
{
    const size_t length = (size_t)head[3] << 8 | head[4];
    if (head[0] < TLS_CONTENT_CHANGE || head[0] > TLS_CONTENT_DATA || head[1] != 3 || head[2] > 4 ||
        length > TLS_PLAIN_LONGEST)
        return 0;
    return RECORD_HEAD + length;
}

/* ----------------------------------------------------------------------- behind a hole
 */

/* Looks for a record in what is held, octet by octet. What is passed over is lost too. */
static void seek(struct tls *tls, enum side side, uint8_t *scratch)
{
    struct half *half = &tls->half[side];
    while (half->adrift && half->held_length >= RECORD_HEAD) {
        const size_t whole = record_length(half->held);
        if (whole > half->held_length)
            return; /* more is to come */
        const struct record record = {
            .head = half->held,
            .body = bytes_of(half->held + RECORD_HEAD, whole ? whole - RECORD_HEAD : 0),
            .start = half->held_offset};
        if (whole && record_take(tls, side, &record, scratch)) {
            release(half, whole);
            return;
        }
        if (whole && half->cipher) /* it may have been one, of which only the IV is not known */
            tls_cipher_pass(half->cipher, record.body, record.start + whole);
        else if (whole)
            half_keep_tail(tls, half, record.body, record.start + whole);
        release(half, 1);
    }
}

void tls_take_gap(struct tls *tls, enum side side, uint64_t offset, uint64_t octets,
                  const struct mark *mark)
{
    struct half *half = &tls->half[side];
    if (!half->lost) {
        half->lost = true;
        half->lost_from = half->held_length ? half->held_offset : offset;
        half->lost_mark = *mark;
    }
    half->lost_to = offset + octets;
    /* A hole within one record, whose length is known, is not the end of the chain. */
    const size_t whole =
        half->held_length >= RECORD_HEAD && !half->adrift ? record_length(half->held) : 0;
    const uint64_t left = whole ? whole - half->held_length : half->skip;
    half->adrift = left < octets || !left;
    half->skip = half->adrift ? 0 : left - octets;
    half->held_length = 0;
    free(half->message);
    half->message = NULL;
    half->message_length = half->message_size = half->message_skip = 0;
}

/* ----------------------------------------------------------------------- in order
 */

static struct bytes take_whole(struct tls *tls, enum side side, struct bytes data, uint64_t offset,
                               const struct mark *mark, uint8_t *scratch)
{
    struct half *half = &tls->half[side];
    const size_t whole = record_length(data.at);
    const struct record record = {.head = data.at,
                                  .body = bytes_of(data.at + RECORD_HEAD, whole - RECORD_HEAD),
                                  .start = offset};
    half->held_mark = *mark;
    record_take(tls, side, &record, scratch);
    return bytes_first(data, whole);
}

/* The record at the front of what is held, if it is whole. */
static void take_held(struct tls *tls, enum side side, uint8_t *scratch)
{
    struct half *half = &tls->half[side];
    const size_t whole = record_length(half->held);
    if (!whole) {
        struct tls_news *news = tls_tell(tls, TLS_NEWS_LOST);
        news->side = side;
        news->mark = half->held_mark;
        if (!half->lost)
            half->lost_from = half->lost_to = half->held_offset;
        half->lost_mark = half->held_mark;
        half->lost = half->adrift = true;
        return;
    }
    if (half->held_length < whole)
        return;
    const struct record record = {.head = half->held,
                                  .body = bytes_of(half->held + RECORD_HEAD, whole - RECORD_HEAD),
                                  .start = half->held_offset};
    record_take(tls, side, &record, scratch);
    release(half, whole);
}

/* Without a key log a record that needs one is counted, not held. */
static void skip_closed(struct tls *tls, enum side side)
{
    struct half *half = &tls->half[side];
    const struct record record = {.head = half->held};
    if (tls->keylog || !record_length(half->held) || !is_sealed(tls, side, &record))
        return;
    half->skip = record_length(half->held) - RECORD_HEAD;
    half->held_length = 0;
    half->sealed += half->sealed < UINT32_MAX;
    tls->facts.sealed[side] = true;
    tls_count(tls, side, half->skip, &half->held_mark);
    tls_note_unread(tls, side, half->skip);
}

bool tls_more(const struct tls *tls, enum side side)
{
    const struct half *half = &tls->half[side];
    return !half->adrift && half->held_length >= RECORD_HEAD &&
           record_length(half->held) <= half->held_length;
}

bool tls_between_records(const struct tls *tls, enum side side)
{
    const struct half *half = &tls->half[side];
    return !half->held_length && !half->skip && !half->adrift;
}

size_t tls_take(struct tls *tls, enum side side, struct bytes data, uint64_t offset,
                const struct mark *mark, uint8_t *scratch)
{
    struct half *half = &tls->half[side];
    if (tls_more(tls, side)) {
        take_held(tls, side, scratch);
        return 0;
    }
    if (half->skip) {
        const struct bytes part = bytes_first(data, half->skip);
        half->skip -= part.len;
        return part.len;
    }
    if (half->adrift && half->hopeless)
        return data.len;
    if (half->adrift) {
        const size_t room = TLS_WAIT_LIMIT - half->held_length;
        const struct bytes part = bytes_first(data, room < TLS_SCRATCH ? room : TLS_SCRATCH);
        hold(half, part, offset, mark);
        seek(tls, side, scratch);
        return part.len;
    }
    if (!half->held_length && data.len >= RECORD_HEAD && record_length(data.at) &&
        record_length(data.at) <= data.len)
        return take_whole(tls, side, data, offset, mark, scratch).len;
    const size_t whole = half->held_length < RECORD_HEAD ? RECORD_HEAD : record_length(half->held);
    const struct bytes part = bytes_first(data, whole - half->held_length);
    hold(half, part, offset, mark);
    if (half->held_length == RECORD_HEAD)
        skip_closed(tls, side);
    if (half->held_length >= RECORD_HEAD)
        take_held(tls, side, scratch);
    return part.len;
}
