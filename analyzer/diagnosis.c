/* From a broken rule to a finding: cause, origin, fault, certainty. What the facts say comes first;
 * only where the sequence was legal does the text of the reply decide. */
#include "heloscope/session.h"

/* --- violations --- */

void note_violation(struct session *s, event_no seq, const char *rule, bool tolerated)
{
    struct violation *v = arena_get(&s->draft->arena, sizeof *v);
    v->seq = seq;
    v->rule = rule;
    v->tolerated = tolerated;
    *s->draft->violations_tail = v;
    s->draft->violations_tail = &v->next;
    s->row.violations++;
}

static const char early_rule[] = "wait for a 220 greeting";

static const char *group_rule(const struct session *s)
{
    return s->order.extensions & EXT_PIPELINING ? "last command of a group"
                                                : "no PIPELINING was offered";
}

void accuse(struct session *s, struct pending *p, bool tolerated)
{
    bool doubt = p->shaky || p->doubtful || s->order.facts[FACT_GREETING].doubtful;
    if (p->accused || p->content_line || p->kind != PENDING_COMMAND || doubt ||
        !(p->early || p->group))
        return;
    note_violation(s, p->command.seq, p->early ? early_rule : group_rule(s), tolerated);
    p->accused = true;
}

/* A command that follows from a refusal accuses its sender only when the refusal had reached it:
 * RFC 2920 lets a group go on blindly. */
static void judge_client(struct session *s, const struct pending *p, const struct verdict *v,
                         bool tolerated)
{
    if (v->kind == VERDICT_DOUBTFUL || p->content_line || p->shaky || p->doubtful || p->accused ||
        s->order.facts[FACT_GREETING].doubtful)
        return;
    const char *rule = NULL;
    if (p->early)
        rule = early_rule;
    else if (tolerated && s->hole && v->rule && v->rule->kind == RULE_NEEDS)
        ; /* that the server took it shows that something was not seen */
    else if (v->kind == VERDICT_BROKEN && v->rule && (!v->refusal || p->command.saw >= v->refusal))
        rule = v->rule->name;
    else if (p->group)
        rule = group_rule(s);
    if (rule && p->kind != PENDING_CONTENT)
        note_violation(s, p->command.seq, rule, tolerated);
}

/* --- findings --- */

struct finding {
    enum cause cause;
    event_no origin;
    enum certainty certainty;
    enum cause claim;
    bool followed; /* the client went on behind a command that ends its group */
    event_no related;
    enum role role;
};

/* Causes whose reason is the command's own content, not its place (DESIGN's convention 6). */
static bool lies_in_command(enum cause cause)
{
    return cause == CAUSE_AUTH_REQUIRED || cause == CAUSE_TLS_REQUIRED ||
           cause == CAUSE_PARAMETER_REFUSED || cause == CAUSE_EHLO_REQUIRED ||
           cause == CAUSE_COMMAND_NOT_OFFERED;
}

static bool class_is(struct bytes enhanced, const char *subject)
{
    return enhanced.len > 2 && enhanced.at[1] == '.' &&
           bytes_equal_nocase(bytes_first(bytes_from(enhanced, 2), strlen(subject)), subject);
}

/* Commands beside the standard's own that a server announces when it has them. */
static bool not_offered(const struct session *s, enum verb verb)
{
    static const struct {
        enum verb verb;
        unsigned extension;
    } announced[] = {{VERB_ETRN, EXT_ETRN},
                     {VERB_XCLIENT, EXT_XCLIENT},
                     {VERB_XFORWARD, EXT_XFORWARD},
                     {VERB_ATRN, 0},
                     {VERB_TURN, 0}};
    for (size_t i = 0; i < sizeof announced / sizeof *announced; i++)
        if (announced[i].verb == verb)
            return !(s->order.extensions & announced[i].extension);
    return false;
}

/* The sequence was legal: what else can be the reason? */
static enum cause reason_beside_order(const struct session *s, const struct pending *p,
                                      const struct answer *a, enum cause claim)
{
    enum verb verb = p->command.verb;
    bool hello = verb == VERB_HELO || verb == VERB_EHLO || verb == VERB_LHLO;
    const struct fact *before = &s->order.facts[FACT_HELLO];
    if (hello && (before->since || (before->doubtful && claim == CAUSE_HELLO_REPEATED)))
        return CAUSE_HELLO_REPEATED;
    if (claim == CAUSE_HELLO_MISSING && s->order.hello_verb == VERB_HELO && before->since &&
        a->text.len && memmem(a->text.at, a->text.len, "EHLO", 4))
        return CAUSE_EHLO_REQUIRED;
    if (claim == CAUSE_AUTH_REQUIRED && s->order.facts[FACT_AUTH].refused)
        return CAUSE_AUTH_REJECTED;
    if ((claim == CAUSE_TLS_REQUIRED || claim == CAUSE_TLS_FAILED) &&
        s->order.facts[FACT_TLS].refused)
        return CAUSE_TLS_FAILED;
    switch (claim) {
    case CAUSE_AUTH_REQUIRED:
    case CAUSE_TLS_REQUIRED:
    case CAUSE_TLS_FAILED:
    case CAUSE_PARAMETER_REFUSED:
    case CAUSE_ERROR_LIMIT:
    case CAUSE_POLICY:
    case CAUSE_MIDDLEBOX:
        return claim;
    case CAUSE_PIPELINING_VIOLATION:
    case CAUSE_EARLY_TALKER:
        return CAUSE_PIPELINING_VIOLATION;
    default:
        break;
    }
    if (p->group)
        return CAUSE_PIPELINING_VIOLATION;
    if (class_is(a->enhanced, "7."))
        return CAUSE_POLICY;
    if (class_is(a->enhanced, "5.4") && p->command.has_parameters)
        return CAUSE_PARAMETER_REFUSED;
    if (verb == VERB_MASKED)
        return CAUSE_MIDDLEBOX;
    if (verb == VERB_UNKNOWN || not_offered(s, verb))
        return CAUSE_COMMAND_NOT_OFFERED;
    if (verb == VERB_DATA && s->order.limited) /* RFC 5321 section 4.5.3.1.10 allows it */
        return CAUSE_POLICY;
    return CAUSE_SERVER_DISAGREES;
}

/* Codes by which a server refuses a legal command for want of AUTH or TLS (RFC 4954 section 6, RFC
 * 3207 section 4); with any other code only a 503 is looked into. */
static bool tells_a_reason(int code, enum cause claim)
{
    if (code == 503)
        return true;
    if (claim == CAUSE_AUTH_REQUIRED || claim == CAUSE_TLS_REQUIRED)
        return code == 530 || code == 538 || code == 523 || code == 524 || code == 504 ||
               code == 451 || code == 550 || code == 554;
    if (claim == CAUSE_PIPELINING_VIOLATION || claim == CAUSE_EARLY_TALKER)
        return code == 554 || code == 521 || code == 500 || code == 550;
    return claim == CAUSE_ERROR_LIMIT && code == 421;
}

/* Whether a refusal of a command that the client did not wait for has a reason of its own. */
static bool may_end_there(enum cause claim, int code)
{
    return claim != CAUSE_PIPELINING_VIOLATION && claim != CAUSE_EARLY_TALKER && code != 503;
}

/* A request of HTTP, or a proxy's header. */
static bool foreign(const struct pending *p)
{
    static const char *const words[] = {"GET ",     "POST ",    "PUT ",  "HEAD ",
                                        "OPTIONS ", "CONNECT ", "PROXY "};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (p->command.verb == VERB_UNKNOWN && bytes_start_nocase(p->text, words[i]))
            return true;
    return false;
}

static struct finding find_beside_order(const struct session *s, const struct pending *p,
                                        const struct answer *a, enum cause claim)
{
    struct finding f = {.claim = claim, .certainty = CERTAINTY_CERTAIN};
    if (p->early) {
        f.cause = CAUSE_EARLY_TALKER;
        f.origin = p->command.seq;
        return f;
    }
    if (s->order.auth_inside && claim != CAUSE_POLICY && a->code == 503 &&
        (p->command.verb == VERB_RCPT || p->command.verb == VERB_DATA ||
         p->command.verb == VERB_BDAT)) {
        /* nginx in front of a backend takes AUTH in a transaction, and drops the transaction with
         * it. */
        f.cause = CAUSE_TRANSACTION_RESET;
        f.origin = s->order.auth_inside;
        f.certainty = CERTAINTY_LIKELY;
        return f;
    }
    if (foreign(p)) {
        f.cause = CAUSE_NOT_SMTP;
        f.origin = p->command.seq;
        return f;
    }
    const struct pending *behind = pending_at((struct session *)s, 0);
    f.followed = behind && behind->group == p->command.seq && !may_end_there(claim, a->code);
    f.cause = f.followed ? CAUSE_PIPELINING_VIOLATION : reason_beside_order(s, p, a, claim);
    f.origin = a->seq;
    if (lies_in_command(f.cause)) {
        f.origin = p->command.seq;
        if (f.cause == CAUSE_TLS_REQUIRED) {
            f.related = s->order.offer;
            f.role = ROLE_OFFER;
        }
    } else if (f.cause == CAUSE_HELLO_REPEATED) {
        f.origin = p->command.seq;
        f.related = s->order.facts[FACT_HELLO].since;
        f.role = ROLE_OPENED;
    } else if (f.cause == CAUSE_PIPELINING_VIOLATION) {
        f.origin = p->command.seq;
        f.related = p->group ? p->group : f.followed ? behind->command.seq : 0;
        f.role = ROLE_GROUP;
        if (!p->group && s->order.facts[FACT_HELLO].doubtful)
            f.certainty = CERTAINTY_LIKELY; /* whether it was offered was not seen */
        if (!p->pipelined && !f.followed && s->offender) {
            /* Postfix complains at the restriction where it was told to, several commands later. */
            f.origin = s->offender;
            f.related = p->command.seq;
        }
    } else if (f.cause == CAUSE_AUTH_REJECTED || f.cause == CAUSE_TLS_FAILED) {
        f.origin = s->order.facts[f.cause == CAUSE_TLS_FAILED ? FACT_TLS : FACT_AUTH].refused;
    } else if (f.cause == CAUSE_EHLO_REQUIRED) {
        f.origin = s->order.facts[FACT_HELLO].since;
    } else if (f.cause == CAUSE_ERROR_LIMIT && s->order.first_error) {
        f.origin = s->order.first_error;
    }
    return f;
}

/* Octets that the capture lacks may have changed what the verdict rests on. What was seen refused,
 * cleared or open and what the text confirms is likely; all else is unknown, with the hole as
 * origin. */
static void weaken(const struct session *s, const struct pending *p, const struct verdict *v,
                   struct finding *f)
{
    bool confirmed = f->claim != CAUSE_NONE && claim_agrees(f->claim, f->cause);
    bool never = f->origin == p->command.seq && v->rule && v->rule->kind != RULE_FORBIDS;
    bool reason = v->kind == VERDICT_LEGAL && f->cause == f->claim;
    if ((v->kind != VERDICT_LEGAL && confirmed && !never) || reason) {
        f->certainty = CERTAINTY_LIKELY;
        return;
    }
    f->certainty = CERTAINTY_UNKNOWN;
    f->cause = CAUSE_UNKNOWN;
    f->origin = s->order.hole;
}

static enum fault fault_of(const struct session *s, const struct pending *p,
                           const struct verdict *v, const struct finding *f)
{
    switch (f->cause) {
    case CAUSE_SERVER_DISAGREES:
    case CAUSE_HELLO_REPEATED:
        return FAULT_SERVER;
    case CAUSE_POLICY:
    case CAUSE_AUTH_REQUIRED:
    case CAUSE_TLS_REQUIRED:
    case CAUSE_EHLO_REQUIRED:
    case CAUSE_ERROR_LIMIT:
        return FAULT_POLICY;
    case CAUSE_MIDDLEBOX:
        return FAULT_MIDDLEBOX;
    case CAUSE_UNKNOWN:
    case CAUSE_REPLY_DESYNC:
        return FAULT_UNKNOWN;
    default:
        break;
    }
    /* A firewall that overwrites verbs or keywords leaves its mark (Cisco PIX/ASA fixup). */
    if (f->cause == CAUSE_HELLO_REJECTED && (s->masked_hello || s->masked_banner))
        return FAULT_MIDDLEBOX;
    if (f->cause == CAUSE_AUTH_NOT_OFFERED || f->cause == CAUSE_STARTTLS_NOT_OFFERED)
        if (s->order.extensions & EXT_MASKED)
            return FAULT_MIDDLEBOX;
    /* No content may be on its way before a 354; but the octets behind a BDAT that CHUNKING allows
     * may. */
    if (f->cause == CAUSE_CONTENT_AS_COMMANDS)
        return s->content_run_limit && (s->order.extensions & EXT_CHUNKING) &&
                       p->command.saw < f->origin
                   ? FAULT_PIPELINING
                   : FAULT_CLIENT;
    if (f->cause == CAUSE_AUTH_REJECTED || f->cause == CAUSE_TLS_FAILED)
        return p->command.saw >= f->origin ? FAULT_CLIENT : FAULT_PIPELINING;
    /* The complaint is about a group that the server itself had allowed. */
    if (f->cause == CAUSE_PIPELINING_VIOLATION && f->origin == p->command.seq && !p->group &&
        p->pipelined && !f->followed)
        return s->order.facts[FACT_HELLO].doubtful ? FAULT_UNKNOWN : FAULT_SERVER;
    if (v && v->refusal && p)
        return p->command.saw >= v->refusal ? FAULT_CLIENT : FAULT_PIPELINING;
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

static void write_finding(struct session *s, const struct pending *p, const struct answer *a,
                          const struct verdict *v, const struct finding *f)
{
    struct diagnosis *d = arena_get(&s->draft->arena, sizeof *d);
    d->reply = a->seq;
    d->command = p ? p->command.seq : 0;
    d->origin = f->origin;
    d->code = a->code;
    d->cause = f->cause;
    d->certainty = f->certainty;
    d->fault = fault_of(s, p, v, f);
    d->server_says = f->claim;
    d->agrees = f->claim == CAUSE_NONE || f->claim == CAUSE_UNKNOWN || f->cause == CAUSE_UNKNOWN
                    ? -1
                    : claim_agrees(f->claim, f->cause);
    for (int i = 0; v && f->cause == v->cause && i < v->related_count; i++)
        relate(s, d, v->related[i], v->roles[i]);
    relate(s, d, f->related, f->role);
    d->explanation = explain_finding(s, &s->draft->arena, d, p, v);
    d->advice = advise_finding(&s->draft->arena, d);
    *s->draft->diagnoses_tail = d;
    s->draft->diagnoses_tail = &d->next;
    s->news = true;
}

/* --- the way in --- */

static void diagnose_surplus(struct session *s, const struct answer *a)
{
    struct verdict none = {.kind = VERDICT_LEGAL};
    struct finding f = {.claim = claim_of_reply(identify_server(&s->identify), a->code, a->enhanced,
                                                a->text, VERB_UNKNOWN)};
    bool hole = s->hole || s->row.midstream;
    if (a->code != 503 && (a->code < 400 || a->code == 421 || hole))
        return;
    if (hole) {
        f.cause = CAUSE_UNKNOWN;
        f.origin = s->order.hole;
        f.certainty = CERTAINTY_UNKNOWN;
    } else {
        f.cause = CAUSE_REPLY_DESYNC;
        f.origin = a->seq;
        f.certainty = CERTAINTY_LIKELY;
    }
    write_finding(s, NULL, a, &none, &f);
}

struct verdict diagnose(struct session *s, const struct pending *p, const struct answer *a)
{
    struct verdict v = {.kind = VERDICT_LEGAL};
    bool refused = a->code >= 400;
    if (!p) {
        diagnose_surplus(s, a);
        return v;
    }
    if (p->kind == PENDING_SASL)
        return v;
    v = order_judge(&s->order, &p->command);
    struct pending mine = *p;
    if (s->content_run && p->command.seq > s->content_run && p->kind == PENDING_COMMAND &&
        !s->content_run_sure)
        if (content_run_in_flight(s))
            content_run_mark(s, &mine);
    judge_client(s, &mine, &v, !refused);
    if (!refused)
        return v;

    enum cause claim = claim_of_reply(identify_server(&s->identify), a->code, a->enhanced, a->text,
                                      p->command.verb);
    struct finding f = {
        .cause = v.cause, .origin = v.origin, .claim = claim, .certainty = CERTAINTY_CERTAIN};
    /* The text names the group that should have waited, and there is one: what else was wrong with
     * the command follows from that. */
    bool group = (p->group || p->pipelined) && claim == CAUSE_PIPELINING_VIOLATION;
    bool syntax = (a->code == 501 || a->code == 500) && !p->command.well_formed;
    if (mine.content_line) {
        f.cause = CAUSE_CONTENT_AS_COMMANDS;
        f.origin = mine.content_of;
    } else if (v.kind == VERDICT_LEGAL || syntax || group) {
        if (syntax || (!mine.early && !tells_a_reason(a->code, claim)))
            return v;
        f = find_beside_order(s, &mine, a, claim);
        if (f.cause == CAUSE_TRANSACTION_RESET)
            order_transaction_lost(&s->order, f.origin);
        if (f.cause == CAUSE_PIPELINING_VIOLATION || f.cause == CAUSE_TRANSACTION_RESET)
            /* an order error: it is passed on */
            v = (struct verdict){.kind = VERDICT_BROKEN, .cause = f.cause, .origin = f.origin};
    } else if (v.kind == VERDICT_DOUBTFUL && a->code != 503) {
        return v;
    }
    bool weak = v.kind == VERDICT_DOUBTFUL || a->doubtful || p->doubtful || p->shaky ||
                s->order.facts[FACT_GREETING].doubtful ||
                (v.kind == VERDICT_LEGAL && order_doubtful(&s->order, p->command.verb)) ||
                (mine.content_line && s->content_run_weak);
    if (weak)
        weaken(s, p, &v, &f);
    else if (v.vague && f.cause == v.cause)
        f.certainty = CERTAINTY_LIKELY;
    write_finding(s, &mine, a, &v, &f);
    return v;
}

void diagnose_greeting(struct session *s, const struct answer *a)
{
    struct verdict none = {.kind = VERDICT_LEGAL};
    const struct pending *early = pending_at(s, 0);
    enum cause claim =
        claim_of_reply(identify_server(&s->identify), a->code, a->enhanced, a->text, VERB_UNKNOWN);
    struct finding f = {.cause = CAUSE_SESSION_REFUSED, .origin = a->seq, .claim = claim};
    if (early) {
        f.cause = CAUSE_EARLY_TALKER;
        f.origin = early->command.seq;
    }
    if (early || a->code == 503)
        write_finding(s, early, a, &none, &f);
}
