/* SPDX-License-Identifier: ISC */
#include "answering.h"

#include "decision.h"
#include "heloscope/session/pending.h"
#include "heloscope/diagnosis/violation.h"

/* --- which codes can answer what --- */

/* Codes that can answer one thing only (RFC 5321 section 4.2.2, RFC 4954 section 4). */
static bool can_answer(int code, const struct pending *p)
{
    if (p->kind == PENDING_HOLE || p->command.verb == VERB_UNKNOWN)
        return true;
    if (code == 354)
        return p->command.verb == VERB_DATA && p->kind == PENDING_COMMAND;
    if (code == 334 || code == 235)
        return p->command.verb == VERB_AUTH;
    if (code == 221)
        return p->kind != PENDING_CONTENT && p->kind != PENDING_SASL;
    return code != 250 || !p->cancelled;
}

static bool is_clean(const struct pending *p)
{
    return p->kind != PENDING_HOLE && !p->doubtful && !p->shaky;
}

/* --- replies that came too early, or too few --- */

bool answering_is_ahead(struct session *s, int code, uint32_t *index)
{
    if (code != 354 || s->direction[SIDE_CLIENT].reading != READ_WAIT)
        return false;
    for (*index = 0; *index < s->ring.count; ++*index) {
        const struct pending *p = pending_at(s, *index);
        if (!is_clean(p))
            return false;
        if (p->kind == PENDING_COMMAND && p->command.verb == VERB_DATA)
            return *index && p->pipelined && p->command.seq == s->waiting.command;
    }
    return false;
}

/* qpsmtpd says nothing to the "*" that cancels an AUTH LOGIN. */
bool answering_drop(struct session *s, int code)
{
    struct direction *client = &s->direction[SIDE_CLIENT];
    struct pending *head = pending_at(s, 0);
    if (!head || can_answer(code, head))
        return false;
    if (s->ring.count == 1 && client->reading == READ_WAIT && client->queue &&
        s->waiting.command == head->command.seq) {
        order_hole(&s->order, head->command.seq); /* what it would have said is not known */
        pending_pop(s);
        s->secrets.auth_command = 0;
        return decision_by_silence(s);
    }
    for (uint32_t i = 1; i < s->ring.count; i++) {
        if (!can_answer(code, pending_at(s, i)))
            continue;
        order_hole(&s->order, head->command.seq);
        const bool unseen = pending_at(s, i)->kind == PENDING_HOLE; /* so may its answer be */
        while (i--) {
            if (!unseen)
                accuse(s, pending_at(s, 0), true);
            s->skipped += !pending_at(s, 0)->doubtful; /* its reply may lie in a hole */
            pending_pop(s);
        }
        return false;
    }
    return false;
}

/* --- replies too many --- */

/* The server has read the lines of a refused chunk as commands, and does not know them; what waits
 * is a command that it does know. */
static bool is_to_chunk_line(const struct session *s, int code, const struct pending *head)
{
    return s->chunk.taken && (code == 500 || code == 502) && head->kind == PENDING_COMMAND &&
           head->command.verb != VERB_UNKNOWN;
}

bool answering_is_surplus(struct session *s, int code)
{
    const struct pending *head = pending_at(s, 0);
    if (!head || !is_clean(head))
        return false;
    if (is_to_chunk_line(s, code, head))
        return true;
    if (s->hole || s->row.midstream || s->bare_lf.joined)
        return false;
    if (head->kind == PENDING_CONTENT) /* a proxy that has said 354 itself hands on its server's */
        return code == 354;
    if (head->kind != PENDING_COMMAND)
        return false;
    if (head->command.verb == VERB_QUIT && code / 100 == 2 && code != 221)
        return pending_accepts_late(s, code);
    if (head->command.verb == VERB_DATA && code / 100 == 2 && code != 221)
        return true;
    if (code != 354 && code != 334 && code != 235)
        return false;
    for (uint32_t i = 0; i < s->ring.count; i++)
        if (can_answer(code, pending_at(s, i)))
            return false;
    return true;
}

/* --- messages --- */

bool answering_is_to_content(const struct session *s, int code)
{
    const struct content_reading *content = &s->content;
    if (s->direction[SIDE_CLIENT].reading != READ_CONTENT || s->ring.count)
        return false;
    if (content->hole) /* the final dot may lie in it */
        return true;
    /* "421 lost connection" answers a message as little as it answers anything (RFC 5321
     * section 3.8); and DATA may have been answered twice. */
    if (code == 421 || code / 100 == 3)
        return false;
    return content->started || code / 100 != 2;
}
