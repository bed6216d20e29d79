/* SPDX-License-Identifier: ISC */
/* What only the end of a connection shows: the server closed it without a word, or the client
 * waited for an answer in vain. */
#include "heloscope/diagnosis/closing.h"

#include "finding.h"
#include "heloscope/diagnosis/protocol_words.h"
#include "heloscope/session/pending.h"

enum {
    UNANSWERED_US = 60 * 1000 * 1000, /* far longer than a server should need */
    POOL_IDLE_US = 1000 * 1000,       /* far longer than a segment is on its way */
};

struct ending {
    struct session *s;
    enum side by;
    int64_t now_us;
};

typedef bool ending_fn(const struct ending *e, struct refusal_reason *out,
                       const struct pending **about);

static bool is(struct refusal_reason *out, enum cause cause, event_no origin)
{
    out->cause = cause;
    out->origin = origin;
    return origin != 0;
}

/* A load balancer's header, and nothing but the end behind it. */
static bool header_refused(const struct ending *e, struct refusal_reason *out,
                           const struct pending **about)
{
    (void)about;
    const struct proxy_seen *proxy = &e->s->proxy;
    bool greeted = e->s->greeted && !proxy->unexpected;
    out->certainty = CERTAINTY_LIKELY;
    out->fault = FAULT_MIDDLEBOX;
    return proxy->header && proxy->untouched && !greeted && e->by == SIDE_SERVER &&
           is(out, CAUSE_NOT_SMTP, proxy->header);
}

/* A TLS handshake that a server in clear did not understand. */
static bool handshake_in_clear(const struct ending *e, struct refusal_reason *out,
                               const struct pending **about)
{
    (void)about;
    const struct session *s = e->s;
    return s->direction[SIDE_CLIENT].reading == READ_TLS && !s->tls.starttls_end &&
           s->protocol.server_is_smtp && !s->tls.answered && is(out, CAUSE_NOT_SMTP, s->tls.hello);
}

/* Commands in clear text where TLS comes first. */
static bool clear_in_tls(const struct ending *e, struct refusal_reason *out,
                         const struct pending **about)
{
    struct session *s = e->s;
    const struct pending *first = pending_at(s, 0);
    bool answered = s->direction[SIDE_SERVER].records && !s->tls.starttls_end;
    bool silent = s->row.server_port == PORT_OF_TLS && !s->row.replies && e->by == SIDE_SERVER;
    if (!first || first->kind != PENDING_COMMAND || !(answered || silent) ||
        s->direction[SIDE_CLIENT].reading == READ_TLS)
        return false;
    out->certainty = answered ? CERTAINTY_CERTAIN : CERTAINTY_LIKELY;
    *about = first;
    s->protocol.clear_in_tls = first->command.seq;
    return is(out, CAUSE_NOT_SMTP, first->command.seq);
}

/* A session of LMTP begun as one of SMTP, or the reverse, and never begun as it should be. */
static bool wrong_hello(const struct ending *e, struct refusal_reason *out,
                        const struct pending **about)
{
    (void)about;
    const struct session *s = e->s;
    return !order_holds(&s->order, FACT_HELLO) && !s->found.count &&
           is(out, CAUSE_NOT_SMTP, s->wrong_hello.command);
}

/* Sent into a session that the server had ended before. */
static bool sent_too_late(const struct ending *e, struct refusal_reason *out,
                          const struct pending **about)
{
    const struct fact *over = &e->s->order.facts[FACT_QUIT];
    *about = pending_at(e->s, 0);
    return *about && over->since && e->s->silence_us && (*about)->command.saw >= over->since &&
           (*about)->command.verb != VERB_QUIT && is(out, CAUSE_SESSION_OVER, over->since);
}

/* Sent into a connection that the server had closed without a word, as pools do that do not look:
 * the server's FIN does not acknowledge it, and nobody had spoken for long enough that the two
 * cannot have crossed. */
static bool sent_unheard(const struct ending *e, struct refusal_reason *out,
                         const struct pending **about)
{
    const struct session *s = e->s;
    const struct pending *first = *about = pending_at(e->s, 0);
    out->certainty = CERTAINTY_LIKELY;
    return first && s->unheard && first->end <= s->unheard && first->idle_us >= POOL_IDLE_US &&
           first->kind == PENDING_COMMAND && first->command.verb != VERB_QUIT && !first->doubtful &&
           !first->shaky && e->by == SIDE_SERVER && !s->order.facts[FACT_QUIT].since &&
           is(out, CAUSE_SESSION_OVER, first->command.seq);
}

static bool unanswered(const struct ending *e, struct refusal_reason *out,
                       const struct pending **about)
{
    const struct pending *first = *about = pending_at(e->s, 0);
    bool asks = first && first->kind != PENDING_HOLE && first->kind != PENDING_TLS &&
                !first->unfinished && first->command.verb != VERB_QUIT;
    out->fault = FAULT_SERVER;
    return asks && !first->doubtful && !first->shaky && e->by == SIDE_CLIENT &&
           e->now_us - e->s->last_octets_us >= UNANSWERED_US &&
           is(out, CAUSE_UNANSWERED, first->command.seq);
}

void diagnose_close(struct session *s, event_no close, enum side by, int64_t now_us)
{
    static ending_fn *const endings[] = {header_refused, handshake_in_clear, clear_in_tls,
                                         wrong_hello,    sent_too_late,      sent_unheard,
                                         unanswered};
    struct ending ending = {s, by, now_us};
    struct verdict none = {.kind = VERDICT_LEGAL};
    struct answer answer = {.seq = close};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        struct refusal_reason f = {.certainty = CERTAINTY_CERTAIN, .fault = FAULT_CLIENT};
        const struct pending *about = NULL;
        if (!endings[i](&ending, &f, &about))
            continue;
        s->waited_us = now_us - s->last_octets_us;
        diagnosis_write(s, about, &answer, &none, &f);
        return;
    }
}
