#include "heloscope/session/reaction.h"

#include "heloscope/session/pending.h"
#include "heloscope/session/session.h"

enum {
    /* Waking a process that waits for a socket, and its answer through the stack, take longer. */
    IMPOSSIBLE_US = 12,
};

void reaction_note_reply(struct session *s, event_no seq, bool waited_for)
{
    struct reactions *r = &s->reactions;
    r->replies[r->count++ % REACTION_REPLIES] =
        (struct reaction_reply){.seq = seq, .waited_for = waited_for, .ts_us = r->complete_us};
}

static const struct reaction_reply *newest(const struct reactions *r)
{
    return r->count ? &r->replies[(r->count - 1) % REACTION_REPLIES] : NULL;
}

void reaction_note_command(struct session *s, const struct pending *p)
{
    struct reactions *r = &s->reactions;
    const struct reaction_reply *last = newest(r);
    const bool first = s->ring.count == 1; /* nothing else was sent since that reply */
    if (!last || !last->waited_for || !first || p->seen < s->last_reply_end || p->doubtful)
        return;
    const int64_t took = p->ts_us - last->ts_us;
    if (took > 0 && (!r->quickest_us || took < r->quickest_us))
        r->quickest_us = took;
}

static const struct reaction_reply *find(const struct reactions *r, event_no seq)
{
    for (uint32_t i = 0; i < REACTION_REPLIES && i < r->count; i++)
        if (r->replies[i].seq == seq)
            return &r->replies[i];
    return NULL;
}

bool reaction_knew(const struct session *s, const struct pending *p, event_no refusal)
{
    const struct reaction_reply *reply = find(&s->reactions, refusal);
    if (p->command.saw < refusal)
        return false;
    if (!reply || reply->waited_for || p->group) /* long ago; or waiting was its duty */
        return true;
    if (!(s->order.extensions & EXT_PIPELINING) && !s->order.facts[FACT_HELLO].doubtful)
        return true;
    /* A command by itself, of a client that has not sent groups, was most likely waited with. */
    const bool alone = !s->pipelines && !s->ring.count;
    const int64_t quickest = alone ? 0 : s->reactions.quickest_us;
    const int64_t took = p->ts_us - reply->ts_us;
    if (took <= 0) /* captured out of order, or by too coarse a clock: times say nothing */
        return true;
    return took >= (quickest > IMPOSSIBLE_US ? quickest : IMPOSSIBLE_US);
}
