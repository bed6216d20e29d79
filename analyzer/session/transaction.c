/* SPDX-License-Identifier: ISC */
/* The envelope of each mail transaction, for the history. */
#include "heloscope/session/transaction.h"

#include "heloscope/software/queue_id.h"
#include "heloscope/session/session.h"

static struct transaction *begin(struct session *s, const struct pending *p)
{
    struct transaction *t = arena_get(&s->draft->arena, sizeof *t);
    bool odd;
    t->number = ++s->transaction_count;
    t->mail = p->command.seq;
    t->started_us = p->ts_us;
    if (p->command.verb == VERB_MAIL)
        t->mail_from = arena_printable(&s->draft->arena, p->path, false, &odd);
    s->transaction = t;
    s->recipients_tail = &t->recipient_list;
    s->recipients_kept = 0;
    return t;
}

void transaction_end(struct session *s, const char *outcome, int64_t ts_us, int code)
{
    struct transaction *t = s->transaction;
    t->outcome = outcome;
    t->ended_us = ts_us;
    t->code = code;
    *s->draft->transactions_tail = t;
    s->draft->transactions_tail = &t->next;
    s->transaction = NULL;
    s->transaction_sent = false;
}

static void add_recipient(struct session *s, const struct pending *p, event_no reply, int code)
{
    struct transaction *t = s->transaction;
    bool odd;
    t->recipients++;
    t->accepted += reply_accepts(code, VERB_RCPT);
    if (s->recipients_kept == RECIPIENT_LIMIT) {
        s->costs.of[COST_RECIPIENTS]++;
        return;
    }
    struct recipient *r = arena_get(&s->draft->arena, sizeof *r);
    r->command = p->command.seq;
    r->reply = reply;
    r->address = arena_printable(&s->draft->arena, p->path, false, &odd);
    r->code = code;
    *s->recipients_tail = r;
    s->recipients_tail = &r->next;
    s->recipients_kept++;
}

static void end_with_message(struct session *s, const struct pending *p, int code,
                             struct bytes text)
{
    struct transaction *t = s->transaction;
    if (code / 100 == 2 && !t->queue_id.at)
        t->queue_id = arena_copy(&s->draft->arena, queue_id_of(text));
    if (p->due) /* LMTP: further recipients' replies follow */
        return;
    const char *outcome = code / 100 == 2 || t->queue_id.at ? "accepted" : "refused";
    if (code >= 500 && code <= 503) { /* servers that misread a line end take it after all */
        t->outcome = outcome;
        t->ended_us = s->row.ended_us;
        t->code = code;
    } else {
        transaction_end(s, outcome, s->row.ended_us, code);
    }
    s->transaction_sent = true;
}

void transaction_accept(struct session *s, int code, struct bytes text)
{
    struct transaction *t = s->transaction;
    if (!t || !t->outcome)
        return;
    t->queue_id = arena_copy(&s->draft->arena, queue_id_of(text));
    transaction_end(s, "accepted", s->row.ended_us, code);
    s->transaction_sent = true;
}

void transaction_finish(struct session *s)
{
    struct transaction *t = s->transaction;
    if (!t || !t->outcome)
        return;
    transaction_end(s, t->outcome, t->ended_us, t->code);
    s->transaction_sent = true;
}

void transaction_settle(struct session *s, const struct pending *p, event_no reply, int code,
                        struct bytes text)
{
    bool done = reply_accepts(code, p->command.verb);
    transaction_finish(s);
    switch (p->command.verb) {
    case VERB_MAIL:
        if (s->transaction && done)
            transaction_end(s, "abandoned", s->row.ended_us, 0);
        if (!s->transaction && !p->content_line) {
            begin(s, p);
            if (!done)
                transaction_end(s, "refused", s->row.ended_us, code);
        }
        break;
    case VERB_RCPT:
        if (!s->transaction && done)
            begin(s, p);
        if (s->transaction)
            add_recipient(s, p, reply, code);
        break;
    case VERB_DATA:
    case VERB_BDAT:
        if (s->transaction && (p->kind == PENDING_CONTENT || p->command.chunk_last) &&
            (p->kind == PENDING_CONTENT || order_holds(&s->order, FACT_MAIL) == false))
            end_with_message(s, p, code, text);
        break;
    case VERB_RSET:
    case VERB_HELO:
    case VERB_EHLO:
    case VERB_LHLO:
    case VERB_STARTTLS:
    case VERB_XCLIENT:
        if (s->transaction && done)
            transaction_end(s, "reset", s->row.ended_us, 0);
        break;
    case VERB_QUIT:
        if (s->transaction && done)
            transaction_end(s, "abandoned", s->row.ended_us, 0);
        break;
    default:
        break;
    }
}

/* --- the message's header --- */

static struct bytes trim(struct bytes b)
{
    while (b.len && (b.at[0] == ' ' || b.at[0] == '\t' || b.at[0] == '\r' || b.at[0] == '\n'))
        b = bytes_from(b, 1);
    while (b.len && (b.at[b.len - 1] == ' ' || b.at[b.len - 1] == '\r' || b.at[b.len - 1] == '\n'))
        b.len--;
    return b;
}

/* The body of the field called `name`, unfolded no further than its first line that holds
 * something. */
static struct bytes field(struct bytes header, const char *name)
{
    size_t n = strlen(name);
    while (header.len) {
        const uint8_t *lf = memchr(header.at, '\n', header.len);
        struct bytes line = {header.at, lf ? (size_t)(lf - header.at) + 1 : header.len};
        header = bytes_from(header, line.len);
        if (line.len <= n || line.at[n] != ':' || !bytes_start_nocase(line, name))
            continue;
        struct bytes body = trim(bytes_from(line, n + 1));
        if (!body.len && header.len && (header.at[0] == ' ' || header.at[0] == '\t')) {
            lf = memchr(header.at, '\n', header.len);
            body = trim(bytes_of(header.at, lf ? (size_t)(lf - header.at) : header.len));
        }
        return bytes_first(body, 255);
    }
    return bytes_of(NULL, 0);
}

void transaction_header(struct session *s, struct bytes header)
{
    bool odd;
    struct bytes id = field(header, "Message-ID");
    if (s->transaction && id.at && !s->transaction->message_id.at)
        s->transaction->message_id = arena_printable(&s->draft->arena, id, false, &odd);
    identify_header(&s->identify, &s->own, header);
}

void transaction_rehome(struct session *s, struct arena *arena)
{
    struct transaction *old = s->transaction;
    if (!old)
        return;
    struct transaction *t = arena_get(arena, sizeof *t);
    *t = *old;
    t->mail_from = arena_copy(arena, old->mail_from);
    t->queue_id = arena_copy(arena, old->queue_id);
    t->message_id = arena_copy(arena, old->message_id);
    t->recipient_list = NULL;
    s->recipients_tail = &t->recipient_list;
    for (const struct recipient *r = old->recipient_list; r; r = r->next) {
        struct recipient *copy = arena_get(arena, sizeof *copy);
        *copy = *r;
        copy->next = NULL;
        copy->address = arena_copy(arena, r->address);
        *s->recipients_tail = copy;
        s->recipients_tail = &copy->next;
    }
    s->transaction = t;
}
