/* A command that broke no rule was refused. The reasons are tried in order, those that the session
 * shows before those that only the text of the reply names; the first that holds is taken. */
#include "refusal_reason.h"

#include "heloscope/diagnosis/claims.h"
#include "heloscope/diagnosis/diagnosis.h"
#include "heloscope/session/pending.h"

struct refusal {
    const struct session *s;
    const struct order *order;
    const struct pending *p;
    const struct answer *a;
    enum cause claim;
};

bool refusal_sees_content(const struct session *s, const struct pending *p, const struct answer *a,
                          enum cause claim)
{
    static const char protocol[] = "protocol error";
    const struct direction *client = &s->direction[SIDE_CLIENT];
    bool named = claim == CAUSE_PIPELINING_VIOLATION || claim == CAUSE_EARLY_TALKER ||
                 (a->text.len && memmem(a->text.at, a->text.len, protocol, sizeof protocol - 1));
    return p->command.verb == VERB_DATA && p->kind == PENDING_COMMAND && named &&
           client->reading == READ_WAIT && client->queue && client->queue->span.data.at;
}

static bool set(struct refusal_reason *out, enum cause cause, event_no origin)
{
    out->cause = cause;
    out->origin = origin;
    return true;
}

static bool is_503(const struct refusal *r)
{
    return r->a->code == 503;
}

static bool within_transaction(enum verb verb)
{
    return verb == VERB_RCPT || verb == VERB_DATA || verb == VERB_BDAT;
}

/* A text that says nothing, or nothing else than what is being considered. */
static bool may_mean(enum cause claim, enum cause cause)
{
    return claim == CAUSE_NONE || claim == CAUSE_UNKNOWN || claim_agrees(claim, cause);
}

/* --- what the session shows --- */

/* Whoever speaks before the greeting began with its first command, whichever is complained of. */
static bool early_talk(const struct refusal *r, struct refusal_reason *out)
{
    event_no first = r->s->first_early ? r->s->first_early : r->p->command.seq;
    bool named = r->claim == CAUSE_PIPELINING_VIOLATION || r->claim == CAUSE_EARLY_TALKER;
    out->passes_on = true;
    return (r->p->early || (named && r->s->first_early)) && set(out, CAUSE_EARLY_TALKER, first);
}

/* Codes by which a server says that it does not know a verb (RFC 5321 section 4.2.4), and what
 * servers send instead. */
static bool is_not_known(int code)
{
    return code == 500 || code == 502 || code == 503 || code == 504 || code == 550 || code == 554;
}

static bool text_names(const struct refusal *r, const char *word)
{
    const struct bytes *text = &r->a->text;
    return text->len && memmem(text->at, text->len, word, strlen(word));
}

/* LMTP begins with LHLO and SMTP with EHLO, so that neither is taken for the other (RFC 2033
 * section 4.1). */
static bool other_hello(const struct refusal *r, struct refusal_reason *out)
{
    enum verb verb = r->p->command.verb;
    bool lmtp = r->s->protocol.server_is_lmtp || text_names(r, "LHLO") || text_names(r, "LMTP");
    bool to_smtp = verb == VERB_LHLO && !r->s->protocol.server_is_lmtp;
    bool to_lmtp = (verb == VERB_EHLO || verb == VERB_HELO) && lmtp;
    out->passes_on = true;
    out->silent = !is_503(r); /* the client may now begin with the other one */
    return (to_smtp || to_lmtp) && is_not_known(r->a->code) &&
           set(out, CAUSE_NOT_SMTP, r->p->command.seq);
}

/* A request of HTTP, a proxy's header, a handshake in the place of a command, header fields without
 * DATA; under whichever code, and also where the server hangs up with 221. What follows in the same
 * breath belongs to it. */
static bool other_protocol(const struct refusal *r, struct refusal_reason *out)
{
    const struct protocol_seen *seen = &r->s->protocol;
    event_no seq = r->p->command.seq;
    if (r->p->kind == PENDING_TLS)
        return set(out, CAUSE_NOT_SMTP, seq);
    bool follows = r->p->command.verb == VERB_UNKNOWN || r->p->pipelined;
    if (!seen->other_protocol ||
        !(seq == seen->other_protocol || (seq > seen->other_protocol && follows)))
        return false;
    if (seen->kind == NOT_SMTP_PROXY)
        out->fault =
            FAULT_MIDDLEBOX; /* the two ends do not agree; the client knows nothing of it */
    return set(out, seen->kind == NOT_SMTP_FIELD ? CAUSE_CONTENT_AS_COMMANDS : CAUSE_NOT_SMTP,
               seen->other_protocol);
}

/* A line of a SASL exchange that the server took for a command (Haraka does when it spells one). */
static bool response_misread(const struct refusal *r, struct refusal_reason *out)
{
    return r->p->kind == PENDING_SASL && is_503(r) && set(out, CAUSE_SERVER_DISAGREES, r->a->seq);
}

/* nginx in front of a backend takes AUTH in a transaction, and drops the transaction with it. */
static bool lost_to_auth(const struct refusal *r, struct refusal_reason *out)
{
    if (!r->order->auth_inside || !is_503(r) || !within_transaction(r->p->command.verb) ||
        !may_mean(r->claim, CAUSE_TRANSACTION_RESET))
        return false;
    out->certainty = CERTAINTY_LIKELY;
    out->passes_on = true;
    return set(out, CAUSE_TRANSACTION_RESET, r->order->auth_inside);
}

/* amavisd refuses STARTTLS in a transaction with 502, and has forgotten the transaction. */
static bool lost_to_refused(const struct refusal *r, struct refusal_reason *out)
{
    if (!r->order->refused_inside || !is_503(r) || !within_transaction(r->p->command.verb) ||
        r->claim != CAUSE_MAIL_MISSING)
        return false;
    out->certainty = CERTAINTY_LIKELY;
    out->passes_on = true;
    return set(out, CAUSE_TRANSACTION_RESET, r->order->refused_inside);
}

/* A rule was broken before, the server took it, and minds now: chasquid takes MAIL without a hello
 * and refuses DATA. */
static bool tolerated_before(const struct refusal *r, struct refusal_reason *out)
{
    const struct blame *before = &r->order->tolerated;
    if (before->cause == CAUSE_NONE || !is_503(r) || !within_transaction(r->p->command.verb) ||
        (!may_mean(r->claim, before->cause) && r->claim != CAUSE_RCPT_MISSING))
        return false;
    out->passes_on = true;
    return set(out, before->cause, before->origin);
}

/* Haraka forgets an accepted hello when it refuses another. */
static bool hello_forgotten(const struct refusal *r, struct refusal_reason *out)
{
    const struct fact *hello = &r->order->facts[FACT_HELLO];
    out->passes_on = true;
    return r->claim == CAUSE_HELLO_MISSING && hello->since && hello->again &&
           set(out, CAUSE_HELLO_REJECTED, hello->again);
}

/* A firewall that answers EHLO itself, with a 250 that the server never gave. */
static bool hello_withheld(const struct refusal *r, struct refusal_reason *out)
{
    out->certainty = CERTAINTY_LIKELY;
    return is_503(r) && r->claim == CAUSE_HELLO_MISSING && r->s->masked_banner &&
           order_holds(r->order, FACT_HELLO) && set(out, CAUSE_MIDDLEBOX, r->a->seq);
}

/* Content, or a QUIT, behind DATA in the same breath: DATA is the last of its group (RFC 2920
 * section 3.1). Postfix 3.11 and Sendmail 8.18 look for it and refuse the DATA. It waits to be read
 * and has no event yet; its first line will be the next. */
static bool went_on_behind_data(const struct refusal *r, struct refusal_reason *out)
{
    event_no next = r->s->last_seq + 1;
    if (!refusal_sees_content(r->s, r->p, r->a, r->claim))
        return false;
    out->fault = FAULT_CLIENT;
    out->passes_on = true;
    out->role = ROLE_GROUP;
    if (is_503(r)) { /* Postfix's older check names the DATA itself */
        out->related = next;
        return set(out, CAUSE_PIPELINING_VIOLATION, r->p->command.seq);
    }
    out->related = r->p->command.seq;
    return set(out, CAUSE_PIPELINING_VIOLATION, next);
}

/* What a group went on behind, against RFC 2920 section 3.1. */
static bool not_waited_for(const struct refusal *r, struct refusal_reason *out)
{
    const struct pending *behind = pending_at((struct session *)r->s, 0);
    bool named = r->claim == CAUSE_PIPELINING_VIOLATION || r->claim == CAUSE_EARLY_TALKER;
    bool meant = named || (is_503(r) && may_mean(r->claim, CAUSE_PIPELINING_VIOLATION));
    if (!behind || behind->group != r->p->command.seq || !meant)
        return false;
    out->related = behind->command.seq;
    out->role = ROLE_GROUP;
    out->fault = FAULT_CLIENT;
    out->passes_on = true;
    return set(out, CAUSE_PIPELINING_VIOLATION, r->p->command.seq);
}

static bool between_chunks(const struct refusal *r, struct refusal_reason *out)
{
    out->related = r->order->facts[FACT_BDAT].since;
    out->role = ROLE_OPENED;
    bool begun = order_holds(r->order, FACT_BDAT) || r->order->facts[FACT_CHUNKS].refused;
    return is_503(r) && r->claim == CAUSE_BDAT_DATA_MIX && begun &&
           set(out, CAUSE_BDAT_DATA_MIX, r->p->command.seq);
}

/* A chunk's failure outlives what was refused behind it (RFC 3030 section 2: only RSET cleans). */
static bool chunk_failed(const struct refusal *r, struct refusal_reason *out)
{
    event_no refused = r->order->facts[FACT_CHUNKS].refused;
    return r->claim == CAUSE_BDAT_AFTER_FAILURE && refused &&
           set(out, CAUSE_BDAT_AFTER_FAILURE, refused);
}

/* A MAIL that opened the transaction lies in a hole: the text tells. */
static bool opened_in_hole(const struct refusal *r, struct refusal_reason *out)
{
    out->certainty = CERTAINTY_LIKELY;
    return r->p->command.verb == VERB_MAIL && r->claim == CAUSE_NESTED_MAIL &&
           r->order->facts[FACT_MAIL].doubtful && set(out, CAUSE_NESTED_MAIL, r->p->command.seq);
}

/* mailfront drops the open transaction when it refuses another MAIL. */
static bool mail_forgotten(const struct refusal *r, struct refusal_reason *out)
{
    const struct fact *mail = &r->order->facts[FACT_MAIL];
    out->passes_on = true;
    out->fault = r->p->group || r->p->command.saw >= mail->again ? FAULT_CLIENT : FAULT_PIPELINING;
    return is_503(r) && r->claim == CAUSE_MAIL_MISSING && mail->since && mail->again &&
           set(out, CAUSE_MAIL_REJECTED, mail->again);
}

static bool hello_again(const struct refusal *r, struct refusal_reason *out)
{
    const struct fact *before = &r->order->facts[FACT_HELLO];
    enum verb verb = r->p->command.verb;
    if (!is_503(r) || (verb != VERB_EHLO && verb != VERB_HELO && verb != VERB_LHLO))
        return false;
    if (!before->since && !(before->doubtful && r->claim == CAUSE_HELLO_REPEATED))
        return false;
    out->related = before->since;
    out->role = ROLE_OPENED;
    return set(out, CAUSE_HELLO_REPEATED, r->p->command.seq);
}

/* --- what the text names --- */

/* Codes by which a legal command is refused for want of AUTH or TLS (RFC 4954 section 6, RFC 3207
 * section 4, and what servers send instead). */
static bool asks_for_more(int code)
{
    static const int codes[] = {503, 530, 538, 523, 524, 504, 451, 550, 554};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i] == code)
            return true;
    return false;
}

static bool auth_was_refused(const struct refusal *r, struct refusal_reason *out)
{
    event_no refusal = r->order->facts[FACT_AUTH].refused;
    if (r->claim != CAUSE_AUTH_REQUIRED || !asks_for_more(r->a->code) || !refusal)
        return false;
    out->fault = r->p->command.saw >= refusal ? FAULT_CLIENT : FAULT_PIPELINING;
    return set(out, CAUSE_AUTH_REJECTED, refusal);
}

/* STARTTLS was refused, or its 220 was followed by text in clear. */
static bool tls_failed(const struct refusal *r, struct refusal_reason *out)
{
    const struct fact *tls = &r->order->facts[FACT_TLS];
    if (r->p->command.verb == VERB_QUIT) /* which needs nothing (RFC 3207 section 4.1) */
        return false;
    if (r->s->tls.alert && is_503(r) && may_mean(r->claim, CAUSE_HELLO_MISSING)) {
        out->certainty = CERTAINTY_LIKELY; /* it may have begun anew with its 220 */
        out->fault = r->p->command.saw >= r->s->tls.alert ? FAULT_CLIENT : FAULT_PIPELINING;
        out->passes_on = true;
        return set(out, CAUSE_TLS_FAILED, r->s->tls.alert);
    }
    if ((r->claim != CAUSE_TLS_REQUIRED && r->claim != CAUSE_TLS_FAILED) ||
        !asks_for_more(r->a->code) || (!tls->refused && !tls->since))
        return false;
    out->passes_on = tls->since;
    out->fault = tls->since || r->p->command.saw >= tls->refused ? FAULT_CLIENT : FAULT_PIPELINING;
    return set(out, CAUSE_TLS_FAILED, tls->since ? r->p->command.seq : tls->refused);
}

static bool wants_ehlo(const struct refusal *r, struct refusal_reason *out)
{
    const struct bytes *text = &r->a->text;
    return is_503(r) && r->claim == CAUSE_HELLO_MISSING && r->order->hello_verb == VERB_HELO &&
           order_holds(r->order, FACT_HELLO) && text->len &&
           memmem(text->at, text->len, "EHLO", 4) &&
           set(out, CAUSE_EHLO_REQUIRED, r->order->facts[FACT_HELLO].since);
}

/* Offered and not used: the client's. Not offered: the server asks for what it does not have. Where
 * nothing was offered at all, to HELO, it is a matter of how both are set up. */
static enum fault of_offer(const struct refusal *r, unsigned extension)
{
    if (r->order->facts[FACT_HELLO].doubtful)
        return FAULT_UNKNOWN;
    if (r->order->extensions & extension)
        return FAULT_CLIENT;
    return r->order->offer && r->order->hello_verb != VERB_HELO ? FAULT_SERVER : FAULT_POLICY;
}

/* One mistake has one origin, however many commands meet it. */
static bool wants_more(const struct refusal *r, struct refusal_reason *out)
{
    static const struct {
        enum cause cause;
        unsigned extension;
    } rows[] = {{CAUSE_TLS_REQUIRED, EXT_STARTTLS}, {CAUSE_AUTH_REQUIRED, EXT_AUTH}};
    const event_no wanted[] = {r->order->tls_wanted, r->order->auth_wanted};
    if (!asks_for_more(r->a->code))
        return false;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].cause != r->claim)
            continue;
        out->related = r->order->offer;
        out->role = ROLE_OFFER;
        out->fault = of_offer(r, rows[i].extension);
        return set(out, r->claim, wanted[i] ? wanted[i] : r->p->command.seq);
    }
    return false;
}

/* Several commands later Postfix complains, at the restriction where it was told to. */
static bool group_named(const struct refusal *r, struct refusal_reason *out)
{
    static const int codes[] = {503, 554, 521, 500, 550};
    bool named = r->claim == CAUSE_PIPELINING_VIOLATION || r->claim == CAUSE_EARLY_TALKER;
    bool code = false;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        code |= codes[i] == r->a->code;
    if (!code || !(named || (is_503(r) && r->p->group)))
        return false;
    out->role = ROLE_GROUP;
    out->passes_on = true;
    if (!r->p->pipelined && !pending_at((struct session *)r->s, 0) && r->s->offender) {
        out->related = r->p->command.seq;
        return set(out, CAUSE_PIPELINING_VIOLATION, r->s->offender);
    }
    if (!r->p->pipelined && r->s->hole)
        out->certainty = CERTAINTY_LIKELY; /* the group may lie in what was not seen */
    out->related = r->p->group;
    if (r->p->pipelined && !r->p->group) { /* the server itself had allowed it */
        bool unseen = r->order->facts[FACT_HELLO].doubtful;
        out->fault = unseen ? FAULT_UNKNOWN : FAULT_SERVER;
        out->certainty = unseen ? CERTAINTY_LIKELY : CERTAINTY_CERTAIN;
    }
    return set(out, CAUSE_PIPELINING_VIOLATION, r->p->command.seq);
}

static bool gave_up(const struct refusal *r, struct refusal_reason *out)
{
    if (r->s->hole)
        out->certainty = CERTAINTY_LIKELY; /* the first error may lie in what was not seen */
    out->fault = r->order->first_error_of_order ? FAULT_CLIENT : FAULT_POLICY;
    return r->claim == CAUSE_ERROR_LIMIT && (is_503(r) || r->a->code == 421) &&
           set(out, CAUSE_ERROR_LIMIT, r->order->first_error ? r->order->first_error : r->a->seq);
}

/* Codes by which a parameter is refused (RFC 5321 section 4.1.1.11), and 503. */
static bool refuses_parameters(int code)
{
    return code == 555 || code == 501 || code == 504 || code == 503;
}

/* Whether nothing but the parameters can be meant: an address of letters, digits and dots. */
static bool plain_address(struct bytes path)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_+.@";
    const uint8_t *at = path.len ? memchr(path.at, '@', path.len) : NULL;
    if (!at || at == path.at || !memchr(at, '.', (size_t)(path.at + path.len - at)))
        return false;
    for (size_t i = 0; i < path.len; i++)
        if (!memchr(allowed, path.at[i], sizeof allowed - 1))
            return false;
    return !memchr(at + 1, '@', (size_t)(path.at + path.len - at - 1));
}

/* Whether each parameter was offered by its keyword: BODY by 8BITMIME, SIZE by SIZE and so on. */
static bool all_offered(struct bytes text, unsigned offered)
{
    static const struct {
        const char *name;
        unsigned extension;
    } rows[] = {{"BODY=8BITMIME", EXT_8BITMIME}, {"BODY=7BIT", EXT_8BITMIME}, {"SIZE=", EXT_SIZE}};
    const uint8_t *end = text.len ? memchr(text.at, '>', text.len) : NULL;
    struct bytes rest = end ? bytes_from(text, (size_t)(end - text.at) + 1) : bytes_of(NULL, 0);
    bool any = false;
    while (rest.len) {
        while (rest.len && rest.at[0] == ' ')
            rest = bytes_from(rest, 1);
        if (!rest.len)
            break;
        bool known = false;
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
            known |= bytes_start_nocase(rest, rows[i].name) && (offered & rows[i].extension);
        if (!known)
            return false;
        any = true;
        const uint8_t *space = memchr(rest.at, ' ', rest.len);
        rest = space ? bytes_from(rest, (size_t)(space - rest.at)) : bytes_of(NULL, 0);
    }
    return any;
}

static bool parameter(const struct refusal *r, struct refusal_reason *out)
{
    const struct bytes *code = &r->a->enhanced;
    bool numbered = code->len > 4 && bytes_equal_nocase(bytes_from(*code, 1), ".5.4");
    bool offered = r->p->command.has_parameters && refuses_parameters(r->a->code) &&
                   all_offered(r->p->text, r->order->extensions);
    if (offered && (r->claim == CAUSE_PARAMETER_REFUSED || numbered ||
                    (r->a->code != 503 && plain_address(r->p->path)))) {
        out->fault = FAULT_SERVER; /* it refuses what it had offered */
        out->certainty = r->claim == CAUSE_PARAMETER_REFUSED ? CERTAINTY_CERTAIN : CERTAINTY_LIKELY;
        out->related = r->order->offer;
        out->role = ROLE_OFFER;
        return set(out, CAUSE_PARAMETER_REFUSED, r->p->command.seq);
    }
    return is_503(r) &&
           (r->claim == CAUSE_PARAMETER_REFUSED || (numbered && r->p->command.has_parameters)) &&
           set(out, CAUSE_PARAMETER_REFUSED, r->p->command.seq);
}

/* X.7.Y is about security and policy (RFC 3463 section 3.8), and so is DATA's 503 when there were
 * more recipients than the server takes (RFC 5321 section 4.5.3.1.10). */
static bool policy(const struct refusal *r, struct refusal_reason *out)
{
    const struct bytes *code = &r->a->enhanced;
    bool numbered =
        code->len > 4 && bytes_equal_nocase(bytes_first(bytes_from(*code, 1), 3), ".7.");
    bool crowded = r->p->command.verb == VERB_DATA && r->order->limited;
    return is_503(r) && (r->claim == CAUSE_POLICY || numbered || crowded) &&
           set(out, CAUSE_POLICY, r->a->seq);
}

/* Exim that waits for the PROXY header of a load balancer takes nothing but QUIT without it. */
static bool takes_nothing(const struct refusal *r, struct refusal_reason *out)
{
    out->passes_on = true;
    out->fault = FAULT_POLICY;
    return is_503(r) && r->claim == CAUSE_SESSION_REFUSED &&
           set(out, CAUSE_SESSION_REFUSED, r->a->seq);
}

static bool overwritten(const struct refusal *r, struct refusal_reason *out)
{
    return is_503(r) && (r->claim == CAUSE_MIDDLEBOX || r->p->command.verb == VERB_MASKED) &&
           set(out, CAUSE_MIDDLEBOX, r->a->seq);
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
            return is_503(r) && set(out, CAUSE_COMMAND_NOT_OFFERED, r->p->command.seq);
    return false;
}

static bool no_reason(const struct refusal *r, struct refusal_reason *out)
{
    if (r->s->hole)
        out->certainty = CERTAINTY_LIKELY;
    return is_503(r) && set(out, CAUSE_SERVER_DISAGREES, r->a->seq);
}

bool refusal_reason_of(const struct session *s, const struct pending *p, const struct answer *a,
                       enum cause claim, struct refusal_reason *out)
{
    static bool (*const reasons[])(const struct refusal *, struct refusal_reason *) = {
        early_talk,       other_hello,     other_protocol,   response_misread,
        lost_to_auth,     lost_to_refused, tolerated_before, hello_forgotten,
        hello_withheld,   opened_in_hole,  mail_forgotten,   went_on_behind_data,
        not_waited_for,   between_chunks,  chunk_failed,     hello_again,
        auth_was_refused, tls_failed,      wants_ehlo,       wants_more,
        group_named,      gave_up,         parameter,        policy,
        takes_nothing,    overwritten,     not_offered,      no_reason,
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
