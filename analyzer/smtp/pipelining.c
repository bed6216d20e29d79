/* SPDX-License-Identifier: ISC */
#include "pipelining.h"

#include "heloscope/session/pending.h"

static bool may_be_followed(enum verb verb, bool initial_response)
{
    enum following following = pipelining_rule_of(verb)->following;
    return following == FOLLOWING_ANY || (following == FOLLOWING_IF_COMPLETE && initial_response);
}

void pipelining_place(struct session *s, struct pending *p)
{
    const struct pending *first = s->ring.count > 1 ? pending_at(s, 0) : NULL;
    const struct pending *before = first ? pending_at(s, s->ring.count - 2) : NULL;
    enum verb verb;
    bool message, initial_response;
    event_no group;
    if (before && before->bare_lf && !s->bare_lf.taken)
        return; /* for a server that waits for CR LF it is the rest of the line before */
    if (before) {
        p->pipelined = before->content_line;
        if (before->kind == PENDING_HOLE || before->doubtful || before->content_line ||
            before->seen < s->server_hole_end)
            return; /* its reply may have been seen by the client, if not by us */
        verb = before->command.verb;
        message = before->kind == PENDING_CONTENT;
        initial_response = before->chunk_size; /* see expect_reply() in client.c */
        group = before->group ? before->group : before->command.seq;
    } else if (s->last_reply_end > p->seen && s->answered.seq) {
        p->pipelined = s->answered.content_line;
        if (s->answered.content_line) /* nobody waits for replies to a message's lines */
            return;
        verb = s->answered.verb;
        message = s->answered.message;
        initial_response = s->answered.initial_response;
        group = s->answered.group ? s->answered.group : s->answered.seq;
    } else {
        return;
    }
    /* A client that counts replies is as many ahead as came too many: it has not chosen to. */
    if (s->surplus.unasked && p->seen >= s->surplus.unasked_end &&
        s->ring.count - 1 <= s->surplus.unasked)
        return;
    p->pipelined = true;
    if (p->seen < s->barrier_end) { /* a group went on behind a command that ends groups */
        p->group = s->barrier;
        p->group_rule = rule_group_end;
        return;
    }
    if (message && (s->content.pipelined || s->content.hole))
        return; /* the message itself came too early: one fault, counted there */
    /* What the client sent says more than what it was offered: it is known also where the reply to
     * EHLO is not. */
    bool offered = s->order.extensions & EXT_PIPELINING;
    if (!message && !may_be_followed(verb, initial_response))
        p->group_rule = rule_group_end;
    else if (before && before->group && !message) /* further up in this group */
        p->group_rule = before->group_rule;
    else if (!offered && !s->order.facts[FACT_HELLO].doubtful)
        p->group_rule = rule_group_offer;
    p->group = p->group_rule ? group : 0;
}

void pipelining_note_answered(struct session *s, const struct pending *p, uint64_t end)
{
    bool command = p->kind == PENDING_COMMAND && !p->content_line;
    if (command && pipelining_rule_of(p->command.verb)->barrier) {
        s->barrier = p->group ? p->group : p->command.seq;
        s->barrier_end = end;
    }
    s->answered.after_all = false;
    s->answered.verb = p->command.verb;
    s->answered.seq = p->command.seq;
    s->answered.initial_response = p->command.verb == VERB_AUTH && p->chunk_size;
    s->answered.message = p->kind == PENDING_CONTENT;
    s->answered.content_line = p->content_line;
    s->answered.group = p->group;
}
