/* SPDX-License-Identifier: ISC */
/* The way of a packet, from top to bottom: its segment, its connection, its octets in order, the
 * session that reads them, and the session's chapters to the writer. Then how connections end, and
 * how those in which nothing happens are frozen. */
#include "heloscope/pipeline/pipeline.h"

#include <stdlib.h>

#include "candidate.h"
#include "expiry.h"
#include "handover.h"
#include "heloscope/privacy/anonymize.h"
#include "heloscope/session/identity.h"
#include "heloscope/smtp/decoder.h"
#include "heloscope/transport/intake.h"
#include "stages.h"
#include "totals.h"
#include "writer.h"

/* Whose octets take_span() is given. */
struct delivery {
    struct pipeline *p;
    struct connection *c;
};

static void take_segment(struct pipeline *p, const struct packet_record *packet,
                         const struct segment *segment);
static void take_copy(struct pipeline *p, const struct segment *copy, uint32_t path);
static void take_span(void *delivery, enum side side, const struct span *span);
static void read_span(struct pipeline *p, struct connection *c, enum side side,
                      const struct span *span);
static void close_connection(struct pipeline *p, struct connection *c, const char *how);
static void freeze_idle(struct pipeline *p);

bool pipeline_result(struct pipeline *p, struct failure *why)
{
    if (p->failed && why)
        *why = p->failure;
    return !p->failed;
}

/* --- a packet --- */

bool pipeline_packet(struct pipeline *p, const struct packet_record *packet, struct failure *why)
{
    struct segment segment;
    uint32_t path;
    steady_clock_packet(&p->clock, packet->ts_us);
    switch (intake_packet(p->intake, packet, p->clock.now_us, &segment, &path)) {
    case INTAKE_SEGMENT:
        take_segment(p, packet, &segment);
        break;
    case INTAKE_COPY:
        take_copy(p, &segment, path);
        break;
    case INTAKE_NOTHING:
        break;
    }
    pipeline_expire(p);
    freeze_idle(p);
    return pipeline_result(p, why);
}

/* --- its connection --- */

static int compare_hashes(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* Whether connections between these endpoints are looked at. */
static bool is_wanted(const struct pipeline *p, const struct flow_key *key)
{
    if (!p->only)
        return true;
    const struct address one = flow_address(key, 0), other = flow_address(key, 1);
    const uint32_t hash = endpoints_hash(&one, key->port[0], &other, key->port[1]);
    return bsearch(&hash, p->only, p->only_count, sizeof hash, compare_hashes);
}

/* Returns the connection that the segment belongs to, thawed; NULL when it belongs to none and
 * begins none. */
static struct connection *connection_of(struct pipeline *p, const struct packet_record *packet,
                                        const struct segment *segment, const struct flow_key *key,
                                        int sender)
{
    struct connection *c = connection_find(&p->table, key, segment, sender);
    if (c) {
        connection_thaw(c);
        if (!connection_begins_anew(c, segment, sender))
            return c;
        pipeline_forget(p, c, c->decoding && c->decoding->reset.packet ? "reset" : "ports reused");
    }
    /* A bare acknowledgement, FIN or RST of something unknown begins nothing. */
    if (!(segment->flags & TCP_SYN) && !segment->payload.len)
        return NULL;
    if (segment->flags & TCP_RST || !is_wanted(p, key))
        return NULL;
    struct connection *stalest = connection_stalest(&p->table, key);
    if (stalest) {
        p->totals.costs.of[COST_TWINS]++;
        pipeline_forget(p, stalest, "given up");
    }
    p->totals.connections++;
    return connection_open(&p->table, &p->declared, packet, segment, key, sender);
}

/* Returns the session, thawed; NULL when there is none yet. */
static struct session *session_of(struct pipeline *p, struct connection *c)
{
    if (c->decoding->frozen)
        p->unwritten -= c->decoding->frozen->log.length;
    return decoding_session(c->decoding, p->room);
}

/* Too much waits in all connections together: this one, which has just added to it, waits no
 * longer, neither for segments nor for an answer. */
static void hurry(struct pipeline *p, struct connection *c)
{
    struct decoding *decoding = c->decoding;
    p->totals.costs.of[COST_HELD]++;
    reassembly_drain(&decoding->reassembly, take_span, &(struct delivery){p, c});
    if (c->state != CONNECTION_SMTP || !session_of(p, c))
        return;
    session_hurry(decoding->session);
    decoding_note_waiting(decoding);
    decoding->dirty = true;
    p->news |= decoding->session->news;
}

/* Puts the octets of the segment in order: they, and what waited for them, go to take_span(). */
static void push_segment(struct pipeline *p, struct connection *c,
                         const struct packet_record *packet, const struct segment *segment,
                         enum side side)
{
    struct reassembly *reassembly = &c->decoding->reassembly;
    size_t before = connection_held(c);
    reassembly_push(reassembly, side, segment, packet->ts_us, packet->number, take_span,
                    &(struct delivery){p, c});
    p->held += connection_held(c) - before;
    if (p->held > HELD_LIMIT && connection_held(c) > before) {
        before = connection_held(c);
        hurry(p, c);
        p->held += connection_held(c) - before;
    }
    if (c->state == CONNECTION_IGNORED) {
        p->held -= connection_held(c);
        connection_end_decoding(c, &p->totals.costs);
    } else if (reassembly->end == END_FIN)
        close_connection(p, c, NULL);
    else if (reassembly->end == END_RESET && !c->decoding->reset.packet)
        c->decoding->reset = reassembly->last;
}

static void take_segment(struct pipeline *p, const struct packet_record *packet,
                         const struct segment *segment)
{
    struct flow_key key;
    const int sender = flow_key_of(segment, &key);
    struct connection *c = connection_of(p, packet, segment, &key, sender);
    if (!c)
        return;
    if (c->decoding)
        decoding_note_source(c->decoding, packet->source);
    if (c->decoding && (c->state == CONNECTION_SMTP || c->state == CONNECTION_CANDIDATE))
        push_segment(p, c, packet, segment, sender == c->client ? SIDE_CLIENT : SIDE_SERVER);
    flow_touch(&c->flow, &p->queue[connection_queue(c)], p->clock.now_us);
}

/* A copy says nothing new but that its connection comes by this path too: `path` is that of the
 * first one. */
static void take_copy(struct pipeline *p, const struct segment *copy, uint32_t path)
{
    struct flow_key key;
    flow_key_of(copy, &key);
    struct flow *flow = copy->path != path ? flow_find(&p->table, &key, path) : NULL;
    if (flow && !flow_find(&p->table, &key, copy->path))
        flow_add_path(flow, copy->path);
}

/* --- its octets in order --- */

/* It is known what the connection carries: what was kept is read, or forgotten. */
static void decide(struct pipeline *p, struct connection *c, enum connection_state state)
{
    candidate_free(c->decoding->candidate);
    c->decoding->candidate = NULL;
    c->state = state;
    if (state == CONNECTION_SMTP)
        for (struct queued_span *q = c->decoding->kept; q; q = q->next)
            read_span(p, c, q->side, &q->span);
    candidate_forget_kept(c->decoding);
}

/* Takes what was kept once more, knowing what it begins with. */
static void take_again(struct pipeline *p, struct connection *c)
{
    struct queued_span *q = candidate_take_kept(c->decoding);
    while (q) {
        struct queued_span *next = q->next;
        take_span(&(struct delivery){p, c}, q->side, &q->span);
        free(q);
        q = next;
    }
}

static void take_candidate(struct pipeline *p, struct connection *c, enum side side,
                           const struct span *span)
{
    if (!p->classifier && !(p->classifier = classifier_new(&p->failure))) {
        p->failed = true;
        return;
    }
    switch (candidate_span(c, p->classifier, side, span)) {
    case CANDIDATE_SMTP:
        decide(p, c, CONNECTION_SMTP);
        break;
    case CANDIDATE_OTHER:
        decide(p, c, CONNECTION_IGNORED);
        break;
    case CANDIDATE_AGAIN:
        take_again(p, c);
        break;
    case CANDIDATE_UNDECIDED:
        break;
    }
}

/* Takes octets, or a hole: a reassembly_sink. */
static void take_span(void *context, enum side side, const struct span *span)
{
    const struct delivery *to = context;
    struct connection *c = to->c;
    struct span after;
    if (c->decoding->forward_proxy) {
        after = *span;
        span = &after;
        if (!candidate_after_proxy(c->decoding, side, &after))
            return;
    }
    switch (c->state) {
    case CONNECTION_SMTP:
        read_span(to->p, c, side, span);
        break;
    case CONNECTION_CANDIDATE:
        take_candidate(to->p, c, side, span);
        break;
    case CONNECTION_IGNORED:
    case CONNECTION_CLOSED:
        break;
    }
}

/* --- its session --- */

/* Octets of SMTP: the first begin a session. */
static void read_span(struct pipeline *p, struct connection *c, enum side side,
                      const struct span *span)
{
    struct decoding *decoding = c->decoding;
    if (!session_of(p, c))
        decoding->session = handover_begin(p, c);
    struct session *s = decoding->session;
    s->client_gone =
        side == SIDE_SERVER && reassembly_left_before(&decoding->reassembly, SIDE_CLIENT, span);
    if (side == SIDE_CLIENT && !s->unheard &&
        reassembly_left_before(&decoding->reassembly, SIDE_SERVER, span))
        s->unheard = span->offset + span->data.len;
    session_span(s, side, span);
    decoding_note_waiting(decoding);
    decoding->dirty = true;
    p->news |= s->news;
    if (session_chapter_is_full(s))
        pipeline_hand_over(p, c, false);
}

void pipeline_hand_over(struct pipeline *p, struct connection *c, bool last)
{
    struct session *s = session_of(p, c);
    handover_describe(&s->row, &c->decoding->reassembly);
    struct draft *draft = session_detach(s, last);
    handover_captures(draft, c->decoding);
    c->decoding->dirty = false;
    totals_count_findings(&p->totals, draft);
    if (last) {
        totals_count_session(&p->totals, s);
        c->decoding->source->sessions++;
        c->decoding->source->errors_503 += s->row.errors_503;
    }
    if (p->pseudonyms) {
        draft_unfold(draft);
        anonymize_chapter(p->pseudonyms, &draft->chapter, &draft->arena);
    }
    if (p->failed)
        draft_free(draft);
    else if (!writer_put(p->writer, draft, &p->failure))
        p->failed = true;
}

/* --- how connections end --- */

static void end_session(struct pipeline *p, struct connection *c, const char *how)
{
    const struct decoding *decoding = c->decoding;
    const struct reassembly *reassembly = &decoding->reassembly;
    struct mark mark = reassembly->end == END_RESET ? decoding->reset : reassembly->last;
    decoding->session->half_closed = reassembly->ended_by >= 0;
    session_end(decoding->session, &mark,
                reassembly->ended_by < 0 ? SIDE_CLIENT : reassembly->ended_by, how);
    pipeline_hand_over(p, c, true);
    session_free(decoding->session);
}

/* Ends what is being made of the connection: what waits is read, its session is over. Its place in
 * the table stays. `how` as in session_end(). */
static void close_connection(struct pipeline *p, struct connection *c, const char *how)
{
    connection_thaw(c);
    p->held -= connection_held(c);
    if (c->state == CONNECTION_SMTP || c->state == CONNECTION_CANDIDATE)
        reassembly_drain(&c->decoding->reassembly, take_span, &(struct delivery){p, c});
    if (c->state == CONNECTION_CANDIDATE) {
        const bool smtp = classify_end(c->decoding->candidate, SIDE_SERVER) == CLASS_SMTP;
        decide(p, c, smtp ? CONNECTION_SMTP : CONNECTION_IGNORED);
    }
    if (c->decoding && session_of(p, c))
        end_session(p, c, how);
    else if (c->state == CONNECTION_SMTP && c->decoding)
        p->totals.silent++;
    connection_end_decoding(c, &p->totals.costs);
    c->state = CONNECTION_CLOSED;
}

void pipeline_forget(struct pipeline *p, struct connection *c, const char *how)
{
    close_connection(p, c, how);
    flow_remove(&p->table, &c->flow);
    free(c);
}

/* The connection is no longer looked at, but still known: its segments begin no other. */
static void look_away(struct pipeline *p, struct connection *c)
{
    p->held -= connection_held(c);
    decide(p, c, CONNECTION_IGNORED);
    connection_end_decoding(c, &p->totals.costs);
    flow_touch(&c->flow, &p->queue[QUEUE_OTHER], c->flow.last_us);
}

void pipeline_expire(struct pipeline *p)
{
    struct connection *c;
    struct expiry expiry;
    while ((c = expiry_next(p, &expiry)))
        if (expiry.look_away)
            look_away(p, c);
        else
            pipeline_forget(p, c, expiry.how);
}

/* --- connections in which nothing happens --- */

static void freeze_connection(struct pipeline *p, struct connection *c)
{
    const struct session *s = c->decoding->session;
    const bool has_session = decoding_has_session(c->decoding), dirty = c->decoding->dirty;
    if (s && s->draft)
        totals_count_findings(&p->totals, s->draft);
    connection_freeze(c, p->room);
    p->unwritten += s ? c->frozen->log.length : 0;
    const enum queue queue = !has_session ? QUEUE_MUTE : dirty ? QUEUE_FROZEN : QUEUE_QUIET;
    flow_touch(&c->flow, &p->queue[queue], c->flow.last_us);
}

void pipeline_write_frozen(struct pipeline *p, struct connection *c)
{
    connection_thaw(c);
    pipeline_hand_over(p, c, false);
    freeze_connection(p, c);
}

/* Few connections are thawed, however many are open: the others are frozen, and write what they
 * have to before it is too much. */
static void freeze_idle(struct pipeline *p)
{
    while (p->queue[QUEUE_SMTP].count > p->thawed)
        freeze_connection(p, oldest_in(p, QUEUE_SMTP));
    while (p->queue[QUEUE_SILENT].count > p->thawed)
        freeze_connection(p, oldest_in(p, QUEUE_SILENT));
    while (p->unwritten > UNWRITTEN_LIMIT && oldest_in(p, QUEUE_FROZEN))
        pipeline_write_frozen(p, oldest_in(p, QUEUE_FROZEN));
}
