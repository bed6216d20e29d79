/* SPDX-License-Identifier: ISC */
/* What each reply does to the facts: the table of effects.c, executed. */
#include "heloscope/order/effects.h"

/* A reply to a command, or the greeting, as the effects need it. */
struct settling {
    struct order *order;
    const struct order_command *command; /* of the greeting: with its event only */
    const struct verdict *verdict;
    const struct order_reply *reply;
};

static void forget_recipients(struct order *order)
{
    order->accepted = order->refused = order->limited = order->refused_temporary = 0;
    order->first_refusal = order->last_refusal = order->last_rcpt_refusal = 0;
    order->first_refusal_code = (struct reply_code){0};
}

/* What is part of a transaction goes with it. */
static void forget_parts(struct order *order, enum fact_name whole)
{
    for (int f = 0; f < FACT_COUNT; f++)
        if (fact_part_of((enum fact_name)f) == whole)
            order->facts[f] = (struct fact){0};
    if (whole == FACT_MAIL)
        forget_recipients(order);
}

/* Section 4 of RFC 5321 empties all buffers; `by` is what did it. A transaction that was not open
 * is not cleared, but a refusal that hung over it is forgotten. */
static void clear_transaction(struct order *order, event_no by)
{
    struct fact *mail = &order->facts[FACT_MAIL];
    bool vague = mail->doubtful && !mail->since;
    *mail = (struct fact){.cleared = mail->since ? by : vague ? 0 : mail->cleared, .vague = vague};
    forget_parts(order, FACT_MAIL);
    order->auth_inside = order->refused_inside = 0;
    order->tolerated = (struct blame){0};
}

static struct blame blame_of(const struct verdict *v)
{
    return (struct blame){v->cause, v->origin, v->refusal, v->vague};
}

static void establish(const struct settling *t, enum fact_name fact)
{
    struct order *order = t->order;
    order->facts[fact] = (struct fact){.since = t->command->seq};
    forget_parts(order, fact);
    if (fact == FACT_MAIL)
        order->tolerated = (struct blame){0};
    if (fact == FACT_HELLO) {
        enum verb verb = t->command->verb;
        order->hello_verb = verb;
        order->extensions = verb == VERB_EHLO || verb == VERB_LHLO ? t->reply->extensions : 0;
        order->offer = t->reply->seq;
    }
}

static void prove(const struct settling *t, enum fact_name fact)
{
    struct fact *f = &t->order->facts[fact];
    *f = (struct fact){.since = f->since ? f->since : t->command->seq};
}

static void refuse(const struct settling *t, enum fact_name fact)
{
    struct fact *f = &t->order->facts[fact];
    *f = (struct fact){.refused = t->reply->seq,
                       .code = t->reply->code,
                       .of_order = t->reply->of_order,
                       .doubtful = f->doubtful};
    f->doubtful |= t->verdict->kind == VERDICT_DOUBTFUL;
    if (t->verdict->kind == VERDICT_BROKEN)
        f->blame = blame_of(t->verdict);
    forget_parts(t->order, fact);
}

static void refuse_again(const struct settling *t, enum fact_name fact)
{
    t->order->facts[fact].again = t->reply->seq;
}

static void clear(const struct settling *t, enum fact_name fact)
{
    (void)fact;
    clear_transaction(t->order, t->command->seq);
}

static void undo(const struct settling *t, enum fact_name fact)
{
    struct order *order = t->order;
    order->before = (struct before_undo){order->facts[FACT_HELLO], order->extensions, order->offer};
    order->facts[fact] = (struct fact){.cleared = t->command->seq};
    order->extensions = 0;
    order->offer = 0;
}

static void fail(const struct settling *t, enum fact_name fact)
{
    t->order->facts[fact] =
        (struct fact){.since = t->command->seq, .refused = t->reply->seq, .code = t->reply->code};
}

static void fail_last(const struct settling *t, enum fact_name fact)
{
    fail(t, fact);
    t->order->facts[fact].cleared = t->command->seq;
}

static void mark(const struct settling *t, enum fact_name fact)
{
    t->order->facts[fact].refused = t->reply->seq;
}

static void disturb(const struct settling *t, enum fact_name fact)
{
    const struct order_command *c = t->command;
    struct blame blame = blame_of(t->verdict);
    if (t->verdict->kind == VERDICT_LEGAL) { /* but only BDAT continues a message */
        blame.cause = CAUSE_BDAT_DATA_MIX;
        blame.origin = c->seq;
    }
    t->order->facts[fact] = (struct fact){
        .since = c->verb == VERB_DATA ? c->seq : 0, .refused = t->reply->seq, .blame = blame};
}

static void burden(const struct settling *t, enum fact_name fact)
{
    (void)fact;
    struct order *order = t->order;
    if (!order->first_refusal) {
        order->first_refusal = t->reply->seq;
        order->first_refusal_code = t->reply->code;
    }
    order->last_refusal = t->reply->seq;
}

static void go_on(const struct settling *t, enum fact_name fact)
{
    (void)fact;
    t->order->last_refusal = 0;
}

static void intrude(const struct settling *t, enum fact_name fact)
{
    (void)fact;
    t->order->auth_inside = t->command->seq;
}

static void waive(const struct settling *t, enum fact_name fact)
{
    (void)fact;
    t->order->hello_waived = true;
}

static void show(const struct settling *t, enum fact_name fact)
{
    (void)fact;
    t->order->shown |= EXT_CHUNKING;
}

static void close_session(const struct settling *t, enum fact_name fact)
{
    t->order->facts[fact] = (struct fact){.since = t->reply->seq, .code = t->reply->code};
}

static void settle_facts(const struct settling *t, bool greeting)
{
    static void (*const execute[EFFECT_COUNT])(const struct settling *, enum fact_name) = {
        [EFFECT_ESTABLISH] = establish, [EFFECT_PROVE] = prove,         [EFFECT_REFUSE] = refuse,
        [EFFECT_AGAIN] = refuse_again,  [EFFECT_CLEAR] = clear,         [EFFECT_UNDO] = undo,
        [EFFECT_FAIL] = fail,           [EFFECT_FAIL_LAST] = fail_last, [EFFECT_MARK] = mark,
        [EFFECT_DISTURB] = disturb,     [EFFECT_BURDEN] = burden,       [EFFECT_GO_ON] = go_on,
        [EFFECT_INTRUDE] = intrude,     [EFFECT_WAIVE] = waive,         [EFFECT_SHOW] = show,
        [EFFECT_CLOSE] = close_session,
    };
    const struct order_command *command = greeting ? NULL : t->command;
    enum reply_class class = reply_class(command, t->reply->code.number);
    size_t count;
    const struct effect *effects = order_effects(&count);
    uint64_t rows = order_effects_of(command ? 1u << command->verb : GREETING_ROW);
    for (; rows; rows &= rows - 1) {
        const struct effect *effect = &effects[__builtin_ctzll(rows)];
        if (effect_concerns(effect, command, class, t->verdict->kind) &&
            effect_given(effect, t->order))
            execute[effect->kind](t, effect->fact);
    }
}

/* How many recipients the transaction has been asked to take. */
static void count_recipient(struct order *order, event_no reply, int code)
{
    if (reply_accepts(code, VERB_RCPT)) {
        order->accepted++;
        return;
    }
    order->refused++;
    order->refused_temporary += code / 100 == 4;
    order->limited += code == 452 || code == 552;
    order->last_rcpt_refusal = reply;
}

/* A rule was broken, and the server did not mind: it may later, in the same transaction. */
static void note_tolerated(struct order *order, const struct order_command *c,
                           const struct verdict *verdict, int code)
{
    if (verdict->kind == VERDICT_BROKEN && verdict->rule && verdict->rule->kind == RULE_NEEDS &&
        code < 400 && code != 221 && !c->content && order->tolerated.cause == CAUSE_NONE)
        order->tolerated = (struct blame){verdict->cause, verdict->origin, verdict->refusal, false};
}

struct reply_code reply_code_of(int number, struct bytes enhanced)
{
    struct reply_code code = {.number = number};
    if (enhanced.len && enhanced.len < ENHANCED_ROOM)
        memcpy(code.enhanced, enhanced.at, enhanced.len);
    return code;
}

void order_settle(struct order *order, const struct order_command *c, const struct verdict *verdict,
                  const struct order_reply *reply)
{
    int code = reply->code.number;
    if (code / 100 == 5 && !order->errors++)
        order->first_error = reply->seq;
    if (code / 100 == 5 && verdict->kind == VERDICT_BROKEN && !order->first_of_order)
        order->first_of_order = verdict->origin;
    settle_facts(&(struct settling){order, c, verdict, reply}, false);
    if (code >= 400 && order_holds(order, FACT_MAIL) &&
        (c->verb == VERB_STARTTLS || c->verb == VERB_AUTH || c->verb == VERB_EHLO ||
         c->verb == VERB_HELO))
        order->refused_inside = c->seq;
    if (c->verb == VERB_RCPT)
        count_recipient(order, reply->seq, code);
    note_tolerated(order, c, verdict, code);
}

void order_close(struct order *order, const struct order_reply *reply)
{
    order->facts[FACT_QUIT] = (struct fact){.since = reply->seq, .code = reply->code};
}

void order_settle_doubtfully(struct order *order, const struct order_command *command,
                             const struct verdict *verdict, const struct order_reply *reply)
{
    order_settle(order, command, verdict, reply);
    for (int f = 0; f < FACT_COUNT; f++)
        order->facts[f].doubtful = true;
}

void order_begin_cleanly(struct order *order)
{
    for (int f = 0; f < FACT_COUNT; f++)
        order->facts[f].doubtful = false;
    order->hole = 0;
}

void order_greeting(struct order *order, const struct order_reply *reply)
{
    struct order_command greeting = {.seq = reply->seq};
    struct verdict none = {.kind = VERDICT_LEGAL};
    settle_facts(&(struct settling){order, &greeting, &none, reply}, true);
}

void order_tls_failed(struct order *order, event_no alert)
{
    if (!order_holds(order, FACT_TLS))
        return; /* it was TLS from the start */
    order->facts[FACT_TLS] = (struct fact){.refused = alert};
    order->facts[FACT_HELLO] = order->before.hello;
    order->extensions = order->before.extensions;
    order->offer = order->before.offer;
}

void order_tls_open(struct order *order, event_no opening)
{
    if (!order_holds(order, FACT_TLS))
        order->facts[FACT_TLS] = (struct fact){.since = opening};
}

void order_transaction_lost(struct order *order, event_no by)
{
    clear_transaction(order, by);
    order->facts[FACT_MAIL].vague = true;
}

/* The facts that the reply to `verb` can have changed. */
static uint32_t facts_behind(const struct order *order, enum verb verb)
{
    /* An unknown command can do anything, and TLS hides what follows. */
    if (verb == VERB_UNKNOWN || verb == VERB_STARTTLS)
        return UINT32_MAX;
    uint32_t facts = 0;
    size_t count;
    const struct effect *effects = order_effects(&count);
    for (size_t i = 0; i < count; i++) {
        const struct effect *e = &effects[i];
        if (!(e->verbs & 1u << verb) || !effect_moves(e->kind) ||
            (e->kind == EFFECT_DISTURB && !effect_given(e, order)))
            continue;
        facts |= 1u << e->fact | effect_forgets(e);
    }
    return facts;
}

void order_unanswered(struct order *order, enum verb verb)
{
    uint32_t facts = facts_behind(order, verb);
    for (int f = 0; f < FACT_COUNT; f++)
        if (facts >> f & 1)
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
