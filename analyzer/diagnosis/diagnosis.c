/* SPDX-License-Identifier: ISC */
/* From a broken rule to a finding: cause, origin, fault, certainty. What the facts say comes first;
 * only where the sequence was legal does the text of the reply decide. */
#include "heloscope/diagnosis/diagnosis.h"

#include "heloscope/diagnosis/claims.h"
#include "explain.h"
#include "heloscope/session/pending.h"
#include "finding.h"
#include "heloscope/diagnosis/protocol_words.h"
#include "refusal_reason.h"
#include "heloscope/diagnosis/violation.h"

/* Whether the text says that the command came although something holds that forbids it, which may
 * well be so, and can be said of one cause only: "already authenticated". The command is then wrong
 * in itself, whatever was not seen. */
static bool text_settles(const struct session *s, const struct pending *p, enum cause claim)
{
    size_t count;
    enum cause causes[RULE_CAUSES];
    const struct rule *rules = order_rules(&count);
    for (size_t i = 0; i < count; i++)
        if (rules[i].verb == p->command.verb && rules[i].kind == RULE_FORBIDS &&
            rules[i].cause == claim && s->order.facts[rules[i].fact].doubtful)
            return !p->shaky && !p->doubtful && claim_is_distinct(claim) &&
                   rule_causes(&rules[i], causes) == 1;
    return false;
}

/* Octets that the capture lacks may have changed what the verdict rests on. What was seen refused,
 * cleared or open and what the text confirms is likely; all else is unknown, with the hole as
 * origin. */
static void weaken(const struct session *s, const struct pending *p, const struct verdict *v,
                   struct refusal_reason *f)
{
    bool confirmed = f->claim != CAUSE_NONE && claim_agrees(f->claim, f->cause);
    bool never = f->origin == p->command.seq && v->rule && v->rule->kind != RULE_FORBIDS;
    bool refusal_reason = v->kind == VERDICT_LEGAL && f->cause == f->claim;
    if ((v->kind != VERDICT_LEGAL && confirmed && !never) || refusal_reason) {
        f->certainty = CERTAINTY_LIKELY;
        return;
    }
    if (text_settles(s, p, f->claim)) {
        f->certainty = CERTAINTY_LIKELY;
        f->cause = f->claim;
        f->origin = p->command.seq;
        return;
    }
    f->certainty = CERTAINTY_UNKNOWN;
    f->cause = CAUSE_UNKNOWN;
    f->origin = s->order.hole;
}

/* A firewall that overwrites verbs or keywords leaves its mark (Cisco PIX/ASA fixup). */
static bool middlebox_is_behind(const struct session *s, enum cause cause)
{
    if (cause == CAUSE_HELLO_REJECTED)
        return s->masked_hello || s->masked_banner;
    return (cause == CAUSE_AUTH_NOT_OFFERED || cause == CAUSE_STARTTLS_NOT_OFFERED ||
            cause == CAUSE_BDAT_NOT_OFFERED) &&
           (s->order.extensions & EXT_MASKED);
}

static enum fault fault_of(const struct session *s, const struct pending *p,
                           const struct verdict *v, const struct refusal_reason *f)
{
    static const struct {
        enum cause cause;
        enum fault fault;
    } always[] = {{CAUSE_SERVER_DISAGREES, FAULT_SERVER}, {CAUSE_HELLO_REPEATED, FAULT_SERVER},
                  {CAUSE_POLICY, FAULT_POLICY},           {CAUSE_EHLO_REQUIRED, FAULT_POLICY},
                  {CAUSE_MIDDLEBOX, FAULT_MIDDLEBOX},     {CAUSE_UNKNOWN, FAULT_UNKNOWN}};
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        if (always[i].cause == f->cause)
            return always[i].fault;
    if (f->fault != FAULT_COUNT)
        return f->fault;
    if (f->origin && f->origin == s->passed.origin)
        return s->passed.fault;
    if (f->cause == CAUSE_REPLY_DESYNC)
        return FAULT_SERVER;
    if (middlebox_is_behind(s, f->cause))
        return FAULT_MIDDLEBOX;
    /* No content may be on its way before a 354. But the octets of a refused BDAT are to be taken
     * and thrown away (RFC 3030 section 2), by a server that had offered CHUNKING. */
    if (f->cause == CAUSE_CONTENT_AS_COMMANDS)
        return f->origin == s->chunk.refusal && (s->order.extensions & EXT_CHUNKING) ? FAULT_SERVER
                                                                                     : FAULT_CLIENT;
    if (v && v->refusal && p && !p->group)
        return reaction_to(s, p, v) ? FAULT_CLIENT : FAULT_PIPELINING;
    return FAULT_CLIENT;
}

/* --- rows --- */

static void relate(struct session *s, struct diagnosis *d, event_no seq, enum role role)
{
    struct related **tail = &d->related;
    if (!seq || seq == d->origin || seq == d->reply)
        return;
    for (; *tail; tail = &(*tail)->next)
        if ((*tail)->seq == seq)
            return;
    *tail = arena_get(&s->draft->arena, sizeof **tail);
    (*tail)->seq = seq;
    (*tail)->role = role;
}

/* Whether the text says what the session shows: -1 where it does not speak of that. To a line that
 * is none of a session the server says what would be true of a command; and of what it has said
 * twice it knows nothing. */
static int agreement(const struct refusal_reason *f)
{
    if (claim_is_vague(f->claim) || f->cause == CAUSE_UNKNOWN)
        return -1;
    if (claim_agrees(f->claim, f->cause))
        return 1;
    bool elsewhere = f->cause == CAUSE_CONTENT_AS_COMMANDS || f->cause == CAUSE_NOT_SMTP ||
                     f->cause == CAUSE_REPLY_DESYNC || f->cause == CAUSE_SERVER_TIMEOUT;
    return elsewhere ? -1 : 0;
}

/* What follows from this finding has its origin, and its fault. */
static void remember(struct session *s, const struct pending *p, const struct answer *a,
                     const struct refusal_reason *f, enum fault fault)
{
    bool lasting = fault == FAULT_SERVER || fault == FAULT_POLICY || fault == FAULT_MIDDLEBOX;
    if (f->passes_on && lasting)
        s->passed = (struct passed_fault){f->origin, fault};
    /* What is refused for want of TLS or AUTH once has its origin there, however often it is tried.
     */
    if (f->cause == CAUSE_TLS_REQUIRED && !s->order.tls_wanted)
        s->order.tls_wanted = f->origin;
    if (f->cause == CAUSE_AUTH_REQUIRED && !s->order.auth_wanted)
        s->order.auth_wanted = f->origin;
    if (f->cause == CAUSE_SESSION_REFUSED && names_proxy_header(a->text))
        s->header_wanted = f->origin;
    if (f->cause == CAUSE_NOT_SMTP && p && p->command.verb != VERB_UNKNOWN &&
        f->origin == p->command.seq && f->origin != s->protocol.clear_in_tls &&
        !s->wrong_hello.command && a->code)
        s->wrong_hello = (struct wrong_hello){p->command.seq, p->command.verb};
}

/* Whether the refusal behind it had arrived, but it is not proved that the client had read it, or
 * had not. */
static bool is_half_known(const struct session *s, const struct pending *p, const struct verdict *v,
                          const struct diagnosis *d)
{
    if (!v || !v->refusal || d->cause != v->cause || !p || p->command.saw < v->refusal)
        return false;
    return d->fault == FAULT_PIPELINING ||
           (d->fault == FAULT_CLIENT && reaction_to(s, p, v) != REACTION_PROVED);
}

void diagnosis_write(struct session *s, const struct pending *p, const struct answer *a,
                     const struct verdict *v, const struct refusal_reason *f)
{
    struct diagnosis *d = arena_get(&s->draft->arena, sizeof *d);
    d->reply = a->seq;
    d->command = p ? p->command.seq : 0;
    d->origin = f->origin;
    d->code = a->code;
    d->cause = f->cause;
    d->certainty = f->certainty;
    d->fault = fault_of(s, p, v, f);
    /* Whether it had to wait is not known either where the offer was not seen. */
    const bool offer_unseen = d->fault == FAULT_PIPELINING && s->order.facts[FACT_HELLO].doubtful;
    if (d->certainty == CERTAINTY_CERTAIN && (offer_unseen || is_half_known(s, p, v, d)))
        d->certainty = CERTAINTY_LIKELY;
    remember(s, p, a, f, d->fault);
    d->server_says = f->claim;
    d->agrees = agreement(f);
    for (int i = 0; v && f->cause == v->cause && i < v->related_count; i++)
        relate(s, d, v->related[i], v->roles[i]);
    relate(s, d, f->related, f->role);
    const struct wording wording = {s, &s->draft->arena, d, p, v, a};
    d->explanation = explain_diagnosis(&wording);
    d->advice = advise_diagnosis(&wording);
    s->found.reply[s->found.count++ % FOUND_KEPT] = d->reply;
    *s->draft->diagnoses_tail = d;
    s->draft->diagnoses_tail = &d->next;
    s->news = true;
}

/* --- the way in --- */

/* Replies that speak of the outcome of an AUTH, whatever its place (RFC 4954 section 6), and
 * farewells. */
static bool speaks_of_itself(const struct pending *p, const struct answer *a, enum cause claim,
                             enum cause cause)
{
    bool outcome = p->command.verb == VERB_AUTH &&
                   (a->code == 454 || a->code == 535 || a->code == 534 || a->code == 432);
    /* After a 354 a refusal of the message is the message's business, unless it says otherwise. */
    bool message = p->kind == PENDING_CONTENT && a->code != 503;
    return outcome || ((message || a->code == 421) && !claim_agrees(claim, cause));
}

/* A refusal that the client took for something else, since a reply too many came with it, or had
 * come before and made the client, which counts them, go on too early. */
static bool misled(const struct session *s, const struct pending *p, const struct verdict *v,
                   struct refusal_reason *out)
{
    const bool refused = v->kind == VERDICT_BROKEN && v->refusal;
    if (!s->surplus.count || !refused || p->command.saw < s->surplus.first)
        return false;
    const bool covered = s->surplus.newest > v->refusal && s->surplus.pleasing;
    if (!covered && p->command.saw >= v->refusal)
        return false;
    out->cause = CAUSE_REPLY_DESYNC;
    out->origin = s->surplus.first;
    out->related = v->refusal;
    out->role = ROLE_REFUSAL;
    return true;
}

/* STARTTLS or AUTH was not offered, but the server had asked for it. */
static bool was_asked_for(const struct session *s, const struct verdict *v)
{
    return (v->cause == CAUSE_STARTTLS_NOT_OFFERED && s->order.tls_wanted) ||
           (v->cause == CAUSE_AUTH_NOT_OFFERED && s->order.auth_wanted);
}

/* Whether the reply is about something else than the rule that the command broke as well: what was
 * demanded before, TLS in front of AUTH, a message or another protocol read as commands. */
static bool is_beside(const struct session *s, const struct pending *p, const struct verdict *v,
                      enum cause claim)
{
    bool again = (claim == CAUSE_TLS_REQUIRED && s->order.tls_wanted) ||
                 (claim == CAUSE_AUTH_REQUIRED && s->order.auth_wanted);
    bool follows = v->cause == CAUSE_MAIL_REJECTED || v->cause == CAUSE_ALL_RCPT_REJECTED;
    bool tls_first = v->cause == CAUSE_AUTH_NOT_OFFERED && claim == CAUSE_TLS_REQUIRED &&
                     (s->order.extensions & EXT_STARTTLS);
    bool other =
        s->protocol.other_protocol && p->command.seq > s->protocol.other_protocol && p->pipelined;
    return (again && follows) || tls_first || other;
}

/* "Too many errors" behind errors of order is about those, whatever is wrong with this command. A
 * 503 that says so is about this one as well. */
static bool gave_up(const struct session *s, const struct answer *a, enum cause claim)
{
    return (s->order.first_of_order && a->code != 503 && claim == CAUSE_ERROR_LIMIT) ||
           refusal_is_worn_out(s, a, claim);
}

/* What the verdict makes of the refusal, or what stands beside it; false when there is nothing to
 * say. */
static bool find_reason(struct session *s, const struct pending *p, const struct answer *a,
                        struct verdict *v, struct refusal_reason *out)
{
    enum cause claim =
        claim_of_server(&s->identify, a->code, a->enhanced, a->text, p->command.verb);
    /* The text names the group that should have waited, and there is one: what else was wrong with
     * the command follows from that. */
    bool group = ((p->group || p->pipelined) && claim == CAUSE_PIPELINING_VIOLATION) ||
                 refusal_sees_content(s, p, a, claim);
    bool other = s->protocol.other_protocol && p->command.verb == VERB_UNKNOWN;
    bool syntax = (a->code == 501 || a->code == 500) && !p->command.well_formed && !other;
    *out = (struct refusal_reason){
        .cause = v->cause, .origin = v->origin, .claim = claim, .fault = FAULT_COUNT};
    if (p->content_line) {
        out->cause = CAUSE_CONTENT_AS_COMMANDS;
        out->origin = p->content_of;
        return true;
    }
    if (p->injected) {
        out->cause = CAUSE_PIPELINING_VIOLATION;
        out->origin = s->order.facts[FACT_TLS].since;
        out->fault = FAULT_SERVER;
        return true;
    }
    if (misled(s, p, v, out))
        return true;
    if (s->bare_lf.joined && v->kind == VERDICT_BROKEN &&
        (v->origin == p->command.seq || v->origin == s->bare_lf.misread))
        v->origin = out->origin = s->bare_lf.joined;
    if (v->kind != VERDICT_LEGAL && !syntax && !group && !gave_up(s, a, claim) &&
        !is_beside(s, p, v, claim))
        return !speaks_of_itself(p, a, claim, v->cause) &&
               (v->kind == VERDICT_BROKEN || a->code == 503);
    if (syntax || !refusal_reason_of(s, p, a, claim, out))
        return false;
    if (out->cause == CAUSE_TRANSACTION_RESET) /* which no rule says */
        order_transaction_lost(&s->order, out->origin);
    if (out->passes_on)
        *v = (struct verdict){.kind = VERDICT_BROKEN,
                              .cause = out->cause,
                              .origin = out->origin,
                              .vague = out->certainty == CERTAINTY_LIKELY};
    return !out->silent;
}

/* What the other rule rests on that the command broke as well. */
static void relate_other(struct verdict *v, const struct verdict *other)
{
    for (int i = 0; i < other->related_count && other->rule->kind == RULE_FORBIDS; i++)
        verdict_relate(v, other->related[i], other->roles[i]);
}

/* Inside TLS no server may offer STARTTLS (RFC 3207 section 4.2): that it was not offered says the
 * same as that it came again. */
static bool is_why(enum cause cause, enum cause named)
{
    return cause == CAUSE_STARTTLS_REPEATED && named == CAUSE_STARTTLS_NOT_OFFERED;
}

/* Where the command breaks several rules and the text names one of them, that one counts. Of the
 * needs the first in protocol order does, whatever the text says. What the others rest on is
 * related. */
static struct verdict judge(const struct session *s, const struct pending *p,
                            const struct answer *a, struct verdict v)
{
    size_t count;
    const struct rule *rules = order_rules(&count);
    if (v.kind == VERDICT_LEGAL || !v.rule || a->code < 400)
        return v;
    const enum cause claim =
        claim_of_server(&s->identify, a->code, a->enhanced, a->text, p->command.verb);
    v.vague |= a->cut && v.cause == CAUSE_AUTH_NOT_OFFERED && (s->order.extensions & EXT_STARTTLS);
    const bool says = !claim_is_vague(claim);
    for (size_t i = 0; i < count; i++) {
        if (rules[i].verb != p->command.verb || &rules[i] == v.rule ||
            (rules[i].kind != RULE_FORBIDS && rules[i].kind != RULE_OFFERED))
            continue;
        struct verdict other = order_judge_rule(&s->order, &p->command, &rules[i]);
        if (other.kind == VERDICT_LEGAL)
            continue;
        v.vague |= a->cut; /* the words that would choose may have been cut off */
        if (says && other.kind == VERDICT_BROKEN && claim_agrees(claim, other.cause) &&
            !claim_agrees(claim, v.cause) && !is_why(v.cause, other.cause)) {
            relate_other(&other, &v);
            v = other;
        } else {
            relate_other(&v, &other);
        }
    }
    return v;
}

/* 221 refuses all but QUIT; unless a QUIT waits further behind, and a reply too few has come. */
static bool is_refused(struct session *s, const struct pending *p, const struct answer *a)
{
    if (a->code != 221 || p->command.verb == VERB_QUIT)
        return a->code >= 400;
    for (uint32_t i = 0; i < s->ring.count; i++)
        if (pending_at(s, i)->command.verb == VERB_QUIT)
            return false;
    return !a->doubtful && !p->doubtful && !p->shaky;
}

struct verdict diagnose(struct session *s, const struct pending *p, const struct answer *a)
{
    /* What the client broke does not depend on the server's words. */
    struct verdict v = {.kind = VERDICT_LEGAL}, broken = v;
    struct refusal_reason refusal_reason;
    const bool refused = is_refused(s, p, a);
    if (p->kind == PENDING_COMMAND || p->kind == PENDING_CONTENT) {
        broken = order_judge(&s->order, &p->command);
        v = judge(s, p, a, broken);
    }
    if (was_asked_for(s, &v))
        broken = v = (struct verdict){.kind = VERDICT_LEGAL};
    judge_client(s, p, &broken, !refused);
    if (!refused || !find_reason(s, p, a, &v, &refusal_reason))
        return v;
    /* What came too early has no event yet; what is no message is judged by itself. */
    if (refusal_reason.origin > a->seq && p->command.verb == VERB_DATA)
        note_violation(s, refusal_reason.origin, rule_content, false);
    bool weak = v.kind == VERDICT_DOUBTFUL || a->doubtful || p->doubtful || p->shaky ||
                s->order.facts[FACT_GREETING].doubtful ||
                (v.kind == VERDICT_LEGAL && order_doubtful(&s->order, p->command.verb)) ||
                (p->content_line && s->content_as_commands.weak);
    if (weak)
        weaken(s, p, &v, &refusal_reason);
    else if ((v.vague && refusal_reason.cause == v.cause) || s->surplus.count ||
             s->surplus.doubtful || p->unproved || (a->cut && v.kind == VERDICT_LEGAL) ||
             s->bare_lf.last) /* it may be about more than this line, or about another */
        refusal_reason.certainty = CERTAINTY_LIKELY; /* also after a reply too many */
    diagnosis_write(s, p, a, &v, &refusal_reason);
    return v;
}

/* Words about the protocol, from a server that had begun to greet before the header came: by
 * X.5.Z (RFC 3463 section 3.6), as postscreen's "521 5.5.1 Protocol error", or in the text. */
static bool minds_header(const struct session *s, const struct answer *a)
{
    const struct bytes *e = &a->enhanced;
    const bool numbered = e->len > 3 && e->at[1] == '.' && e->at[2] == '5' && e->at[3] == '.';
    return s->proxy.unexpected && (numbered || bytes_hold_nocase(a->text, "protocol"));
}

/* What came before the greeting, and is what it refuses: a TLS handshake, another protocol, the
 * header of a load balancer; else the first command. A server that takes such a header may well
 * refuse the client whom it names. */
static bool find_early(struct session *s, const struct pending *early, const struct answer *a,
                       struct refusal_reason *out)
{
    bool complains = out->claim == CAUSE_PIPELINING_VIOLATION || out->claim == CAUSE_EARLY_TALKER ||
                     out->claim == CAUSE_NOT_SMTP || names_proxy_header(a->text) ||
                     minds_header(s, a) || (a->code >= 500 && a->code <= 504);
    bool other =
        early && (early->kind == PENDING_TLS || early->command.seq == s->protocol.other_protocol);
    bool says_nothing = claim_is_vague(out->claim);
    if (s->proxy.header && (complains || (s->proxy.unexpected && says_nothing))) {
        out->origin = s->proxy.header;
        out->fault = FAULT_MIDDLEBOX;
        if (a->cut && !complains) /* what it says may lie behind the cut */
            out->certainty = CERTAINTY_LIKELY;
        s->protocol.other_protocol = s->proxy.header;
        s->protocol.kind = NOT_SMTP_PROXY;
    } else if (early) {
        out->origin = early->command.seq;
        if (!other && s->row.server_port == PORT_OF_TLS) { /* it answers in clear, and refuses */
            s->protocol.clear_in_tls = out->origin;
            other = true;
        }
    } else {
        return false;
    }
    out->cause = other || out->origin == s->proxy.header ? CAUSE_NOT_SMTP : CAUSE_EARLY_TALKER;
    if (out->cause == CAUSE_NOT_SMTP) { /* so do the commands that get 503 behind it */
        out->passes_on = true;
        s->order.facts[FACT_GREETING].blame = (struct blame){out->cause, out->origin, 0, false};
    }
    return true;
}

void diagnose_greeting(struct session *s, const struct answer *a)
{
    struct verdict none = {.kind = VERDICT_LEGAL};
    const struct pending *early = pending_at(s, 0);
    struct refusal_reason f = {
        .cause = CAUSE_SESSION_REFUSED,
        .origin = a->seq,
        .claim = claim_of_server(&s->identify, a->code, a->enhanced, a->text, VERB_UNKNOWN),
        .fault = early ? FAULT_COUNT : FAULT_POLICY};
    if (find_early(s, early, a, &f) || a->code == 503 || names_proxy_header(a->text))
        diagnosis_write(s, early, a, &none, &f);
}
