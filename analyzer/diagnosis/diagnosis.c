/* From a broken rule to a finding: cause, origin, fault, certainty. What the facts say comes first;
 * only where the sequence was legal does the text of the reply decide. */
#include "heloscope/diagnosis/diagnosis.h"

#include "heloscope/diagnosis/claims.h"
#include "analyzer/smtp/content_as_commands.h"
#include "explain.h"
#include "heloscope/session/pending.h"
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
        return reaction_knew(s, p, v->refusal) ? FAULT_CLIENT : FAULT_PIPELINING;
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

/* Whether the text says what the session shows: -1 where it does not speak of that. To a line of a
 * message the server says what would be true of a command. */
static int agreement(const struct refusal_reason *f)
{
    if (f->claim == CAUSE_NONE || f->claim == CAUSE_UNKNOWN || f->cause == CAUSE_UNKNOWN)
        return -1;
    if (claim_agrees(f->claim, f->cause))
        return 1;
    return f->cause == CAUSE_CONTENT_AS_COMMANDS ? -1 : 0;
}

static void write_diagnosis(struct session *s, const struct pending *p, const struct answer *a,
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
    if (d->fault == FAULT_PIPELINING && d->certainty == CERTAINTY_CERTAIN && v && v->refusal && p &&
        p->command.saw >= v->refusal)
        d->certainty = CERTAINTY_LIKELY; /* the refusal had arrived, but hardly been read */
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

enum {
    SILENCE_US = 5 * 1000 * 1000,      /* so long nobody waits for a person or a slow network */
    SILENCE_SAID_US = 1 * 1000 * 1000, /* the same, where the reply itself speaks of it */
};

static bool text_holds(struct bytes text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t at = 0; at + strlen(words[i]) <= text.len; at++)
            if (bytes_start_nocase(bytes_from(text, at), words[i]))
                return true;
    return false;
}

/* The server's time-out (RFC 5321 section 4.5.3.2.7): 421 or 451 into a silence that was the
 * client's. Other reasons to close, such as a shutdown, are named in the text. */
static bool is_timeout(const struct answer *a, int64_t silence_us)
{
    static const char *const said[] = {"timeout", "timed out", "time out",
                                       "idle",    "inactiv",   "too long"},
                             *const other[] = {"shut", "load", "too many", "maintenance",
                                               "resource"};
    const bool named = text_holds(a->text, said, sizeof said / sizeof *said);
    if (text_holds(a->text, other, sizeof other / sizeof *other))
        return false;
    if (named)
        return silence_us >= SILENCE_SAID_US && (a->code >= 400 || a->code == 221);
    return silence_us >= SILENCE_US && (a->code == 421 || a->code == 451);
}

/* A message that was answered by "unknown command" and then taken: the first reply was for a line
 * end that the server had misread, the second is the message's. */
static bool is_second_of_message(const struct session *s, const struct answer *a)
{
    const struct answered *last = &s->answered;
    return a->code / 100 == 2 && last->message && (last->code == 500 || last->code == 502) &&
           !s->ring.count && s->last_seq == a->seq && a->seq == last->reply + 1;
}

bool diagnose_surplus(struct session *s, const struct answer *a, int64_t silence_us)
{
    struct verdict none = {.kind = VERDICT_LEGAL};
    struct answer about = *a;
    struct refusal_reason f = {.cause = CAUSE_REPLY_DESYNC,
                               .origin = a->seq,
                               .certainty = CERTAINTY_LIKELY,
                               .claim = claim_of_reply(identify_server(&s->identify), a->code,
                                                       a->enhanced, a->text, VERB_UNKNOWN),
                               .fault = FAULT_COUNT};
    const bool hole = s->hole || s->row.midstream;
    const bool ends = a->code == 421 || (!hole && is_timeout(a, silence_us));
    if (a->code == 503 && hole) {
        f.cause = CAUSE_UNKNOWN;
        f.origin = s->order.hole;
        f.certainty = CERTAINTY_UNKNOWN;
    } else if (s->skipped) {
        s->skipped--; /* the late answer to a command that was passed over */
        return ends;
    } else if (hole || (a->code != 503 && s->client_gone)) {
        return ends; /* a farewell to a client that has gone is not one too many */
    } else if (a->code >= 400 && f.claim == CAUSE_ERROR_LIMIT) {
        f.cause = CAUSE_ERROR_LIMIT; /* the server adds its last word and hangs up */
        f.origin = s->order.first_error ? s->order.first_error : a->seq;
        f.fault = s->order.first_error_of_order ? FAULT_CLIENT : FAULT_POLICY;
        f.certainty = CERTAINTY_CERTAIN;
    } else if (is_timeout(a, silence_us)) {
        f.cause = CAUSE_SERVER_TIMEOUT;
        f.certainty = CERTAINTY_CERTAIN;
        s->silence_us = silence_us;
    } else if (a->code == 421 || a->code == 221) {
        return ends; /* as RFC 5321 section 3.8 has it */
    } else {
        if (is_second_of_message(s, a)) {
            about.seq = f.origin = s->answered.reply;
            about.code = s->answered.code;
            s->row.messages++;
        }
        if (!s->surplus.count++)
            s->surplus.first = f.origin;
    }
    write_diagnosis(s, NULL, &about, &none, &f);
    return ends;
}

void diagnose_lag(struct session *s, const struct pending *p, const struct answer *a)
{
    struct verdict none = {.kind = VERDICT_LEGAL};
    struct refusal_reason f = {.cause = CAUSE_REPLY_DESYNC,
                               .origin = s->bare_lf.joined,
                               .certainty = CERTAINTY_LIKELY,
                               .fault = FAULT_CLIENT};
    if (!s->surplus.count++)
        s->surplus.first = f.origin;
    write_diagnosis(s, p, a, &none, &f);
}

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

static bool is_content(struct session *s, struct pending *p)
{
    bool candidate = s->content_as_commands.because &&
                     p->command.seq > s->content_as_commands.because &&
                     p->kind == PENDING_COMMAND && !s->content_as_commands.sure;
    if (candidate && !p->content_line && content_as_commands_in_flight(s))
        content_as_commands_mark(s, p);
    return p->content_line;
}

/* A refusal that the client took for something else, since a reply too many had come before it. */
static bool misled(const struct session *s, const struct pending *p, const struct verdict *v,
                   struct refusal_reason *out)
{
    const bool refused = v->kind == VERDICT_BROKEN && v->refusal;
    if (!s->surplus.count || !refused || p->command.saw < s->surplus.first)
        return false;
    out->cause = CAUSE_REPLY_DESYNC;
    out->origin = s->surplus.first;
    out->related = v->refusal;
    out->role = ROLE_REFUSAL;
    return true;
}

/* A STARTTLS that was not offered, but asked for in the reply to another command. */
static bool was_asked_for(const struct session *s, const struct verdict *v,
                          struct refusal_reason *out)
{
    if (v->cause != CAUSE_STARTTLS_NOT_OFFERED || !s->order.tls_wanted)
        return false;
    out->cause = CAUSE_TLS_REQUIRED;
    out->origin = s->order.tls_wanted;
    out->fault = FAULT_SERVER;
    return true;
}

/* "421 too many errors" is about those before, whatever is wrong with this command. */
static bool gave_up(const struct answer *a, enum cause claim)
{
    return a->code == 421 && claim == CAUSE_ERROR_LIMIT;
}

/* What the verdict makes of the refusal, or what stands beside it; false when there is nothing to
 * say. */
static bool find_reason(struct session *s, const struct pending *p, const struct answer *a,
                        struct verdict *v, struct refusal_reason *out)
{
    enum cause claim = claim_of_reply(identify_server(&s->identify), a->code, a->enhanced, a->text,
                                      p->command.verb);
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
    if (misled(s, p, v, out) || was_asked_for(s, v, out))
        return true;
    if (s->bare_lf.joined && v->kind == VERDICT_BROKEN && v->origin == p->command.seq)
        v->origin = out->origin = s->bare_lf.joined;
    if (v->kind != VERDICT_LEGAL && !syntax && !group && !gave_up(a, claim))
        return !speaks_of_itself(p, a, claim, v->cause) &&
               (v->kind == VERDICT_BROKEN || a->code == 503);
    if (syntax || !refusal_reason_of(s, p, a, claim, out))
        return false;
    if (out->cause == CAUSE_TRANSACTION_RESET && s->order.auth_inside)
        order_transaction_lost(&s->order, out->origin);
    if (out->passes_on)
        *v = (struct verdict){.kind = VERDICT_BROKEN,
                              .cause = out->cause,
                              .origin = out->origin,
                              .vague = out->certainty == CERTAINTY_LIKELY};
    return !out->silent;
}

/* What is refused for want of TLS or AUTH once has its origin there, however often it is tried. */
static void remember_wanted(struct session *s, const struct refusal_reason *found)
{
    if (found->cause == CAUSE_TLS_REQUIRED && !s->order.tls_wanted)
        s->order.tls_wanted = found->origin;
    if (found->cause == CAUSE_AUTH_REQUIRED && !s->order.auth_wanted)
        s->order.auth_wanted = found->origin;
}

/* Where the command breaks several rules and the text names one of them, that one counts. Of the
 * needs the first in protocol order does, whatever the text says. */
static struct verdict judge(const struct session *s, const struct pending *p,
                            const struct answer *a)
{
    struct verdict first = order_judge(&s->order, &p->command);
    size_t count;
    const struct rule *rules = order_rules(&count);
    if (first.kind == VERDICT_LEGAL || !first.rule || a->code < 400)
        return first;
    const enum cause claim = claim_of_reply(identify_server(&s->identify), a->code, a->enhanced,
                                            a->text, p->command.verb);
    if (claim == CAUSE_NONE || claim == CAUSE_UNKNOWN || claim_agrees(claim, first.cause))
        return first;
    for (size_t i = 0; i < count; i++) {
        if (rules[i].verb != p->command.verb || &rules[i] == first.rule ||
            (rules[i].kind != RULE_FORBIDS && rules[i].kind != RULE_OFFERED))
            continue;
        struct verdict other = order_judge_rule(&s->order, &p->command, &rules[i]);
        if (other.kind == VERDICT_BROKEN && claim_agrees(claim, other.cause)) {
            verdict_relate(&other,
                           first.origin == p->command.seq && first.related_count ? first.related[0]
                                                                                 : first.origin,
                           first.related_count ? first.roles[0] : ROLE_REFUSAL);
            return other;
        }
    }
    return first;
}

struct verdict diagnose(struct session *s, const struct pending *p, const struct answer *a)
{
    struct verdict v = {.kind = VERDICT_LEGAL};
    struct pending mine = *p;
    struct refusal_reason refusal_reason;
    const bool hung_up =
        a->code == 221 && p->command.verb != VERB_QUIT; /* no one had asked for it */
    if (p->kind == PENDING_COMMAND || p->kind == PENDING_CONTENT)
        v = judge(s, p, a);
    is_content(s, &mine);
    judge_client(s, &mine, &v, a->code < 400 && !hung_up);
    if ((a->code < 400 && !hung_up) || !find_reason(s, &mine, a, &v, &refusal_reason))
        return v;
    remember_wanted(s, &refusal_reason);
    if (refusal_reason.origin > a->seq) /* what came too early, and has no event yet */
        note_violation(s, refusal_reason.origin, rule_content, false);
    bool weak = v.kind == VERDICT_DOUBTFUL || a->doubtful || p->doubtful || p->shaky ||
                s->order.facts[FACT_GREETING].doubtful ||
                (v.kind == VERDICT_LEGAL && order_doubtful(&s->order, p->command.verb)) ||
                (mine.content_line && s->content_as_commands.weak);
    if (weak)
        weaken(s, p, &v, &refusal_reason);
    else if ((v.vague && refusal_reason.cause == v.cause) || s->surplus.count)
        refusal_reason.certainty = CERTAINTY_LIKELY; /* also after a reply too many */
    write_diagnosis(s, &mine, a, &v, &refusal_reason);
    return v;
}

/* What came before the greeting, and is what it refuses: a TLS handshake, the header of a load
 * balancer; else the first command. */
static bool find_early(struct session *s, const struct pending *early, struct refusal_reason *out)
{
    bool complains = out->claim == CAUSE_PIPELINING_VIOLATION || out->claim == CAUSE_EARLY_TALKER ||
                     out->claim == CAUSE_NOT_SMTP;
    if (early) {
        out->cause = early->kind == PENDING_TLS ? CAUSE_NOT_SMTP : CAUSE_EARLY_TALKER;
        out->origin = early->command.seq;
        return true;
    }
    if (!s->proxy.header || !complains)
        return false;
    out->cause = CAUSE_NOT_SMTP;
    out->origin = s->proxy.header;
    out->fault = FAULT_MIDDLEBOX;
    s->protocol.other_protocol = s->proxy.header;
    s->protocol.kind = NOT_SMTP_PROXY;
    return true;
}

void diagnose_greeting(struct session *s, const struct answer *a)
{
    struct verdict none = {.kind = VERDICT_LEGAL};
    const struct pending *early = pending_at(s, 0);
    struct refusal_reason f = {.cause = CAUSE_SESSION_REFUSED,
                               .origin = a->seq,
                               .claim = claim_of_reply(identify_server(&s->identify), a->code,
                                                       a->enhanced, a->text, VERB_UNKNOWN),
                               .fault = early ? FAULT_COUNT : FAULT_POLICY};
    if (find_early(s, early, &f) || a->code == 503)
        write_diagnosis(s, early, a, &none, &f);
}
