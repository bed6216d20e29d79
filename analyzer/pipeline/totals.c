/* SPDX-License-Identifier: ISC */
#include "totals.h"

#include <string.h>

#include "heloscope/tls/tls.h"
#include "heloscope/transport/intake.h"
#include "stages.h"
#include "writer.h"

void totals_count_findings(struct pipeline_totals *totals, const struct draft *draft)
{
    for (const struct diagnosis *d = draft->chapter.diagnoses; d; d = d->next)
        totals->diagnoses++;
    for (const struct violation *v = draft->chapter.violations; v; v = v->next)
        totals->violations++;
}

void totals_count_session(struct pipeline_totals *totals, struct session *s)
{
    totals->sessions++;
    totals->messages += s->row.messages;
    totals->commands += s->row.commands;
    totals->errors_503 += s->row.errors_503;
    totals->bytes_missing += s->row.bytes_missing;
    totals->not_smtp += s->protocol.not_smtp || strcmp(s->row.outcome, "not SMTP") == 0;
    totals->tls_opened += s->tls.open[SIDE_CLIENT] || s->tls.open[SIDE_SERVER];
    totals->tls_no_entry += s->tls.verdict == TLS_VERDICT_NO_ENTRY;
    totals->tls_wrong += s->tls.verdict == TLS_VERDICT_WRONG;
    if (s->last_seq > SESSION_EVENTS)
        s->costs.of[COST_EVENTS] += s->last_seq - SESSION_EVENTS;
    costs_add(&totals->costs, &s->costs);
}

void pipeline_totals(const struct pipeline *p, struct pipeline_totals *out)
{
    struct intake_counts in;
    intake_counts(p->intake, &in);
    *out = p->totals;
    out->open = p->table.count;
    out->queue_octets = writer_waiting(p->writer);
    out->packets = in.packets;
    out->tcp_packets = in.tcp;
    out->other_packets = in.other;
    out->unreadable_packets = in.unreadable;
    out->unknown_link_type = in.unknown_link_type;
    out->duplicates = in.duplicates;
    out->cut = in.cut;
    out->ip_packets = in.ip;
    out->link_type = in.link_type;
    out->fitting_link_type = in.fitting_link_type;
    out->fragments = in.fragments.fragments;
    out->datagrams = in.fragments.datagrams;
    out->incomplete_datagrams = in.incomplete;
    out->overlapping_fragments = in.fragments.overlaps;
    out->contradicting_fragments = in.fragments.contradicting;
    out->malformed_fragments = in.fragments.malformed;
    out->costs.of[COST_FRAGMENTS] = in.fragments.given_up;
    out->costs.of[COST_LAYERS] = in.too_deep;
    out->costs.of[COST_NESTED] = in.nested;
    store_counts(p->store, &out->sessions_added, &out->sessions_known);
}
