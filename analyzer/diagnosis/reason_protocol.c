/* SPDX-License-Identifier: ISC */
/* What is spoken is no SMTP: another protocol, LMTP where SMTP is wanted or the reverse, a header
 * of a load balancer that the server does not expect, or expects and does not get. Servers answer
 * such lines with any number: 500, 501, 502, 503, 554, 421, and Postfix with 221. */
#include "heloscope/diagnosis/claims.h"
#include "heloscope/diagnosis/protocol_words.h"
#include "finding.h"
#include "refusal.h"

enum {
    SILENCE_SAID_US = 1 * 1000 * 1000,  /* the client's, where 421 speaks of it */
    SILENCE_LONG_US = 10 * 1000 * 1000, /* and where 451 does, which may mean something else */
};

/* Codes by which a server says that it does not know a verb (RFC 5321 section 4.2.4), and what
 * servers send in their place. */
static bool is_unknown_to(int code)
{
    return (code >= 500 && code <= 504) || code == 550 || code == 554 || code == 221 || code == 421;
}

/* LMTP begins with LHLO and SMTP with EHLO, so that neither is taken for the other (RFC 2033
 * section 4.1). A client may try one and go on with the other: only a 503 is told at once. */
bool reason_other_hello(const struct refusal *r, struct refusal_reason *out)
{
    enum verb verb = r->p->command.verb;
    /* Servers repeat the verb that they do not know. */
    bool lmtp = speaks_lmtp(r->s, verb == VERB_LHLO ? bytes_of(NULL, 0) : r->a->text);
    bool to_lmtp = (verb == VERB_EHLO || verb == VERB_HELO) && lmtp;
    bool to_smtp = verb == VERB_LHLO && !lmtp;
    event_no first = r->s->wrong_hello.command;
    out->passes_on = true;
    out->silent = !refused_with_503(r);
    return (to_smtp || to_lmtp) && r->p->kind == PENDING_COMMAND && is_unknown_to(r->a->code) &&
           !order_holds(r->order, FACT_HELLO) &&
           reason_is(out, CAUSE_NOT_SMTP, first ? first : r->p->command.seq);
}

/* A request of HTTP, a proxy's header, a handshake in the place of a command, header fields without
 * DATA. What follows in the same breath belongs to it. */
bool reason_other_protocol(const struct refusal *r, struct refusal_reason *out)
{
    const struct protocol_seen *seen = &r->s->protocol;
    event_no seq = r->p->command.seq;
    if (r->p->kind == PENDING_TLS && r->order->facts[FACT_TLS].refused)
        return reason_is(out, CAUSE_TLS_FAILED, r->order->facts[FACT_TLS].refused);
    if (r->p->kind == PENDING_TLS)
        return reason_is(out, CAUSE_NOT_SMTP, seq);
    bool follows = r->p->command.verb == VERB_UNKNOWN || r->p->pipelined;
    if (!seen->other_protocol ||
        !(seq == seen->other_protocol || (seq > seen->other_protocol && follows)))
        return false;
    if (seen->kind == NOT_SMTP_PROXY)
        out->fault =
            FAULT_MIDDLEBOX; /* the two ends do not agree; the client knows nothing of it */
    return reason_is(out, seen->kind == NOT_SMTP_FIELD ? CAUSE_CONTENT_AS_COMMANDS : CAUSE_NOT_SMTP,
                     seen->other_protocol);
}

/* Exim and others that wait for the header of a load balancer take nothing but QUIT without it. */
bool reason_header_wanted(const struct refusal *r, struct refusal_reason *out)
{
    bool header = names_proxy_header(r->a->text) && !r->s->proxy.header;
    event_no first = header ? r->s->header_wanted : 0;
    out->passes_on = true;
    out->fault = FAULT_POLICY;
    return (header || (refused_with_503(r) && r->claim == CAUSE_SESSION_REFUSED)) &&
           reason_is(out, CAUSE_SESSION_REFUSED, first ? first : r->a->seq);
}

/* A line that ended in a bare LF is none for a server that waits for CR LF, and the client waits
 * for the reply to it: in the end the server's patience ends. */
bool reason_line_without_end(const struct refusal *r, struct refusal_reason *out)
{
    const int64_t waited_us = r->s->last_octets_us - r->p->ts_us;
    out->fault = FAULT_CLIENT;
    out->certainty = CERTAINTY_LIKELY;
    return (r->a->code == 421 || r->a->code == 451) && r->p->kind == PENDING_COMMAND &&
           r->p->bare_lf && !r->s->bare_lf.taken && !r->s->hole && waited_us >= SILENCE_LONG_US &&
           names_timeout(r->a->text, r->a->enhanced) &&
           reason_is(out, CAUSE_SERVER_TIMEOUT, r->p->command.seq);
}

/* The server's patience had ended, and it says so to the next command that comes, or into a message
 * whose end does not. */
bool reason_timeout(const struct refusal *r, struct refusal_reason *out)
{
    bool long_enough = r->p->idle_us >=
                       (r->a->code == 421 || r->p->unfinished ? SILENCE_SAID_US : SILENCE_LONG_US);
    out->fault = FAULT_CLIENT;
    bool waits = r->p->kind == PENDING_COMMAND || r->p->unfinished;
    return (r->a->code == 421 || r->a->code == 451) && waits && long_enough &&
           names_timeout(r->a->text, r->a->enhanced) &&
           reason_is(out, CAUSE_SERVER_TIMEOUT, r->a->seq);
}

/* 221 to anything but QUIT: the server has its reasons, and keeps them to itself. */
bool reason_farewell(const struct refusal *r, struct refusal_reason *out)
{
    if (r->a->code != 221 || r->s->hole)
        return false;
    out->passes_on = true;
    if (r->p->command.verb == VERB_UNKNOWN)
        return reason_is(out, CAUSE_COMMAND_NOT_OFFERED, r->p->command.seq);
    out->certainty = CERTAINTY_LIKELY;
    return reason_is(out, CAUSE_POLICY, r->a->seq);
}
