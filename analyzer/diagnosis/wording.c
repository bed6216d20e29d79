/* SPDX-License-Identifier: ISC */
#include "wording.h"

#include "heloscope/base/limits.h"

const char *wording_command(const struct wording *t)
{
    const struct pending *p = t->p;
    if (!p)
        return "a command";
    if (p->kind == PENDING_TLS)
        return "a TLS handshake";
    if (p->kind == PENDING_CONTENT) /* the end of a message is judged as its DATA */
        return verb_name(VERB_DATA);
    return p->command.verb == VERB_UNKNOWN ? "this line" : verb_name(p->command.verb);
}

const char *wording_server(const struct wording *t)
{
    const char *product = identify_server(&t->s->identify);
    return product ? SAY(t, "the server (%s)", product) : "the server";
}

bool wording_inherited(const struct wording *t)
{
    const struct order_command *c = t->p ? &t->p->command : NULL;
    return c && t->d->origin != c->seq && t->d->origin != c->wrong;
}

const char *wording_quote(const struct wording *t)
{
    struct bytes text = bytes_first(t->p ? t->p->text : bytes_of(NULL, 0), QUOTE_LIMIT);
    return text.len ? SAY(t, "\"%.*s\"", (int)text.len, (const char *)text.at) : "an empty line";
}

const char *wording_odd_form(const struct wording *t)
{
    const struct odd_form *odd = &t->s->odd_form;
    if (!odd->command || odd->reply != t->d->origin)
        return "";
    return odd->notes & NOTE_UNBRACKETED
               ? SAY(t, "#%u has no angle brackets around its address. ", odd->command)
               : SAY(t, "#%u has a space before its colon. ", odd->command);
}

const char *wording_refusal(const struct wording *t, event_no refusal)
{
    const struct order *o = &t->s->order;
    const struct reply_code *code = NULL;
    if (o->first_refusal == refusal)
        code = &o->first_refusal_code;
    for (int f = 0; f < FACT_COUNT; f++)
        if (o->facts[f].refused == refusal && o->facts[f].code.number)
            code = &o->facts[f].code;
    if (t->s->content.refusal.seq == refusal)
        code = &t->s->content.refusal.code;
    if (!code || !code->number)
        return SAY(t, "#%u", refusal);
    return SAY(t, "#%u (%d%s%s)", refusal, code->number, *code->enhanced ? " " : "",
               code->enhanced);
}

const char *wording_knowledge(const struct wording *t)
{
    event_no refusal = t->v && t->v->refusal ? t->v->refusal : t->d->origin;
    if (t->d->fault == FAULT_MIDDLEBOX)
        return "The greeting or the verb was overwritten on the way: a firewall with an SMTP "
               "filter stands between client and server.";
    if (t->d->fault == FAULT_PIPELINING && t->p && t->p->command.saw >= refusal)
        return SAY(
            t,
            "The refusal had reached the client's host just before %s was sent, too short a "
            "time for this client to have read it: most likely it was sent without a look at "
            "it, as RFC 2920 allows.",
            wording_command(t));
    if (t->d->fault == FAULT_PIPELINING)
        return SAY(t,
                   "%s was already on its way when the refusal came, as RFC 2920 allows: this "
                   "reply is the normal consequence.",
                   wording_command(t));
    if (t->p && t->p->command.saw < refusal)
        return t->s->order.extensions & EXT_PIPELINING
                   ? "The client had not waited for that reply, as RFC 2920 section 3.1 asks here."
                   : "The client had not waited for that reply, though PIPELINING was not offered.";
    if (t->p && reaction_knew(t->s, t->p, refusal) == REACTION_LIKELY)
        return SAY(t,
                   "The refusal had reached the client's host shortly before %s was sent: most "
                   "likely the client had read it, and went on all the same.",
                   wording_command(t));
    return "The client had received the refusal and went on all the same.";
}

bool wording_lf_end(const struct wording *t)
{
    const struct session *s = t->s;
    return t->d->cause == CAUSE_SERVER_TIMEOUT && s->content.scan.dot_line &&
           (t->p ? t->p->unfinished : s->direction[SIDE_CLIENT].reading == READ_CONTENT);
}

bool wording_lf_line(const struct wording *t)
{
    return t->d->cause == CAUSE_SERVER_TIMEOUT && t->p && t->p->bare_lf &&
           t->d->origin == t->p->command.seq;
}
