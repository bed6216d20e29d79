/* SPDX-License-Identifier: ISC */
#include "outcome.h"

static void count_message(struct session *s, const struct pending *p, int code)
{
    bool end =
        p->kind == PENDING_CONTENT || (p->command.verb == VERB_BDAT && p->command.chunk_last);
    if (end && code / 100 == 2)
        s->row.messages++;
}

static void note_outcome(struct session *s, const struct pending *p, int code)
{
    if (p->command.verb == VERB_QUIT && code / 100 == 2)
        s->quit = true;
    s->layer_possible = p->command.verb == VERB_AUTH && code == 235;
    if (p->command.verb == VERB_AUTH && code / 100 != 3)
        s->row.auth_outcome = bytes_of_string(code / 100 == 2 ? "accepted" : "refused");
}

/* EHLO to a server of LMTP, LHLO to one of SMTP, which is then known for what it is. */
static void note_wrong_hello(struct session *s, const struct pending *p)
{
    if (!s->wrong_hello.command)
        s->wrong_hello = (struct wrong_hello){p->command.seq, p->command.verb};
    if (p->command.verb == VERB_LHLO) {
        s->lmtp = false;
        s->row.protocol = "SMTP";
    } else {
        s->protocol.server_is_lmtp = true;
    }
}

/* What is remembered of a command for what may follow from its reply. */
static void note_settled(struct session *s, const struct pending *p, const struct event *e,
                         const struct verdict *v)
{
    enum verb verb = p->command.verb;
    bool accepted = reply_accepts(e->code, verb) || e->code / 100 == 3;
    bool hello = verb == VERB_EHLO || verb == VERB_HELO || verb == VERB_LHLO;
    if (accepted && verb == VERB_STARTTLS)
        s->order.tls_wanted = 0;
    if (reply_accepts(e->code, verb) && verb == VERB_AUTH)
        s->order.auth_wanted = 0;
    if (verb == VERB_AUTH && p->kind == PENDING_COMMAND)
        s->auth_given_up = 0;
    if (p->cancelled && e->code >= 400)
        s->auth_given_up = p->command.seq;
    if (p->odd_form && e->code >= 400)
        s->odd_form = (struct odd_form){p->command.seq, e->seq, p->odd_form};
    if (hello && !accepted && v->cause == CAUSE_NOT_SMTP && v->origin == p->command.seq)
        note_wrong_hello(s, p);
    /* A command that waited for its turn and was taken: what came before is behind it. */
    if (accepted && verb != VERB_UNKNOWN && !p->pipelined &&
        p->command.seq > s->protocol.other_protocol)
        s->protocol.other_protocol = 0;
}

void outcome_note(struct session *s, const struct pending *p, const struct event *e,
                  const struct verdict *v)
{
    count_message(s, p, e->code);
    note_outcome(s, p, e->code);
    note_settled(s, p, e, v);
}
