/* SPDX-License-Identifier: ISC */
/* A command that broke no rule was refused. The reasons are tried in order, those that the session
 * shows before those that only the text of the reply names; the first that holds is taken. */
#include "refusal.h"

#include "heloscope/diagnosis/claims.h"
#include "heloscope/session/direction.h"

/* Whether `p` is a DATA or STARTTLS behind which lines were sent before its reply, which is being
 * judged, was there. They wait to be read, and have no events yet: the first of them will be the
 * next. */
static bool lines_came_early(const struct session *s, const struct pending *p)
{
    const struct direction *client = &s->direction[SIDE_CLIENT];
    const enum verb verb = p->command.verb;
    uint8_t head[1024];
    if ((verb != VERB_DATA && verb != VERB_STARTTLS) || p->kind != PENDING_COMMAND ||
        client->reading != READ_WAIT || s->waiting.command != p->command.seq || !client->queue ||
        !client->queue->span.data.at)
        return false;
    const size_t length = direction_peek(client, head, sizeof head);
    return memchr(head, '\n', length) != NULL;
}

/* The text complains of input that came too early. postscreen and Sendmail 8.18 call it a protocol
 * error. */
static bool names_early_input(const struct answer *a, enum cause claim)
{
    return claim == CAUSE_PIPELINING_VIOLATION || claim == CAUSE_EARLY_TALKER ||
           bytes_hold_nocase(a->text, "protocol error");
}

/* X.5.0 and X.5.1 are about the command and not about what it names (RFC 3463 section 3.6). */
static bool is_about_protocol(struct bytes enhanced)
{
    return enhanced_is(enhanced, ".5.0") || enhanced_is(enhanced, ".5.1");
}

bool refusal_sees_content(const struct session *s, const struct pending *p, const struct answer *a,
                          enum cause claim)
{
    return names_early_input(a, claim) && lines_came_early(s, p);
}

enum {
    ERRORS_TOO_MANY = 3, /* the least that servers are known to put up with (Exim, chasquid) */
};

static bool within_transaction(enum verb verb)
{
    return verb == VERB_RCPT || verb == VERB_DATA || verb == VERB_BDAT;
}

/* A text that says nothing, or nothing else than what is being considered. */
static bool may_mean(enum cause claim, enum cause cause)
{
    return claim_is_vague(claim) || claim_agrees(claim, cause);
}

/* --- what the session shows --- */

/* Whoever speaks before the greeting began with its first command, whichever is complained of. */
static bool early_talk(const struct refusal *r, struct refusal_reason *out)
{
    event_no first = r->s->first_early ? r->s->first_early : r->p->command.seq;
    const bool claimed = r->claim == CAUSE_PIPELINING_VIOLATION || r->claim == CAUSE_EARLY_TALKER;
    const bool named = names_early_input(r->a, r->claim);
    out->passes_on = true;
    if (!r->p->early && !claimed) /* postscreen's protocol error: other tests end in it as well */
        out->certainty = CERTAINTY_LIKELY;
    if (named)
        out->claim = CAUSE_EARLY_TALKER;
    return (r->p->early || (named && r->s->first_early)) &&
           reason_is(out, CAUSE_EARLY_TALKER, first);
}

/* A line of a SASL exchange that the server took for a command (Haraka does when it spells one). */
static bool response_misread(const struct refusal *r, struct refusal_reason *out)
{
    return r->p->kind == PENDING_SASL && refused_with_503(r) &&
           reason_is(out, CAUSE_SERVER_DISAGREES, r->a->seq);
}

/* nginx in front of a backend takes AUTH in a transaction, and drops the transaction with it. */
static bool lost_to_auth(const struct refusal *r, struct refusal_reason *out)
{
    if (!r->order->auth_inside || !refused_with_503(r) || !within_transaction(r->p->command.verb) ||
        !may_mean(r->claim, CAUSE_TRANSACTION_RESET))
        return false;
    out->certainty = CERTAINTY_LIKELY;
    out->passes_on = true;
    return reason_is(out, CAUSE_TRANSACTION_RESET, r->order->auth_inside);
}

/* amavisd refuses STARTTLS in a transaction with 502, and has forgotten the transaction. */
static bool lost_to_refused(const struct refusal *r, struct refusal_reason *out)
{
    bool meant = r->claim == CAUSE_MAIL_MISSING || may_mean(r->claim, CAUSE_TRANSACTION_RESET);
    if (!r->order->refused_inside || !refused_with_503(r) ||
        !within_transaction(r->p->command.verb) || !meant)
        return false;
    out->certainty = CERTAINTY_LIKELY;
    out->passes_on = true;
    return reason_is(out, CAUSE_TRANSACTION_RESET, r->order->refused_inside);
}

/* A rule was broken before, the server took it, and minds now: chasquid takes MAIL without a hello
 * and refuses DATA. */
static bool tolerated_before(const struct refusal *r, struct refusal_reason *out)
{
    const struct blame *before = &r->order->tolerated;
    if (before->cause == CAUSE_NONE || !refused_with_503(r) ||
        !within_transaction(r->p->command.verb) ||
        (!may_mean(r->claim, before->cause) && r->claim != CAUSE_RCPT_MISSING))
        return false;
    out->passes_on = true;
    return reason_is(out, before->cause, before->origin);
}

/* Haraka forgets an accepted hello when it refuses another. */
static bool hello_forgotten(const struct refusal *r, struct refusal_reason *out)
{
    const struct fact *hello = &r->order->facts[FACT_HELLO];
    out->passes_on = true;
    return r->claim == CAUSE_HELLO_MISSING && hello->since && hello->again &&
           reason_is(out, CAUSE_HELLO_REJECTED, hello->again);
}

/* A firewall that answers EHLO itself, with a 250 that the server never gave. */
static bool hello_withheld(const struct refusal *r, struct refusal_reason *out)
{
    out->certainty = CERTAINTY_LIKELY;
    return refused_with_503(r) && r->claim == CAUSE_HELLO_MISSING && r->s->masked_banner &&
           order_holds(r->order, FACT_HELLO) && reason_is(out, CAUSE_MIDDLEBOX, r->a->seq);
}

/* Content, or a QUIT, behind DATA in the same breath: DATA is the last of its group (RFC 2920
 * section 3.1). Postfix 3.11 and Sendmail 8.18 look for it and refuse the DATA. It waits to be read
 * and has no event yet; its first line will be the next. */
static bool went_on_behind_data(const struct refusal *r, struct refusal_reason *out)
{
    event_no next = r->s->last_seq + 1;
    bool named = refusal_sees_content(r->s, r->p, r->a, r->claim);
    bool meant = may_mean(r->claim, CAUSE_PIPELINING_VIOLATION) &&
                 (refused_with_503(r) || is_about_protocol(r->a->enhanced));
    if (!named && !(meant && lines_came_early(r->s, r->p)))
        return false;
    if (!named)
        out->certainty = CERTAINTY_LIKELY;
    out->fault = FAULT_CLIENT;
    out->passes_on = true;
    out->role = ROLE_GROUP;
    if (refused_with_503(r)) { /* Postfix's older check names the DATA itself */
        out->related = next;
        return reason_is(out, CAUSE_PIPELINING_VIOLATION, r->p->command.seq);
    }
    out->related = r->p->command.seq;
    return reason_is(out, CAUSE_PIPELINING_VIOLATION, next);
}

/* What a group went on behind, against RFC 2920 section 3.1. */
static bool not_waited_for(const struct refusal *r, struct refusal_reason *out)
{
    const struct pending *behind = pending_at((struct session *)r->s, 0);
    bool named = names_early_input(r->a, r->claim);
    bool meant = named || (refused_with_503(r) && may_mean(r->claim, CAUSE_PIPELINING_VIOLATION));
    if (!behind || behind->group != r->p->command.seq || !meant)
        return false;
    out->related = behind->command.seq;
    out->role = ROLE_GROUP;
    out->fault = FAULT_CLIENT;
    out->passes_on = true;
    return reason_is(out, CAUSE_PIPELINING_VIOLATION, r->p->command.seq);
}

static bool between_chunks(const struct refusal *r, struct refusal_reason *out)
{
    out->related = r->order->facts[FACT_BDAT].since;
    out->role = ROLE_OPENED;
    bool begun = order_holds(r->order, FACT_BDAT) || r->order->facts[FACT_CHUNKS].refused;
    return refused_with_503(r) && r->claim == CAUSE_BDAT_DATA_MIX && begun &&
           reason_is(out, CAUSE_BDAT_DATA_MIX, r->p->command.seq);
}

/* A chunk's failure outlives what was refused behind it (RFC 3030 section 2: only RSET cleans). */
static bool chunk_failed(const struct refusal *r, struct refusal_reason *out)
{
    event_no refused = r->order->facts[FACT_CHUNKS].refused;
    return r->claim == CAUSE_BDAT_AFTER_FAILURE && refused &&
           reason_is(out, CAUSE_BDAT_AFTER_FAILURE, refused);
}

/* A MAIL that opened the transaction lies in a hole: the text tells. */
static bool opened_in_hole(const struct refusal *r, struct refusal_reason *out)
{
    out->certainty = CERTAINTY_LIKELY;
    return r->p->command.verb == VERB_MAIL && r->claim == CAUSE_NESTED_MAIL &&
           r->order->facts[FACT_MAIL].doubtful &&
           reason_is(out, CAUSE_NESTED_MAIL, r->p->command.seq);
}

/* mailfront drops the open transaction when it refuses another MAIL. */
static bool mail_forgotten(const struct refusal *r, struct refusal_reason *out)
{
    const struct fact *mail = &r->order->facts[FACT_MAIL];
    out->passes_on = true;
    out->fault = r->p->group || r->p->command.saw >= mail->again ? FAULT_CLIENT : FAULT_PIPELINING;
    return refused_with_503(r) && r->claim == CAUSE_MAIL_MISSING && mail->since && mail->again &&
           reason_is(out, CAUSE_MAIL_REJECTED, mail->again);
}

static bool hello_again(const struct refusal *r, struct refusal_reason *out)
{
    const struct fact *before = &r->order->facts[FACT_HELLO];
    enum verb verb = r->p->command.verb;
    if (!refused_with_503(r) || (verb != VERB_EHLO && verb != VERB_HELO && verb != VERB_LHLO))
        return false;
    if (!before->since && !(before->doubtful && r->claim == CAUSE_HELLO_REPEATED))
        return false;
    out->related = before->since;
    out->role = ROLE_OPENED;
    return reason_is(out, CAUSE_HELLO_REPEATED, r->p->command.seq);
}

/* --- what the text names --- */

/* Several commands later Postfix complains, at the restriction where it was told to. */
static bool group_named(const struct refusal *r, struct refusal_reason *out)
{
    static const int codes[] = {503, 554, 521, 500, 550};
    bool named = names_early_input(r->a, r->claim);
    bool code = false;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        code |= codes[i] == r->a->code;
    if (!code || !(named || (refused_with_503(r) && r->p->group)))
        return false;
    out->role = ROLE_GROUP;
    out->passes_on = true;
    if (r->p->kind == PENDING_CONTENT && r->s->content.pipelined) { /* at the end of the message */
        out->fault = FAULT_CLIENT;
        return reason_is(out, CAUSE_PIPELINING_VIOLATION, r->p->command.seq);
    }
    if (!r->p->pipelined && !pending_at((struct session *)r->s, 0) && r->s->offender) {
        out->related = r->p->command.seq;
        return reason_is(out, CAUSE_PIPELINING_VIOLATION, r->s->offender);
    }
    if (!r->p->pipelined)
        out->certainty = CERTAINTY_LIKELY; /* what came too early was not seen */
    out->related = r->p->group;
    if (r->p->pipelined && !r->p->group) { /* the server itself had allowed it */
        bool unseen = r->order->facts[FACT_HELLO].doubtful || r->s->hole;
        out->fault = unseen ? FAULT_UNKNOWN : FAULT_SERVER;
        out->certainty = unseen ? CERTAINTY_LIKELY : CERTAINTY_CERTAIN;
    }
    return reason_is(out, CAUSE_PIPELINING_VIOLATION, r->p->command.seq);
}

event_no refusal_first_error(const struct order *order, const struct answer *a)
{
    if (order->first_of_order)
        return order->first_of_order;
    return order->first_error ? order->first_error : a->seq;
}

bool refusal_is_worn_out(const struct session *s, const struct answer *a, enum cause claim)
{
    bool silent = claim_is_vague(claim) || claim == CAUSE_SESSION_REFUSED;
    return a->code == 421 && silent && s->order.first_of_order &&
           s->order.errors >= ERRORS_TOO_MANY;
}

static bool gave_up(const struct refusal *r, struct refusal_reason *out)
{
    bool final = r->a->code / 100 == 5 || r->a->code == 421 || r->a->code == 221;
    bool said = r->claim == CAUSE_ERROR_LIMIT && r->p->kind != PENDING_CONTENT &&
                (final || r->order->errors);
    if (r->s->hole || !said)
        out->certainty = CERTAINTY_LIKELY; /* the first error may lie in what was not seen */
    out->fault = r->order->first_of_order ? FAULT_CLIENT : FAULT_POLICY;
    return (said || refusal_is_worn_out(r->s, r->a, r->claim)) &&
           reason_is(out, CAUSE_ERROR_LIMIT, refusal_first_error(r->order, r->a));
}

/* X.7.Y is about security and policy (RFC 3463 section 3.8), and so is DATA's 503 when there were
 * more recipients than the server takes (RFC 5321 section 4.5.3.1.10). */
static bool policy(const struct refusal *r, struct refusal_reason *out)
{
    const struct bytes *code = &r->a->enhanced;
    bool numbered =
        code->len > 4 && bytes_equal_nocase(bytes_first(bytes_from(*code, 1), 3), ".7.");
    bool crowded = r->p->command.verb == VERB_DATA && r->order->limited;
    return refused_with_503(r) && (r->claim == CAUSE_POLICY || numbered || crowded) &&
           reason_is(out, CAUSE_POLICY, r->a->seq);
}

static bool overwritten(const struct refusal *r, struct refusal_reason *out)
{
    return refused_with_503(r) &&
           (r->claim == CAUSE_MIDDLEBOX || r->p->command.verb == VERB_MASKED) &&
           reason_is(out, CAUSE_MIDDLEBOX, r->a->seq);
}

/* Commands beside the standard's own that a server announces when it has them. */
static bool not_offered(const struct refusal *r, struct refusal_reason *out)
{
    static const struct {
        enum verb verb;
        unsigned extension;
    } announced[] = {{VERB_UNKNOWN, 0},
                     {VERB_ETRN, EXT_ETRN},
                     {VERB_XCLIENT, EXT_XCLIENT},
                     {VERB_XFORWARD, EXT_XFORWARD},
                     {VERB_ATRN, 0},
                     {VERB_TURN, 0}};
    for (size_t i = 0; i < sizeof announced / sizeof *announced; i++)
        if (announced[i].verb == r->p->command.verb &&
            !(r->order->extensions & announced[i].extension))
            return refused_with_503(r) &&
                   reason_is(out, CAUSE_COMMAND_NOT_OFFERED, r->p->command.seq);
    return false;
}

/* Whether a text that names nothing may still ask for what was offered and not used: DavMail says
 * "bad sequence" for want of AUTH. */
static bool may_ask_for_more(const struct refusal *r)
{
    bool vague = claim_is_vague(r->claim);
    bool begins = r->p->command.verb == VERB_MAIL || r->p->command.verb == VERB_RCPT;
    bool unused = (r->order->extensions & EXT_AUTH && !order_holds(r->order, FACT_AUTH)) ||
                  (r->order->extensions & EXT_STARTTLS && !order_holds(r->order, FACT_TLS));
    return vague && begins && unused;
}

static bool no_reason(const struct refusal *r, struct refusal_reason *out)
{
    if (r->s->hole || may_ask_for_more(r))
        out->certainty = CERTAINTY_LIKELY;
    return refused_with_503(r) && reason_is(out, CAUSE_SERVER_DISAGREES, r->a->seq);
}

bool refusal_reason_of(const struct session *s, const struct pending *p, const struct answer *a,
                       enum cause claim, struct refusal_reason *out)
{
    static reason_fn *const reasons[] = {
        reason_other_hello,
        reason_other_protocol,
        early_talk,
        response_misread,
        lost_to_auth,
        lost_to_refused,
        tolerated_before,
        hello_forgotten,
        hello_withheld,
        opened_in_hole,
        mail_forgotten,
        went_on_behind_data,
        not_waited_for,
        between_chunks,
        chunk_failed,
        hello_again,
        reason_auth_refused,
        reason_tls_failed,
        reason_ehlo_wanted,
        reason_demand,
        group_named,
        gave_up,
        reason_line_without_end,
        reason_timeout,
        reason_parameter,
        policy,
        reason_header_wanted,
        reason_farewell,
        overwritten,
        not_offered,
        no_reason,
    };
    struct refusal refusal = {s, &s->order, p, a, claim};
    struct refusal_reason none = {
        .certainty = CERTAINTY_CERTAIN, .claim = claim, .fault = FAULT_COUNT};
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        *out = none;
        if (reasons[i](&refusal, out))
            return true;
    }
    return false;
}
