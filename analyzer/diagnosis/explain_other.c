/* SPDX-License-Identifier: ISC */
#include "explain_other.h"
#include "explain_session.h"
#include "heloscope/base/limits.h"

typedef const char *sentence_fn(const struct wording *t);

/* What was refused, where the text is about more than its place. */
static const char *subject(const struct wording *t)
{
    return t->p && t->p->kind == PENDING_CONTENT ? "the message" : wording_command(t);
}

/* --- what was not offered --- */

static const char *offer_of(enum cause cause)
{
    switch (cause) {
    case CAUSE_AUTH_NOT_OFFERED:
        return "AUTH";
    case CAUSE_STARTTLS_NOT_OFFERED:
        return "STARTTLS";
    default:
        return "CHUNKING";
    }
}

static const char *not_offered(const struct wording *t)
{
    const struct order *o = &t->s->order;
    if (o->hello_verb == VERB_HELO && order_holds(o, FACT_HELLO))
        return SAY(t,
                   "%s belongs to an extension, and the client introduced itself with HELO (#%u): "
                   "nothing was offered.",
                   wording_command(t), o->facts[FACT_HELLO].since);
    if (!o->offer)
        return SAY(t, "%s was sent without an EHLO reply that offers it.", wording_command(t));
    return SAY(t, "The reply to EHLO (#%u) does not offer %s%s.", o->offer, offer_of(t->d->cause),
               o->extensions & EXT_MASKED ? "; some of its keywords were overwritten with X on the "
                                            "way"
                                          : "");
}

static const char *command_not_offered(const struct wording *t)
{
    const struct pending *p = t->p;
    if (p && p->command.verb != VERB_UNKNOWN && t->s->order.offer)
        return SAY(t, "The reply to EHLO (#%u) does not offer %s.", t->s->order.offer,
                   wording_command(t));
    return SAY(t, "The server does not know %s, or has it switched off.", wording_quote(t));
}

/* --- what the server wants --- */

static const char *ehlo_required(const struct wording *t)
{
    return SAY(t,
               "The client introduced itself with HELO (#%u); the server takes %s only after "
               "EHLO.",
               t->d->origin, wording_command(t));
}

/* What the client was offered and might have used. */
static const char *offer(const struct wording *t, unsigned extension)
{
    const struct order *o = &t->s->order;
    const char *name = extension_name(extension);
    if (o->hello_verb == VERB_HELO && order_holds(o, FACT_HELLO))
        return SAY(t, " The client said HELO (#%u), to which no %s is offered.",
                   o->facts[FACT_HELLO].since, name);
    if (!o->offer)
        return "";
    if (o->extensions & extension)
        return SAY(t, " The reply to EHLO (#%u) offers %s, and the client did not use it.",
                   o->offer, name);
    if (extension == EXT_AUTH && (o->extensions & EXT_STARTTLS))
        return SAY(t,
                   " The reply to EHLO (#%u) offers STARTTLS and no AUTH: that comes inside TLS.",
                   o->offer);
    return SAY(t, " The reply to EHLO (#%u) does not offer %s.", o->offer, name);
}

/* Whether the same was asked for before. */
static const char *same_demand(const struct wording *t)
{
    return wording_inherited(t) ? SAY(t, " It has asked for it since #%u.", t->d->origin) : "";
}

/* The client did as it was told, and is refused. */
static const char *obeyed(const struct wording *t, enum verb verb, unsigned extension)
{
    return t->p && t->p->command.verb == verb && t->d->origin < t->p->command.seq
               ? SAY(t, "The server has asked for %s since #%u, and refuses it.%s", verb_name(verb),
                     t->d->origin, offer(t, extension))
               : NULL;
}

static const char *auth_required(const struct wording *t)
{
    const char *told = obeyed(t, VERB_AUTH, EXT_AUTH);
    return told ? told
                : SAY(t, "The order was right; the server takes %s only after AUTH.%s%s",
                      subject(t), same_demand(t), offer(t, EXT_AUTH));
}

static const char *auth_rejected(const struct wording *t)
{
    if (t->s->auth_given_up && t->s->auth_given_up == t->d->origin)
        return SAY(
            t,
            "The client gave up its own AUTH with \"*\" at #%u, and the server takes %s only "
            "after it.",
            t->d->origin, wording_command(t));
    return SAY(t, "AUTH was refused at %s, and the server takes %s only after it. %s",
               wording_refusal(t, t->d->origin), wording_command(t), wording_knowledge(t));
}

static const char *tls_required(const struct wording *t)
{
    const char *told = obeyed(t, VERB_STARTTLS, EXT_STARTTLS);
    return told ? told
                : SAY(t, "The order was right; the server takes %s only inside TLS.%s%s",
                      subject(t), same_demand(t), offer(t, EXT_STARTTLS));
}

static const char *tls_failed(const struct wording *t)
{
    const struct fact *tls = &t->s->order.facts[FACT_TLS];
    if (t->s->tls.alert && t->d->origin == t->s->tls.alert)
        return SAY(
            t,
            "STARTTLS was accepted, but the TLS handshake failed at #%u; the server takes %s "
            "only inside TLS.",
            t->d->origin, wording_command(t));
    if (tls->since)
        return SAY(t,
                   "STARTTLS #%u was accepted, but %s came in clear text, which the server no "
                   "longer takes.",
                   tls->since, wording_command(t));
    return SAY(t, "STARTTLS was refused at %s, and the server takes %s only inside TLS. %s",
               wording_refusal(t, t->d->origin), wording_command(t), wording_knowledge(t));
}

static const char *parameter_refused(const struct wording *t)
{
    return SAY(t, "The order was right; the server refused a parameter of %s%s.", wording_quote(t),
               t->d->fault == FAULT_SERVER
                   ? SAY(t, ", though its reply to EHLO (#%u) offers it", t->s->order.offer)
                   : "");
}

static const char *policy(const struct wording *t)
{
    uint32_t limited = t->s->order.limited;
    if (limited && t->p && t->p->command.verb == VERB_DATA && t->p->kind == PENDING_COMMAND)
        return SAY(t,
                   "The order was right; the server had refused %u recipient%s as too many and "
                   "refuses DATA for it, as RFC 5321 section 4.5.3.1.10 allows.",
                   limited, limited == 1 ? "" : "s");
    return SAY(t,
               "The order was right; the server refused %s for a reason of its own, which the "
               "reply's text names.",
               subject(t));
}

/* --- what was sent at the wrong time --- */

/* The event that a related one plays `role` in; 0 = none. */
static event_no related(const struct wording *t, enum role role)
{
    for (const struct related *r = t->d->related; r; r = r->next)
        if (r->role == role)
            return r->seq;
    return 0;
}

static const char *pipelining_violation(const struct wording *t)
{
    event_no other = related(t, ROLE_GROUP), seq = t->p ? t->p->command.seq : 0;
    bool offered = t->s->order.extensions & EXT_PIPELINING;
    bool last = t->p && t->p->group_rule ? t->p->group_rule == rule_group_end : offered;
    const char *rule =
        last ? "which RFC 2920 section 3.1 forbids here" : "and PIPELINING was not offered";
    if (t->p && t->p->injected)
        return SAY(
            t,
            "#%u was sent in clear text behind STARTTLS #%u, and the server has executed it inside "
            "TLS instead of throwing it away (RFC 3207 section 4.2): whoever sits between the two "
            "can put commands into the session (CVE-2011-0411).",
            seq, t->d->origin);
    if (t->p && t->p->kind == PENDING_CONTENT)
        return SAY(
            t,
            "The message #%u was begun before the 354 to its DATA was there. DATA is the last "
            "command of its group (RFC 2920 section 3.1).",
            t->d->origin);
    if (t->d->origin > t->d->reply && seq && t->p->command.verb == VERB_STARTTLS)
        return SAY(
            t,
            "#%u was sent behind STARTTLS before its reply was there. Nothing may follow "
            "STARTTLS in clear text but the TLS handshake (RFC 3207 section 4): a server that "
            "took it would let others put commands into the session.",
            t->d->origin);
    if (t->d->origin > t->d->reply)
        return SAY(
            t,
            "#%u was sent behind DATA before its 354 was there. DATA is the last command of its "
            "group (RFC 2920 section 3.1), and this server looks for what comes too early.",
            t->d->origin);
    if (t->d->fault == FAULT_SERVER)
        return SAY(t, "%s was sent without waiting, as the PIPELINING that was offered allows.",
                   wording_command(t));
    if (other == seq && t->d->origin != seq)
        return SAY(t,
                   "#%u was sent before the reply to its predecessor was there; the server "
                   "complains of it only now, at %s.",
                   t->d->origin, wording_command(t));
    if (t->d->origin != seq)
        return SAY(t,
                   "#%u was sent before the reply to its predecessor was there; %s fails for "
                   "the same reason.",
                   t->d->origin, wording_command(t));
    if (!other)
        return "The server complains of input that came before it had replied.";
    return other > seq ? SAY(t, "#%u was sent before the reply to %s was there, %s.", other,
                             wording_command(t), rule)
                       : SAY(t, "%s was sent before the reply to #%u was there, %s.",
                             wording_command(t), other, rule);
}

static const char *early_talker(const struct wording *t)
{
    return SAY(t, "The client sent #%u before it had received the server's greeting.",
               t->d->origin);
}

static const char *content_as_commands(const struct wording *t)
{
    const struct pending *p = t->p;
    if (p && p->content_after_data)
        return SAY(t,
                   "A line with a lone dot ended the message #%u too early. The server read the "
                   "rest of it as commands, here %s.",
                   t->d->origin, wording_quote(t));
    if (t->d->origin == t->s->chunk.refusal && !p)
        return SAY(t,
                   "BDAT was refused at %s, and more replies came than commands were sent: the "
                   "server has read the octets of its chunk as commands. It had offered CHUNKING "
                   "and has to take and discard them (RFC 3030 section 2): whoever can put text "
                   "into a message can smuggle commands in.",
                   wording_refusal(t, t->d->origin));
    if (t->d->origin == t->s->chunk.refusal)
        return SAY(t,
                   "BDAT was refused at %s, and the server read the octets of its chunk as "
                   "commands, here %s.%s",
                   wording_refusal(t, t->d->origin), wording_quote(t),
                   t->d->fault == FAULT_SERVER
                       ? " It had offered CHUNKING and has to take and discard them (RFC 3030 "
                         "section 2): whoever can put text into a message can smuggle commands in."
                       : " CHUNKING was not offered.");
    if (t->d->origin == t->s->protocol.other_protocol)
        return SAY(
            t,
            "The client sent header fields where a command is due, beginning with #%u; no DATA "
            "had been sent.",
            t->d->origin);
    return SAY(t,
               "DATA was refused at %s, but the message was sent all the same. The server read its "
               "lines as commands, here %s.",
               wording_refusal(t, t->d->origin), wording_quote(t));
}

static const char *reply_desync(const struct wording *t)
{
    if (t->p && t->d->origin == t->s->bare_lf.joined)
        return SAY(
            t,
            "The line #%u ended with a bare LF. What waits for CR LF read it and the next line as "
            "one and passed on one reply for both: from there each reply lags by one, as this one "
            "to %s does.",
            t->d->origin, wording_command(t));
    if (t->p)
        return SAY(
            t,
            "A reply too many had come before (#%u). A client that counts replies took it for "
            "the answer to another command, and so did not see that %s could not succeed.",
            t->d->origin, wording_command(t));
    if (t->d->origin == t->s->surplus.ahead)
        return SAY(
            t,
            "DATA #%u was sent before the replies to what came before it were there%s. A proxy "
            "said 354 to it by itself, and now comes the 354 of the server behind it, which "
            "still waits for a message.",
            t->d->origin, t->s->surplus.ahead_of_turn ? ", though PIPELINING was not offered" : "");
    if (t->d->origin == t->s->answered.reply)
        return SAY(
            t,
            "The message was answered twice: #%u does not know a command that nobody had sent, "
            "and what came after it accepts the message.",
            t->d->origin);
    return "No command was waiting for this reply: a command before it was answered twice, or "
           "client and server count differently.";
}

static const char *middlebox(const struct wording *t)
{
    if (t->p && t->p->command.verb == VERB_MASKED)
        return SAY(t, "The verb was overwritten on the way: the server received %s.",
                   wording_quote(t));
    if (t->s->masked_banner)
        return SAY(t,
                   "The greeting was overwritten on the way, and the server knows nothing of the "
                   "hello #%u: a device in between has answered it.",
                   t->s->order.facts[FACT_HELLO].since);
    return "The reply's text speaks of a device between client and server.";
}

/* --- the server --- */

static const char *server_disagrees(const struct wording *t)
{
    const struct order *o = &t->s->order;
    event_no mail = o->facts[FACT_MAIL].since, hello = o->facts[FACT_HELLO].since;
    enum verb verb = t->p ? t->p->command.verb : VERB_UNKNOWN;
    if (t->p && t->p->kind == PENDING_SASL)
        return SAY(t, "The line answers the server's 334; %s has read it as a command.",
                   wording_server(t));
    if (t->p && t->p->kind == PENDING_CONTENT)
        return SAY(t,
                   "The message was sent as it should be; %s refused it as if it were out of "
                   "place.",
                   wording_server(t));
    if (verb == VERB_MAIL && hello)
        return SAY(t,
                   "The hello #%u was accepted and no transaction was open, so MAIL was in order; "
                   "%s refused it all the same.",
                   hello, wording_server(t));
    if (verb == VERB_RCPT && mail)
        return SAY(t,
                   "MAIL #%u was accepted and its transaction was open, so RCPT was in order; %s "
                   "refused it all the same.",
                   mail, wording_server(t));
    if ((verb == VERB_DATA || verb == VERB_BDAT) && mail && o->accepted)
        return SAY(t,
                   "MAIL #%u and %u recipient%s were accepted, so %s was in order; %s refused it "
                   "all the same.",
                   mail, o->accepted, o->accepted == 1 ? "" : "s", wording_command(t),
                   wording_server(t));
    return SAY(t, "Nothing in the session forbids %s here; %s refused it all the same.",
               wording_command(t), wording_server(t));
}

static const char *unknown(const struct wording *t)
{
    if (t->s->row.midstream && t->d->origin == 1)
        return "The session had begun before the capture did; what went wrong may lie there.";
    return SAY(t,
               "Part of the conversation is not in the capture (#%u); what went wrong may lie "
               "there.",
               t->d->origin);
}

/* --- the way in --- */

static sentence_fn *const sentences[CAUSE_COUNT] = {
    [CAUSE_AUTH_NOT_OFFERED] = not_offered,
    [CAUSE_STARTTLS_NOT_OFFERED] = not_offered,
    [CAUSE_BDAT_NOT_OFFERED] = not_offered,
    [CAUSE_COMMAND_NOT_OFFERED] = command_not_offered,
    [CAUSE_EHLO_REQUIRED] = ehlo_required,
    [CAUSE_AUTH_REQUIRED] = auth_required,
    [CAUSE_AUTH_REJECTED] = auth_rejected,
    [CAUSE_TLS_REQUIRED] = tls_required,
    [CAUSE_TLS_FAILED] = tls_failed,
    [CAUSE_PARAMETER_REFUSED] = parameter_refused,
    [CAUSE_POLICY] = policy,
    [CAUSE_PIPELINING_VIOLATION] = pipelining_violation,
    [CAUSE_EARLY_TALKER] = early_talker,
    [CAUSE_CONTENT_AS_COMMANDS] = content_as_commands,
    [CAUSE_REPLY_DESYNC] = reply_desync,
    [CAUSE_MIDDLEBOX] = middlebox,
    [CAUSE_SERVER_DISAGREES] = server_disagrees,
    [CAUSE_UNKNOWN] = unknown,
};

const char *explain_other(const struct wording *t)
{
    sentence_fn *sentence = sentences[t->d->cause];
    return sentence ? sentence(t) : explain_session(t);
}
