/* A session begins, reads, and hands its chapters to the writer. */
#include "stages.h"

#include "heloscope/privacy/anonymize.h"
#include "writer.h"

struct session *pipeline_session(struct pipeline *p, struct connection *c)
{
    if (c->decoding->frozen)
        p->unwritten -= c->decoding->frozen->log.length;
    return decoding_session(c->decoding, p->room);
}

static void begin_session(struct pipeline *p, struct connection *c)
{
    const struct flow_key *key = &c->flow.key;
    struct session_begin begin = {
        .client = flow_address(key, c->client),
        .server = flow_address(key, !c->client),
        .client_port = key->port[c->client],
        .server_port = key->port[!c->client],
        .vlan = c->vlan,
        .tunnel = c->decoding->tunnel,
        .source = c->decoding->source->name,
        .capture_id = c->decoding->source->capture_id,
        .midstream = !c->decoding->reassembly.from_start,
        .server_unknown = !c->decoding->reassembly.syn[SIDE_SERVER],
        .mark = c->first,
        .forward_proxy = c->decoding->forward_proxy,
        .handle = ++p->handles,
        .memo = p->memo,
    };
    c->decoding->session = session_new(&begin);
}

void pipeline_count_findings(struct pipeline *p, const struct draft *draft)
{
    for (const struct diagnosis *d = draft->chapter.diagnoses; d; d = d->next)
        p->totals.diagnoses++;
    for (const struct violation *v = draft->chapter.violations; v; v = v->next)
        p->totals.violations++;
}

static void count_session(struct pipeline *p, struct session *s)
{
    p->totals.sessions++;
    p->totals.messages += s->row.messages;
    p->totals.commands += s->row.commands;
    p->totals.errors_503 += s->row.errors_503;
    p->totals.bytes_missing += s->row.bytes_missing;
    p->totals.not_smtp += s->protocol.not_smtp || strcmp(s->row.outcome, "not SMTP") == 0;
    if (s->last_seq > SESSION_EVENTS)
        s->costs.of[COST_EVENTS] += s->last_seq - SESSION_EVENTS;
    costs_add(&p->totals.costs, &s->costs);
}

/* What only the two streams know of the session. */
static void describe_streams(struct session_row *row, const struct reassembly *reassembly)
{
    const struct stream *client = &reassembly->side[SIDE_CLIENT];
    const struct stream *server = &reassembly->side[SIDE_SERVER];
    row->packets = reassembly->packets;
    row->bytes_client = client->next;
    row->bytes_server = server->next;
    row->retransmitted = client->repeated + server->repeated;
    row->one_sided = !reassembly->spoke[SIDE_CLIENT] || !reassembly->spoke[SIDE_SERVER];
}

/* After a failure nothing more is written. */
void pipeline_hand_over(struct pipeline *p, struct connection *c, bool last)
{
    struct session *s = pipeline_session(p, c);
    describe_streams(&s->row, &c->decoding->reassembly);
    struct draft *draft = session_detach(s, last);
    c->decoding->dirty = false;
    pipeline_count_findings(p, draft);
    if (last)
        count_session(p, s);
    if (p->pseudonyms) {
        draft_unfold(draft);
        anonymize_chapter(p->pseudonyms, &draft->chapter, &draft->arena);
    }
    if (p->failed)
        draft_free(draft);
    else if (!writer_put(p->writer, draft, &p->failure))
        p->failed = true;
}

static void note_waiting(struct decoding *decoding)
{
    const struct direction *direction = decoding->session->direction;
    decoding->session_waits =
        direction_waits(&direction[SIDE_CLIENT]) + direction_waits(&direction[SIDE_SERVER]);
}

void pipeline_read(struct pipeline *p, struct connection *c, enum side side,
                   const struct span *span)
{
    struct decoding *decoding = c->decoding;
    if (!pipeline_session(p, c))
        begin_session(p, c);
    struct session *s = decoding->session;
    s->client_gone =
        side == SIDE_SERVER && reassembly_left_before(&decoding->reassembly, SIDE_CLIENT, span);
    session_span(s, side, span);
    note_waiting(decoding);
    decoding->dirty = true;
    p->news |= s->news;
    if (session_chapter_is_full(s))
        pipeline_hand_over(p, c, false);
}

void pipeline_hurry(struct pipeline *p, struct connection *c)
{
    if (!pipeline_session(p, c))
        return;
    session_hurry(c->decoding->session);
    note_waiting(c->decoding);
    c->decoding->dirty = true;
    p->news |= c->decoding->session->news;
}
