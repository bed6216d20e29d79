/* SPDX-License-Identifier: ISC */
/* Who broke a rule, whatever the server made of it. What the capture leaves open accuses nobody. */
#include "heloscope/diagnosis/violation.h"

#include "heloscope/session/session.h"

void note_violation(struct session *s, event_no seq, const char *rule, bool tolerated)
{
    struct violation *v = arena_get(&s->draft->arena, sizeof *v);
    v->seq = seq;
    v->rule = rule;
    v->tolerated = tolerated;
    *s->draft->violations_tail = v;
    s->draft->violations_tail = &v->next;
    s->row.violations++;
}

void note_owed(struct session *s)
{
    struct receipts *r = &s->receipts;
    for (uint32_t i = 0; i < r->owed_count; i++)
        note_violation(s, r->owed[i].seq, r->owed[i].rule, r->owed[i].tolerated);
    r->owed_count = 0;
}

/* Lines of another protocol, or of a message, are one mistake and not one each. */
static bool is_no_command(const struct session *s, const struct pending *p)
{
    event_no first = s->protocol.other_protocol;
    return first && p->command.seq > first && (p->command.verb == VERB_UNKNOWN || p->pipelined);
}

void accuse(struct session *s, struct pending *p, bool tolerated)
{
    bool doubt = p->shaky || p->doubtful || s->order.facts[FACT_GREETING].doubtful;
    if (p->accused || p->content_line || p->kind != PENDING_COMMAND || doubt ||
        !(p->early || p->group) || is_no_command(s, p))
        return;
    note_violation(s, p->command.seq, p->early ? rule_greeting : p->group_rule, tolerated);
    p->accused = true;
}

/* A command that follows from a refusal accuses its sender only when the refusal had reached it:
 * RFC 2920 lets a group go on blindly. */
void judge_client(struct session *s, const struct pending *p, const struct verdict *v,
                  bool tolerated)
{
    if (v->kind == VERDICT_DOUBTFUL || p->content_line || p->shaky || p->doubtful || p->accused ||
        s->order.facts[FACT_GREETING].doubtful)
        return;
    const char *rule = NULL;
    if (is_no_command(s, p))
        return;
    if (p->early)
        rule = rule_greeting;
    else if (tolerated && s->hole && v->rule && v->rule->kind == RULE_NEEDS)
        ; /* that the server took it shows that something was not seen */
    else if (v->kind == VERDICT_BROKEN && v->rule && (!v->refusal || reaction_to(s, p, v)))
        rule = v->rule->name;
    else if (p->group)
        rule = p->group_rule;
    else if (p->owed_rule && p->kind == PENDING_COMMAND &&
             !receipt_owes(s, p->command.seq, p->owed_rule, tolerated))
        rule = p->owed_rule;
    if (rule && p->kind != PENDING_CONTENT)
        note_violation(s, p->command.seq, rule, tolerated);
}
