/* SPDX-License-Identifier: ISC */
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

static const char lmtp_server[] =
    "This is an LMTP listener: begin with LHLO (RFC 2033 section 4.1), or send SMTP to the port "
    "where the server speaks it.";

static const char *not_smtp(const struct wording *t)
{
    const struct session *s = t->s;
    const event_no origin = t->d->origin;
    if (origin == s->proxy.header)
        return agree_on_proxy();
    if (origin == s->tls.hello)
        return "The client is set to TLS from the first octet on. On this port it has to begin in "
               "clear text and use STARTTLS; TLS from the start belongs on port 465 (RFC 8314 "
               "section 3.3).";
    if (origin == s->wrong_hello.command)
        return s->wrong_hello.verb == VERB_LHLO
                   ? "This is an SMTP server: the client is set to LMTP. Let it speak SMTP (EHLO), "
                     "or send it to the LMTP port or socket of the mail store."
                   : lmtp_server;
    if (origin == s->protocol.clear_in_tls)
        return "Set the client to TLS from the start (implicit TLS) on this port, or let it use "
               "STARTTLS on port 587 (RFC 8314 section 3.3).";
    if (s->protocol.name && strcmp(s->protocol.name, "HTTP") == 0)
        return "Something speaks HTTP to this port: a browser, a health check, a scanner, or a web "
               "page that was made to. Point it to the right port; scanners can be ignored.";
    return NULL;
}

static const char *hello_rejected(const struct wording *t)
{
    return t->s->protocol.server_is_lmtp ? lmtp_server : NULL;
}

static bool said_helo(const struct wording *t)
{
    const struct order *o = &t->s->order;
    return o->hello_verb == VERB_HELO && order_holds(o, FACT_HELLO);
}

static const char say_ehlo[] =
    "Begin with EHLO, not HELO: what the server asks for is an extension, and only EHLO is told of "
    "it.";

static const char *tls_required(const struct wording *t)
{
    if (t->d->fault == FAULT_CLIENT)
        return said_helo(t)
                   ? say_ehlo
                   : "The server offers STARTTLS: turn it on in the client (STARTTLS on port 587 "
                     "or 25, or TLS from the start on port 465), and send the command again inside "
                     "TLS.";
    if (t->d->fault == FAULT_SERVER)
        return "The server asks for TLS and does not offer STARTTLS: give it a certificate and "
               "switch TLS on, or stop asking for it on this port. It should not offer AUTH before "
               "TLS if it refuses it there.";
    return NULL;
}

static const char *auth_required(const struct wording *t)
{
    const struct order *o = &t->s->order;
    if (t->d->fault == FAULT_CLIENT && said_helo(t))
        return say_ehlo;
    if (t->d->fault == FAULT_CLIENT && !(o->extensions & EXT_AUTH))
        return "Turn on STARTTLS in the client and give it a user name and password: the server "
               "offers AUTH inside TLS.";
    if (t->d->fault == FAULT_CLIENT)
        return "The server offers AUTH: give the client a user name and password, or send through "
               "a server that accepts its address without.";
    if (t->d->fault == FAULT_SERVER)
        return "The server asks for AUTH and does not offer it in this session: switch it on for "
               "this port, allow the client by its address, or send it to the submission port.";
    return NULL;
}

static const char *auth_rejected(const struct wording *t)
{
    return t->s->auth_given_up && t->s->auth_given_up == t->d->origin
               ? "Find out why the client gives AUTH up: a mechanism that it cannot speak, a "
                 "password that it does not have."
               : NULL;
}

static const char *session_refused(const struct wording *t)
{
    return t->s->header_wanted && t->s->header_wanted == t->d->origin ? agree_on_proxy() : NULL;
}

static const char *parameter_refused(const struct wording *t)
{
    return t->d->fault == FAULT_SERVER
               ? "The server offers an extension in its reply to EHLO and refuses its parameter: a "
                 "fault of the server. Until it is mended, withdraw the offer, or let the client "
                 "leave the parameter out."
               : NULL;
}

static const char *session_over(const struct wording *t)
{
    return t->s->silence_us || t->s->unheard ? cause_entry(CAUSE_SERVER_TIMEOUT)->client : NULL;
}

static const char *odd_form(const struct wording *t)
{
    return *wording_odd_form(t)
               ? "Write the path as the grammar has it: MAIL FROM:<address>, RCPT TO:<address>, in "
                 "angle brackets and without a space before the colon (RFC 5321 sections 4.1.1.2 "
                 "and 4.1.1.3)."
               : NULL;
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

static const char *reply_desync(const struct wording *t)
{
    return t->d->fault == FAULT_CLIENT && t->d->origin == t->s->surplus.ahead
               ? "Wait for each reply where the reply to EHLO does not offer PIPELINING: this "
                 "proxy "
                 "(proxsmtp and clamsmtp are such) answers DATA before its server has answered "
                 "MAIL "
                 "and RCPT, and does not survive commands sent in one go."
               : NULL;
}

static advice_fn *const advices[CAUSE_COUNT] = {
    [CAUSE_NOT_SMTP] = not_smtp,
    [CAUSE_HELLO_REJECTED] = hello_rejected,
    [CAUSE_AUTH_REJECTED] = auth_rejected,
    [CAUSE_SESSION_OVER] = session_over,
    [CAUSE_PARAMETER_REFUSED] = parameter_refused,
    [CAUSE_MAIL_REJECTED] = odd_form,
    [CAUSE_ALL_RCPT_REJECTED] = odd_form,
    [CAUSE_TLS_REQUIRED] = tls_required,
    [CAUSE_AUTH_REQUIRED] = auth_required,
    [CAUSE_SESSION_REFUSED] = session_refused,
    [CAUSE_CONTENT_AS_COMMANDS] = content_as_commands,
    [CAUSE_REPLY_DESYNC] = reply_desync,
};

/* Whatever it led to: a bare LF is the client's to mend. */
static const char *end_lines(const struct wording *t)
{
    const bool joined = t->d->origin && t->d->origin == t->s->bare_lf.joined;
    return joined || wording_lf_end(t) || wording_lf_line(t)
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
    if (!advice && advices[d->cause] && d->fault != FAULT_PIPELINING)
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
