/* SPDX-License-Identifier: ISC */
/* What a server's answer means for the reading of the client's octets (DATA, AUTH, STARTTLS, BDAT),
 * and what is made of them when the answer is not to be seen. */
#include "decision.h"

#include <stdlib.h>

#include "content.h"
#include "content_as_commands.h"
#include "heloscope/session/direction.h"
#include "reader.h"
#include "heloscope/session/session.h"

enum {
    CHUNK_SILENCE_US = 1000 * 1000, /* a line of a chunk is answered sooner */
};

static void read_on(struct session *s, enum reading reading)
{
    direction_enter(&s->direction[SIDE_CLIENT], reading);
    s->waiting.guess = s->chunk.doubt = false;
    if (reading == READ_LINES)
        s->waiting.command = 0;
    reader_resume(s, SIDE_CLIENT);
}

static void answer_bdat(struct session *s, int code, event_no reply, uint64_t reply_end)
{
    if (code / 100 == 2) {
        content_begin_chunk(s, READ_CHUNK);
        read_on(s, READ_CHUNK);
    } else if ((code == 500 || code == 502) && !(s->order.extensions & EXT_CHUNKING)) {
        /* A server that does not know the verb cannot skip its octets. */
        s->chunk.refusal = reply;
        content_as_commands_begin(s, reply, false);
        s->content_as_commands.sure = true;
        s->content_as_commands.limit = s->direction[SIDE_CLIENT].offset + s->chunk.size;
        read_on(s, READ_LINES);
    } else {
        s->chunk.doubt = true;
        s->chunk.taken = false;
        s->chunk.refusal = reply;
        s->chunk.refusal_end = reply_end;
        s->chunk.refusal_code = code;
    }
}

void client_answered(struct session *s, int code, event_no reply, uint64_t reply_end)
{
    switch (s->waiting.verb) {
    case VERB_DATA:
        if (code / 100 == 3) {
            content_begin(s);
            s->content.asked = true;
            read_on(s, READ_CONTENT);
        } else {
            if (!s->content_as_commands.sure)
                content_as_commands_begin(s, reply, false);
            read_on(s, READ_LINES);
        }
        break;
    case VERB_AUTH:
        read_on(s, code == 334 ? READ_SASL : READ_LINES);
        break;
    case VERB_STARTTLS:
        if (reply_accepts(code, VERB_STARTTLS)) {
            direction_enter(&s->direction[SIDE_SERVER], READ_TLS_NEXT);
            s->tls.starttls_end = reply_end;
        }
        read_on(s, reply_accepts(code, VERB_STARTTLS) ? READ_TLS_NEXT : READ_LINES);
        break;
    case VERB_BDAT:
        answer_bdat(s, code, reply, reply_end);
        break;
    default:
        read_on(s, READ_LINES);
        break;
    }
}

void client_unanswered(struct session *s)
{
    read_on(s, READ_LINES);
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

static void chunk_was_commands(struct session *s)
{
    content_as_commands_begin(s, s->chunk.refusal, false);
    s->content_as_commands.sure = true;
    s->content_as_commands.limit = s->direction[SIDE_CLIENT].offset + s->chunk.size;
    read_on(s, READ_LINES);
}

/* The connection ended before the BDAT was answered, by a server that had never offered CHUNKING:
 * it would have read lines. */
static void chunk_was_never_known(struct session *s)
{
    s->chunk.refusal = s->waiting.command;
    chunk_was_commands(s);
}

static void chunk_was_skipped(struct session *s)
{
    content_begin_chunk(s, READ_CHUNK);
    read_on(s, READ_CHUNK);
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

void client_chunk_evidence(struct session *s, int code, int64_t silence_us)
{
    struct direction *direction = &s->direction[SIDE_CLIENT];
    if (chunk_was_given_up(s))
        read_on(s, READ_LINES);
    else if (direction->queued <= s->chunk.size) { /* nothing else was sent that this could answer,
                                                    * if it is no farewell into a silence */
        if (code != 421 || silence_us < CHUNK_SILENCE_US)
            chunk_was_commands(s);
    } else if (answers_chunk_line(s, verb_behind_chunk(s), code)) {
        chunk_was_commands(s);
    } else {
        chunk_was_skipped(s);
    }
}

static void guess_chunk(struct session *s)
{
    if (s->direction[SIDE_CLIENT].queued >= s->chunk.size)
        chunk_was_skipped(s);
    else if (chunk_was_given_up(s))
        read_on(s, READ_LINES);
}

void client_goes_on(struct session *s)
{
    if (s->chunk.doubt ? chunk_was_given_up(s) : s->waiting.guess)
        client_guess(s);
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

/* The beginning of what waits, read as a line: a command, a SASL response, or neither. */
static void guess_by_octets(struct session *s)
{
    struct direction *direction = &s->direction[SIDE_CLIENT];
    uint8_t head[1024];
    struct bytes first = {head, direction_peek(direction, head, sizeof head)};
    struct smtp_command c;
    if (!first.len) {
        s->waiting.guess = true;
        return;
    }
    const uint8_t *lf = memchr(first.at, '\n', first.len);
    if (s->waiting.verb == VERB_STARTTLS) {
        if (first.at[0] == 22)
            direction_enter(&s->direction[SIDE_SERVER], READ_TLS);
        read_on(s, first.at[0] == 22 ? READ_TLS : READ_LINES);
        return;
    }
    first = bytes_without_cr(bytes_first(first, lf ? (size_t)(lf - first.at) : first.len));
    smtp_command_parse(first, &c);
    bool command = c.verb != VERB_UNKNOWN && c.well_formed;
    if (s->waiting.verb == VERB_DATA && !data_can_succeed(s)) {
        read_on(s, READ_LINES);
    } else if (s->waiting.verb == VERB_AUTH) {
        bool sasl = looks_like_base64(first) || (first.len == 1 && first.at[0] == '*');
        read_on(s, sasl && !command ? READ_SASL : READ_LINES);
    } else if (s->waiting.verb == VERB_DATA && !command) {
        content_begin(s);
        read_on(s, READ_CONTENT);
    } else {
        read_on(s, READ_LINES);
    }
}

void client_guess(struct session *s)
{
    if (s->chunk.doubt)
        guess_chunk(s);
    else if (s->waiting.verb == VERB_BDAT && s->over_and_seen &&
             !(s->order.extensions & EXT_CHUNKING))
        chunk_was_never_known(s);
    else if (s->waiting.verb == VERB_BDAT)
        chunk_was_skipped(s);
    else
        guess_by_octets(s);
}
