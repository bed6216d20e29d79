/* What the client sends: commands, SASL responses, messages, chunks. */
#include "heloscope/session.h"

#include <stdlib.h>

static bool is_dot(struct bytes text)
{
    return text.len == 1 && text.at[0] == '.';
}

static bool is_hello(enum verb verb)
{
    return verb == VERB_HELO || verb == VERB_EHLO || verb == VERB_LHLO;
}

/* --- lines of a message that a server reads as commands
 * ---------------------------------------------- */

static void end_content_run(struct session *s)
{
    if (s->content_run_sure)
        s->content_run_last = s->content_run;
    s->content_run = 0;
    s->content_run_sure = s->content_run_after_data = false;
    s->content_run_lines = 0;
    s->content_run_limit = 0;
}

static void begin_content_run(struct session *s, event_no because, bool after_data)
{
    end_content_run(s);
    s->content_run = because;
    s->content_run_after_data = after_data;
}

static void mark_flight(struct session *s)
{
    s->content_run_sure = true;
    for (uint32_t i = 0; i < s->ring_count; i++) {
        struct pending *p = pending_at(s, i);
        if (p->command.seq > s->content_run && p->kind == PENDING_COMMAND)
            p->content_line = true;
    }
}

/* Whether `text`, lines that wait, holds one that no client would send as a command. */
static bool holds_content(struct bytes text)
{
    while (text.len) {
        const uint8_t *lf = memchr(text.at, '\n', text.len);
        if (!lf)
            return false;
        struct bytes line = {text.at, (size_t)(lf - text.at)};
        text = bytes_from(text, line.len + 1);
        if (line.len && line.at[line.len - 1] == '\r')
            line.len--;
        struct smtp_command c;
        smtp_command_parse(line, &c);
        if (c.verb == VERB_UNKNOWN)
            return true;
    }
    return false;
}

bool client_flight_is_content(struct session *s)
{
    if (!s->content_run)
        return false;
    bool found = s->content_run_sure;
    for (uint32_t i = 0; i < s->ring_count && !found; i++) {
        const struct pending *p = pending_at(s, i);
        found = p->kind == PENDING_COMMAND && p->command.seq > s->content_run &&
                p->command.verb == VERB_UNKNOWN;
    }
    uint8_t waiting[4096];
    if (!found)
        found = holds_content(
            bytes_of(waiting, reader_peek(&s->half[SIDE_CLIENT], waiting, sizeof waiting)));
    if (found)
        mark_flight(s);
    else
        end_content_run(s);
    return found;
}

/* Follows a run from line to line; returns whether this line belongs to it. A message comes in one
 * piece, without a look at the replies to its lines: a well-formed command that waited for them
 * ends the run. */
static bool follow_content_run(struct session *s, const struct line *line,
                               const struct smtp_command *c)
{
    if (!s->content_run)
        return false;
    bool proper = c->verb != VERB_UNKNOWN && c->well_formed;
    bool waited = !s->ring_count && line->mark.seen >= s->last_reply_end;
    if ((s->content_run_limit && line->start >= s->content_run_limit) ||
        (waited && (s->content_run_after_data || (proper && s->content_run_lines)))) {
        end_content_run(s);
        return false;
    }
    s->content_run_lines++;
    if (!s->content_run_sure && c->verb == VERB_UNKNOWN)
        mark_flight(s);
    bool within = s->content_run_sure;
    if (within && is_dot(line->text) && !s->content_run_limit)
        end_content_run(s);
    return within;
}

/* --- commands
 * ---------------------------------------------------------------------------------------- */

/* Verbs behind which a group may go on (RFC 2920 section 3.1; chunks: RFC 3030 section 4.2; AUTH
 * with an initial response: RFC 4954 section 4). */
static bool may_be_followed(enum verb verb, bool initial_response)
{
    switch (verb) {
    case VERB_RSET:
    case VERB_MAIL:
    case VERB_RCPT:
    case VERB_BDAT:
    case VERB_BURL:
        return true;
    case VERB_AUTH:
        return initial_response;
    default:
        return false;
    }
}

/* Fills in what the command's place among its neighbours tells: was it sent before its
 * predecessor's reply was seen, and was that allowed? */
static void place_in_group(struct session *s, struct pending *p)
{
    const struct pending *first = s->ring_count > 1 ? pending_at(s, 0) : NULL;
    const struct pending *before = first ? pending_at(s, s->ring_count - 2) : NULL;
    enum verb verb;
    bool message, initial_response;
    event_no group;
    if (before) {
        if (before->kind == PENDING_HOLE)
            return;
        verb = before->command.verb;
        message = before->kind == PENDING_CONTENT;
        initial_response = before->chunk_size; /* see client_line() */
        group = before->group ? before->group : before->command.seq;
    } else if (s->last_reply_end > p->seen && s->last_answered_seq) {
        verb = s->last_answered;
        message = s->last_answered_message;
        initial_response = s->last_answered_ir;
        group = s->last_answered_group ? s->last_answered_group : s->last_answered_seq;
    } else {
        return;
    }
    p->pipelined = true;
    if (p->seen < s->barrier_end) { /* a group went on behind a command that ends groups */
        p->group = s->barrier;
        return;
    }
    if (message && s->content_pipelined)
        return; /* the message itself came too early: one fault, counted there */
    bool offered = s->order.extensions & EXT_PIPELINING;
    if (s->order.facts[FACT_HELLO].doubtful && !offered)
        return;
    if (!offered || !(message || may_be_followed(verb, initial_response)))
        p->group = group;
}

static void remember_secret(struct session *s, struct bytes secret)
{
    if (secret.len < 4) /* "*", "=": nothing that would be recognised in a reply */
        return;
    s->secret_length[1] = s->secret_length[0];
    memcpy(s->secret[1], s->secret[0], sizeof s->secret[0]);
    secret = bytes_first(secret, SECRET_LIMIT);
    memcpy(s->secret[0], secret.at, secret.len);
    s->secret_length[0] = (uint8_t)secret.len;
}

/* The command's text as it may be stored: credentials masked, what may be content cut short. */
static struct bytes storable(struct session *s, const struct line *line,
                             const struct smtp_command *c, unsigned *notes)
{
    size_t limit = c->verb == VERB_UNKNOWN ? UNKNOWN_TEXT_LIMIT : TEXT_LIMIT;
    if (line->length > limit)
        *notes |= NOTE_LONG;
    if (c->verb != VERB_AUTH || !c->initial_response)
        return bytes_first(line->text, limit);
    *notes |= NOTE_MASKED;
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
           !order_holds(o, FACT_CHUNKS) && !o->facts[FACT_RCPT].doubtful;
}

static void begin_chunk(struct session *s, enum reading reading)
{
    s->chunk_left = s->chunk_size;
    s->content_started = s->content_hole = false;
    s->half[SIDE_CLIENT].reading = reading;
}

static void wait_for_answer(struct session *s, const struct smtp_command *c, event_no seq)
{
    struct half *half = &s->half[SIDE_CLIENT];
    s->waiting_for = seq;
    s->waiting_verb = c->verb;
    s->guess = s->chunk_doubt = false;
    switch (c->verb) {
    case VERB_DATA:
        s->content_command = seq;
        half->reading = READ_WAIT;
        break;
    case VERB_AUTH:
        s->auth_command = seq;
        half->reading = READ_WAIT;
        break;
    case VERB_STARTTLS:
        half->reading = READ_WAIT;
        break;
    case VERB_BDAT:
        s->chunk_size = c->chunk_size;
        if (c->well_formed && c->chunk_size)
            begin_chunk(s, chunk_is_sure(s) ? READ_CHUNK : READ_WAIT);
        break;
    default:
        s->waiting_for = 0;
        break;
    }
}

/* Behind a hole a line may have lost its beginning, or be a message's. Until a line is certain its
 * octets are counted, not kept. */
static bool skip_unreadable(struct session *s, const struct line *line,
                            const struct smtp_command *c)
{
    struct half *half = &s->half[SIDE_CLIENT];
    if (!half->resync)
        return false;
    if (c->verb != VERB_UNKNOWN && c->verb != VERB_MASKED && c->well_formed) {
        half->resync = false;
        s->unread = NULL;
        return false;
    }
    if (!s->unread) {
        s->unread = line_event(s, EVENT_DATA, line, bytes_of(NULL, 0), NOTE_DOUBTFUL);
        s->unread->has_bytes = true;
        s->unread->bytes = 0;
    }
    s->unread->bytes += line->end - line->start;
    if (is_dot(line->text)) { /* the end of a message whose beginning was lost */
        half->resync = false;
        s->unread = NULL;
        pending_push(s, PENDING_HOLE);
    }
    return true;
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

void client_line(struct session *s, const struct line *line)
{
    struct smtp_command c;
    smtp_command_parse(line->text, &c);
    if (skip_unreadable(s, line, &c))
        return;
    if (line->start == 0 && !s->row.midstream && bytes_start_nocase(line->text, "PROXY ")) {
        line_event(s, EVENT_COMMAND, line, bytes_first(line->text, 108), 0);
        return; /* a load balancer's header: not SMTP, and not answered */
    }
    bool content = follow_content_run(s, line, &c);
    bool secret = s->mask_lines && c.verb == VERB_UNKNOWN && looks_like_base64(line->text);
    if (c.verb != VERB_UNKNOWN)
        s->mask_lines = false;
    if (secret)
        remember_secret(s, line->text);

    unsigned notes = content ? NOTE_CONTENT : 0;
    struct bytes text = secret ? bytes_of_string("****") : storable(s, line, &c, &notes);
    struct event *e = line_event(s, secret ? EVENT_AUTH : EVENT_COMMAND, line, text,
                                 notes | (secret ? NOTE_MASKED : 0));
    e->verb = c.verb == VERB_UNKNOWN ? NULL : verb_name(c.verb);
    s->row.commands++;
    s->masked_hello |= c.verb == VERB_MASKED && !order_holds(&s->order, FACT_HELLO);
    if (is_hello(c.verb) && !content)
        note_hello(s, &c);

    struct pending *p = pending_push(s, PENDING_COMMAND);
    if (p) {
        p->command = (struct order_command){.seq = e->seq,
                                            .verb = c.verb,
                                            .saw = e->saw,
                                            .well_formed = c.well_formed,
                                            .binarymime = c.binarymime,
                                            .chunk_last = c.chunk_last,
                                            .has_parameters = c.has_parameters};
        p->end = line->end;
        p->seen = line->mark.seen;
        p->ts_us = line->mark.ts_us;
        p->shaky = line->mark.seen < s->shaky_end;
        p->early =
            !s->row.midstream && !s->hole && line->mark.seen < (s->greeted ? s->greeting_end : 1);
        p->content_line = content;
        p->lone_dot = is_dot(line->text);
        /* BDAT: its size; AUTH: whether it brought its first response. */
        p->chunk_size = c.verb == VERB_AUTH ? c.initial_response : c.chunk_size;
        p->path = arena_copy(&s->draft->arena, bytes_first(c.path, 512));
        p->text = e->text;
        if (!secret)
            place_in_group(s, p);
        if (p->pipelined)
            e->notes |= NOTE_PIPELINED;
        if (c.verb == VERB_AUTH) {
            bool odd;
            s->row.auth_mechanism =
                arena_printable(&s->own, bytes_first(c.mechanism, 40), false, &odd);
        }
    }
    wait_for_answer(s, &c, e->seq);
}

void client_sasl(struct session *s, const struct line *line)
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
    }
    s->waiting_for = e->seq;
    s->waiting_verb = VERB_AUTH;
    s->guess = false;
    s->half[SIDE_CLIENT].reading = READ_WAIT;
}

void client_discarded(struct session *s, const struct line *line)
{
    struct smtp_command c;
    smtp_command_parse(line->text, &c);
    unsigned notes = NOTE_DISCARDED;
    struct bytes text = storable(s, line, &c, &notes);
    struct event *e = line_event(s, EVENT_COMMAND, line, text, notes);
    e->verb = c.verb == VERB_UNKNOWN ? NULL : verb_name(c.verb);
}

/* --- content
 * ------------------------------------------------------------------------------------------- */

static void begin_content(struct session *s)
{
    s->scan = (struct content_scan){0};
    s->content_started = s->content_hole = false;
    s->half[SIDE_CLIENT].reading = READ_CONTENT;
}

/* The header is looked at for the few marks that tell message and program, then dropped. */
static void look_at_header(struct session *s, struct bytes data)
{
    if (s->header_done)
        return;
    if (!s->header)
        s->header = memory_get(HEADER_LIMIT);
    struct bytes part = bytes_first(data, HEADER_LIMIT - s->header_length);
    memcpy(s->header + s->header_length, part.at, part.len);
    s->header_length += (uint32_t)part.len;
    struct bytes header = bytes_of(s->header, s->header_length);
    const uint8_t *end = memmem(header.at, header.len, "\r\n\r\n", 4);
    if (!end && header.len < HEADER_LIMIT)
        return;
    s->header_done = true;
    if (end)
        header.len = (size_t)(end - header.at) + 2;
    transaction_header(s, header);
}

static void drop_header(struct session *s)
{
    if (!s->header_done && s->header_length)
        transaction_header(s, bytes_of(s->header, s->header_length));
    free(s->header);
    s->header = NULL;
    s->header_length = 0;
    s->header_done = false;
}

void client_content(struct session *s, struct bytes data, const struct mark *mark)
{
    if (!s->content_started) {
        s->content_started = true;
        s->content_mark = *mark;
        s->content_pipelined =
            s->half[SIDE_CLIENT].reading == READ_CONTENT && mark->seen < s->last_reply_end;
    }
    look_at_header(s, data);
}

static struct event *content_event(struct session *s, enum event_kind kind, uint64_t bytes,
                                   uint64_t end, unsigned notes)
{
    struct event *e = session_event(s, kind, SIDE_CLIENT, &s->content_mark, bytes_of(NULL, 0));
    e->bytes = bytes;
    e->has_bytes = true;
    e->notes |= notes | (s->content_hole ? NOTE_INCOMPLETE : 0);
    e->saw = session_seen(s, SIDE_SERVER, s->content_mark.seen);
    session_landmark(s, SIDE_CLIENT, end, e->seq);
    if (s->transaction)
        s->transaction->bytes += bytes;
    return e;
}

void client_content_end(struct session *s, uint64_t end, unsigned notes)
{
    static const struct {
        unsigned oddity, note;
    } oddities[] = {{CONTENT_BARE_LF, NOTE_BARE_LF},
                    {CONTENT_BARE_CR, NOTE_BARE_CR},
                    {CONTENT_NUL, NOTE_BINARY},
                    {CONTENT_SMUGGLE, NOTE_SMUGGLE}};
    for (size_t i = 0; i < sizeof oddities / sizeof *oddities; i++)
        if (s->scan.oddities & oddities[i].oddity)
            notes |= oddities[i].note;
    drop_header(s);
    struct event *e = content_event(s, EVENT_DATA, s->scan.size, end, notes);
    s->half[SIDE_CLIENT].reading = READ_LINES;
    s->content_command = 0;
    struct pending *p = pending_push(s, PENDING_CONTENT);
    if (!p)
        return;
    p->command = (struct order_command){
        .seq = e->seq, .verb = VERB_DATA, .saw = e->saw, .content = true, .well_formed = true};
    p->end = end;
    p->seen = s->content_mark.seen;
    p->ts_us = s->content_mark.ts_us;
    /* LMTP answers once for each recipient that it accepted (RFC 2033 section 4.2). */
    p->due = s->lmtp && s->order.accepted
                 ? (uint16_t)(s->order.accepted < UINT16_MAX ? s->order.accepted : UINT16_MAX)
                 : 1;
    if (s->content_pipelined && !s->hole)
        note_violation(s, e->seq, "no content before 354", true);
    begin_content_run(s, e->seq, true);
}

void client_chunk_end(struct session *s, uint64_t end, unsigned notes)
{
    drop_header(s);
    content_event(s, EVENT_CHUNK, s->chunk_size - s->chunk_left, end, notes);
    s->half[SIDE_CLIENT].reading = READ_LINES;
    for (uint32_t i = 0; i < s->ring_count; i++) { /* answered once its octets are there */
        struct pending *p = pending_at(s, i);
        if (p->command.seq == s->waiting_for)
            p->end = end;
    }
    s->waiting_for = 0;
}

/* --- answers
 * --------------------------------------------------------------------------------------------- */

static void read_on(struct session *s, enum reading reading)
{
    s->half[SIDE_CLIENT].reading = reading;
    s->guess = s->chunk_doubt = false;
    if (reading == READ_LINES)
        s->waiting_for = 0;
    reader_resume(s, SIDE_CLIENT);
}

static void answer_bdat(struct session *s, int code, event_no reply, uint64_t reply_end)
{
    if (code / 100 == 2) {
        begin_chunk(s, READ_CHUNK);
        read_on(s, READ_CHUNK);
    } else if (code == 500 || code == 502) {
        /* A server that does not know the verb cannot skip its octets. */
        begin_content_run(s, reply, false);
        s->content_run_sure = true;
        s->content_run_limit = s->half[SIDE_CLIENT].offset + s->chunk_size;
        read_on(s, READ_LINES);
    } else {
        s->chunk_doubt = true;
        s->chunk_refusal = reply;
        s->chunk_refusal_end = reply_end;
    }
}

void client_answered(struct session *s, int code, event_no reply, uint64_t reply_end)
{
    struct half *server = &s->half[SIDE_SERVER];
    switch (s->waiting_verb) {
    case VERB_DATA:
        if (code / 100 == 3) {
            begin_content(s);
            read_on(s, READ_CONTENT);
        } else {
            if (!s->content_run_sure)
                begin_content_run(s, reply, false);
            read_on(s, READ_LINES);
        }
        break;
    case VERB_AUTH:
        s->mask_lines = code / 100 != 2 && code / 100 != 3;
        read_on(s, code == 334 ? READ_SASL : READ_LINES);
        break;
    case VERB_STARTTLS:
        if (code / 100 == 2)
            server->reading = READ_TLS;
        read_on(s, code / 100 == 2 ? READ_TLS_NEXT : READ_LINES);
        break;
    case VERB_BDAT:
        answer_bdat(s, code, reply, reply_end);
        break;
    default:
        read_on(s, READ_LINES);
        break;
    }
}

/* Of what waits, the octets behind the chunk: the verb of their first line. */
static enum verb verb_behind_chunk(struct session *s)
{
    size_t size = (size_t)(s->chunk_size < 65536 ? s->chunk_size : 65536) + 512;
    uint8_t *waiting = memory_get(size);
    struct bytes rest =
        bytes_from(bytes_of(waiting, reader_peek(&s->half[SIDE_CLIENT], waiting, size)),
                   (size_t)(s->chunk_size < size ? s->chunk_size : size));
    struct smtp_command c = {0};
    const uint8_t *lf = rest.len ? memchr(rest.at, '\n', rest.len) : NULL;
    if (lf) {
        rest.len = (size_t)(lf - rest.at);
        if (rest.len && rest.at[rest.len - 1] == '\r')
            rest.len--;
        smtp_command_parse(rest, &c);
    }
    free(waiting);
    return c.verb;
}

static void chunk_was_commands(struct session *s)
{
    begin_content_run(s, s->chunk_refusal, false);
    s->content_run_sure = true;
    s->content_run_limit = s->half[SIDE_CLIENT].offset + s->chunk_size;
    read_on(s, READ_LINES);
}

static void chunk_was_skipped(struct session *s)
{
    begin_chunk(s, READ_CHUNK);
    read_on(s, READ_CHUNK);
}

void client_chunk_evidence(struct session *s, int code)
{
    struct half *half = &s->half[SIDE_CLIENT];
    if (half->queued <= s->chunk_size) { /* nothing else was sent that this could answer */
        chunk_was_commands(s);
        return;
    }
    enum verb verb = verb_behind_chunk(s);
    bool never_refused = verb == VERB_QUIT || verb == VERB_RSET || verb == VERB_NOOP;
    if (code == 500 || code == 502 || code == 421 || (never_refused && code / 100 != 2))
        chunk_was_commands(s);
    else
        chunk_was_skipped(s);
}

static void guess_chunk(struct session *s)
{
    struct half *half = &s->half[SIDE_CLIENT];
    uint8_t head[256];
    struct bytes first = {head, reader_peek(half, head, sizeof head)};
    if (half->queued >= s->chunk_size) {
        chunk_was_skipped(s);
        return;
    }
    /* Less than the chunk came. A command sent with the refusal in view means that it was given up.
     */
    const struct queued_span *q = half->queue;
    struct smtp_command c = {0};
    const uint8_t *lf = memchr(first.at, '\n', first.len);
    if (lf && q && q->span.mark.seen >= s->chunk_refusal_end) {
        first.len = (size_t)(lf - first.at);
        if (first.len && first.at[first.len - 1] == '\r')
            first.len--;
        smtp_command_parse(first, &c);
    }
    if (c.verb != VERB_UNKNOWN && c.well_formed)
        read_on(s, READ_LINES);
}

/* Whether the DATA that waits may have been answered 354: neither inside a message that is being
 * read as commands, nor where the facts forbid it. */
static bool data_can_succeed(const struct session *s)
{
    struct order_command data = {.seq = s->waiting_for, .verb = VERB_DATA, .well_formed = true};
    return !s->content_run_sure && order_judge(&s->order, &data).kind != VERDICT_BROKEN;
}

/* The beginning of what waits, read as a line: a command, a SASL response, or neither. */
static void guess_by_octets(struct session *s)
{
    struct half *half = &s->half[SIDE_CLIENT];
    uint8_t head[1024];
    struct bytes first = {head, reader_peek(half, head, sizeof head)};
    struct smtp_command c;
    if (!first.len) {
        s->guess = true;
        return;
    }
    const uint8_t *lf = memchr(first.at, '\n', first.len);
    if (s->waiting_verb == VERB_STARTTLS) {
        if (first.at[0] == 22)
            s->half[SIDE_SERVER].reading = READ_TLS;
        read_on(s, first.at[0] == 22 ? READ_TLS : READ_LINES);
        return;
    }
    first.len = lf ? (size_t)(lf - first.at) : first.len;
    if (first.len && first.at[first.len - 1] == '\r')
        first.len--;
    smtp_command_parse(first, &c);
    bool command = c.verb != VERB_UNKNOWN && c.well_formed;
    if (s->waiting_verb == VERB_DATA && !data_can_succeed(s)) {
        read_on(s, READ_LINES);
    } else if (s->waiting_verb == VERB_AUTH) {
        bool sasl = looks_like_base64(first) || (first.len == 1 && first.at[0] == '*');
        read_on(s, sasl && !command ? READ_SASL : READ_LINES);
    } else if (s->waiting_verb == VERB_DATA && !command) {
        begin_content(s);
        read_on(s, READ_CONTENT);
    } else {
        read_on(s, READ_LINES);
    }
}

void client_guess(struct session *s)
{
    if (s->chunk_doubt)
        guess_chunk(s);
    else if (s->waiting_verb == VERB_BDAT)
        chunk_was_skipped(s);
    else
        guess_by_octets(s);
}
