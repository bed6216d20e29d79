/* What each reply does to the facts: RFC 5321 section 4.1.4 and the documents of the extensions. */
#include "heloscope/order.h"

static void establish(struct order *order, enum fact_name fact, event_no since)
{
    order->facts[fact] = (struct fact){.since = since};
}

static void refuse(struct order *order, enum fact_name fact, event_no reply, int code,
                   const struct verdict *verdict)
{
    struct fact *f = &order->facts[fact];
    *f = (struct fact){.refused = reply, .code = code, .doubtful = f->doubtful};
    f->doubtful |= verdict->kind == VERDICT_DOUBTFUL;
    if (verdict->kind == VERDICT_BROKEN)
        f->blame =
            (struct blame){verdict->cause, verdict->origin, verdict->refusal, verdict->vague};
}

static void forget(struct order *order, enum fact_name fact)
{
    order->facts[fact] = (struct fact){0};
}

static void forget_recipients(struct order *order)
{
    forget(order, FACT_RCPT);
    forget(order, FACT_BDAT);
    forget(order, FACT_CHUNKS);
    forget(order, FACT_BINARY);
    order->accepted = order->refused = order->limited = order->refused_temporary = 0;
    order->first_refusal = order->last_refusal = order->last_rcpt_refusal = 0;
    order->first_refusal_code = 0;
}

/* Section 4 of RFC 5321 empties all buffers; `by` is what did it. A transaction that was not open
 * is not cleared, but a refusal that hung over it is forgotten. */
static void clear_transaction(struct order *order, event_no by)
{
    struct fact *mail = &order->facts[FACT_MAIL];
    bool vague = mail->doubtful && !mail->since;
    *mail = (struct fact){.cleared = mail->since ? by : vague ? 0 : mail->cleared, .vague = vague};
    forget_recipients(order);
    order->auth_inside = 0;
    order->tolerated = (struct blame){0};
}

/* Between chunks any refused command leaves a sequence that not every server goes on with: Exim
 * then takes RSET only. After DATA the state is undefined until RSET (RFC 3030 section 2). */
static void disturb_chunks(struct order *order, const struct order_command *c,
                           const struct verdict *verdict, event_no reply)
{
    if (!order_holds(order, FACT_BDAT) || order->facts[FACT_CHUNKS].refused ||
        verdict->kind == VERDICT_DOUBTFUL)
        return;
    bool own = verdict->kind == VERDICT_LEGAL; /* but only BDAT continues a sequence */
    order->facts[FACT_CHUNKS] =
        (struct fact){.since = c->verb == VERB_DATA ? c->seq : 0,
                      .refused = reply,
                      .blame = {own ? CAUSE_BDAT_DATA_MIX : verdict->cause,
                                own ? c->seq : verdict->origin, verdict->refusal, verdict->vague}};
}

static void note_refusal(struct order *order, event_no reply, int code)
{
    if (!order->first_refusal) {
        order->first_refusal = reply;
        order->first_refusal_code = code;
    }
    order->last_refusal = reply;
}

static void settle_hello(struct order *order, const struct order_command *c,
                         const struct verdict *verdict, event_no reply, int code,
                         unsigned extensions)
{
    struct fact *hello = &order->facts[FACT_HELLO];
    if (code / 100 == 2) {
        establish(order, FACT_HELLO, c->seq);
        order->hello_verb = c->verb;
        order->extensions = c->verb == VERB_HELO ? 0 : extensions;
        order->offer = reply;
        clear_transaction(order, c->seq);
    } else if (!hello->since && !hello->refused) {
        /* A refused hello does not undo an accepted one (RFC 5321 section 4.1.4); of several
         * refused attempts the first is what went wrong. */
        refuse(order, FACT_HELLO, reply, code, verdict);
    } else {
        hello->again = reply;
    }
}

static void settle_mail(struct order *order, const struct order_command *c,
                        const struct verdict *verdict, event_no reply, int code)
{
    if (code / 100 == 2) {
        if (!order_holds(order, FACT_HELLO)) /* there was one, or it is done without */
            order->hello_waived = true;
        establish(order, FACT_MAIL, c->seq);
        forget_recipients(order);
        order->tolerated = (struct blame){0};
        if (c->binarymime)
            establish(order, FACT_BINARY, c->seq);
    } else if (!order_holds(order, FACT_MAIL)) {
        refuse(order, FACT_MAIL, reply, code, verdict);
        forget_recipients(order);
    } else {
        order->facts[FACT_MAIL].again = reply;
    }
}

static void settle_rcpt(struct order *order, const struct order_command *c,
                        const struct verdict *verdict, event_no reply, int code)
{
    if (code / 100 == 2) { /* 252 counts as accepted too (RFC 5321 section 3.5.3) */
        if (order->facts[FACT_MAIL].doubtful) /* behind a hole it shows that there was a MAIL */
            establish(order, FACT_MAIL,
                      order->facts[FACT_MAIL].since ? order->facts[FACT_MAIL].since : c->seq);
        if (!order_holds(order, FACT_RCPT))
            establish(order, FACT_RCPT, c->seq);
        order->accepted++;
        order->last_refusal = 0; /* the client went on after it */
        return;
    }
    order->refused++;
    order->refused_temporary += code / 100 == 4;
    order->limited += code == 452 || code == 552;
    struct fact *rcpt = &order->facts[FACT_RCPT];
    if (!rcpt->since && !rcpt->refused)
        refuse(order, FACT_RCPT, reply, code, verdict);
    else if (!rcpt->since)
        rcpt->again = reply;
    order->last_rcpt_refusal = reply;
    if (order_holds(order, FACT_MAIL))
        note_refusal(order, reply, code);
}

static void settle_data(struct order *order, const struct order_command *c, event_no reply,
                        int code)
{
    if (c->content) {
        clear_transaction(order, c->seq);
    } else if (code / 100 == 3) {
        for (enum fact_name f = FACT_MAIL; f <= FACT_RCPT; f++) /* 354 proves both */
            if (order->facts[f].doubtful)
                establish(order, f, order->facts[f].since ? order->facts[f].since : c->seq);
    } else if (order_holds(order, FACT_MAIL)) {
        note_refusal(order, reply, code);
    }
}

static void settle_bdat(struct order *order, const struct order_command *c,
                        const struct verdict *verdict, event_no reply, int code)
{
    if (code / 100 == 2) {
        order->shown |= EXT_CHUNKING;
        if (c->chunk_last) {
            clear_transaction(order, c->seq);
            return;
        }
        if (!order_holds(order, FACT_BDAT))
            establish(order, FACT_BDAT, c->seq);
        order->last_refusal = 0;
        return;
    }
    if (!c->well_formed && (code == 500 || code == 501 || code == 504))
        return; /* an argument that was not understood changes nothing */
    if (order_holds(order, FACT_MAIL))
        note_refusal(order, reply, code);
    if (verdict->kind == VERDICT_BROKEN) {
        if (!order->facts[FACT_CHUNKS].refused)
            order->facts[FACT_CHUNKS].refused = reply;
        /* Servers that took a failed sequence's LAST for its end start anew with it. */
        if (c->chunk_last && order_holds(order, FACT_CHUNKS))
            clear_transaction(order, c->seq);
        return;
    }
    if (c->chunk_last) { /* undefined until RSET by RFC 3030 section 2; servers clear it */
        clear_transaction(order, c->seq);
        order->facts[FACT_CHUNKS] =
            (struct fact){.since = c->seq, .refused = reply, .cleared = c->seq, .code = code};
    } else {
        order->facts[FACT_CHUNKS] = (struct fact){.since = c->seq, .refused = reply, .code = code};
    }
}

static void settle_auth(struct order *order, const struct order_command *c,
                        const struct verdict *verdict, event_no reply, int code)
{
    if (code / 100 == 2) {
        establish(order, FACT_AUTH, c->seq);
        if (order_holds(order, FACT_MAIL))
            order->auth_inside = c->seq;
    } else if (code / 100 != 3 && !order_holds(order, FACT_AUTH)) {
        refuse(order, FACT_AUTH, reply, code, verdict);
    }
}

/* Inside TLS both sides begin anew: hello, extensions and transaction are gone (RFC 3207
 * section 4.2). */
static void settle_starttls(struct order *order, const struct order_command *c,
                            const struct verdict *verdict, event_no reply, int code)
{
    if (code / 100 != 2) {
        refuse(order, FACT_TLS, reply, code, verdict);
        return;
    }
    establish(order, FACT_TLS, c->seq);
    clear_transaction(order, c->seq);
    order->facts[FACT_HELLO] = (struct fact){.cleared = c->seq};
    order->extensions = 0;
    order->offer = 0;
}

/* XCLIENT's 220 is a new greeting: the session starts again (Postfix XCLIENT README). */
static void settle_xclient(struct order *order, const struct order_command *c, int code)
{
    if (code / 100 != 2)
        return;
    clear_transaction(order, c->seq);
    order->facts[FACT_HELLO] = (struct fact){.cleared = c->seq};
    order->extensions = 0;
}

/* A session that was refused at its greeting accepts none of these (RFC 5321 section 3.1). */
static bool shows_welcome(const struct order_command *c, int code)
{
    switch (c->verb) {
    case VERB_HELO:
    case VERB_EHLO:
    case VERB_LHLO:
    case VERB_MAIL:
    case VERB_RCPT:
    case VERB_DATA:
    case VERB_BDAT:
    case VERB_AUTH:
        return code / 100 == 2 || code / 100 == 3;
    default:
        return false;
    }
}

void order_settle(struct order *order, const struct order_command *c, const struct verdict *verdict,
                  event_no reply, int code, unsigned extensions)
{
    if (code / 100 == 5 && !order->errors++)
        order->first_error = reply;
    if (order->facts[FACT_GREETING].doubtful && shows_welcome(c, code))
        establish(order, FACT_GREETING, reply);
    switch (c->verb) {
    case VERB_HELO:
    case VERB_EHLO:
    case VERB_LHLO:
        settle_hello(order, c, verdict, reply, code, extensions);
        break;
    case VERB_MASKED: /* in the place of a hello it is one, overwritten on the way */
        if (!order_holds(order, FACT_HELLO))
            settle_hello(order, c, verdict, reply, code, 0);
        break;
    case VERB_MAIL:
        settle_mail(order, c, verdict, reply, code);
        break;
    case VERB_RCPT:
        settle_rcpt(order, c, verdict, reply, code);
        break;
    case VERB_DATA:
        settle_data(order, c, reply, code);
        break;
    case VERB_BDAT:
    case VERB_BURL:
        settle_bdat(order, c, verdict, reply, code);
        break;
    case VERB_RSET:
        if (code / 100 == 2)
            clear_transaction(order, c->seq);
        break;
    case VERB_AUTH:
        settle_auth(order, c, verdict, reply, code);
        break;
    case VERB_STARTTLS:
        settle_starttls(order, c, verdict, reply, code);
        break;
    case VERB_XCLIENT:
        settle_xclient(order, c, code);
        break;
    case VERB_QUIT:
        if (code / 100 == 2)
            establish(order, FACT_QUIT, c->seq);
        break;
    default:
        break;
    }
    if (verdict->kind == VERDICT_BROKEN && verdict->rule && verdict->rule->kind == RULE_NEEDS &&
        code < 400 && !c->content && order->tolerated.cause == CAUSE_NONE)
        order->tolerated = (struct blame){verdict->cause, verdict->origin, verdict->refusal, false};
    if (code >= 400 && c->verb != VERB_BDAT)
        disturb_chunks(order, c, verdict, reply);
    if (code == 421) /* the service closes, whatever was asked (RFC 5321 section 3.8) */
        order->facts[FACT_QUIT] = (struct fact){.since = reply, .code = code};
}

void order_settle_doubtfully(struct order *order, const struct order_command *command,
                             const struct verdict *verdict, event_no reply, int code,
                             unsigned extensions)
{
    order_settle(order, command, verdict, reply, code, extensions);
    for (int f = 0; f < FACT_COUNT; f++)
        order->facts[f].doubtful = true;
}

void order_begin_cleanly(struct order *order)
{
    for (int f = 0; f < FACT_COUNT; f++)
        order->facts[f].doubtful = false;
    order->hole = 0;
}

void order_greeting(struct order *order, event_no reply, int code)
{
    struct verdict none = {.kind = VERDICT_LEGAL};
    if (code / 100 == 2)
        establish(order, FACT_GREETING, reply);
    else
        refuse(order, FACT_GREETING, reply, code, &none);
}

void order_transaction_lost(struct order *order, event_no by)
{
    clear_transaction(order, by);
}

/* What the reply to each verb can change. */
static unsigned facts_behind(enum verb verb)
{
    const unsigned transaction =
        1u << FACT_MAIL | 1u << FACT_RCPT | 1u << FACT_BDAT | 1u << FACT_CHUNKS | 1u << FACT_BINARY;
    switch (verb) {
    case VERB_HELO:
    case VERB_EHLO:
    case VERB_LHLO:
    case VERB_MASKED:
    case VERB_XCLIENT:
        return transaction | 1u << FACT_HELLO;
    case VERB_MAIL:
    case VERB_RSET:
    case VERB_DATA: /* also the end of a message */
    case VERB_BDAT:
    case VERB_BURL:
        return transaction;
    case VERB_RCPT:
        return 1u << FACT_RCPT | 1u << FACT_CHUNKS;
    case VERB_AUTH:
        return 1u << FACT_AUTH;
    case VERB_QUIT:
        return 1u << FACT_QUIT;
    case VERB_STARTTLS:
    case VERB_UNKNOWN: /* X commands can do anything */
        return ~0u;
    default:
        return 0;
    }
}

void order_unanswered(struct order *order, enum verb verb)
{
    for (int f = 0; f < FACT_COUNT; f++)
        if (facts_behind(verb) >> f & 1)
            order->facts[f].doubtful = true;
}

void order_replies_lost(struct order *order, event_no gap)
{
    order->hole = gap;
    if (!order->facts[FACT_GREETING].since && !order->facts[FACT_GREETING].refused)
        order->facts[FACT_GREETING].doubtful = true;
}

void order_hole(struct order *order, event_no gap)
{
    order->hole = gap;
    for (int f = 0; f < FACT_COUNT; f++) {
        /* What holds for the rest of a session cannot be undone by what is missing. */
        bool lasting = f == FACT_GREETING || f == FACT_HELLO || f == FACT_AUTH || f == FACT_TLS;
        if (!lasting || !order->facts[f].since)
            order->facts[f].doubtful = true;
    }
}
