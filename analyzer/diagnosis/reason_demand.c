/* SPDX-License-Identifier: ISC */
/* The server takes the command only after AUTH, inside TLS, or after EHLO. Whether that is the
 * client's mistake depends on what it was offered (RFC 3207 section 4, RFC 4954 section 4): who was
 * offered STARTTLS or AUTH and did not use it is told to; who was not cannot know. */
#include "heloscope/diagnosis/claims.h"
#include "refusal.h"

/* Whether the reply can ask for TLS or AUTH. The codes meant for it are 530, 538 and 523 (RFC 4954
 * section 6, RFC 3207 section 4); servers use nearly any. */
static bool asks_for_more(const struct refusal *r)
{
    if (r->p->kind == PENDING_CONTENT && r->a->code != 530 && r->a->code != 503)
        return false; /* "unauthenticated" is said of messages too */
    if (r->p->command.verb == VERB_AUTH && r->claim == CAUSE_AUTH_REQUIRED)
        return false;
    return r->a->code >= 400 && r->a->code != 421;
}

static bool wants_tls(const struct refusal *r)
{
    return r->claim == CAUSE_TLS_REQUIRED && asks_for_more(r);
}

static bool wants_auth(const struct refusal *r)
{
    return r->claim == CAUSE_AUTH_REQUIRED && asks_for_more(r);
}

/* Whose fault it is that `extension` was not used. Without EHLO nothing is offered. */
static enum fault fault_of_demand(const struct refusal *r, unsigned extension)
{
    const struct order *o = r->order;
    bool ehlo = o->hello_verb != VERB_HELO && order_holds(o, FACT_HELLO);
    bool begins_tls = extension == EXT_AUTH && (o->extensions & EXT_STARTTLS) &&
                      !order_holds(o, FACT_TLS); /* AUTH is offered inside TLS alone */
    if (o->facts[FACT_HELLO].doubtful)
        return FAULT_POLICY;
    if (ehlo && o->extensions & EXT_MASKED && !(o->extensions & extension))
        return FAULT_MIDDLEBOX;
    return !ehlo || (o->extensions & extension) || begins_tls ? FAULT_CLIENT : FAULT_SERVER;
}

static bool demand(const struct refusal *r, struct refusal_reason *out, enum cause cause)
{
    bool tls = cause == CAUSE_TLS_REQUIRED;
    event_no first = tls ? r->order->tls_wanted : r->order->auth_wanted;
    out->related = r->order->offer;
    out->role = ROLE_OFFER;
    out->fault = fault_of_demand(r, tls ? EXT_STARTTLS : EXT_AUTH);
    return reason_is(out, cause, first ? first : r->p->command.seq);
}

bool reason_auth_refused(const struct refusal *r, struct refusal_reason *out)
{
    const struct session *s = r->s;
    event_no refusal = r->order->facts[FACT_AUTH].refused;
    if (!wants_auth(r) || !refusal)
        return false;
    if (r->order->tls_wanted) /* AUTH itself had been refused for want of TLS */
        return demand(r, out, CAUSE_TLS_REQUIRED);
    out->fault = reaction_knew(s, r->p, refusal) ? FAULT_CLIENT : FAULT_PIPELINING;
    return reason_is(out, CAUSE_AUTH_REJECTED, s->auth_given_up ? s->auth_given_up : refusal);
}

/* STARTTLS was refused, or its 220 was followed by text in clear. */
bool reason_tls_failed(const struct refusal *r, struct refusal_reason *out)
{
    const struct fact *tls = &r->order->facts[FACT_TLS];
    bool told = r->claim == CAUSE_TLS_REQUIRED || r->claim == CAUSE_TLS_FAILED;
    if (r->p->command.verb == VERB_QUIT) /* which needs nothing (RFC 3207 section 4.1) */
        return false;
    if (r->s->tls.alert && refused_with_503(r) &&
        (claim_is_vague(r->claim) || r->claim == CAUSE_HELLO_MISSING)) {
        out->certainty = CERTAINTY_LIKELY; /* it may have begun anew with its 220 */
        out->fault = reaction_knew(r->s, r->p, r->s->tls.alert) ? FAULT_CLIENT : FAULT_PIPELINING;
        out->passes_on = true;
        return reason_is(out, CAUSE_TLS_FAILED, r->s->tls.alert);
    }
    if (!told || !asks_for_more(r) || (!tls->refused && !tls->since) || r->order->tls_wanted)
        return false;
    out->passes_on = tls->since;
    out->fault =
        tls->since || reaction_knew(r->s, r->p, tls->refused) ? FAULT_CLIENT : FAULT_PIPELINING;
    return reason_is(out, CAUSE_TLS_FAILED, tls->since ? r->p->command.seq : tls->refused);
}

bool reason_ehlo_wanted(const struct refusal *r, struct refusal_reason *out)
{
    const struct bytes *text = &r->a->text;
    return refused_with_503(r) && r->claim == CAUSE_HELLO_MISSING &&
           r->order->hello_verb == VERB_HELO && order_holds(r->order, FACT_HELLO) && text->len &&
           memmem(text->at, text->len, "EHLO", 4) &&
           reason_is(out, CAUSE_EHLO_REQUIRED, r->order->facts[FACT_HELLO].since);
}

/* The client did as it was told, and the server, which had not offered it, refuses that as well. */
static bool obeyed(const struct refusal *r, struct refusal_reason *out)
{
    bool tls = r->p->command.verb == VERB_STARTTLS && r->order->tls_wanted &&
               !(r->order->extensions & EXT_STARTTLS);
    bool auth = r->p->command.verb == VERB_AUTH && r->order->auth_wanted &&
                !(r->order->extensions & EXT_AUTH);
    return (tls || auth) && demand(r, out, tls ? CAUSE_TLS_REQUIRED : CAUSE_AUTH_REQUIRED);
}

/* "Need EHLO and AUTH first" to a client that has said EHLO (QQ). */
static bool wants_the_other(const struct refusal *r)
{
    const struct bytes *text = &r->a->text;
    bool both = text->len && memmem(text->at, text->len, "HLO", 3) &&
                memmem(text->at, text->len, "AUTH", 4);
    return both && refused_with_503(r) && r->claim == CAUSE_UNKNOWN &&
           order_holds(r->order, FACT_HELLO) && !order_holds(r->order, FACT_AUTH) &&
           r->p->command.verb != VERB_AUTH;
}

bool reason_demand(const struct refusal *r, struct refusal_reason *out)
{
    if (wants_tls(r))
        return demand(r, out, CAUSE_TLS_REQUIRED);
    if (wants_auth(r))
        return demand(r, out, CAUSE_AUTH_REQUIRED);
    if (wants_the_other(r)) {
        out->certainty = CERTAINTY_LIKELY;
        return demand(r, out, CAUSE_AUTH_REQUIRED);
    }
    return obeyed(r, out);
}
