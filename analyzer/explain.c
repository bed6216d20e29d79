/* Plain sentences about a finding, made from the session's own facts. */
#include "heloscope/explain.h"

#include "heloscope/session.h"

static int text_length(struct bytes b)
{
    return (int)(b.len < 160 ? b.len : 160);
}

#define TEXT(b) text_length(b), (const char *)((b).at ? (b).at : (const uint8_t *)"")

static const char *name_of(const struct pending *p)
{
    if (!p)
        return "a command";
    if (p->kind == PENDING_CONTENT)
        return "the end of the message";
    return p->command.verb == VERB_UNKNOWN ? "this line" : verb_name(p->command.verb);
}

/* What the client knew when it sent the command. */
static const char *knowledge(const struct diagnosis *d, const struct pending *p)
{
    if (d->fault == FAULT_PIPELINING)
        return "The command was already on its way when the refusal came, as RFC 2920 allows: the "
               "reply is its normal consequence.";
    if (p && p->group && p->command.saw < d->origin)
        return "The client had not waited for the refusal, where RFC 2920 asks it to wait.";
    return "The client had received the refusal and went on all the same.";
}

static struct bytes explain_hello(struct session *s, struct arena *arena, const struct diagnosis *d,
                                  const struct pending *p)
{
    switch (d->cause) {
    case CAUSE_HELLO_MISSING:
        return arena_print(arena,
                           "No EHLO or HELO was sent before #%u; the server wants one before %s.",
                           d->origin, name_of(p));
    case CAUSE_HELLO_REJECTED:
        return arena_print(arena,
                           "The client's hello was refused at #%u (%d), so no session was "
                           "opened for %s. %s",
                           d->origin, s->order.facts[FACT_HELLO].code, name_of(p),
                           d->fault == FAULT_MIDDLEBOX
                               ? "The greeting or the verb was overwritten on the way: a firewall "
                                 "with an SMTP filter stands between client and server."
                               : knowledge(d, p));
    case CAUSE_HELLO_RESET:
        return arena_print(
            arena, "#%u took the accepted hello away, and EHLO was not sent again before %s.",
            d->origin, name_of(p));
    default:
        return arena_print(arena, "A hello had been accepted before; this server refuses to hear "
                                  "another, though RFC 5321 section 4.1.4 allows it.");
    }
}

static struct bytes explain_recipients(struct session *s, struct arena *arena,
                                       const struct diagnosis *d, const struct pending *p)
{
    const struct order *o = &s->order;
    int code = o->facts[FACT_RCPT].code ? o->facts[FACT_RCPT].code : o->first_refusal_code;
    if (o->refused <= 1)
        return arena_print(
            arena,
            "The only recipient was refused at #%u (%d), so there was nobody to send "
            "to at %s. %s",
            d->origin, code, name_of(p), knowledge(d, p));
    return arena_print(
        arena,
        "All %u recipients were refused, the first at #%u (%d)%s, so there was nobody "
        "to send to at %s. %s",
        o->refused, d->origin, code,
        o->refused_temporary == o->refused ? ", all for the time being"
        : o->refused_temporary             ? ", some for the time being"
                                           : "",
        name_of(p), knowledge(d, p));
}

static struct bytes explain_transaction(struct session *s, struct arena *arena,
                                        const struct diagnosis *d, const struct pending *p)
{
    const struct order *o = &s->order;
    switch (d->cause) {
    case CAUSE_MAIL_MISSING:
        return arena_print(arena, "No MAIL was sent before #%u, so no transaction was open for %s.",
                           d->origin, name_of(p));
    case CAUSE_MAIL_REJECTED:
        return arena_print(arena,
                           "MAIL was refused at #%u (%d), so no transaction was open for %s. %s",
                           d->origin, o->facts[FACT_MAIL].code, name_of(p), knowledge(d, p));
    case CAUSE_TRANSACTION_RESET:
        return arena_print(
            arena,
            "#%u ended the transaction that was open, and no MAIL was sent after it; "
            "%s needs one.",
            d->origin, name_of(p));
    case CAUSE_NESTED_MAIL:
        return arena_print(arena,
                           "The transaction that MAIL #%u opened was still open when MAIL was sent "
                           "again.",
                           o->facts[FACT_MAIL].since);
    case CAUSE_TRANSACTION_ABANDONED:
        return arena_print(
            arena,
            "After the refusal at #%u (%d) the client gave the transaction of MAIL #%u "
            "up and began the next one without RSET; for the server it was still open.",
            d->origin, o->first_refusal_code, o->facts[FACT_MAIL].since);
    case CAUSE_RCPT_MISSING:
        return arena_print(arena, "No recipient was named between MAIL #%u and %s.",
                           o->facts[FACT_MAIL].since, name_of(p));
    default:
        return arena_print(arena,
                           "%s was sent inside the transaction that MAIL #%u had opened, where it "
                           "must not stand.",
                           name_of(p), o->facts[FACT_MAIL].since);
    }
}

static struct bytes explain_extension(struct session *s, struct arena *arena,
                                      const struct diagnosis *d, const struct pending *p)
{
    const struct order *o = &s->order;
    switch (d->cause) {
    case CAUSE_AUTH_REPEATED:
        return arena_print(arena, "The session was authenticated already, by #%u.",
                           o->facts[FACT_AUTH].since);
    case CAUSE_BDAT_DATA_MIX:
        return arena_print(
            arena, "A sequence of BDAT chunks had begun with #%u; %s must not stand in it.",
            o->facts[FACT_BDAT].since ? o->facts[FACT_BDAT].since : d->origin, name_of(p));
    case CAUSE_BDAT_AFTER_FAILURE:
        return arena_print(
            arena,
            "A chunk had been refused at #%u; until RSET the server takes no more of "
            "this message. %s",
            d->origin, knowledge(d, p));
    case CAUSE_BDAT_AFTER_LAST:
        return arena_print(arena,
                           "The last chunk had been sent and refused at #%u; RSET must come "
                           "before anything else.",
                           d->origin);
    case CAUSE_BINARYMIME_DATA:
        return arena_print(arena,
                           "The message was announced as BODY=BINARYMIME, which only BDAT can "
                           "carry.");
    default:
        if (o->hello_verb == VERB_HELO)
            return arena_print(arena,
                               "%s belongs to an extension, and the client introduced itself with "
                               "HELO: nothing was offered.",
                               name_of(p));
        return arena_print(arena, "The server's EHLO reply (#%u) did not offer what %s needs%s.",
                           o->offer, name_of(p),
                           o->extensions & EXT_MASKED ? "; some of its keywords were overwritten "
                                                        "with X on the way"
                                                      : "");
    }
}

static struct bytes explain_rest(struct session *s, struct arena *arena, const struct diagnosis *d,
                                 const struct pending *p)
{
    struct bytes command = p ? p->text : bytes_of(NULL, 0);
    switch (d->cause) {
    case CAUSE_CONTENT_AS_COMMANDS:
        return s->content_run_after_data
                   ? arena_print(arena,
                                 "A line with a lone dot ended the message #%u too early; the rest "
                                 "of it was read as commands (\"%.*s\").",
                                 d->origin, TEXT(command))
                   : arena_print(
                         arena,
                         "The message was not wanted (#%u), but it was sent all the same: its "
                         "lines were read as commands (\"%.*s\").",
                         d->origin, TEXT(command));
    case CAUSE_PIPELINING_VIOLATION:
        return p && p->group
                   ? arena_print(arena,
                                 "%s was sent before the reply to its predecessor was there (the "
                                 "group begins with #%u), %s.",
                                 name_of(p), p->group,
                                 s->order.extensions & EXT_PIPELINING
                                     ? "behind a command that must be the last of its group"
                                     : "and PIPELINING was not offered")
                   : arena_print(arena, "The server saw input that came before it had replied.");
    case CAUSE_EARLY_TALKER:
        return arena_print(arena, "The client talked before the server's greeting was there.");
    case CAUSE_SESSION_REFUSED:
        return arena_print(arena,
                           "The server's greeting (#%u) refused the session; only QUIT is "
                           "right after it.",
                           s->greeting);
    case CAUSE_SESSION_OVER:
        return arena_print(arena, "The session was over with #%u.", d->origin);
    case CAUSE_SERVER_DISAGREES:
        return arena_print(arena,
                           "Nothing in the session forbids %s here; the server refused it all "
                           "the same.",
                           name_of(p));
    case CAUSE_AUTH_REQUIRED:
        return arena_print(arena, "The order was right; the server takes %s only after AUTH.",
                           name_of(p));
    case CAUSE_TLS_REQUIRED:
        return arena_print(arena, "The order was right; the server takes %s only inside TLS.",
                           name_of(p));
    case CAUSE_POLICY:
        return arena_print(arena,
                           "The order was right; the server refused %s for a reason of its "
                           "own, which its text names.",
                           name_of(p));
    case CAUSE_PARAMETER_REFUSED:
        return arena_print(arena,
                           "The order was right; the server refused a parameter of \"%.*s\".",
                           TEXT(command));
    case CAUSE_COMMAND_NOT_OFFERED:
        return arena_print(arena, "The server does not know \"%.*s\", or has it switched off.",
                           TEXT(command));
    case CAUSE_ERROR_LIMIT:
        return arena_print(arena,
                           "The server had counted %u errors, the first at #%u, and gave up.",
                           s->order.errors, d->origin);
    case CAUSE_REPLY_DESYNC:
        return arena_print(arena, "No command was waiting for this reply.");
    case CAUSE_UNKNOWN:
        return arena_print(arena,
                           "Part of the conversation is not in the capture (#%u); what went "
                           "wrong may lie there.",
                           d->origin);
    default:
        return arena_print(arena, "%s", cause_entry(d->cause)->meaning);
    }
}

struct bytes explain_finding(struct session *s, struct arena *arena, const struct diagnosis *d,
                             const struct pending *p, const struct verdict *v)
{
    (void)v;
    switch (d->cause) {
    case CAUSE_HELLO_MISSING:
    case CAUSE_HELLO_REJECTED:
    case CAUSE_HELLO_RESET:
    case CAUSE_HELLO_REPEATED:
        return explain_hello(s, arena, d, p);
    case CAUSE_ALL_RCPT_REJECTED:
        return explain_recipients(s, arena, d, p);
    case CAUSE_MAIL_MISSING:
    case CAUSE_MAIL_REJECTED:
    case CAUSE_TRANSACTION_RESET:
    case CAUSE_NESTED_MAIL:
    case CAUSE_TRANSACTION_ABANDONED:
    case CAUSE_RCPT_MISSING:
    case CAUSE_AUTH_IN_TRANSACTION:
    case CAUSE_STARTTLS_IN_TRANSACTION:
    case CAUSE_COMMAND_IN_TRANSACTION:
        return explain_transaction(s, arena, d, p);
    case CAUSE_AUTH_REPEATED:
    case CAUSE_AUTH_NOT_OFFERED:
    case CAUSE_STARTTLS_NOT_OFFERED:
    case CAUSE_BDAT_NOT_OFFERED:
    case CAUSE_BDAT_DATA_MIX:
    case CAUSE_BDAT_AFTER_FAILURE:
    case CAUSE_BDAT_AFTER_LAST:
    case CAUSE_BINARYMIME_DATA:
        return explain_extension(s, arena, d, p);
    default:
        return explain_rest(s, arena, d, p);
    }
}

struct bytes advise_finding(struct arena *arena, const struct diagnosis *d)
{
    const struct cause_entry *entry = cause_entry(d->cause);
    if (d->fault == FAULT_PIPELINING)
        return arena_print(
            arena,
            "Look at the refusal #%u: it is the real answer. The client should report "
            "that reply, not this one.",
            d->origin);
    bool server = d->fault == FAULT_SERVER || d->fault == FAULT_POLICY;
    return arena_print(arena, "%s", server ? entry->server : entry->client);
}
