/* SPDX-License-Identifier: ISC */
/* The content of a message, behind a 354 or in chunks: its size is kept, of its header the few
 * marks that tell message and program, the rest is dropped. */
#include "content.h"

#include <stdlib.h>

#include "content_as_commands.h"
#include "heloscope/session/pending.h"
#include "heloscope/session/session.h"
#include "heloscope/session/transaction.h"
#include "heloscope/diagnosis/violation.h"

void content_begin_chunk(struct session *s, enum reading reading)
{
    s->chunk.left = s->chunk.size;
    s->content.started = s->content.hole = false;
    s->direction[SIDE_CLIENT].reading = reading;
}

void content_begin(struct session *s)
{
    s->content.scan = (struct content_scan){0};
    s->content.mark = s->reply.mark; /* until its first octets are seen */
    s->content.started = s->content.hole = s->content.asked = false;
    s->direction[SIDE_CLIENT].reading = READ_CONTENT;
}

/* The header that `octets` begin with, without the empty line that ends it; NULL `at` when it goes
 * on. */
static struct bytes whole_header(struct bytes octets)
{
    size_t end = bytes_find(octets, bytes_of_string("\r\n\r\n"));
    if (end != SIZE_MAX)
        return bytes_first(octets, end + strlen("\r\n"));
    return octets.len == HEADER_LIMIT ? octets : bytes_of(NULL, 0);
}

/* The header is looked at for the few marks that tell message and program, then dropped. Most come
 * in one piece, and are read where they lie. */
static void look_at_header(struct session *s, struct bytes data)
{
    if (s->header.done)
        return;
    struct bytes part = bytes_first(data, HEADER_LIMIT - s->header.length);
    struct bytes header = s->header.length ? bytes_of(NULL, 0) : whole_header(part);
    if (!header.at && part.len) {
        if (!s->header.text)
            s->header.text = memory_resize(NULL, HEADER_LIMIT);
        memcpy(s->header.text + s->header.length, part.at, part.len);
        s->header.length += (uint32_t)part.len;
        header = whole_header(bytes_of(s->header.text, s->header.length));
    }
    s->header.done = header.at != NULL;
    if (s->header.done)
        transaction_header(s, header);
}

static void drop_header(struct session *s)
{
    if (!s->header.done && s->header.length)
        transaction_header(s, bytes_of(s->header.text, s->header.length));
    free(s->header.text);
    s->header.text = NULL;
    s->header.length = 0;
    s->header.done = false;
}

void content_take(struct session *s, struct bytes data, const struct mark *mark)
{
    if (!s->content.started) {
        s->content.started = true;
        s->content.mark = *mark;
        s->content.pipelined =
            s->direction[SIDE_CLIENT].reading == READ_CONTENT && mark->seen < s->last_reply_end;
    }
    look_at_header(s, data);
}

static struct event *content_event(struct session *s, enum event_kind kind, uint64_t bytes,
                                   uint64_t end, unsigned notes)
{
    struct event *e = session_event(s, kind, SIDE_CLIENT, &s->content.mark, bytes_of(NULL, 0));
    e->bytes = bytes;
    e->has_bytes = true;
    e->notes |= notes | (s->content.hole ? NOTE_INCOMPLETE : 0);
    e->saw = session_seen(s, SIDE_SERVER, s->content.mark.seen);
    session_landmark(s, SIDE_CLIENT, end, e->seq);
    if (s->transaction)
        s->transaction->bytes += bytes;
    return e;
}

void content_end(struct session *s, uint64_t end, unsigned notes)
{
    static const struct {
        unsigned oddity, note;
    } oddities[] = {{CONTENT_BARE_LF, NOTE_BARE_LF},
                    {CONTENT_BARE_CR, NOTE_BARE_CR},
                    {CONTENT_NUL, NOTE_BINARY},
                    {CONTENT_SMUGGLE, NOTE_SMUGGLE}};
    for (size_t i = 0; i < sizeof oddities / sizeof *oddities; i++)
        if (s->content.scan.oddities & oddities[i].oddity)
            notes |= oddities[i].note;
    drop_header(s);
    struct event *e = content_event(s, EVENT_DATA, s->content.scan.size, end, notes);
    s->direction[SIDE_CLIENT].reading = READ_LINES;
    const struct content_command data = s->content.command;
    s->content.command = (struct content_command){0};
    struct pending *p = pending_push(s, PENDING_CONTENT);
    if (!p)
        return;
    p->command = (struct order_command){.seq = e->seq,
                                        .wrong = data.seq,
                                        .verb = VERB_DATA,
                                        .saw = data.saw,
                                        .content = true,
                                        .well_formed = true};
    p->unfinished = notes & NOTE_INCOMPLETE;
    p->end = end;
    p->seen = s->content.mark.seen;
    p->ts_us = s->content.mark.ts_us;
    p->can_know = data.can_know;
    p->knew = data.knew;
    p->group = data.group;
    p->group_rule = data.group_rule;
    /* LMTP answers once for each recipient that it accepted (RFC 2033 section 4.2). */
    p->due = s->lmtp && s->order.accepted
                 ? (uint16_t)(s->order.accepted < UINT16_MAX ? s->order.accepted : UINT16_MAX)
                 : 1;
    if (s->content.pipelined && s->content.asked && !s->hole)
        note_violation(s, e->seq, rule_content, true);
    content_as_commands_begin(s, e->seq, true);
}

void content_end_chunk(struct session *s, uint64_t end, unsigned notes)
{
    drop_header(s);
    content_event(s, EVENT_CHUNK, s->chunk.size - s->chunk.left, end, notes);
    s->direction[SIDE_CLIENT].reading = READ_LINES;
    for (uint32_t i = 0; i < s->ring.count; i++) { /* answered once its octets are there */
        struct pending *p = pending_at(s, i);
        if (p->command.seq == s->waiting.command)
            p->end = end;
    }
    s->waiting.command = 0;
}
