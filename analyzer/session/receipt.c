/* SPDX-License-Identifier: ISC */
#include "heloscope/session/receipt.h"

#include "heloscope/session/pending.h"
#include "heloscope/session/session.h"

/* Whether the client goes on behind the reply to its last command without having received it, as
 * far as its number tells. Once is no proof: a client that does not wait does so too. */
static bool is_stuck(const struct session *s, const struct mark *mark)
{
    const struct direction *direction = &s->direction[SIDE_CLIENT];
    const enum reading reading = direction->reading;
    if (direction->held_length || s->ring.count || s->hole || s->row.midstream ||
        reading == READ_WAIT)
        return false;
    if (reading == READ_CONTENT && s->content.started)
        return false;
    return s->last_reply_end > mark->seen && s->answered.seq;
}

bool receipt_take(struct session *s, struct mark *mark)
{
    struct receipts *r = &s->receipts;
    bool moved = false;
    r->unproved = false;
    if (!r->begun) {
        r->begun = true;
        r->first = mark->seen;
    } else if (mark->seen > r->first && !r->moved) {
        r->moved = moved = true;
        r->unusable = false;
    }
    if (r->moved)
        return moved;
    if (is_stuck(s, mark) && r->stuck < RECEIPT_STUCK && ++r->stuck == RECEIPT_STUCK) {
        r->unusable = true;
        r->owed_count = 0;
    }
    r->unproved = s->last_reply_end > mark->seen;
    r->doubted |= r->unproved;
    if (r->unusable && r->unproved)
        mark->seen = s->last_reply_end;
    return false;
}

void receipt_place(struct session *s, struct pending *p)
{
    const struct pending *before = s->ring.count > 1 ? pending_at(s, s->ring.count - 2) : NULL;
    p->unproved = s->receipts.unproved || (before && before->unproved);
    if (!p->unproved)
        return;
    p->owed_rule = p->group ? p->group_rule : NULL;
    p->group = 0;
    p->group_rule = NULL;
    p->pipelined = before != NULL;
}

bool receipt_owes(struct session *s, event_no seq, const char *rule, bool tolerated)
{
    struct receipts *r = &s->receipts;
    if (r->moved || !r->doubted)
        return false;
    if (!r->unusable && r->owed_count < RECEIPT_OWED)
        r->owed[r->owed_count++] = (struct receipt_owed){seq, rule, tolerated};
    return true;
}
