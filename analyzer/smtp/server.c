/* SPDX-License-Identifier: ISC */
/* What the server sends: lines to replies, replies to the commands that they answer. */
#include "server.h"

#include "clear_answer.h"
#include "heloscope/diagnosis/claims.h"
#include "content.h"
#include "content_as_commands.h"
#include "heloscope/diagnosis/diagnosis.h"
#include "heloscope/diagnosis/protocol_words.h"
#include "not_smtp.h"
#include "outcome.h"
#include "pipelining.h"
#include "heloscope/session/direction.h"
#include "heloscope/session/pending.h"
#include "proxied.h"
#include "heloscope/session/reply.h"
#include "heloscope/session/session.h"
#include "heloscope/session/transaction.h"
#include "heloscope/diagnosis/violation.h"

static struct event *reply_event(struct session *s, enum event_kind kind, uint64_t end)
{
    struct reply_building *r = &s->reply;
    reply_mask_secrets(s);
    struct event *e =
        session_event(s, kind, SIDE_SERVER, &r->mark, bytes_of(r->text ? r->text : "", r->length));
    e->code = r->code;
    e->notes |= r->notes | (r->truncated ? NOTE_LONG : 0) | (r->doubtful ? NOTE_DOUBTFUL : 0);
    struct smtp_reply_line first;
    const char *lf = memchr(r->text ? r->text : "", '\n', r->length);
    smtp_reply_line_parse(bytes_of(r->text, lf ? (size_t)(lf - r->text) : r->length), &first);
    if (first.well_formed)
        e->enhanced = arena_copy(&s->draft->arena, smtp_enhanced_code(first.code, first.text));
    if (e->enhanced.len && e->enhanced.at[0] == '#')
        e->enhanced = bytes_from(e->enhanced, 1);
    e->saw = session_seen(s, SIDE_CLIENT, r->mark.seen);
    session_landmark(s, SIDE_SERVER, end, e->seq);
    s->last_octets_us = r->mark.ts_us;
    s->row.replies++;
    if (r->code == 503)
        s->row.errors_503++;
    return e;
}

static struct answer answer_of(struct session *s, const struct event *e, bool doubtful)
{
    return (struct answer){.seq = e->seq,
                           .code = e->code,
                           .enhanced = e->enhanced,
                           .text = reply_plain_text(&s->draft->arena, e->text),
                           .cut = e->notes & NOTE_INCOMPLETE,
                           .doubtful = doubtful};
}

static struct order_reply reply_of(const struct event *e)
{
    return (struct order_reply){.seq = e->seq,
                                .code = reply_code_of(e->code, e->enhanced),
                                .extensions = reply_extensions(e->text)};
}

static void greet(struct session *s, uint64_t end)
{
    struct event *e = reply_event(s, EVENT_GREETING, end);
    s->greeted = true;
    reaction_note_reply(s, e->seq, true);
    s->greeting_end = end;
    s->last_reply_end = end;
    struct answer answer = answer_of(s, e, false);
    s->protocol.server_is_lmtp = names_lmtp(answer.text);
    s->proxy.unexpected = s->proxy.header && s->reply.mark.seen < s->proxy.end;
    s->masked_banner = answer.text.len && memmem(answer.text.at, answer.text.len, "******", 6);
    struct bytes name = answer.text;
    const uint8_t *space = name.len ? memchr(name.at, ' ', name.len) : NULL;
    name = bytes_first(name, space ? (size_t)(space - name.at) : 255);
    s->row.server_name = arena_copy(&s->own, bytes_first(name, 255));
    identify_greeting(&s->identify, &s->own, e);
    struct order_reply greeting = reply_of(e);
    order_greeting(&s->order, &greeting);
    if (e->code / 100 != 2) {
        if (s->direction[SIDE_CLIENT].reading == READ_TLS)
            tls_answered(s); /* a handshake that came first is what the greeting refuses */
        s->proxy.untouched = false;
        diagnose_greeting(s, &answer);
        if (s->ring.count && pending_at(s, 0)->kind == PENDING_TLS)
            pending_pop(s); /* this was its answer */
    }
    for (uint32_t i = 0; i < s->ring.count && e->code / 100 != 2; i++)
        accuse(s, pending_at(s, i), false); /* they may never be answered */
    if (e->code == 421)
        s->over = true;
}

/* A chunk that had been read as one was refused: whether the server took its octets, RFC 3030
 * section 2, shows in what it answers next. */
static void note_taken_chunk(struct session *s, const struct pending *p, const struct event *e)
{
    if (e->code < 400) {
        s->chunk.taken = false;
    } else if (p->kind == PENDING_COMMAND && p->command.verb == VERB_BDAT && p->chunk_size &&
               s->chunk.refusal < p->command.seq) {
        s->chunk.taken = true;
        s->chunk.refusal = e->seq;
    }
}

/* Settles what the reply answers. Returns whether the client's octets wait for just this reply. */
static bool settle(struct session *s, struct pending *p, const struct event *e, bool doubtful,
                   uint64_t end)
{
    struct answer answer = answer_of(s, e, doubtful);
    struct order_reply reply = reply_of(e);
    if (e->code >= 400)
        reply.of_order =
            refusal_of_order(&reply.code, claim_of_server(&s->identify, e->code, e->enhanced,
                                                          answer.text, p->command.verb));
    bool final = e->code / 100 != 3 || p->command.verb != VERB_AUTH;
    struct verdict verdict = {.kind = VERDICT_LEGAL};
    if (!doubtful)
        identify_exchange(&s->identify, p->command.verb, p->kind == PENDING_CONTENT,
                          p->content_line ? bytes_of(NULL, 0) : p->text, e);
    if (e->code >= 400 && p->kind == PENDING_COMMAND && !p->content_line &&
        (p->command.verb == VERB_DATA || p->command.verb == VERB_BDAT))
        s->content.refusal = reply;
    if (e->code >= 400 && p->command.verb != VERB_LHLO && !order_holds(&s->order, FACT_HELLO) &&
        names_lmtp(answer.text))
        s->protocol.server_is_lmtp = true;
    if (final) {
        struct pending judged = *p;
        content_as_commands_judge(s, &judged);
        verdict = diagnose(s, &judged, &answer);
    }
    if (s->bare_lf.joined && p->command.verb == VERB_DATA && p->kind == PENDING_COMMAND &&
        e->code / 100 == 2)
        diagnose_lag(s, p, &answer);
    struct order_command command = p->command;
    if (command.verb == VERB_AUTH && s->secrets.auth_command) /* the exchange is the AUTH's */
        command.seq = s->secrets.auth_command;
    if (!p->due) /* LMTP: the last of the replies that are due settles the message */
        (doubtful ? order_settle_doubtfully : order_settle)(&s->order, &command, &verdict, &reply);
    transaction_settle(s, p, e->seq, e->code, answer.text);
    outcome_note(s, p, e, &verdict);
    s->last_reply_end = end;
    pipelining_note_answered(s, p, end);
    s->answered.reply = e->seq;
    s->answered.code = e->code;
    reaction_note_reply(s, e->seq,
                        p->kind != PENDING_COMMAND ||
                            pipelining_rule_of(p->command.verb)->following == FOLLOWING_NONE);
    const bool awaited =
        s->direction[SIDE_CLIENT].reading == READ_WAIT && s->waiting.command == p->command.seq;
    if (!awaited)
        note_taken_chunk(s, p, e);
    return awaited;
}

/* The first reply of the server's octets is the greeting; where these began before the capture,
 * only what looks like one: the codes of RFC 5321 section 3.1, with no command sent before it. */
static bool is_greeting(struct session *s)
{
    if (!s->order.hole)
        return true;
    const struct pending *first = pending_at(s, 0);
    int code = s->reply.code;
    bool greets = code == 220 || code == 421 || code == 521 || code == 554;
    if (!greets || (first && code != 220))
        return false;
    if (first && (first->kind == PENDING_HOLE || first->command.verb == VERB_STARTTLS ||
                  first->command.verb == VERB_XCLIENT))
        return false; /* these are answered 220 as well */
    order_begin_cleanly(&s->order);
    s->hole = false;
    for (uint32_t i = 0; i < s->ring.count; i++) /* what had not seen the greeting came too early */
        pending_at(s, i)->early = true;
    if (first)
        s->first_early = first->command.seq;
    return true;
}

bool server_greeting(struct session *s, uint64_t end)
{
    if (!s->greeted && s->reply.start == s->direction[SIDE_SERVER].begin && is_greeting(s)) {
        greet(s, end);
        reply_forget(s);
        return true;
    }
    s->greeted = true;
    return false;
}

/* To a server that does not know load balancers their header is a command, and no good one. Nobody
 * has to wait for the reply to it. */
bool server_refuses_header(struct session *s, uint64_t end)
{
    const bool refused = proxied_is_refused(s);
    s->proxy.untouched = false;
    if (!refused)
        return false;
    struct pending p = proxied_command(s);
    struct event *e = reply_event(s, EVENT_REPLY, end);
    e->answers = p.command.seq;
    reply_forget(s);
    settle(s, &p, e, false, end);
    s->answered.seq = 0;
    return true;
}

/* The service closes, whatever was asked (RFC 5321 section 3.8). */
static void close_service(struct session *s, const struct event *e)
{
    struct order_reply closing = reply_of(e);
    order_close(&s->order, &closing);
    s->over = e->code == 421;
}

void server_settle_unasked(struct session *s, bool doubtful, uint64_t end)
{
    struct direction *client = &s->direction[SIDE_CLIENT];
    const int64_t silence_us = s->reply.mark.ts_us - s->last_octets_us;
    struct event *e = reply_event(s, EVENT_REPLY, end);
    if (!doubtful)
        e->notes |= NOTE_UNSOLICITED;
    struct answer answer = answer_of(s, e, true);
    if (pending_accepts_late(s, e->code)) { /* the message was accepted after all */
        s->row.messages++;
        transaction_accept(s, e->code, answer.text);
    }
    if (diagnose_surplus(s, &answer, silence_us))
        close_service(s, e);
    s->answered.after_all |= e->code < 500;
    if (!s->surplus.unasked++)
        s->surplus.unasked_end = end;
    s->last_reply_end = end;
    /* Whatever asked for it lies in a hole, or is the DATA that was refused just before: a message
     * follows. */
    const bool unseen = doubtful || s->hole || s->row.midstream;
    const bool after_all = s->answered.verb == VERB_DATA && !s->answered.message && !s->ring.count;
    if (e->code == 354 && (unseen || after_all) && client->reading == READ_LINES) {
        content_begin(s);
        content_as_commands_end(s);
        s->content.asked = !unseen;
        s->content.command.seq = after_all ? s->answered.seq : 0;
    }
    if (e->code == 334 && client->reading == READ_LINES)
        direction_enter(client, READ_SASL); /* a secret follows */
    reply_forget(s);
}

/* A 334 asks for a response (RFC 4954 section 4), to whatever line the server took for an AUTH: one
 * that the client sent blindly, or a verb of its own. */
static void expect_secret(struct session *s, const struct pending *p, const struct event *e)
{
    struct direction *client = &s->direction[SIDE_CLIENT];
    if (e->code == 334 && p->command.verb != VERB_AUTH && client->reading == READ_LINES)
        direction_enter(client, READ_SASL);
}

enum {
    LINE_SILENCE_US = 60 * 1000 * 1000, /* what comes later may be a farewell into the silence */
};

/* Whether a bare LF ends a line for this server: it does when the line was answered, and soon,
 * before the next one had arrived. When both had arrived, one reply may have been for both. */
static void note_bare_lf(struct session *s, const struct pending *p, uint64_t seen)
{
    struct bare_lf *lf = &s->bare_lf;
    const struct pending *next = pending_at(s, 0);
    lf->last = 0;
    if (!p->bare_lf || p->kind != PENDING_COMMAND || lf->taken || s->reply.code == 421 ||
        s->reply.mark.ts_us - p->ts_us >= LINE_SILENCE_US)
        return;
    if (!next || next->end > seen) {
        lf->taken = true;
        return;
    }
    lf->line = p->command.seq;
    for (uint32_t i = 0; (next = pending_at(s, i)) && next->end <= seen; i++) {
        lf->last = next->command.seq;
        if (!next->bare_lf)
            return;
    }
}

/* Syntax of the line, its arguments, the mailbox's name or the parameters (RFC 5321
 * section 4.2.3). */
static bool is_about_form(int code)
{
    return code == 500 || code == 501 || code == 553 || code == 555;
}

struct pending server_take_answered(struct session *s, struct pending *found)
{
    const struct reply_building *r = &s->reply;
    /* LMTP answers the last chunk once for each recipient that it accepted (RFC 2033 section 4.3).
     */
    if (s->lmtp && found->command.verb == VERB_BDAT && found->command.chunk_last && !found->due &&
        order_holds(&s->order, FACT_RCPT) && (r->code < 500 || r->code > 504))
        found->due = (uint16_t)(s->order.accepted < UINT16_MAX ? s->order.accepted : UINT16_MAX);
    /* Net::Server::Mail puts all of them into one reply. */
    if (found->due > 1 && r->lines >= found->due)
        found->due = 1;
    struct pending p = *found;
    if (p.due > 1) {
        found->due--;
    } else {
        pending_pop(s);
        p.due = 0;
    }
    note_bare_lf(s, &p, r->mark.seen);
    return p;
}

bool server_settle(struct session *s, struct pending *p, bool doubtful, uint64_t end)
{
    doubtful |= s->reply.doubtful;
    struct event *e = reply_event(s, EVENT_REPLY, end);
    e->answers = p->command.seq;
    if (doubtful)
        e->notes |= NOTE_DOUBTFUL;
    if (e->code == 421)
        s->over = true;
    reply_forget(s);
    expect_secret(s, p, e);
    if (s->bare_lf.last)
        s->bare_lf.misread = is_about_form(e->code) ? e->seq : 0;
    const bool awaited = settle(s, p, e, doubtful, end);
    /* What was offered is not all known: behind a code whose separator was cut off, more lines may
     * have followed. */
    if (e->notes & NOTE_INCOMPLETE &&
        (p->command.verb == VERB_EHLO || p->command.verb == VERB_LHLO))
        s->order.facts[FACT_HELLO].doubtful = true;
    return awaited;
}

/* The message may follow, but nothing is known yet of the order. */
void server_settle_ahead(struct session *s, uint32_t index, uint64_t end)
{
    struct pending p = *pending_at(s, index);
    pending_remove(s, index);
    struct event *e = reply_event(s, EVENT_REPLY, end);
    e->answers = p.command.seq;
    reply_forget(s);
    accuse(s, &p, true);
    s->surplus.ahead = p.command.seq;
    s->surplus.ahead_of_turn = p.group;
    s->last_reply_end = end;
    pipelining_note_answered(s, &p, end);
    s->answered.reply = e->seq;
    s->answered.code = e->code;
    reaction_note_reply(s, e->seq, true);
}

void server_reply_cut(struct session *s)
{
    struct reply_building *r = &s->reply;
    if (!r->lines)
        return;
    r->notes |= NOTE_INCOMPLETE;
    r->doubtful = true;
    reply_event(s, EVENT_REPLY, s->direction[SIDE_SERVER].offset);
    reply_forget(s);
}

bool server_reply_ends_in_cut(struct session *s)
{
    if (!s->reply.lines || !s->reply.code)
        return false;
    s->reply.notes |= NOTE_INCOMPLETE;
    return true;
}

bool server_speaks(struct session *s, const struct line *line, struct smtp_reply_line *parsed)
{
    smtp_reply_line_parse(line->text, parsed);
    if (s->direction[SIDE_SERVER].resync && !parsed->well_formed)
        return false; /* the end of a line whose beginning is lost */
    return !not_smtp_greets(s, line, parsed->well_formed);
}

bool server_line(struct session *s, const struct line *line, const struct smtp_reply_line *parsed)
{
    struct direction *direction = &s->direction[SIDE_SERVER];
    struct reply_building *r = &s->reply;
    if (!r->lines) {
        r->start = line->start;
        r->mark = line->mark;
        r->doubtful = direction->resync;
    }
    direction->resync = false;
    r->notes |= line->notes & (NOTE_BARE_LF | NOTE_BARE_CR | NOTE_LONG | NOTE_INCOMPLETE);
    bool more = parsed->well_formed ? parsed->more : r->lines > 0;
    if (parsed->well_formed)
        r->code = parsed->code; /* if the lines differ the last one counts (RFC 5321 4.2.1) */
    reply_add(s, line->text);
    if (more)
        return false;
    if (!parsed->well_formed) { /* a farewell without a code, as hMailServer's: answers nothing */
        reply_event(s, EVENT_REPLY, line->end)->notes |= NOTE_UNSOLICITED;
        reply_forget(s);
        return false;
    }
    s->reactions.complete_us = line->mark.ts_us;
    return true;
}
