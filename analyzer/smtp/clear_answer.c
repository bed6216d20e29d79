/* SPDX-License-Identifier: ISC */
#include "clear_answer.h"

#include "heloscope/session/pending.h"
#include "heloscope/tls/tls.h"

/* A hello of which the end never came. */
void tls_cut_off(struct session *s)
{
    struct direction *client = &s->direction[SIDE_CLIENT];
    if (s->tls.hello || client->reading != READ_TLS)
        return;
    struct mark mark = s->reply.mark;
    if (s->tls.layer)
        tls_held_mark(s->tls.layer, SIDE_CLIENT, &mark);
    struct event *e =
        session_event(s, EVENT_TLS, SIDE_CLIENT, &mark, bytes_of_string("ClientHello, cut off"));
    e->saw = session_seen(s, SIDE_SERVER, mark.seen);
    e->notes |= NOTE_INCOMPLETE;
    s->tls.hello = e->seq;
}

void tls_answered(struct session *s)
{
    struct direction *client = &s->direction[SIDE_CLIENT];
    if (s->direction[SIDE_SERVER].reading != READ_LINES || s->tls.answered || s->tls.alert ||
        !client->offset)
        return;
    struct pending *p = pending_push(s, PENDING_TLS);
    s->tls.answered = true;
    tls_cut_off(s);
    if (p) {
        p->command = (struct order_command){.seq = s->tls.hello, .well_formed = true};
        p->end = client->offset;
    }
}
