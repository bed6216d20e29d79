/* SPDX-License-Identifier: ISC */
#include "heloscope/session/reaction.h"

#include "heloscope/session/pending.h"
#include "heloscope/session/session.h"

enum {
    /* Waking a process that waits for a socket, and its answer through the stack, take longer. */
    IMPOSSIBLE_US = 12,
    ROUNDING_US = 1, /* of times that are kept in microseconds */
};

void reaction_note_reply(struct session *s, event_no seq, bool waited_for)
{
    struct reactions *r = &s->reactions;
    r->replies[r->count++ % REACTION_REPLIES] =
        (struct reaction_reply){.seq = seq, .waited_for = waited_for, .ts_us = r->complete_us};
}

/* The reply that came `back` replies before the newest; NULL = it is no longer kept. */
static const struct reaction_reply *reply_at(const struct reactions *r, uint32_t back)
{
    return back < r->count && back < REACTION_REPLIES
               ? &r->replies[(r->count - 1 - back) % REACTION_REPLIES]
               : NULL;
}

static const struct reaction_reply *find(const struct reactions *r, event_no seq)
{
    const struct reaction_reply *reply;
    for (uint32_t i = 0; (reply = reply_at(r, i)); i++)
        if (reply->seq == seq)
            return reply;
    return NULL;
}

/* A command that was the first to be sent behind a reply that had to be waited for shows how quick
 * its sender is. */
static void measure(struct session *s, const struct pending *p)
{
    struct reactions *r = &s->reactions;
    const struct reaction_reply *last = reply_at(r, 0);
    const bool first = s->ring.count == 1; /* nothing else was sent since that reply */
    if (!last || !last->waited_for || !first || p->seen < s->last_reply_end || p->doubtful)
        return;
    const int64_t took = p->ts_us - last->ts_us;
    if (took > 0 && !r->rough && (!r->quickest_us || took < r->quickest_us))
        r->quickest_us = took;
}

void reaction_note_command(struct session *s, struct pending *p)
{
    struct reactions *r = &s->reactions;
    const struct reaction_reply *reply;
    measure(s, p);
    for (uint32_t i = 0; (reply = reply_at(r, i)) && !p->knew; i++) {
        if (reply->seq > p->command.saw)
            continue;
        const int64_t took = p->ts_us - reply->ts_us;
        /* Captured out of order, or by too coarse a clock: times say nothing. */
        const bool timeless = r->rough || took < 0 || (took == 0 && !r->quickest_us);
        if ((timeless || took >= IMPOSSIBLE_US) && !p->can_know)
            p->can_know = reply->seq;
        if (!r->quickest_us)
            continue;
        if (took + ROUNDING_US >= r->quickest_us && took >= IMPOSSIBLE_US)
            p->knew = reply->seq;
        else if (took >= 0 && !reply->waited_for)
            r->hasty = true;
    }
}

enum reaction reaction_knew(const struct session *s, const struct pending *p, event_no refusal)
{
    const struct reaction_reply *reply = find(&s->reactions, refusal);
    if (p->command.saw < refusal)
        return REACTION_UNREAD;
    if (p->group || (reply && reply->waited_for)) /* waiting was its duty */
        return REACTION_PROVED;
    if (!(s->order.extensions & EXT_PIPELINING) && !s->order.facts[FACT_HELLO].doubtful)
        return REACTION_PROVED;
    /* A command by itself, of a client that has not sent groups, was most likely waited with. */
    const bool alone = !s->pipelines && !s->ring.count;
    if (refusal > (alone ? p->can_know : p->knew))
        return REACTION_UNREAD;
    /* One processor for both ends makes a client that writes blindly look as if it waited: each
     * write wakes the server, which answers before the next. It is then quicker than it reads. */
    return p->knew >= p->command.saw && !s->reactions.hasty ? REACTION_PROVED : REACTION_LIKELY;
}

enum reaction reaction_to(const struct session *s, const struct pending *p, const struct verdict *v)
{
    if (v->rule && v->rule->kind == RULE_FORBIDS && p->command.saw >= v->refusal)
        return REACTION_PROVED;
    return reaction_knew(s, p, v->refusal);
}
