/* SPDX-License-Identifier: ISC */
/* The header of a load balancer in front of the session. It is no SMTP, and a server that expects
 * it does not answer it; its client is the real one. A server that knows nothing of it refuses it
 * as it would any line. */
#include "proxied.h"

#include "heloscope/diagnosis/protocol_words.h"
#include "heloscope/session/direction.h"
#include "heloscope/session/pending.h"
#include "heloscope/application/proxy_protocol.h"

enum {
    DUE_LINE = 1,
    DUE_BINARY = 6, /* its octets make several lines, of which one says QUIT */
};

static void note(struct session *s, const struct proxy_header *header, const struct event *e,
                 uint64_t end, uint8_t due)
{
    s->row.proxied = header->from;
    s->row.proxied_port = header->from_port;
    s->proxy.header = e->seq;
    s->proxy.end = end;
    s->proxy.due = due;
    s->proxy.unexpected = s->greeted; /* by a server that did not wait for it */
    s->proxy.untouched = true;
}

bool proxied_line(struct session *s, const struct line *line)
{
    struct proxy_header header;
    if (line->start || s->row.midstream || !bytes_start_nocase(line->text, "PROXY "))
        return false;
    proxy_protocol_line(line->text, &header); /* one that says nothing clear is still a header */
    struct event *e = session_event(s, EVENT_COMMAND, SIDE_CLIENT, &line->mark,
                                    bytes_first(line->text, PROXY_LINE_MAX));
    e->notes |= line->notes;
    session_landmark(s, SIDE_CLIENT, line->end, e->seq);
    note(s, &header, e, line->end, DUE_LINE);
    return true;
}

bool proxied_may_begin(const struct session *s, uint8_t first)
{
    return first == '\r' && !s->proxy.none && !s->row.midstream;
}

/* A binary header that is whole. */
static void take_binary(struct session *s, struct bytes bytes, const struct mark *mark)
{
    struct proxy_header header;
    char from[46], to[46];
    struct bytes text = bytes_of_string("PROXY, version 2");
    proxy_protocol_binary(bytes, &header);
    if (header.from.family)
        text = arena_print(&s->draft->arena, "PROXY TCP%d %s %s %u %u", header.from.family,
                           address_print(&header.from, from), address_print(&header.to, to),
                           header.from_port, header.to_port);
    struct event *e = session_event(s, EVENT_COMMAND, SIDE_CLIENT, mark, text);
    session_landmark(s, SIDE_CLIENT, bytes.len, e->seq);
    note(s, &header, e, bytes.len, DUE_BINARY);
}

bool proxied_octets(struct session *s, struct bytes data, uint64_t offset, const struct mark *mark,
                    size_t *taken)
{
    struct direction *direction = &s->direction[SIDE_CLIENT];
    size_t whole = proxy_protocol_length(bytes_of(direction->held, direction->held_length));
    const size_t want = whole ? whole : PROXY_FIXED;
    const struct bytes part = bytes_first(data, want - direction->held_length);
    *taken = part.len;
    direction_hold(direction, part, offset, mark);
    const struct bytes held = bytes_of(direction->held, direction->held_length);
    whole = proxy_protocol_length(held);
    if (!proxy_protocol_begins(held) || (!whole && held.len == PROXY_FIXED) || whole > LINE_LIMIT)
        return false;
    if (whole && held.len == whole) {
        take_binary(s, held, &direction->held_mark);
        direction_enter(direction, READ_LINES);
        direction_release(direction);
    }
    return true;
}

/* Codes by which a server refuses a line that it does not know. With any of them an EHLO behind the
 * header could only be answered by one that does not know that either. */
static bool is_unknown_to(const struct reply_building *reply)
{
    return names_proxy_header(bytes_of(reply->text, reply->length)) || reply->code == 500 ||
           reply->code == 502 || reply->code == 503;
}

bool proxied_is_refused(struct session *s)
{
    const struct reply_building *reply = &s->reply;
    const struct pending *next = pending_at(s, 0);
    if (!s->proxy.due)
        return false;
    /* Without a command behind the header the reply can only be to it; and of a server that has
     * greeted before it had the header each refusal is. */
    bool alone = !next || reply->mark.seen < next->end;
    bool said_quit = reply->code == 221 && (!next || next->command.verb != VERB_QUIT);
    bool refused = is_unknown_to(reply) ||
                   (reply->code >= 400 && (s->proxy.unexpected || (alone && reply->code != 421)));
    if (s->hole || !(refused || said_quit)) {
        s->proxy.due = 0; /* the server took it */
        return false;
    }
    s->proxy.due--;
    return true;
}

struct pending proxied_command(struct session *s)
{
    s->row.proxied = (struct address){0}; /* a client whom nobody believed */
    s->row.proxied_port = 0;
    s->row.commands += s->proxy.due == DUE_LINE - 1 || s->proxy.due == DUE_BINARY - 1;
    if (!s->protocol.other_protocol) {
        s->protocol.other_protocol = s->proxy.header;
        s->protocol.kind = NOT_SMTP_PROXY;
    }
    return (struct pending){.kind = PENDING_COMMAND,
                            .command = {.seq = s->proxy.header, .verb = VERB_UNKNOWN}};
}
