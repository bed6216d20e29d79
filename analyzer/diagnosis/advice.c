/* What to change: the dictionary's words, or where the session shows more, words for just that. */
#include "explain.h"
#include "heloscope/application/smtp_command.h"
#include "wording.h"

typedef const char *advice_fn(const struct wording *t);

/* Whether the reply has a finding of its own, as far back as that is known. */
static bool is_found(const struct session *s, event_no reply)
{
    for (uint32_t i = 0; i < FOUND_KEPT && i < s->found.count; i++)
        if (s->found.reply[i] == reply)
            return true;
    return false;
}

/* --- by cause: NULL where the dictionary says it --- */

static bool says_proxy(const struct wording *t)
{
    static const char word[] = "proxy";
    const struct bytes *text = &t->answer->text;
    for (size_t at = 0; at + sizeof word - 1 <= text->len; at++)
        if (bytes_start_nocase(bytes_from(*text, at), word))
            return true;
    return false;
}

/* Both ends of a load balancer have to agree on the PROXY header. */
static const char *agree_on_proxy(void)
{
    return "Make both ends agree on the PROXY header: either the load balancer sends none "
           "(HAProxy: "
           "no send-proxy), or the server expects it from the balancer's address (Postfix: "
           "smtpd_upstream_proxy_protocol or postscreen_upstream_proxy_protocol; Exim: "
           "hosts_proxy; "
           "Haraka: the hosts of haproxy; nginx: listen ... proxy_protocol; Stalwart: the trusted "
           "networks of the listener).";
}

static const char *not_smtp(const struct wording *t)
{
    const enum verb verb = t->p ? t->p->command.verb : VERB_UNKNOWN;
    if (t->s->protocol.kind == NOT_SMTP_PROXY && t->d->origin == t->s->protocol.other_protocol)
        return agree_on_proxy();
    if (verb == VERB_LHLO || (t->s->row.protocol && t->s->lmtp))
        return "This is an SMTP server: the client is set to LMTP. Let it speak SMTP (EHLO), or "
               "send "
               "it to the LMTP port or socket of the mail store.";
    if (t->s->protocol.server_is_lmtp || verb == VERB_EHLO || verb == VERB_HELO)
        return "This is an LMTP listener: begin with LHLO (RFC 2033 section 4.1), or send SMTP to "
               "the "
               "port where the server speaks it.";
    return NULL;
}

static const char *tls_required(const struct wording *t)
{
    if (t->d->fault == FAULT_CLIENT)
        return "The server offers STARTTLS: turn it on in the client (STARTTLS on port 587 or 25, "
               "or "
               "TLS from the start on port 465), and send the command again inside TLS.";
    if (t->d->fault == FAULT_SERVER)
        return "The server asks for TLS and does not offer STARTTLS: give it a certificate and "
               "switch "
               "TLS on, or stop asking for it on this port. It should not offer AUTH before TLS if "
               "it "
               "refuses it there.";
    return t->d->code == 503 ? NULL
                             : "Turn on STARTTLS or TLS in the client; on port 25 of a public "
                               "server TLS must not be made a condition (RFC 3207 section 4).";
}

static const char *auth_required(const struct wording *t)
{
    if (t->d->fault == FAULT_CLIENT)
        return "The server offers AUTH: give the client a user name and password, or send through "
               "a "
               "server that accepts its address without.";
    if (t->d->fault == FAULT_SERVER)
        return "The server asks for AUTH and does not offer it in this session: offer it (often it "
               "is "
               "offered only inside TLS: then the client has to use STARTTLS first), or allow the "
               "client by its address.";
    return t->d->code == 503 ? NULL
                             : "Let the client begin with EHLO and authenticate, or allow its "
                               "address on the server.";
}

static const char *session_refused(const struct wording *t)
{
    return says_proxy(t) ? agree_on_proxy() : NULL;
}

static const char *content_as_commands(const struct wording *t)
{
    if (t->s->protocol.kind == NOT_SMTP_FIELD && t->d->origin == t->s->protocol.other_protocol)
        return "Send DATA after the recipients, wait for its 354, and only then the header fields "
               "and "
               "the text of the message.";
    if (t->d->fault == FAULT_SERVER)
        return "Update the server's software: it has to take the octets of a refused BDAT and "
               "throw "
               "them away (RFC 3030 section 2). As it is, text inside a message is executed as "
               "commands, which lets others smuggle mail in.";
    return NULL;
}

static advice_fn *const advices[CAUSE_COUNT] = {
    [CAUSE_NOT_SMTP] = not_smtp,
    [CAUSE_TLS_REQUIRED] = tls_required,
    [CAUSE_AUTH_REQUIRED] = auth_required,
    [CAUSE_SESSION_REFUSED] = session_refused,
    [CAUSE_CONTENT_AS_COMMANDS] = content_as_commands,
};

/* Whatever it led to: a bare LF is the client's to mend. */
static const char *end_lines(const struct wording *t)
{
    return t->d->origin == t->s->bare_lf.joined && t->d->origin
               ? "End each line with CR LF, commands as well as the message: RFC 5321 section "
                 "2.3.8 "
                 "knows no other line end."
               : NULL;
}

struct bytes advise_diagnosis(const struct wording *t)
{
    const struct diagnosis *d = t->d;
    const struct cause_entry *entry = cause_entry(d->cause);
    const char *advice = end_lines(t);
    if (!advice && advices[d->cause])
        advice = advices[d->cause](t);
    if (advice)
        return bytes_of_string(advice);
    switch (d->fault) {
    case FAULT_PIPELINING:
        if (is_found(t->s, d->origin))
            return arena_print(t->arena,
                               "Look at what is said of the refusal #%u, which has a cause of its "
                               "own: that is to be changed, and this reply goes with it.",
                               d->origin);
        return arena_print(t->arena,
                           "Look at the refusal #%u: it is the real answer. The client should "
                           "report that reply, not this one.",
                           d->origin);
    case FAULT_MIDDLEBOX:
        return bytes_of_string(cause_entry(CAUSE_MIDDLEBOX)->server);
    case FAULT_SERVER:
    case FAULT_POLICY:
        return bytes_of_string(entry->server);
    default:
        return bytes_of_string(entry->client);
    }
}
