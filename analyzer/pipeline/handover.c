/* A session begins, reads, and hands its chapters to the writer. */
#include "stages.h"

#include "heloscope/privacy/anonymize.h"
#include "writer.h"

struct session *pipeline_session(struct pipeline *p, struct connection *c)
{
    if (c->talk->rest)
        p->unwritten -= c->talk->rest->log.length;
    return talk_session(c->talk, p->room);
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
        .tunnel = c->talk->tunnel,
        .source = c->talk->source->name,
        .capture_id = c->talk->source->capture_id,
        .midstream = !c->talk->conversation.from_start,
        .server_unknown = !c->talk->conversation.syn[SIDE_SERVER],
        .mark = c->first,
        .relay = c->talk->relay,
        .handle = ++p->handles,
        .memo = p->memo,
    };
    c->talk->session = session_new(&begin);
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
static void describe_streams(struct session_row *row, const struct conversation *conversation)
{
    const struct stream *client = &conversation->side[SIDE_CLIENT];
    const struct stream *server = &conversation->side[SIDE_SERVER];
    row->packets = conversation->packets;
    row->bytes_client = client->next;
    row->bytes_server = server->next;
    row->retransmitted = client->repeated + server->repeated;
    row->one_sided = !conversation->spoke[SIDE_CLIENT] || !conversation->spoke[SIDE_SERVER];
}

/* After a failure nothing more is written. */
void pipeline_hand_over(struct pipeline *p, struct connection *c, bool last)
{
    struct session *s = pipeline_session(p, c);
    describe_streams(&s->row, &c->talk->conversation);
    struct draft *draft = session_detach(s, last);
    c->talk->dirty = false;
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

static void note_waiting(struct talk *talk)
{
    const struct half *half = talk->session->half;
    talk->session_waits = half_waits(&half[SIDE_CLIENT]) + half_waits(&half[SIDE_SERVER]);
}

void pipeline_read(struct pipeline *p, struct connection *c, int side, const struct span *span)
{
    struct talk *talk = c->talk;
    if (!pipeline_session(p, c))
        begin_session(p, c);
    struct session *s = talk->session;
    s->client_gone =
        side == SIDE_SERVER && conversation_left_before(&talk->conversation, SIDE_CLIENT, span);
    session_span(s, side, span);
    note_waiting(talk);
    talk->dirty = true;
    p->news |= s->news;
    if (session_chapter_is_full(s))
        pipeline_hand_over(p, c, false);
}

void pipeline_hurry(struct pipeline *p, struct connection *c)
{
    if (!pipeline_session(p, c))
        return;
    session_hurry(c->talk->session);
    note_waiting(c->talk);
    c->talk->dirty = true;
    p->news |= c->talk->session->news;
}
