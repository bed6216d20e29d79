/* SPDX-License-Identifier: ISC */
#include "candidate.h"

#include <stdlib.h>

#include "heloscope/base/memory.h"
#include "heloscope/session/direction.h"

struct queued_span *candidate_take_kept(struct decoding *decoding)
{
    struct queued_span *kept = decoding->kept;
    decoding->kept = NULL;
    decoding->kept_octets = 0;
    return kept;
}

void candidate_forget_kept(struct decoding *decoding)
{
    struct queued_span *kept = candidate_take_kept(decoding);
    while (kept) {
        struct queued_span *next = kept->next;
        free(kept);
        kept = next;
    }
}

static void keep_span(struct connection *c, enum side side, const struct span *span)
{
    struct queued_span *q = queued_span_new(span);
    q->side = side;
    *(c->decoding->kept ? &c->decoding->kept_last->next : &c->decoding->kept) = q;
    c->decoding->kept_last = q;
    c->decoding->kept_octets += sizeof *q + span->data.len;
}

/* Whether what was kept so far is a proxy's handshake, or begins with one: `forward_proxy` is set
 * then. */
static enum forward_proxy_state look_for_handshake(struct decoding *decoding)
{
    uint8_t head[2][FORWARD_PROXY_HEAD];
    size_t length[2] = {0, 0};
    struct forward_proxy found;
    for (const struct queued_span *q = decoding->kept; q; q = q->next) {
        struct bytes part = bytes_first(q->span.data, FORWARD_PROXY_HEAD - length[q->side]);
        if (!q->span.data.at)
            return FORWARD_PROXY_NONE; /* a hole */
        memcpy(head[q->side] + length[q->side], part.at, part.len);
        length[q->side] += part.len;
    }
    enum forward_proxy_state state =
        forward_proxy_read(bytes_of(head[SIDE_CLIENT], length[SIDE_CLIENT]),
                           bytes_of(head[SIDE_SERVER], length[SIDE_SERVER]), &found);
    if (state == FORWARD_PROXY_DONE) {
        decoding->forward_proxy = memory_get(sizeof *decoding->forward_proxy);
        *decoding->forward_proxy = found;
    }
    return state;
}

/* Whether the span belongs to what may be a proxy's handshake; then it is kept, and `*out` set. */
static bool may_be_handshake(struct connection *c, enum side side, const struct span *span,
                             enum candidate_result *out)
{
    struct decoding *decoding = c->decoding;
    bool may_be = decoding->kept || (side == SIDE_CLIENT && forward_proxy_begins(span->data));
    if (decoding->looked || !may_be || !decoding->reassembly.from_start) {
        decoding->looked = true;
        return false;
    }
    keep_span(c, side, span);
    *out = CANDIDATE_UNDECIDED;
    if (look_for_handshake(decoding) == FORWARD_PROXY_MORE && decoding->kept_octets <= WATCH_LIMIT)
        return true;
    decoding->looked = true;
    *out = CANDIDATE_AGAIN;
    return true;
}

enum candidate_result candidate_span(struct connection *c, struct classifier *classifier,
                                     enum side side, const struct span *span)
{
    enum candidate_result result;
    enum classification found = CLASS_UNDECIDED;
    if (may_be_handshake(c, side, span, &result))
        return result;
    keep_span(c, side, span);
    const uint16_t port[2] = {c->flow.key.port[c->client], c->flow.key.port[!c->client]};
    if (span->data.at)
        found = classify_span(classifier, c->decoding->candidate, side, span->data, port);
    if (found == CLASS_SMTP)
        return CANDIDATE_SMTP;
    return found == CLASS_OTHER || c->decoding->kept_octets > WATCH_LIMIT ? CANDIDATE_OTHER
                                                                          : CANDIDATE_UNDECIDED;
}

bool candidate_after_proxy(const struct decoding *decoding, enum side side, struct span *span)
{
    const size_t *length = decoding->forward_proxy->length;
    size_t octets = span->data.at ? span->data.len : span->gap;
    if (span->offset + octets <= length[side])
        return false;
    if (span->offset < length[side]) {
        size_t before = length[side] - span->offset;
        span->data = span->data.at ? bytes_from(span->data, before) : span->data;
        span->gap -= span->gap ? before : 0;
        span->offset = length[side];
    }
    span->offset -= length[side];
    span->mark.seen = span->mark.seen > length[!side] ? span->mark.seen - length[!side] : 0;
    return true;
}
