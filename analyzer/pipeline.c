/* The stages wired together: frame -> segment -> connection -> conversation -> session -> store. */
#include "heloscope/anonymize.h"
#include "heloscope/pipeline.h"

#include <stdlib.h>

#include "heloscope/connection.h"
#include "heloscope/intake.h"
#include "heloscope/limits.h"
#include "heloscope/writer.h"

static const uint16_t default_ports[] = {25, 465, 587, 2525, 24};

struct pipeline {
    struct store *store;
    struct writer *writer;
    const struct pseudonyms *pseudonyms; /* NULL = names are stored as they are */
    uint8_t declared[65536 / 8];
    struct classifier *classifier;
    struct memo *memo;
    struct intake *intake;
    struct flow_table table;
    /* With a session; at rest, with something to write; at rest, with nothing to write. */
    struct flow_queue smtp, resting, quiet;
    struct flow_queue silent, mute; /* no octets yet on a mail port; the same at rest */
    struct flow_queue watched;      /* not known what it carries */
    struct flow_queue other, closing, closed;
    size_t awake; /* how many of each kind need not rest */
    struct rest_room *room;
    size_t unwritten; /* octets that those at rest still have to write */
    size_t held;      /* octets that wait in all connections */
    int64_t now_us;
    uint64_t handles;
    bool news, failed;
    struct failure failure;
    struct pipeline_totals totals;
    struct connection *current; /* whose segment is being taken in */
};

static bool declared(const struct pipeline *p, uint16_t port)
{
    return p->declared[port / 8] >> (port % 8) & 1;
}

struct pipeline *pipeline_new(const struct pipeline_options *options, struct store *store,
                              struct failure *why)
{
    struct pipeline *p = memory_get(sizeof *p);
    p->writer = writer_new(store, why);
    if (!p->writer) {
        free(p);
        return NULL;
    }
    p->store = store;
    p->pseudonyms = options->pseudonyms;
    p->awake = options->drowsy ? 0 : AWAKE_LIMIT;
    p->intake = intake_new();
    p->memo = memo_new();
    p->room = rest_room_new(p->memo);
    flow_table_init(&p->table);
    size_t count = sizeof default_ports / sizeof *default_ports;
    const uint16_t *ports = default_ports;
    if (options->ports) {
        ports = options->ports;
        count = options->port_count;
    }
    for (size_t i = 0; i < count; i++)
        p->declared[ports[i] / 8] |= (uint8_t)(1 << (ports[i] % 8));
    return p;
}

/* --- sessions --- */

/* The session, awake; NULL = none yet. */
static struct session *session_of(struct pipeline *p, struct connection *c)
{
    if (c->talk->rest)
        p->unwritten -= c->talk->rest->log.length;
    return talk_session(c->talk, p->room);
}

static void count_findings(struct pipeline *p, const struct draft *draft)
{
    for (const struct diagnosis *d = draft->chapter.diagnoses; d; d = d->next)
        p->totals.diagnoses++;
    for (const struct violation *v = draft->chapter.violations; v; v = v->next)
        p->totals.violations++;
}

/* Hands the chapter over. After a failure nothing more is written. */
static void hand_over(struct pipeline *p, struct connection *c, bool last)
{
    struct session *s = session_of(p, c);
    s->row.packets = c->talk->conversation.packets;
    s->row.bytes_client = c->talk->conversation.side[SIDE_CLIENT].next;
    s->row.bytes_server = c->talk->conversation.side[SIDE_SERVER].next;
    s->row.retransmitted = c->talk->conversation.side[SIDE_CLIENT].repeated +
                           c->talk->conversation.side[SIDE_SERVER].repeated;
    s->row.one_sided =
        !c->talk->conversation.spoke[SIDE_CLIENT] || !c->talk->conversation.spoke[SIDE_SERVER];
    struct draft *draft = session_detach(s, last);
    c->talk->dirty = false;
    count_findings(p, draft);
    if (last) {
        p->totals.sessions++;
        p->totals.messages += s->row.messages;
        p->totals.commands += s->row.commands;
        p->totals.errors_503 += s->row.errors_503;
        p->totals.bytes_missing += s->row.bytes_missing;
        p->totals.not_smtp += s->not_smtp || strcmp(s->row.outcome, "not SMTP") == 0;
        if (s->last_seq > SESSION_EVENTS)
            s->costs.of[COST_EVENTS] += s->last_seq - SESSION_EVENTS;
        costs_add(&p->totals.costs, &s->costs);
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

static void note_waiting(struct talk *talk)
{
    const struct half *half = talk->session->half;
    talk->session_waits = half_waits(&half[SIDE_CLIENT]) + half_waits(&half[SIDE_SERVER]);
}

static void give_to_session(struct pipeline *p, struct connection *c, int side,
                            const struct span *span)
{
    struct talk *talk = c->talk;
    if (!session_of(p, c))
        begin_session(p, c);
    struct session *s = talk->session;
    s->client_gone =
        side == SIDE_SERVER && conversation_left_before(&talk->conversation, SIDE_CLIENT, span);
    session_span(s, side, span);
    note_waiting(talk);
    talk->dirty = true;
    p->news |= s->news;
    if (s->draft->arena.total > CHAPTER_LIMIT)
        hand_over(p, c, false);
}

/* --- flows under observation --- */

static void take_span(void *context, int side, const struct span *span);

static void forget_kept(struct connection *c)
{
    while (c->talk->kept) {
        struct queued_span *q = c->talk->kept;
        c->talk->kept = q->next;
        free(q);
    }
    c->talk->kept_octets = 0;
}

static void keep_span(struct connection *c, int side, const struct span *span)
{
    struct queued_span *q = memory_get(sizeof *q + span->data.len);
    q->span = *span;
    q->side = side;
    if (span->data.at) {
        memcpy(q->data, span->data.at, span->data.len);
        q->span.data.at = q->data;
    }
    *(c->talk->kept ? &c->talk->kept_last->next : &c->talk->kept) = q;
    c->talk->kept_last = q;
    c->talk->kept_octets += sizeof *q + span->data.len;
}

static void stop_watching(struct pipeline *p, struct connection *c, enum connection_state state)
{
    watch_free(c->talk->watch);
    c->talk->watch = NULL;
    c->state = state;
    if (state == CONNECTION_SMTP)
        for (struct queued_span *q = c->talk->kept; q; q = q->next)
            give_to_session(p, c, q->side, &q->span);
    forget_kept(c);
}

/* Takes what was kept once more, knowing what it begins with. */
static void take_again(struct pipeline *p, struct connection *c)
{
    struct queued_span *q = c->talk->kept;
    c->talk->kept = NULL;
    c->talk->kept_octets = 0;
    while (q) {
        struct queued_span *next = q->next;
        take_span(p, q->side, &q->span);
        free(q);
        q = next;
    }
}

/* A client that may be speaking to a proxy: its octets wait until it is known. True when the span
 * has been taken care of. */
static bool look_for_relay(struct pipeline *p, struct connection *c, int side,
                           const struct span *span)
{
    struct talk *talk = c->talk;
    bool may_be = talk->kept || (side == SIDE_CLIENT && relay_begins(span->data));
    if (talk->looked || !may_be || !talk->conversation.from_start) {
        talk->looked = true;
        return false;
    }
    keep_span(c, side, span);
    if (talk_relay(talk) == RELAY_MORE && talk->kept_octets <= WATCH_LIMIT)
        return true;
    talk->looked = true;
    take_again(p, c);
    return true;
}

static void watch_span(struct pipeline *p, struct connection *c, int side, const struct span *span)
{
    enum classification found = CLASS_UNDECIDED;
    if (look_for_relay(p, c, side, span))
        return;
    if (!p->classifier && !(p->classifier = classifier_new(&p->failure))) {
        p->failed = true;
        return;
    }
    keep_span(c, side, span);
    const uint16_t port[2] = {c->flow.key.port[c->client], c->flow.key.port[!c->client]};
    if (span->data.at)
        found = classify_span(p->classifier, c->talk->watch, side, span->data, port);
    if (found == CLASS_SMTP)
        stop_watching(p, c, CONNECTION_SMTP);
    else if (found == CLASS_OTHER || c->talk->kept_octets > WATCH_LIMIT)
        stop_watching(p, c, CONNECTION_IGNORED);
}

static void take_span(void *context, int side, const struct span *span)
{
    struct pipeline *p = context;
    struct connection *c = p->current;
    struct span behind;
    if (c->talk->relay) {
        behind = *span;
        span = &behind;
        if (!talk_behind_relay(c->talk, side, &behind))
            return;
    }
    if (c->state == CONNECTION_SMTP)
        give_to_session(p, c, side, span);
    else if (c->state == CONNECTION_WATCHED)
        watch_span(p, c, side, span);
}

/* --- connections --- */

/* Which endpoint is the client: the one that sent the SYN; else the ports tell, else the octets. */
static int find_client(struct pipeline *p, const struct segment *segment, int sender, bool *guessed)
{
    *guessed = false;
    if (segment->flags & TCP_SYN)
        return segment->flags & TCP_ACK ? !sender : sender;
    bool from = declared(p, segment->src_port), to = declared(p, segment->dst_port);
    if (from != to)
        return from ? !sender : sender;
    *guessed = true;
    enum speaker speaker = speaker_of(segment->payload);
    if (speaker == SPEAKER_UNKNOWN)
        speaker = segment->src_port < segment->dst_port ? SPEAKER_SERVER : SPEAKER_CLIENT;
    return speaker == SPEAKER_SERVER ? !sender : sender;
}

static struct connection *open_connection(struct pipeline *p, const struct packet_record *packet,
                                          const struct segment *segment, const struct flow_key *key,
                                          int sender)
{
    struct connection *c = memory_get(sizeof *c);
    c->flow.key = *key;
    c->client = find_client(p, segment, sender, &c->roles_guessed);
    c->vlan = segment->vlan;
    c->talk = memory_get(sizeof *c->talk);
    c->talk->tunnel = segment->tunnel;
    c->talk->source = packet->source;
    c->first = (struct mark){.ts_us = packet->ts_us, .packet = packet->number};
    flow_add_path(&c->flow, segment->path);
    if (segment->flags & TCP_SYN && !(segment->flags & TCP_ACK)) {
        c->has_syn = true;
        c->syn = segment->seq;
    }
    if (declared(p, key->port[!c->client])) {
        c->state = CONNECTION_SMTP;
    } else {
        c->state = CONNECTION_WATCHED;
        c->talk->watch = memory_get(sizeof *c->talk->watch);
    }
    flow_insert(&p->table, &c->flow);
    p->totals.connections++;
    return c;
}

/* What waits in a connection: to be put in order, to be classified, for an answer. */
static size_t held_by(const struct connection *c)
{
    const struct talk *talk = c->talk;
    if (!talk)
        return 0;
    size_t octets = talk->kept_octets + talk->session_waits;
    for (int side = 0; side < 2; side++) {
        const struct stream *stream = &talk->conversation.side[side];
        octets += stream->waiting_octets + stream->waiting_count * sizeof(struct piece);
    }
    return octets;
}

/* Of a connection that nothing is made of any more only its place in the table stays. */
static void end_talk(struct pipeline *p, struct connection *c)
{
    if (c->talk) {
        const struct conversation *conversation = &c->talk->conversation;
        uint64_t *of = p->totals.costs.of;
        of[COST_HOLES] += conversation->overfull;
        of[COST_AHEAD] += conversation->side[0].dropped + conversation->side[1].dropped;
        conversation_free(&c->talk->conversation);
        free(c->talk->relay);
    }
    free(c->talk);
    c->talk = NULL;
}

/* Ends what is being made of the connection; the entry in the table stays. */
static void close_connection(struct pipeline *p, struct connection *c, const char *how)
{
    connection_wake(c);
    p->held -= held_by(c);
    p->current = c;
    if (c->state == CONNECTION_SMTP || c->state == CONNECTION_WATCHED)
        conversation_drain(&c->talk->conversation, take_span, p);
    if (c->state == CONNECTION_WATCHED)
        stop_watching(p, c,
                      classify_end(c->talk->watch, SIDE_SERVER) == CLASS_SMTP ? CONNECTION_SMTP
                                                                              : CONNECTION_IGNORED);
    if (c->talk && session_of(p, c)) {
        struct mark mark =
            c->talk->conversation.end == END_RESET ? c->talk->reset : c->talk->conversation.last;
        int by = c->talk->conversation.ended_by;
        struct session *s = c->talk->session;
        session_end(s, &mark, by < 0 ? SIDE_CLIENT : by, how);
        hand_over(p, c, true);
        session_free(c->talk->session);
    } else if (c->state == CONNECTION_SMTP && c->talk) {
        p->totals.silent++;
    }
    end_talk(p, c);
    c->state = CONNECTION_CLOSED;
    p->current = NULL;
}

static void forget_connection(struct pipeline *p, struct connection *c, const char *how)
{
    close_connection(p, c, how);
    flow_remove(&p->table, &c->flow);
    free(c);
}

static void put_to_rest(struct pipeline *p, struct connection *c)
{
    const struct session *s = c->talk->session;
    const bool has_session = talk_has_session(c->talk), dirty = c->talk->dirty;
    if (s && s->draft)
        count_findings(p, s->draft);
    connection_rest(c, p->room);
    p->unwritten += s ? c->rest->log.length : 0;
    flow_touch(&c->flow,
               !has_session ? &p->mute
               : dirty      ? &p->resting
                            : &p->quiet,
               c->flow.last_us);
}

/* Bounds the memory of connections, however many are open. */
static void rest(struct pipeline *p)
{
    while (p->smtp.count > p->awake)
        put_to_rest(p, (struct connection *)p->smtp.oldest);
    while (p->silent.count > p->awake)
        put_to_rest(p, (struct connection *)p->silent.oldest);
}

static void write_and_rest(struct pipeline *p, struct connection *c)
{
    connection_wake(c);
    hand_over(p, c, false);
    put_to_rest(p, c);
}

/* Bounds what those that rest still have to write. */
static void relieve(struct pipeline *p)
{
    while (p->unwritten > UNWRITTEN_LIMIT && p->resting.oldest)
        write_and_rest(p, (struct connection *)p->resting.oldest);
}

/* A connection that is no longer looked at, but still known: its segments begin no other. */
static void look_away(struct pipeline *p, struct connection *c)
{
    p->held -= held_by(c);
    stop_watching(p, c, CONNECTION_IGNORED);
    end_talk(p, c);
    flow_touch(&c->flow, &p->other, c->flow.last_us);
}

/* Connections of which nothing is known yet cost nobody but us: how many there can be at once is
 * bounded. */
static void bound_the_unknown(struct pipeline *p)
{
    while (p->silent.count + p->mute.count > SILENT_LIMIT) {
        struct flow *oldest = p->mute.oldest ? p->mute.oldest : p->silent.oldest;
        p->totals.costs.of[COST_SILENT]++;
        forget_connection(p, (struct connection *)oldest, "given up");
    }
    while (p->watched.count > WATCHED_LIMIT) {
        p->totals.costs.of[COST_WATCHED]++;
        look_away(p, (struct connection *)p->watched.oldest);
    }
}

/* Too much waits in all connections together: this one, which has just added to it, waits no
 * longer. */
static void cut_short(struct pipeline *p, struct connection *c)
{
    p->totals.costs.of[COST_HELD]++;
    p->current = c;
    conversation_drain(&c->talk->conversation, take_span, p);
    if (c->state == CONNECTION_SMTP && session_of(p, c)) {
        session_hurry(c->talk->session);
        note_waiting(c->talk);
    }
}

static void expire(struct pipeline *p)
{
    struct flow *oldest;
    struct flow_queue *smtp[] = {&p->smtp, &p->resting, &p->quiet, &p->silent, &p->mute};
    for (int i = 0; i < 5; i++)
        while ((oldest = smtp[i]->oldest) && oldest->last_us < p->now_us - SMTP_IDLE_US)
            forget_connection(p, (struct connection *)oldest, "silent");
    while ((oldest = p->closing.oldest) && oldest->last_us < p->now_us - CLOSING_US)
        forget_connection(p, (struct connection *)oldest, "reset");
    while ((oldest = p->closed.oldest) &&
           (oldest->last_us < p->now_us - CLOSED_US || p->closed.count > CLOSED_LIMIT))
        forget_connection(p, (struct connection *)oldest, NULL);
    struct flow_queue *other[] = {&p->other, &p->watched};
    for (int i = 0; i < 2; i++)
        while ((oldest = other[i]->oldest) && oldest->last_us < p->now_us - OTHER_IDLE_US)
            forget_connection(p, (struct connection *)oldest, NULL);
    bound_the_unknown(p);
    while (p->table.count > CONNECTION_LIMIT) {
        oldest = p->closed.oldest    ? p->closed.oldest
                 : p->other.oldest   ? p->other.oldest
                 : p->mute.oldest    ? p->mute.oldest
                 : p->silent.oldest  ? p->silent.oldest
                 : p->watched.oldest ? p->watched.oldest
                 : p->closing.oldest ? p->closing.oldest
                 : p->quiet.oldest   ? p->quiet.oldest
                 : p->resting.oldest ? p->resting.oldest
                                     : p->smtp.oldest;
        p->totals.costs.of[COST_CONNECTIONS]++;
        forget_connection(p, (struct connection *)oldest, "given up");
    }
}

/* A SYN of another connection on the same ports; not one that the capture brings late or twice. */
static bool begins_anew(struct connection *c, const struct segment *segment, int sender)
{
    if (!(segment->flags & TCP_SYN) || segment->flags & (TCP_ACK | TCP_RST))
        return false;
    if (sender != c->client)
        return c->state == CONNECTION_CLOSED;
    const struct stream *stream = c->talk ? &c->talk->conversation.side[SIDE_CLIENT] : NULL;
    if (!c->has_syn && stream && stream->started &&
        segment->seq + 1 == stream->base + (uint32_t)stream->begun) {
        c->has_syn = true;
        c->syn = segment->seq;
    }
    return !c->has_syn || segment->seq != c->syn;
}

static struct flow_queue *queue_of(struct pipeline *p, const struct connection *c)
{
    if (c->state == CONNECTION_CLOSED)
        return &p->closed;
    if (c->state == CONNECTION_IGNORED)
        return &p->other;
    if (c->talk->conversation.end == END_RESET)
        return &p->closing;
    if (c->state == CONNECTION_WATCHED)
        return &p->watched;
    return talk_has_session(c->talk) ? &p->smtp : &p->silent;
}

static void take_segment(struct pipeline *p, const struct packet_record *packet,
                         const struct segment *segment)
{
    struct flow_key key;
    const int sender = flow_key_of(segment, &key);
    struct connection *c = connection_find(&p->table, &key, segment, sender);
    if (c)
        connection_wake(c);
    if (c && begins_anew(c, segment, sender)) {
        forget_connection(p, c, c->talk && c->talk->reset.packet ? "reset" : "ports reused");
        c = NULL;
    }
    if (!c) {
        /* A bare acknowledgement, FIN or RST of something unknown begins nothing. */
        if (!(segment->flags & TCP_SYN) && !segment->payload.len)
            return;
        if (segment->flags & TCP_RST)
            return;
        struct connection *stalest = connection_stalest(&p->table, &key);
        if (stalest) {
            p->totals.costs.of[COST_TWINS]++;
            forget_connection(p, stalest, "given up");
        }
        c = open_connection(p, packet, segment, &key, sender);
    }
    if (c->state == CONNECTION_SMTP || c->state == CONNECTION_WATCHED) {
        size_t before = held_by(c);
        p->current = c;
        conversation_push(&c->talk->conversation, sender == c->client ? SIDE_CLIENT : SIDE_SERVER,
                          segment, packet->ts_us, packet->number, take_span, p);
        p->held += held_by(c) - before;
        if (p->held > HELD_LIMIT && held_by(c) > before) {
            before = held_by(c);
            cut_short(p, c);
            p->held += held_by(c) - before;
        }
        if (c->state == CONNECTION_IGNORED) {
            p->held -= held_by(c);
            end_talk(p, c);
        } else if (c->talk->conversation.end == END_FIN)
            close_connection(p, c, NULL);
        else if (c->talk->conversation.end == END_RESET && !c->talk->reset.packet)
            c->talk->reset = c->talk->conversation.last;
    }
    flow_touch(&c->flow, queue_of(p, c), p->now_us);
}

/* --- the way in --- */

static bool report(struct pipeline *p, struct failure *why)
{
    if (p->failed && why)
        *why = p->failure;
    return !p->failed;
}

static bool commit(struct pipeline *p, struct failure *why)
{
    if (!writer_commit(p->writer, p->failed ? NULL : &p->failure))
        p->failed = true;
    return report(p, why);
}

/* A copy says nothing new but that its connection comes by this way too. */
static void take_copy(struct pipeline *p, const struct segment *copy, uint32_t path)
{
    struct flow_key key;
    flow_key_of(copy, &key);
    struct flow *flow = copy->path != path ? flow_find(&p->table, &key, path) : NULL;
    if (flow && !flow_find(&p->table, &key, copy->path))
        flow_add_path(flow, copy->path);
}

bool pipeline_packet(struct pipeline *p, const struct packet_record *packet, struct failure *why)
{
    struct segment segment;
    uint32_t path;
    if (packet->ts_us > p->now_us)
        p->now_us = packet->ts_us;
    switch (intake_packet(p->intake, packet, p->now_us, &segment, &path)) {
    case INTAKE_SEGMENT:
        take_segment(p, packet, &segment);
        break;
    case INTAKE_COPY:
        take_copy(p, &segment, path);
        break;
    case INTAKE_NOTHING:
        break;
    }
    expire(p);
    rest(p);
    relieve(p);
    return report(p, why);
}

bool pipeline_flush(struct pipeline *p, int64_t now_us, struct failure *why)
{
    if (now_us > p->now_us)
        p->now_us = now_us;
    expire(p);
    for (struct flow *f = p->smtp.newest; f; f = f->older) {
        struct connection *c = (struct connection *)f;
        if (c->talk->dirty)
            hand_over(p, c, false);
    }
    while (p->resting.oldest)
        write_and_rest(p, (struct connection *)p->resting.oldest);
    p->news = false;
    return commit(p, why);
}

bool pipeline_has_news(const struct pipeline *p)
{
    return p->news;
}

static int by_beginning(const void *a, const void *b)
{
    const struct connection *x = *(struct connection *const *)a,
                            *y = *(struct connection *const *)b;
    if (x->first.ts_us != y->first.ts_us)
        return x->first.ts_us < y->first.ts_us ? -1 : 1;
    return x->first.packet < y->first.packet ? -1 : x->first.packet > y->first.packet;
}

bool pipeline_finish(struct pipeline *p, struct failure *why)
{
    size_t count = p->table.count, n = 0;
    struct connection **all = memory_get((count + 1) * sizeof *all);
    struct flow_queue *queues[] = {&p->smtp, &p->resting, &p->quiet,  &p->silent,
                                   &p->mute, &p->watched, &p->closing};
    for (size_t i = 0; i < sizeof queues / sizeof *queues; i++)
        for (struct flow *f = queues[i]->oldest; f; f = f->newer)
            if (connection_is_live((struct connection *)f))
                all[n++] = (struct connection *)f;
    qsort(all, n, sizeof *all, by_beginning);
    for (size_t i = 0; i < n; i++)
        forget_connection(p, all[i],
                          connection_wake(all[i])->reset.packet ? "reset" : "capture ended");
    free(all);
    return commit(p, why);
}

void pipeline_totals(const struct pipeline *p, struct pipeline_totals *out)
{
    struct intake_counts in;
    intake_counts(p->intake, &in);
    *out = p->totals;
    out->packets = in.packets;
    out->tcp_packets = in.tcp;
    out->other_packets = in.other;
    out->unreadable_packets = in.unreadable;
    out->unknown_link_type = in.unknown_link_type;
    out->duplicates = in.copies;
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

void pipeline_free(struct pipeline *p)
{
    if (!p)
        return;
    p->failed = true; /* nothing more is written */
    struct flow_queue *queues[] = {&p->smtp,    &p->resting, &p->quiet,   &p->silent, &p->mute,
                                   &p->watched, &p->other,   &p->closing, &p->closed};
    for (size_t i = 0; i < sizeof queues / sizeof *queues; i++)
        while (queues[i]->oldest)
            forget_connection(p, (struct connection *)queues[i]->oldest, NULL);
    writer_free(p->writer);
    flow_table_free(&p->table);
    classifier_free(p->classifier);
    intake_free(p->intake);
    memo_free(p->memo);
    rest_room_free(p->room);
    free(p);
}
