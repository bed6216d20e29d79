/* SPDX-License-Identifier: ISC */
/* The timeline of a session: events in the order in which they are understood, chapter by chapter.
 */
#include "heloscope/session/session.h"

#include <stdio.h>
#include <stdlib.h>

#include "heloscope/session/direction.h"
#include "heloscope/session/identity.h"
#include "heloscope/session/pending.h"
#include "heloscope/session/tls_row.h"
#include "heloscope/session/transaction.h"
#include "heloscope/tls/tls.h"

enum {
    CARRY_SPARE = 4096 /* octets that a draft which is emptied again and again may waste */
};

enum {
    WAY_SIZE = 64
};

/* ", VLAN 7, VXLAN 100": how it came to be seen. */
static const char *print_way(const struct session_begin *begin, char out[WAY_SIZE])
{
    const struct tunnel *tunnel = &begin->tunnel;
    int used = 0;
    out[0] = '\0';
    if (begin->vlan)
        used = snprintf(out, WAY_SIZE, ", VLAN %u", begin->vlan);
    if (tunnel->numbered)
        snprintf(out + used, WAY_SIZE - (size_t)used, ", %s %u",
                 tunnel_name((enum tunnel_kind)tunnel->kind), tunnel->id);
    else if (tunnel->kind)
        snprintf(out + used, WAY_SIZE - (size_t)used, ", in %s",
                 tunnel_name((enum tunnel_kind)tunnel->kind));
    return out;
}

struct session *session_new(const struct session_begin *begin)
{
    struct session *s = memory_get(sizeof *s);
    s->draft = draft_new();
    struct session_row *row = &s->row;
    row->handle = begin->handle;
    s->keylog = begin->keylog;
    s->identify.server.memo = s->identify.client.memo = begin->memo;
    row->source = bytes_of_string(begin->source);
    row->capture_id = begin->capture_id;
    row->client = begin->client;
    row->server = begin->server;
    row->client_port = begin->client_port;
    row->server_port = begin->server_port;
    row->vlan = begin->vlan;
    row->tunnel = begin->tunnel;
    row->started_us = row->ended_us = begin->mark.ts_us;
    row->midstream = begin->midstream;
    row->protocol = "SMTP";
    row->outcome = "open";
    row->cut = true;
    s->reactions.rough = begin->rough_clock;

    char from[46], to[46], way[WAY_SIZE];
    struct bytes text = arena_print(
        &s->draft->arena, "%s port %u -> %s port %u%s%s%s%s%s%s",
        address_print(&begin->client, from), begin->client_port, address_print(&begin->server, to),
        begin->server_port, print_way(begin, way),
        begin->midstream ? ", begun before the capture" : "",
        begin->forward_proxy ? ", through " : "",
        begin->forward_proxy ? begin->forward_proxy->kind : "", begin->forward_proxy ? " to " : "",
        begin->forward_proxy ? begin->forward_proxy->target : "");
    struct event *e = session_event(s, EVENT_OPEN, SIDE_CLIENT, &begin->mark, text);
    if (begin->server_unknown && !begin->midstream) {
        order_hole(&s->order, e->seq); /* until a greeting is seen */
        s->hole = true;
    }
    if (begin->midstream) {
        e->notes |= NOTE_MIDSTREAM;
        s->greeted = s->hole = true;
        order_hole(&s->order, e->seq);
        s->direction[SIDE_CLIENT].resync = s->direction[SIDE_SERVER].resync = true;
    }
    return s;
}

struct event *session_event(struct session *s, enum event_kind kind, enum side side,
                            const struct mark *mark, struct bytes text)
{
    struct event *e = arena_get(&s->draft->arena, sizeof *e);
    bool odd = false;
    e->seq = ++s->last_seq;
    e->kind = kind;
    e->side = side;
    e->ts_us = mark->ts_us;
    e->packet = mark->packet;
    if (mark->inside)
        e->notes |= NOTE_ENCRYPTED;
    if (text.at)
        e->text = arena_printable(&s->draft->arena, text, side == SIDE_SERVER, &odd);
    if (odd)
        e->notes |= NOTE_BINARY;
    *s->draft->events_tail = e;
    s->draft->events_tail = &e->next;
    if (mark->ts_us > s->row.ended_us)
        s->row.ended_us = mark->ts_us;
    return e;
}

void session_landmark(struct session *s, enum side side, uint64_t end, event_no seq)
{
    struct landmarks *marks = &s->ends[side];
    if (marks->count == marks->size) {
        marks->size = marks->size ? marks->size * 2 : 4;
        marks->at = memory_resize(marks->at, marks->size * sizeof *marks->at);
    }
    marks->at[marks->count++] = (struct landmark){end, seq};
    if (marks->count > PENDING_LIMIT) { /* a peer that never acknowledges: forget the oldest half */
        uint32_t forgotten = marks->count / 2;
        s->costs.of[COST_RECEIPTS] += forgotten;
        marks->count -= forgotten;
        memmove(marks->at, marks->at + forgotten, marks->count * sizeof *marks->at);
    }
}

event_no session_seen(struct session *s, enum side side, uint64_t offset)
{
    struct landmarks *marks = &s->ends[side];
    uint32_t i = 0;
    while (i < marks->count && marks->at[i].end <= offset)
        i++;
    if (!i)
        return 0;
    event_no seq = marks->at[i - 1].seq;
    if (i > 1) { /* the newest that was seen stays, for the next who has seen no more */
        marks->count -= i - 1;
        memmove(marks->at, marks->at + i - 1, marks->count * sizeof *marks->at);
    }
    return seq;
}

/* --- chapters --- */

static void copy_row_text(struct session_row *row, struct arena *arena)
{
    struct bytes *texts[] = {&row->source,      &row->helo,    &row->server_name,
                             &row->tls_version, &row->tls_sni, &row->auth_mechanism,
                             &row->auth_outcome};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = arena_copy(arena, *texts[i]);
}

/* Names for the session that anybody can make from the capture: not kept, but made when they are
 * written. */
static void name_row(struct session_row *row, struct arena *arena)
{
    char uid[IDENTITY_SIZE], community[IDENTITY_SIZE];
    session_uid(&row->client, row->client_port, &row->server, row->server_port, row->started_us,
                uid);
    community_id(&row->client, row->client_port, &row->server, row->server_port, community);
    row->uid = arena_copy(arena, bytes_of_string(uid));
    row->community_id = arena_copy(arena, bytes_of_string(community));
    row->endpoints = endpoints_hash(&row->client, row->client_port, &row->server, row->server_port);
}

/* An idle session has no draft: it begins with what there is to write. */
void session_open_draft(struct session *s)
{
    if (!s->draft)
        s->draft = draft_new();
}

/* What is still alive moves on from the chapter that it lived in. */
static void carry_on(struct session *s)
{
    session_open_draft(s);
    for (uint32_t i = 0; i < s->ring.count; i++) {
        struct pending *p = pending_at(s, i);
        p->path = arena_copy(&s->draft->arena, p->path);
        p->text = arena_copy(&s->draft->arena, p->text);
    }
    transaction_rehome(s, &s->draft->arena);
    s->draft->carried = s->draft->arena.total;
}

/* What is alive in a hostile session can take megabytes: it is not to be copied for each of a few
 * events. */
bool session_chapter_is_full(const struct session *s)
{
    return s->log.length > LOG_LIMIT ||
           (s->draft && s->draft->arena.total > CHAPTER_LIMIT + 2 * s->draft->carried);
}

void session_empty_draft(struct session *s)
{
    struct draft *draft = s->draft;
    draft_empty(draft);
    if (draft->arena.total <= CARRY_SPARE + 2 * draft->carried)
        return;
    s->draft = NULL;
    carry_on(s);
    draft_free(draft);
}

struct draft *session_detach(struct session *s, bool last)
{
    session_open_draft(s);
    struct draft *draft = s->draft;
    draft->log = s->log;
    draft->interned_texts = s->interned_texts;
    s->log = (struct chapter_log){0};
    s->log_place = (struct log_place){0};
    draft->chapter.session = s->row;
    copy_row_text(&draft->chapter.session, &draft->arena);
    name_row(&draft->chapter.session, &draft->arena);
    identify_describe(&s->identify, &draft->chapter.session, &draft->arena);
    tls_row_describe(s, last, &draft->chapter.session, &draft->arena);
    draft->chapter.first = !s->written;
    draft->chapter.last = last;
    s->written = true;
    s->news = false;
    s->draft = NULL;
    if (!last && (s->ring.count || s->transaction))
        carry_on(s);
    return draft;
}

void session_free(struct session *s)
{
    if (!s)
        return;
    draft_free(s->draft);
    chapter_log_free(&s->log);
    arena_free(&s->own);
    direction_free(&s->direction[SIDE_CLIENT]);
    direction_free(&s->direction[SIDE_SERVER]);
    free(s->ends[SIDE_CLIENT].at);
    free(s->ends[SIDE_SERVER].at);
    free(s->ring.at);
    free(s->reply.text);
    free(s->header.text);
    tls_free(s->tls.layer);
    direction_free(&s->tls.waiting[SIDE_CLIENT]);
    direction_free(&s->tls.waiting[SIDE_SERVER]);
    direction_free(&s->unread.kept);
    free(s);
}
