/* SPDX-License-Identifier: ISC */
/* What is said of a session as a whole: what is spoken in it, and how it ends. */
#include "explain_session.h"

typedef const char *sentence_fn(const struct wording *t);

/* --- the session as a whole --- */

static const char *session_refused(const struct wording *t)
{
    if (!t->p)
        return "The greeting itself refuses the session.";
    if (t->s->order.facts[FACT_GREETING].since)
        return SAY(t,
                   "In this session %s takes no command, for a reason that the text of #%u names.",
                   wording_server(t), t->d->origin);
    return SAY(t, "The greeting refused the session at %s; only QUIT may follow it.",
               wording_refusal(t, t->d->origin));
}

static const char *session_over(const struct wording *t)
{
    int number = t->s->order.facts[FACT_QUIT].code.number;
    if (t->p && t->s->unheard && t->d->origin == t->p->command.seq)
        return SAY(
            t,
            "The server had closed the connection without a word (RFC 5321 section 3.8 would "
            "have a 421) when %s came, %lld s after the last that was said: nobody read it.",
            wording_command(t), (long long)(t->p->idle_us / 1000000));
    if (t->s->silence_us && number)
        return SAY(t,
                   "The server had ended the session at #%u (%d), after a silence of %lld s; %s "
                   "came too late.",
                   t->d->origin, number, (long long)(t->s->silence_us / 1000000),
                   wording_command(t));
    return number ? SAY(t, "The server had ended the session at #%u (%d).", t->d->origin, number)
                  : SAY(t, "QUIT #%u had ended the session.", t->d->origin);
}

static const char *server_timeout(const struct wording *t)
{
    const long long seconds = (t->p ? t->p->idle_us : t->s->silence_us) / 1000000;
    if (wording_lf_end(t))
        return SAY(t,
                   "The client had ended the message with a dot between line ends of which one is "
                   "a bare LF, and waited. This server waits for CR LF . CR LF (RFC 5321 section "
                   "4.1.1.4); after %lld s its timeout has ended the session.",
                   seconds);
    if (t->p && wording_lf_line(t))
        return SAY(
            t,
            "The line #%u ended with a bare LF, and the client waited. This server waits for "
            "CR LF (RFC 5321 section 2.3.8); after %lld s its timeout has ended the "
            "session.",
            t->d->origin, (long long)((t->s->last_octets_us - t->p->ts_us) / 1000000));
    return SAY(
        t, "Nobody had said anything for %lld s, %s: the server's timeout has ended the session.%s",
        seconds,
        t->p && t->p->unfinished ? "and the message was not at its end"
        : t->p                   ? SAY(t, "and then %s came too late", wording_command(t))
                                 : "and no command was waiting for a reply",
        seconds < 295 ? " RFC 5321 section 4.5.3.2.7 would have servers wait five minutes." : "");
}

static const char *unanswered(const struct wording *t)
{
    return SAY(t, "%s was not answered; after %lld s the client gave up.",
               t->p && t->p->kind == PENDING_CONTENT ? "The message" : wording_command(t),
               (long long)(t->s->waited_us / 1000000));
}

static const char *error_limit(const struct wording *t)
{
    uint32_t errors = t->s->order.errors;
    if (!errors)
        return "The server speaks of too many errors; none came before in what was captured.";
    return SAY(t, "%u error%s had come before, the first at #%u: too many for the server.", errors,
               errors == 1 ? "" : "s", t->s->order.first_error);
}

/* EHLO to a server of LMTP, or LHLO to one of SMTP. */
static const char *wrong_hello(const struct wording *t)
{
    const struct wrong_hello *wrong = &t->s->wrong_hello;
    if (wrong->verb == VERB_LHLO)
        return SAY(t,
                   "The client speaks LMTP, as LHLO #%u shows, the server SMTP, which begins with "
                   "EHLO.",
                   t->d->origin);
    return SAY(t,
               "The server speaks LMTP, which begins with LHLO; the client speaks SMTP, as %s #%u "
               "shows.",
               verb_name(wrong->verb), t->d->origin);
}

static const char *not_smtp(const struct wording *t)
{
    const struct session *s = t->s;
    const event_no origin = t->d->origin;
    if (origin == s->tls.hello)
        return SAY(t, "A TLS handshake (#%u) came where the server speaks clear text.", origin);
    if (origin == s->proxy.header)
        return SAY(
            t,
            "A load balancer put a PROXY header in front of the session (#%u), and the server "
            "does not expect one from it, or does not know it.",
            origin);
    if (origin == s->wrong_hello.command)
        return wrong_hello(t);
    if (origin == s->protocol.clear_in_tls)
        return SAY(t,
                   "The client began in clear text (#%u) where the server expects a TLS handshake "
                   "from the first octet on.",
                   origin);
    const char *what = s->protocol.name ? SAY(t, " but %s", s->protocol.name) : "";
    if (!wording_inherited(t))
        return SAY(t, "The client does not speak SMTP%s: it began with %s.", what,
                   wording_quote(t));
    return SAY(t, "The client does not speak SMTP%s, as #%u shows; this line belongs to the same.",
               what, origin);
}

/* --- the way in --- */

static sentence_fn *const sentences[CAUSE_COUNT] = {
    [CAUSE_SESSION_REFUSED] = session_refused, [CAUSE_SESSION_OVER] = session_over,
    [CAUSE_SERVER_TIMEOUT] = server_timeout,   [CAUSE_UNANSWERED] = unanswered,
    [CAUSE_ERROR_LIMIT] = error_limit,         [CAUSE_NOT_SMTP] = not_smtp,
};

const char *explain_session(const struct wording *t)
{
    sentence_fn *sentence = sentences[t->d->cause];
    return sentence ? sentence(t) : cause_entry(t->d->cause)->meaning;
}
