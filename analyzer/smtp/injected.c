/* SPDX-License-Identifier: ISC */
#include "injected.h"

#include "heloscope/diagnosis/violation.h"

void injected_note(struct session *s, const struct event *e, const struct smtp_command *command)
{
    struct handshake *tls = &s->tls;
    if (tls->injected_count < INJECTED_KEPT)
        tls->injected[tls->injected_count++] = (struct order_command){
            .seq = e->seq,
            .verb = command->verb,
            .saw = e->saw,
            .well_formed = command->well_formed,
        };
}

bool injected_take_answered(struct session *s, struct pending *out)
{
    struct handshake *tls = &s->tls;
    if (tls->injected_next >= tls->injected_count || !s->reply.mark.inside || s->hole ||
        s->row.midstream)
        return false;
    *out = (struct pending){.kind = PENDING_COMMAND,
                            .command = tls->injected[tls->injected_next++],
                            .ts_us = s->reply.mark.ts_us,
                            .injected = true};
    note_violation(s, out->command.seq, rule_group_end, s->reply.code < 400);
    return true;
}

void injected_are_over(struct session *s)
{
    if (s->reply.mark.inside)
        s->tls.injected_count = s->tls.injected_next = 0;
}
