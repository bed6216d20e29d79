/* SPDX-License-Identifier: ISC */
/* The content of a message, behind a 354 or in chunks: its size is kept, of its header the few
 * marks that tell message and program, the rest is dropped. */
#include "content.h"

#include <stdlib.h>

#include "content_as_commands.h"
#include "heloscope/application/smtp_command.h"
#include "heloscope/base/limits.h"
#include "heloscope/session/direction.h"
#include "heloscope/session/pending.h"
#include "heloscope/session/session.h"
#include "heloscope/session/transaction.h"
#include "heloscope/diagnosis/violation.h"

void content_begin_chunk(struct session *s, enum reading reading)
{
    s->chunk.left = s->chunk.size;
    s->content.started = s->content.hole = false;
    direction_enter(&s->direction[SIDE_CLIENT], reading);
}

void content_begin(struct session *s)
{
    s->content.scan = (struct content_scan){0};
    s->content.mark = s->reply.mark; /* until its first octets are seen */
    s->content.started = s->content.hole = s->content.asked = s->content.behind_dropped = false;
    direction_enter(&s->direction[SIDE_CLIENT], READ_CONTENT);
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
    if (s->header.done || !data.at)
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

/* ----------------------------------------------------------------------- a dot between bare LFs
 */

void content_keep_behind(struct session *s, const struct span *span, uint64_t before)
{
    struct direction *client = &s->direction[SIDE_CLIENT];
    const struct content_scan *scan = &s->content.scan;
    if (!scan->lf_end || s->content.hole || s->content.behind_dropped)
        return;
    const uint64_t skip = scan->lf_end > before ? scan->lf_end - before : 0;
    if (skip >= span->data.len)
        return;
    const struct span behind = {.offset = span->offset + skip,
                                .data = bytes_from(span->data, (size_t)skip),
                                .mark = span->mark};
    direction_enqueue(client, &behind);
    if (direction_waits(client) > WAIT_LIMIT)
        content_drop_behind(s);
}

void content_drop_behind(struct session *s)
{
    struct direction *client = &s->direction[SIDE_CLIENT];
    s->content.behind_dropped = true;
    direction_drop_queue(client);
}

static bool ends_before_commands(struct session *s)
{
    const struct direction *client = &s->direction[SIDE_CLIENT];
    struct content_scan *scan = &s->content.scan;
    uint8_t head[512];
    struct smtp_command c = {0};
    struct bytes line, behind = {head, direction_peek(client, head, sizeof head)};
    if (!scan->lf_end || !client->queue || !bytes_take_line(&behind, &line))
        return false;
    smtp_command_parse(line, &c);
    if (c.verb == VERB_UNKNOWN || !c.well_formed)
        return false;
    const uint64_t end = client->queue->span.offset;
    scan->size = scan->lf_end - scan->lf_line;
    scan->oddities &= ~(unsigned)CONTENT_SMUGGLE;
    s->bare_lf.taken = true;
    content_end(s, end, 0);
    return true;
}

void content_take(struct session *s, struct bytes data, const struct mark *mark)
{
    if (s->direction[SIDE_CLIENT].reading == READ_CONTENT)
        manner_piece(&s->identify.manner, data);
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
    direction_enter(&s->direction[SIDE_CLIENT], READ_LINES);
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
    if (s->content.pipelined && s->content.asked && !s->hole &&
        !receipt_owes(s, e->seq, rule_content, true))
        note_violation(s, e->seq, rule_content, true);
    content_as_commands_begin(s, e->seq, true);
}

void content_end_chunk(struct session *s, uint64_t end, unsigned notes)
{
    drop_header(s);
    content_event(s, EVENT_CHUNK, s->chunk.size - s->chunk.left, end, notes);
    direction_enter(&s->direction[SIDE_CLIENT], READ_LINES);
    for (uint32_t i = 0; i < s->ring.count; i++) { /* answered once its octets are there */
        struct pending *p = pending_at(s, i);
        if (p->command.seq == s->waiting.command)
            p->end = end;
    }
    s->waiting.command = 0;
}

void content_cut_off(struct session *s)
{
    const struct direction *client = &s->direction[SIDE_CLIENT];
    if (client->reading == READ_CONTENT && s->content.command.seq)
        content_end(s, client->offset, NOTE_INCOMPLETE);
    else if (client->reading == READ_CHUNK)
        content_end_chunk(s, client->offset, NOTE_INCOMPLETE);
}

enum {
    DOT_SILENCE_US = 60 * 1000 * 1000, /* a message is answered sooner, or its end was not seen */
};

/* Whether the server takes the dot that came last, between line ends of which one is a bare LF, for
 * the end: it has answered it, and not the silence behind it, nor the bare LF itself as Postfix's
 * smtpd_forbid_bare_newline = reject does. */
static bool dot_was_taken(const struct session *s, int code)
{
    const struct bytes text = bytes_of(s->reply.text ? s->reply.text : "", s->reply.length);
    if (code / 100 == 2)
        return true;
    return !bytes_hold_nocase(text, "bare ") &&
           s->reply.mark.ts_us - s->last_octets_us < DOT_SILENCE_US;
}

bool content_was_answered(struct session *s, int code)
{
    struct direction *client = &s->direction[SIDE_CLIENT];
    struct content_scan *scan = &s->content.scan;
    bool hole = s->content.hole;
    if (!hole && scan->dot_line && dot_was_taken(s, code)) {
        if (scan->lf_end == scan->size) /* there is no other end */
            scan->oddities &= ~(unsigned)CONTENT_SMUGGLE;
        scan->size -= scan->dot_line;
        s->bare_lf.taken = true;
        content_drop_behind(s);
        content_end(s, client->offset, 0);
        return false;
    }
    if (!hole && code / 100 == 2 && ends_before_commands(s))
        return true;
    content_drop_behind(s);
    content_end(s, client->offset, NOTE_INCOMPLETE | (hole ? NOTE_DOUBTFUL : 0));
    if (s->ring.count)
        pending_at(s, s->ring.count - 1)->idle_us = s->reply.mark.ts_us - s->last_octets_us;
    if (hole) { /* commands may have followed the dot in it */
        order_hole(&s->order, s->order.hole ? s->order.hole : s->last_seq);
        pending_hole(s, SIDE_CLIENT);
    }
    if (!hole && code / 100 != 2)
        direction_enter(client, READ_DRAIN);
    return false;
}
