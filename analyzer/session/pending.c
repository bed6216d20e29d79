/* SPDX-License-Identifier: ISC */
/* Which command a reply answers: strictly first in, first out (RFC 5321 section 4.3.1, RFC 2920
 * section 3.1). Where the capture has a hole, acknowledgement numbers find the place again. */
#include "heloscope/session/pending.h"

#include <stdlib.h>

#include "heloscope/session/session.h"

struct pending *pending_at(struct session *s, uint32_t index)
{
    if (index >= s->ring.count)
        return NULL;
    return &s->ring.at[(s->ring.first + index) & (s->ring.size - 1)];
}

void pending_reserve(struct session *s, uint32_t count)
{
    uint32_t size = s->ring.size ? s->ring.size : 4;
    if (count <= s->ring.size)
        return;
    while (size < count)
        size *= 2;
    struct pending *ring = memory_get(size * sizeof *ring);
    for (uint32_t i = 0; s->ring.at && i < s->ring.count; i++)
        ring[i] = *pending_at(s, i);
    free(s->ring.at);
    s->ring.at = ring;
    s->ring.first = 0;
    s->ring.size = size;
}

struct pending *pending_push(struct session *s, enum pending_kind kind)
{
    struct pending *last = s->ring.count ? pending_at(s, s->ring.count - 1) : NULL;
    if (s->ring.count >= PENDING_LIMIT && kind != PENDING_HOLE) {
        if (last->kind != PENDING_HOLE)
            last->kind = PENDING_HOLE;
        s->costs.of[COST_PENDING]++;
        return NULL;
    }
    if (kind == PENDING_HOLE && last && last->kind == PENDING_HOLE)
        return last;
    bool shaky = last && last->shaky; /* out of step once, until nothing waits */
    pending_reserve(s, s->ring.count + 1);
    s->ring.count++;
    struct pending *p = pending_at(s, s->ring.count - 1);
    *p = (struct pending){.kind = kind, .shaky = shaky};
    return p;
}

void pending_pop(struct session *s)
{
    if (!s->ring.count)
        return;
    s->ring.first = (s->ring.first + 1) & (s->ring.size - 1);
    s->ring.count--;
}

void pending_remove(struct session *s, uint32_t index)
{
    for (; index > 0; index--)
        *pending_at(s, index) = *pending_at(s, index - 1);
    pending_pop(s);
}

void pending_hole(struct session *s, enum side side)
{
    if (side == SIDE_CLIENT) {
        pending_push(s, PENDING_HOLE);
        return;
    }
    for (uint32_t i = 0; i < s->ring.count; i++) {
        pending_at(s, i)->doubtful = true;
        order_unanswered(&s->order, pending_at(s, i)->command.verb);
    }
}

/* A later command that was sent when everything before this reply had been received, and after
 * which nothing came before this reply: in a conversation that waits for its answers, that is the
 * one. */
static uint32_t resynchronised(struct session *s, uint64_t start, uint64_t seen)
{
    for (uint32_t i = s->ring.count; i-- > 0;) {
        const struct pending *p = pending_at(s, i);
        if (p->kind != PENDING_HOLE && !p->doubtful && p->end <= seen && p->seen <= start)
            return i;
    }
    return UINT32_MAX;
}

void pending_resynchronise(struct session *s, uint64_t seen)
{
    const struct pending *head = pending_at(s, 0);
    if (!head || !(head->shaky || head->doubtful) || s->pipelines || seen < s->last_reply_end)
        return;
    while (s->ring.count)
        pending_pop(s);
    s->shaky_end = seen + 1;
}

/* 220 greets, or answers one of these (RFC 5321 section 4.3.2, RFC 3207 section 4). In a session
 * begun midway, before any command of it was answered, to a command that cannot have it, it is the
 * greeting, for which the client did not wait, or answers a STARTTLS from before. */
static bool answers_the_unseen(const struct session *s, const struct pending *head, int code)
{
    return code == 220 && s->row.midstream && !s->answered.reply && head->kind == PENDING_COMMAND &&
           head->command.verb != VERB_UNKNOWN && head->command.verb != VERB_STARTTLS &&
           head->command.verb != VERB_XCLIENT && head->command.verb != VERB_ATRN;
}

struct pending *pending_match(struct session *s, int code, uint64_t start, uint64_t end,
                              uint64_t seen, bool *doubtful)
{
    struct pending *head = pending_at(s, 0);
    *doubtful = false;
    if (!head)
        return NULL;
    if (answers_the_unseen(s, head, code)) {
        for (uint32_t i = 0; i < s->ring.count; i++)
            pending_at(s, i)->shaky = true;
        *doubtful = true;
        return NULL;
    }
    if (head->kind != PENDING_HOLE && !head->doubtful) {
        /* Sent before the server had the command: it answers nothing (the farewell of RFC 5321
         * section 3.8, or one reply too many). Made-up captures acknowledge anything; there only
         * 421 counts. */
        if (head->end <= seen)
            s->acks_prove = true;
        else if (code == 421 || s->acks_prove)
            return NULL;
        *doubtful = head->shaky;
        return head;
    }
    *doubtful = true;
    uint32_t found = resynchronised(s, start, seen);
    /* A command that was sent after this reply had been received is not what it answers, nor is
     * anything behind it. */
    const struct pending *p = found == UINT32_MAX ? NULL : pending_at(s, found);
    if (!p || p->seen >= end)
        return NULL;
    /* The first clean command behind the hole: those behind it were sent in one group with it. */
    while (found > 0 && pending_at(s, found - 1)->kind != PENDING_HOLE &&
           !pending_at(s, found - 1)->doubtful)
        found--;
    while (found--)
        pending_pop(s);
    for (uint32_t i = 0; i < s->ring.count; i++)
        pending_at(s, i)->shaky = true;
    s->shaky_end = end;
    return pending_at(s, 0);
}

bool pending_accepts_late(const struct session *s, int code)
{
    const struct answered *last = &s->answered;
    return code / 100 == 2 && last->message && last->code >= 500 && last->code <= 503 &&
           !last->after_all;
}
