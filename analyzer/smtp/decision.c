/* SPDX-License-Identifier: ISC */
#include "decision.h"

#include <stdlib.h>

#include "content.h"
#include "content_as_commands.h"
#include "heloscope/session/direction.h"
#include "heloscope/session/session.h"
#include "unread.h"

enum {
    CHUNK_SILENCE_US = 1000 * 1000, /* a line of a chunk is answered sooner */
};

/* What the client's octets waited for is decided; true, for the callers to return. */
static bool enter(struct session *s, enum reading reading)
{
    direction_enter(&s->direction[SIDE_CLIENT], reading);
    s->waiting.guess = s->chunk.doubt = false;
    if (reading == READ_LINES)
        s->waiting.command = 0;
    return true;
}

/* The server has read the octets behind the BDAT as commands. */
static bool chunk_was_commands(struct session *s)
{
    content_as_commands_begin(s, s->chunk.refusal, false);
    s->content_as_commands.sure = true;
    s->content_as_commands.limit = s->direction[SIDE_CLIENT].offset + s->chunk.size;
    return enter(s, READ_LINES);
}

/* They are a chunk, whatever the server made of it. */
static bool chunk_was_skipped(struct session *s)
{
    content_begin_chunk(s, READ_CHUNK);
    return enter(s, READ_CHUNK);
}

/* A refused BDAT decides nothing: the server may skip its octets, or read them as commands. */
static bool decide_refused_bdat(struct session *s, uint64_t reply_end)
{
    const int code = s->answered.code;
    s->chunk.refusal = s->answered.reply;
    if ((code == 500 || code == 502) && !(s->order.extensions & EXT_CHUNKING))
        return chunk_was_commands(s); /* a server that does not know the verb cannot skip them */
    s->chunk.doubt = true;
    s->chunk.taken = false;
    s->chunk.refusal_end = reply_end;
    s->chunk.refusal_code = code;
    return false;
}

static bool decide_starttls(struct session *s, uint64_t reply_end)
{
    if (!reply_accepts(s->answered.code, VERB_STARTTLS))
        return enter(s, READ_LINES);
    direction_enter(&s->direction[SIDE_SERVER], READ_TLS_NEXT);
    s->tls.starttls_end = reply_end;
    return enter(s, READ_TLS_NEXT);
}

static bool decide_data(struct session *s)
{
    if (s->answered.code / 100 == 3) {
        content_begin(s);
        s->content.asked = true;
        return enter(s, READ_CONTENT);
    }
    if (!s->content_as_commands.sure)
        content_as_commands_begin(s, s->answered.reply, false);
    return enter(s, READ_LINES);
}

bool decision_by_reply(struct session *s, uint64_t reply_end)
{
    switch (s->waiting.verb) {
    case VERB_DATA:
        return decide_data(s);
    case VERB_AUTH:
        return enter(s, s->answered.code == 334 ? READ_SASL : READ_LINES);
    case VERB_STARTTLS:
        return decide_starttls(s, reply_end);
    case VERB_BDAT:
        return s->answered.code / 100 == 2 ? chunk_was_skipped(s)
                                           : decide_refused_bdat(s, reply_end);
    default:
        return enter(s, READ_LINES);
    }
}

bool decision_by_accepted_chunk(struct session *s, const struct pending *p)
{
    return s->direction[SIDE_CLIENT].reading == READ_WAIT && s->waiting.verb == VERB_BDAT &&
           s->waiting.command == p->command.seq && s->reply.code / 100 == 2 && chunk_was_skipped(s);
}

bool decision_by_silence(struct session *s)
{
    return enter(s, READ_LINES);
}

/* Of what waits, the octets behind the chunk: the verb of their first line. */
static enum verb verb_behind_chunk(struct session *s)
{
    size_t size = (size_t)(s->chunk.size < 65536 ? s->chunk.size : 65536) + 512;
    uint8_t *waiting = memory_get(size);
    struct bytes rest =
        bytes_from(bytes_of(waiting, direction_peek(&s->direction[SIDE_CLIENT], waiting, size)),
                   (size_t)(s->chunk.size < size ? s->chunk.size : size));
    struct smtp_command c = {0};
    struct bytes line;
    if (bytes_take_line(&rest, &line))
        smtp_command_parse(line, &c);
    free(waiting);
    return c.verb;
}

/* The connection ended before the BDAT was answered, by a server that had never offered CHUNKING:
 * it would have read lines. */
static bool chunk_was_never_known(struct session *s)
{
    s->chunk.refusal = s->waiting.command;
    return chunk_was_commands(s);
}

/* Less than the chunk has come, and it begins with a command that was sent with the refusal in
 * view: the chunk was given up. */
static bool chunk_was_given_up(struct session *s)
{
    struct direction *direction = &s->direction[SIDE_CLIENT];
    uint8_t head[256];
    struct bytes first = {head, direction_peek(direction, head, sizeof head)};
    const struct queued_span *q = direction->queue;
    struct smtp_command c = {0};
    struct bytes line;
    if (direction->queued < s->chunk.size && q && q->span.mark.seen >= s->chunk.refusal_end &&
        bytes_take_line(&first, &line))
        smtp_command_parse(line, &c);
    return c.verb != VERB_UNKNOWN && c.well_formed;
}

/* Whether a reply with `code` answers a line of the chunk and not the command with `verb` behind
 * it. A server that offers CHUNKING knows each of these verbs. */
static bool answers_chunk_line(const struct session *s, enum verb verb, int code)
{
    bool never_refused = verb == VERB_QUIT || verb == VERB_RSET || verb == VERB_NOOP;
    bool same_again = verb == VERB_BDAT && code == s->chunk.refusal_code;
    if (never_refused)
        return code / 100 != 2;
    return !same_again && (code == 500 || code == 501 || code == 502 || code == 421);
}

/* The server goes on, and has received all that waits: they were commands. */
static bool message_was_commands(struct session *s)
{
    const struct direction *direction = &s->direction[SIDE_CLIENT];
    const struct queued_span *last = direction->queue_last;
    uint8_t octets[1024];
    if (!s->waiting.guess || s->waiting.verb != VERB_DATA || !direction->queue ||
        s->reply.code / 100 == 3 || s->reply.code == 421 ||
        last->span.offset + last->span.data.len > s->reply.mark.seen)
        return false;
    const size_t n = direction_peek(direction, octets, sizeof octets);
    return n && octets[n - 1] == '\n' && unread_suggests(bytes_of(octets, n)) == SUGGESTS_NOTHING &&
           enter(s, READ_LINES);
}

bool decision_by_evidence(struct session *s)
{
    const struct direction *direction = &s->direction[SIDE_CLIENT];
    const int code = s->reply.code;
    const int64_t silence_us = s->reply.mark.ts_us - s->last_octets_us;
    if (direction->reading == READ_WAIT && !s->chunk.doubt && message_was_commands(s))
        return true;
    if (direction->reading != READ_WAIT || !s->chunk.doubt)
        return false;
    if (chunk_was_given_up(s))
        return enter(s, READ_LINES);
    if (direction->queued <= s->chunk.size) /* nothing else was sent that this could answer, if it
                                             * is no farewell into a silence */
        return (code != 421 || silence_us < CHUNK_SILENCE_US) && chunk_was_commands(s);
    return answers_chunk_line(s, verb_behind_chunk(s), code) ? chunk_was_commands(s)
                                                             : chunk_was_skipped(s);
}

static bool guess_chunk(struct session *s)
{
    if (s->direction[SIDE_CLIENT].queued >= s->chunk.size)
        return chunk_was_skipped(s);
    return chunk_was_given_up(s) && enter(s, READ_LINES);
}

/* One reply came for lines with bare LFs between them, the last of which is waited for, and the
 * client, which waits for its replies, goes on with another command: the server had read them as
 * one line. */
static bool line_was_joined(struct session *s)
{
    const struct direction *direction = &s->direction[SIDE_CLIENT];
    const struct bare_lf *lf = &s->bare_lf;
    uint8_t head[512];
    struct bytes line, first = {head, direction_peek(direction, head, sizeof head)};
    struct smtp_command c = {0};
    if (!lf->last || lf->last != s->waiting.command || s->pipelines || s->chunk.doubt ||
        !direction->queue || direction->queue->span.mark.seen < s->last_reply_end ||
        !bytes_take_line(&first, &line))
        return false;
    smtp_command_parse(line, &c);
    return c.verb != VERB_UNKNOWN && c.well_formed;
}

bool decision_by_more(struct session *s)
{
    if (line_was_joined(s))
        return enter(s, READ_LINES);
    return (s->chunk.doubt ? chunk_was_given_up(s) : s->waiting.guess) && decision_by_octets(s);
}

/* Whether the DATA that waits may have been answered 354: neither inside a message that is being
 * read as commands, nor where the facts forbid it. */
static bool data_can_succeed(const struct session *s)
{
    struct order_command data = {.seq = s->waiting.command, .verb = VERB_DATA, .well_formed = true};
    bool forbidden = s->ring.count <= 1 && order_judge(&s->order, &data).kind == VERDICT_BROKEN;
    /* A connection that has ended without a 354 was never in a message. */
    return !s->content_as_commands.sure && !forbidden && !s->over_and_seen;
}

/* Whether a hole lies in what waits. */
static bool is_torn(const struct direction *direction)
{
    const struct queued_span *q = direction->queue;
    while (q && q->span.data.at)
        q = q->next;
    return q;
}

/* What waits behind a DATA whose answer will not be seen: a message, or commands behind a refusal.
 * Lines that can be either wait, as long as there are few and more can come. */
static bool guess_message(struct session *s)
{
    const struct direction *direction = &s->direction[SIDE_CLIENT];
    uint8_t head[1024];
    const struct bytes first = {head, direction_peek(direction, head, sizeof head)};
    enum suggestion suggests = unread_suggests(first);
    if (!data_can_succeed(s))
        suggests = SUGGESTS_COMMANDS;
    const bool more = first.len < sizeof head && !s->waiting.last && !is_torn(direction);
    if (suggests == SUGGESTS_NOTHING && more) {
        s->waiting.guess = true;
        return false;
    }
    const bool lines = suggests == SUGGESTS_NOTHING && memchr(head, '\n', first.len);
    if (suggests == SUGGESTS_COMMANDS || (lines && first.len < sizeof head))
        return enter(s, READ_LINES);
    content_begin(s);
    return enter(s, READ_CONTENT);
}

/* The beginning of what waits, read as a line: a command, a SASL response, or neither. */
static bool guess_by_octets(struct session *s)
{
    struct direction *direction = &s->direction[SIDE_CLIENT];
    uint8_t head[1024];
    struct bytes first = {head, direction_peek(direction, head, sizeof head)};
    struct smtp_command c;
    if (!first.len) {
        s->waiting.guess = true;
        return false;
    }
    if (s->waiting.verb == VERB_DATA)
        return guess_message(s);
    const uint8_t *lf = memchr(first.at, '\n', first.len);
    if (s->waiting.verb == VERB_STARTTLS) {
        if (first.at[0] == 22)
            direction_enter(&s->direction[SIDE_SERVER], READ_TLS);
        return enter(s, first.at[0] == 22 ? READ_TLS : READ_LINES);
    }
    first = bytes_without_cr(bytes_first(first, lf ? (size_t)(lf - first.at) : first.len));
    smtp_command_parse(first, &c);
    bool command = c.verb != VERB_UNKNOWN && c.well_formed;
    if (s->waiting.verb == VERB_AUTH) {
        bool sasl = looks_like_base64(first) || (first.len == 1 && first.at[0] == '*');
        return enter(s, sasl && !command ? READ_SASL : READ_LINES);
    }
    return enter(s, READ_LINES);
}

bool decision_by_octets(struct session *s)
{
    if (s->chunk.doubt)
        return guess_chunk(s);
    if (s->waiting.verb != VERB_BDAT)
        return guess_by_octets(s);
    return s->over_and_seen && !(s->order.extensions & EXT_CHUNKING) ? chunk_was_never_known(s)
                                                                     : chunk_was_skipped(s);
}
