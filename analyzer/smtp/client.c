/* SPDX-License-Identifier: ISC */
/* What the client sends: commands, SASL responses, messages, chunks. */
#include "client.h"

#include <stdlib.h>

#include "content.h"
#include "content_as_commands.h"
#include "credentials.h"
#include "not_smtp.h"
#include "pipelining.h"
#include "heloscope/session/direction.h"
#include "injected.h"
#include "heloscope/session/pending.h"
#include "proxied.h"
#include "unread.h"
#include "heloscope/session/session.h"
#include "heloscope/base/limits.h"

static bool is_hello(enum verb verb)
{
    return verb == VERB_HELO || verb == VERB_EHLO || verb == VERB_LHLO;
}

static void remember_secret(struct session *s, struct bytes secret)
{
    if (secret.len < 4) /* "*", "=": nothing that would be recognised in a reply */
        return;
    s->secrets.length[1] = s->secrets.length[0];
    memcpy(s->secrets.octets[1], s->secrets.octets[0], sizeof s->secrets.octets[0]);
    secret = bytes_first(secret, SECRET_LIMIT);
    memcpy(s->secrets.octets[0], secret.at, secret.len);
    s->secrets.length[0] = (uint8_t)secret.len;
}

/* An AUTH with an initial response, or without a mechanism: what stands in its place may be the
 * response. A name that nobody knows is still one when it is spelled as RFC 4422 section 3.1 has
 * them, which base64 and passwords hardly are; and one letter gives nothing away. */
static bool hides_credential(const struct smtp_command *c)
{
    return c->initial_response ||
           (c->mechanism.len > 1 && !credentials_is_mechanism(c->mechanism) &&
            !credentials_could_be_mechanism(c->mechanism));
}

/* The command's text as it may be stored: credentials masked, what may be content cut short. */
static struct bytes storable(struct session *s, const struct line *line,
                             const struct smtp_command *c, unsigned *notes)
{
    size_t limit = c->verb == VERB_UNKNOWN ? UNKNOWN_TEXT_LIMIT : TEXT_LIMIT;
    if (line->length > limit)
        *notes |= NOTE_LONG;
    const size_t open = credentials_storable(line->text, c);
    if (open < line->text.len) {
        struct bytes secret = bytes_from(line->text, open);
        *notes |= NOTE_MASKED;
        while (secret.len && secret.at[0] == ' ')
            secret = bytes_from(secret, 1);
        remember_secret(s, secret);
        return arena_print(&s->draft->arena, "%.*s ****", (int)open, (const char *)line->text.at);
    }
    if (c->verb != VERB_AUTH || !hides_credential(c))
        return bytes_first(line->text, limit);
    *notes |= NOTE_MASKED;
    if (!credentials_is_mechanism(c->mechanism)) {
        remember_secret(s, c->argument);
        return arena_print(&s->draft->arena, "%.*s ****", (int)c->word.len,
                           (const char *)c->word.at);
    }
    const uint8_t *response = c->mechanism.at + c->mechanism.len;
    struct bytes rest = {response, (size_t)(line->text.at + line->text.len - response)};
    while (rest.len && rest.at[0] == ' ')
        rest = bytes_from(rest, 1);
    remember_secret(s, rest);
    return arena_print(&s->draft->arena, "%.*s %.*s ****", (int)c->word.len,
                       (const char *)c->word.at, (int)c->mechanism.len,
                       (const char *)c->mechanism.at);
}

static struct event *line_event(struct session *s, enum event_kind kind, const struct line *line,
                                struct bytes text, unsigned notes)
{
    struct event *e = session_event(s, kind, SIDE_CLIENT, &line->mark, text);
    e->notes |= line->notes | notes;
    if (e->notes & NOTE_LONG) {
        e->bytes = line->length;
        e->has_bytes = true;
    }
    e->saw = session_seen(s, SIDE_SERVER, line->mark.seen);
    session_landmark(s, SIDE_CLIENT, line->end, e->seq);
    return e;
}

/* The octets behind a BDAT are a chunk wherever the server takes the command. Where it may not, its
 * answer is awaited. */
static bool chunk_is_sure(const struct session *s)
{
    const struct order *o = &s->order;
    return (o->extensions & EXT_CHUNKING) && order_holds(o, FACT_RCPT) &&
           !o->facts[FACT_CHUNKS].refused && !o->facts[FACT_RCPT].doubtful;
}

static void wait_for_answer(struct session *s, const struct smtp_command *c, event_no seq)
{
    struct direction *direction = &s->direction[SIDE_CLIENT];
    s->waiting.command = seq;
    s->waiting.verb = c->verb;
    s->waiting.guess = s->chunk.doubt = false;
    switch (c->verb) {
    case VERB_DATA:
        direction_enter(direction, READ_WAIT);
        break;
    case VERB_AUTH:
        s->secrets.auth_command = seq;
        direction_enter(direction, READ_WAIT);
        break;
    case VERB_STARTTLS:
        direction_enter(direction, READ_WAIT);
        break;
    case VERB_BDAT:
        s->chunk.size = c->chunk_size;
        if (c->well_formed && c->chunk_size)
            content_begin_chunk(s, chunk_is_sure(s) ? READ_CHUNK : READ_WAIT);
        break;
    default:
        s->waiting.command = 0;
        break;
    }
}

static void note_hello(struct session *s, const struct smtp_command *c)
{
    struct bytes name = bytes_first(c->argument, 255);
    bool odd;
    if (s->row.helo.at && bytes_equal(s->row.helo, name))
        return;
    s->row.helo = arena_printable(&s->own, name, false, &odd);
    if (c->verb == VERB_LHLO) {
        s->lmtp = true;
        s->row.protocol = "LMTP";
    }
}

/* A line of a message that is read as a command: because of which event. */
struct content_place {
    bool within;
    event_no because;
    bool after_data; /* that event is the message that a dot ended too early */
};

static struct event *command_event(struct session *s, const struct line *line,
                                   const struct smtp_command *c, bool content, bool secret)
{
    unsigned notes = (content ? NOTE_CONTENT : 0) | (c->unbracketed ? NOTE_UNBRACKETED : 0) |
                     (c->colon_spaced ? NOTE_COLON_SPACE : 0);
    struct bytes text = secret ? bytes_of_string("****") : storable(s, line, c, &notes);
    struct event *e = line_event(s, secret ? EVENT_AUTH : EVENT_COMMAND, line, text,
                                 notes | (secret ? NOTE_MASKED : 0));
    e->verb = c->verb == VERB_UNKNOWN ? NULL : verb_name(c->verb);
    s->row.commands++;
    return e;
}

/* The command waits for its reply: what is to be known of it then. */
static struct pending *expect_reply(struct session *s, const struct line *line,
                                    const struct smtp_command *c, const struct event *e,
                                    const struct content_place *place)
{
    struct pending *p = pending_push(s, PENDING_COMMAND);
    if (!p)
        return NULL;
    p->command = (struct order_command){.seq = e->seq,
                                        .verb = c->verb,
                                        .saw = e->saw,
                                        .well_formed = c->well_formed,
                                        .binarymime = c->binarymime,
                                        .chunk_last = c->chunk_last,
                                        .has_parameters = c->has_parameters};
    p->end = line->end;
    p->seen = line->mark.seen;
    p->ts_us = line->mark.ts_us;
    p->shaky |= line->mark.seen < s->shaky_end ||
                (line->notes & NOTE_INCOMPLETE && c->verb == VERB_UNKNOWN); /* its verb was cut */
    /* Read late, but sent before a hole in the replies: its own may lie in it. */
    p->doubtful = line->mark.seen < s->server_hole_end;
    if (p->doubtful)
        order_unanswered(&s->order, c->verb);
    p->early = !s->row.midstream && !s->hole && (!s->greeted || line->mark.seen < s->greeting_end);
    if (p->early && !s->first_early)
        s->first_early = e->seq;
    p->bare_lf = line->notes & NOTE_BARE_LF;
    p->content_line = place->within;
    p->content_of = place->within ? place->because : 0;
    p->content_after_data = place->within && place->after_data;
    /* BDAT: its size; AUTH: whether it brought its first response. */
    p->chunk_size = c->verb == VERB_AUTH ? c->initial_response : c->chunk_size;
    s->costs.of[COST_PATHS] += c->path.len > PATH_LIMIT;
    p->path = arena_copy(&s->draft->arena, bytes_first(c->path, PATH_LIMIT));
    p->text = e->text;
    p->idle_us = s->idle_us;
    p->odd_form = e->notes & (NOTE_UNBRACKETED | NOTE_COLON_SPACE);
    return p;
}

/* What the session itself remembers of a command. */
static void note_command(struct session *s, const struct line *line, const struct smtp_command *c,
                         const struct event *e, bool content)
{
    if (!content && !s->protocol.other_protocol && c->verb == VERB_UNKNOWN) {
        s->protocol.kind = not_smtp_kind_of(line->text, &s->protocol.name);
        s->protocol.other_protocol = s->protocol.kind == NOT_SMTP_NONE ? 0 : e->seq;
        if (s->protocol.kind == NOT_SMTP_PROXY && !s->proxy.header)
            s->proxy.header = e->seq;
    }
    s->masked_hello |= c->verb == VERB_MASKED && !order_holds(&s->order, FACT_HELLO);
    if (is_hello(c->verb) && !content)
        note_hello(s, c);
    if (c->verb == VERB_AUTH) {
        bool odd;
        s->row.auth_mechanism = !c->mechanism.len || credentials_is_mechanism(c->mechanism)
                                    ? arena_printable(&s->own, c->mechanism, false, &odd)
                                    : bytes_of_string("****");
    }
}

/* One reply came for two lines with a bare LF between them, and the client, which waits for its
 * replies, goes on: the server had read them as one. */
static void join_lines(struct session *s, uint64_t seen)
{
    struct bare_lf *lf = &s->bare_lf;
    const struct pending *head = pending_at(s, 0);
    if (!lf->last || !head || head->command.seq > lf->last)
        return;
    if (seen >= s->last_reply_end && !s->pipelines) {
        lf->joined = lf->line;
        while ((head = pending_at(s, 0)) && head->command.seq <= lf->last)
            pending_pop(s);
    }
    lf->last = 0;
}

/* A line where commands are read. */
static void take_command(struct session *s, const struct line *line)
{
    struct smtp_command c;
    smtp_command_parse(line->text, &c);
    if (unread_takes(s, line, &c))
        return;
    if (proxied_line(s, line) || not_smtp_holds(s, line))
        return;
    s->protocol.client_is_smtp |= c.verb != VERB_UNKNOWN;
    struct content_place place = {.because = s->content_as_commands.because,
                                  .after_data = s->content_as_commands.after_data};
    place.within = content_as_commands_follow(s, line, &c);
    bool secret = s->secrets.mask_lines && c.verb == VERB_UNKNOWN && looks_like_base64(line->text);
    if (secret)
        remember_secret(s, line->text);
    /* A client may send its responses blindly, and a hole hide the 334. */
    if (c.verb != VERB_UNKNOWN)
        s->secrets.mask_lines = c.verb == VERB_AUTH;
    else if (credentials_storable(line->text, &c) < line->text.len)
        s->secrets.mask_lines = true;

    struct event *e = command_event(s, line, &c, place.within, secret);
    note_command(s, line, &c, e, place.within);
    pending_resynchronise(s, line->mark.seen);
    join_lines(s, line->mark.seen);
    struct pending *p = expect_reply(s, line, &c, e, &place);
    if (p) {
        if (!secret)
            pipelining_place(s, p);
        receipt_place(s, p);
        if (s->receipts.unusable && !s->receipts.told) {
            s->receipts.told = true;
            e->notes |= NOTE_NO_RECEIPTS;
        }
        const struct manner_command how = {.pipelined = p->pipelined,
                                           .offered = s->order.extensions & EXT_PIPELINING,
                                           .packet = line->mark.packet,
                                           .thought_us =
                                               line->mark.ts_us - s->reactions.complete_us};
        manner_command(&s->identify.manner, place.within ? VERB_UNKNOWN : c.verb, &how);
        if (p->pipelined)
            e->notes |= NOTE_PIPELINED;
        if (p->group && !place.within)
            s->offender = e->seq;
        s->pipelines |= p->pipelined && !p->shaky && !p->unproved && !place.within && !s->hole;
        reaction_note_command(s, p);
    }
    s->content.mark = line->mark; /* of a chunk, until its first octets are seen */
    if (c.verb == VERB_DATA)
        s->content.command = p ? (struct content_command){e->seq,  e->saw,   p->can_know,
                                                          p->knew, p->group, p->group_rule}
                               : (struct content_command){e->seq, e->saw, e->saw, e->saw, 0, NULL};
    wait_for_answer(s, &c, e->seq);
}

/* The response to a 334 (RFC 4954 section 4): never stored. */
static void take_response(struct session *s, const struct line *line)
{
    bool cancelled = line->text.len == 1 && line->text.at[0] == '*'; /* RFC 4954 section 4 */
    remember_secret(s, line->text);
    struct event *e = line_event(s, EVENT_AUTH, line, bytes_of_string(cancelled ? "*" : "****"),
                                 cancelled ? 0 : NOTE_MASKED);
    struct pending *p = pending_push(s, PENDING_SASL);
    if (p) {
        p->command = (struct order_command){
            .seq = e->seq, .verb = VERB_AUTH, .saw = e->saw, .well_formed = true};
        p->end = line->end;
        p->seen = line->mark.seen;
        p->ts_us = line->mark.ts_us;
        p->cancelled = cancelled;
    }
    s->waiting.command = e->seq;
    s->waiting.verb = VERB_AUTH;
    s->waiting.guess = false;
    direction_enter(&s->direction[SIDE_CLIENT], READ_WAIT);
}

/* A line in clear after STARTTLS, which the server has to throw away (RFC 3207 section 4.2). */
static void discard_line(struct session *s, const struct line *line)
{
    struct direction *direction = &s->direction[SIDE_CLIENT];
    struct smtp_command c;
    smtp_command_parse(line->text, &c);
    if (direction->resync && c.verb == VERB_UNKNOWN)
        return; /* the end of a line, and perhaps of a credential */
    direction->resync = false;
    unsigned notes = NOTE_DISCARDED;
    struct bytes text = storable(s, line, &c, &notes);
    struct event *e = line_event(s, EVENT_COMMAND, line, text, notes);
    e->verb = c.verb == VERB_UNKNOWN ? NULL : verb_name(c.verb);
    injected_note(s, e, &c);
}

void client_speaks(struct session *s, int64_t ts_us)
{
    const int64_t idle_us = ts_us - s->last_octets_us;
    if (idle_us > 0 && s->last_octets_us)
        s->idle_us = idle_us;
    s->last_octets_us = ts_us;
}

void client_line(struct session *s, const struct line *line)
{
    const enum reading reading = s->direction[SIDE_CLIENT].reading;
    if (reading == READ_SASL)
        take_response(s, line);
    else if (reading == READ_TLS_NEXT && line->mark.seen < s->tls.starttls_end)
        discard_line(s, line);
    else
        take_command(s, line);
}

void client_unfinished(struct session *s)
{
    struct direction *direction = &s->direction[SIDE_CLIENT];
    if (!direction->held_length || direction->resync ||
        (direction->reading != READ_LINES && direction->reading != READ_SASL))
        return;
    struct line line = {.text = bytes_of(direction->held, direction->held_length),
                        .length = direction->held_length + direction->skipped,
                        .start = direction->held_offset,
                        .end = direction->held_offset + direction->held_length + direction->skipped,
                        .mark = direction->held_mark,
                        .notes = NOTE_INCOMPLETE};
    struct smtp_command c;
    smtp_command_parse(line.text, &c);
    bool secret =
        direction->reading == READ_SASL || (s->secrets.mask_lines && c.verb == VERB_UNKNOWN);
    unsigned notes = secret ? NOTE_MASKED : 0;
    struct bytes text = secret ? bytes_of_string("****") : storable(s, &line, &c, &notes);
    line_event(s, secret ? EVENT_AUTH : EVENT_COMMAND, &line, text, notes);
}
