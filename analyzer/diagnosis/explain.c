/* SPDX-License-Identifier: ISC */
/* Explains refusals by the order of commands; explain_other.c has those that have to do with
 * something else. */
#include "explain.h"

#include "explain_other.h"
#include "wording.h"

typedef const char *sentence_fn(const struct wording *t);

static event_no since(const struct wording *t, enum fact_name fact)
{
    return t->s->order.facts[fact].since;
}

/* --- the hello --- */

static const char *hello_missing(const struct wording *t)
{
    const char *verbs = t->s->lmtp ? "LHLO" : "EHLO or HELO";
    return wording_inherited(t) ? SAY(t, "No %s was sent before #%u; %s fails for the same reason.",
                                      verbs, t->d->origin, wording_command(t))
                                : SAY(t, "No %s was sent before %s, and the server wants one.",
                                      verbs, wording_command(t));
}

static const char *hello_rejected(const struct wording *t)
{
    const struct fact *hello = &t->s->order.facts[FACT_HELLO];
    if (hello->since) /* Haraka forgets an accepted hello when it refuses another */
        return SAY(t, "Another hello was refused at #%u, and %s has forgotten the one of #%u.",
                   t->d->origin, wording_server(t), hello->since);
    return SAY(t, "The hello was refused at %s, so %s could not succeed. %s",
               wording_refusal(t, t->d->origin), wording_command(t), wording_knowledge(t));
}

static const char *hello_reset(const struct wording *t)
{
    bool tls = since(t, FACT_TLS) == t->d->origin;
    return SAY(t, "%s #%u began the session anew, and no hello was sent after it; %s needs one.",
               verb_name(tls ? VERB_STARTTLS : VERB_XCLIENT), t->d->origin, wording_command(t));
}

static const char *hello_repeated(const struct wording *t)
{
    event_no first = since(t, FACT_HELLO);
    return SAY(t,
               "A hello had been accepted before%s; %s refuses another, though RFC 5321 "
               "section 4.1.4 allows it.",
               first ? SAY(t, " (#%u)", first) : "", wording_server(t));
}

/* --- the transaction --- */

/* How long the open transaction had been open: " 42 s before", empty for less than a second. */
static const char *age(const struct wording *t)
{
    const struct transaction *open = t->s->transaction;
    int64_t seconds = open && t->p ? (t->p->ts_us - open->started_us) / 1000000 : 0;
    bool known = seconds > 0 && open->mail == since(t, FACT_MAIL);
    return known ? SAY(t, " %lld s before", (long long)seconds) : "";
}

static const char *mail_missing(const struct wording *t)
{
    return wording_inherited(t)
               ? SAY(t, "#%u was sent without a MAIL of its own; %s fails for the same reason.",
                     t->d->origin, wording_command(t))
               : SAY(t, "%s was sent without a MAIL of its own, so no transaction was open.",
                     wording_command(t));
}

static const char *mail_rejected(const struct wording *t)
{
    if (since(t, FACT_MAIL)) /* mailfront does so */
        return SAY(t,
                   "Another MAIL was refused at #%u, and %s has dropped the transaction of MAIL "
                   "#%u with it.",
                   t->d->origin, wording_server(t), since(t, FACT_MAIL));
    return SAY(t, "MAIL was refused at %s, so no transaction was open for %s. %s%s",
               wording_refusal(t, t->d->origin), wording_command(t), wording_odd_form(t),
               wording_knowledge(t));
}

static const char *transaction_reset(const struct wording *t)
{
    if (since(t, FACT_AUTH) == t->d->origin)
        return SAY(t,
                   "The server took AUTH #%u in the middle of the transaction, and has forgotten "
                   "the transaction with it; %s needs one.",
                   t->d->origin, wording_command(t));
    if (!t->v || !t->v->rule) /* amavisd does so */
        return SAY(t,
                   "#%u was refused in the middle of the transaction, and %s has forgotten the "
                   "transaction with it; %s needs one.",
                   t->d->origin, wording_server(t), wording_command(t));
    if (t->s->transaction_sent)
        return SAY(t,
                   "The message that ended with #%u closed its transaction, and no MAIL was sent "
                   "after it; %s needs one.",
                   t->d->origin, wording_command(t));
    return SAY(t, "#%u cleared the open transaction, and no MAIL was sent after it; %s needs one.",
               t->d->origin, wording_command(t));
}

static const char *nested_mail(const struct wording *t)
{
    event_no opened = since(t, FACT_MAIL);
    return opened ? SAY(t,
                        "The transaction that MAIL #%u had opened%s was still open when another "
                        "MAIL was sent.",
                        opened, age(t))
                  : "By the server's word a transaction was open; the MAIL that opened it lies in "
                    "what was not captured.";
}

static const char *transaction_abandoned(const struct wording *t)
{
    return SAY(t,
               "After the refusal at %s the client gave up the transaction that MAIL #%u had "
               "opened%s and began another without RSET; for the server the first was still open.",
               wording_refusal(t, t->d->origin), since(t, FACT_MAIL), age(t));
}

static const char *rcpt_missing(const struct wording *t)
{
    return SAY(t, "No RCPT was sent between MAIL #%u and %s.", since(t, FACT_MAIL),
               wording_command(t));
}

/* Whether trying again can help: 4xx (RFC 5321 section 4.2.1). */
static const char *for_how_long(const struct wording *t)
{
    const struct order *o = &t->s->order;
    if (!o->refused_temporary)
        return "";
    if (o->refused == 1)
        return ", for the time being";
    return o->refused_temporary == o->refused ? ", all for the time being"
                                              : ", some for the time being";
}

static const char *all_rcpt_rejected(const struct wording *t)
{
    uint32_t refused = t->s->order.refused;
    const char *seen = t->s->hole || t->s->row.midstream ? " that was seen" : "";
    const char *who = refused <= 1   ? SAY(t, "The only recipient%s was refused", seen)
                      : refused == 2 ? "Both recipients were refused, the first"
                                     : SAY(t, "All %u recipients were refused, the first", refused);
    return SAY(t, "%s at %s%s, so nobody was left for %s. %s%s", who,
               wording_refusal(t, t->d->origin), for_how_long(t), wording_command(t),
               wording_odd_form(t), wording_knowledge(t));
}

static const char *in_transaction(const struct wording *t)
{
    if (!since(t, FACT_MAIL))
        return SAY(t,
                   "By the server's word %s was sent inside a transaction; the MAIL that opened it "
                   "lies in what was not captured.",
                   wording_command(t));
    return SAY(t,
               "%s was sent inside the transaction that MAIL #%u had opened, where it is not "
               "allowed.",
               wording_command(t), since(t, FACT_MAIL));
}

/* --- AUTH, STARTTLS, chunks --- */

static const char *auth_repeated(const struct wording *t)
{
    if (!since(t, FACT_AUTH))
        return "By the server's word the session was authenticated already; the AUTH that did it "
               "lies in what was not captured.";
    return SAY(t, "AUTH #%u had succeeded already: a session is authenticated once.",
               since(t, FACT_AUTH));
}

static const char *starttls_repeated(const struct wording *t)
{
    if (!since(t, FACT_TLS))
        return "By the server's word TLS was up already; the STARTTLS that began it lies in what "
               "was "
               "not captured.";
    if (since(t, FACT_TLS) == t->s->tls.opening)
        return SAY(t, "TLS was on already, as #%u shows: it is started once.", since(t, FACT_TLS));
    return SAY(t, "STARTTLS #%u had succeeded already: TLS is started once.", since(t, FACT_TLS));
}

static const char *bdat_data_mix(const struct wording *t)
{
    if (wording_inherited(t))
        return SAY(t,
                   "#%u had come between the chunks of a message; since then %s takes only RSET.",
                   t->d->origin, wording_server(t));
    if (!since(t, FACT_BDAT))
        return SAY(t, "%s came between the chunks of a message.", wording_command(t));
    return SAY(t, "The chunks of a message had begun with #%u; %s must not come between them.",
               since(t, FACT_BDAT), wording_command(t));
}

static const char *bdat_after_failure(const struct wording *t)
{
    return SAY(t,
               "A chunk was refused at %s; until RSET the server takes no more of this message. %s",
               wording_refusal(t, t->d->origin), wording_knowledge(t));
}

static const char *bdat_after_last(const struct wording *t)
{
    return SAY(t,
               "The last chunk was refused at %s, and the message with it; RSET must come before "
               "anything else.",
               wording_refusal(t, t->d->origin));
}

static const char *binarymime_data(const struct wording *t)
{
    return SAY(t, "MAIL #%u announced the message as BODY=BINARYMIME, which only BDAT can carry.",
               since(t, FACT_BINARY));
}

/* --- the way in --- */

static sentence_fn *const sentences[CAUSE_COUNT] = {
    [CAUSE_HELLO_MISSING] = hello_missing,
    [CAUSE_HELLO_REJECTED] = hello_rejected,
    [CAUSE_HELLO_RESET] = hello_reset,
    [CAUSE_HELLO_REPEATED] = hello_repeated,
    [CAUSE_MAIL_MISSING] = mail_missing,
    [CAUSE_MAIL_REJECTED] = mail_rejected,
    [CAUSE_TRANSACTION_RESET] = transaction_reset,
    [CAUSE_NESTED_MAIL] = nested_mail,
    [CAUSE_TRANSACTION_ABANDONED] = transaction_abandoned,
    [CAUSE_RCPT_MISSING] = rcpt_missing,
    [CAUSE_ALL_RCPT_REJECTED] = all_rcpt_rejected,
    [CAUSE_AUTH_IN_TRANSACTION] = in_transaction,
    [CAUSE_STARTTLS_IN_TRANSACTION] = in_transaction,
    [CAUSE_COMMAND_IN_TRANSACTION] = in_transaction,
    [CAUSE_AUTH_REPEATED] = auth_repeated,
    [CAUSE_STARTTLS_REPEATED] = starttls_repeated,
    [CAUSE_BDAT_DATA_MIX] = bdat_data_mix,
    [CAUSE_BDAT_AFTER_FAILURE] = bdat_after_failure,
    [CAUSE_BDAT_AFTER_LAST] = bdat_after_last,
    [CAUSE_BINARYMIME_DATA] = binarymime_data,
};

/* Whatever was missing then: it stood in the second of two lines that the server read as one. */
static const char *joined_lines(const struct wording *t)
{
    return SAY(t,
               "The line #%u ended with a bare LF. This server waits for CR LF and read it and the "
               "next line as one, with one reply for both: so what the next line asked for was "
               "never done, and %s has nothing to build on.",
               t->d->origin, wording_command(t));
}

struct bytes explain_diagnosis(const struct wording *t)
{
    sentence_fn *sentence = sentences[t->d->cause];
    if (t->d->origin && t->d->origin == t->s->bare_lf.joined && sentence)
        sentence = joined_lines;
    return bytes_of_string(sentence ? sentence(t) : explain_other(t));
}
