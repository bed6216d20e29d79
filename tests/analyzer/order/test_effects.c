/* SPDX-License-Identifier: ISC */
/* The table of effects against the facts that settling a reply computes. What `heloscope explain
 * --rules` prints of a row is held against every state, command, reply and verdict: what the rows
 * announce must come about, and nothing else may move. */
#include "heloscope/order/effects.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum {
    REPLY = 90,
    COMMAND = 80,
};

/* What is left of a fact where a row says so, in the words that are printed. */
struct left {
    const char *label;
    bool since, refused, cleared; /* whether it is there afterwards */
    bool as_before;               /* but for what is noted beside it */
};

static const struct left lefts[] = {
    {"holds", true, false, false, false},
    {"shown to hold", true, false, false, false},
    {"refused", false, true, false, false},
    {"refused, stays as it was", false, false, false, true},
    {"cleared", false, false, true, false},
    {"cleared, with what was offered", false, false, true, false},
    {"failed", true, true, false, false},
    {"failed with the last one", true, true, true, false},
    {"refused for what lies before", false, true, false, false},
    {"disturbed", false, true, false, false},
    {"has a refusal in it", false, false, false, true},
    {"goes on", false, false, false, true},
    {"has an AUTH in it", false, false, false, true},
    {"not asked for from now on", false, false, false, true},
    {"CHUNKING counts as offered", false, false, false, true},
    {"holds, from the reply on", true, false, false, false},
};

static const struct left *left_by(enum effect_kind kind)
{
    for (size_t i = 0; i < sizeof lefts / sizeof *lefts; i++)
        if (strcmp(lefts[i].label, effect_label(kind)) == 0)
            return &lefts[i];
    cr_assert_fail("no such word: %s", effect_label(kind));
    return NULL;
}

/* How a fact can stand; all that the table can ask of one. */
static struct fact state_of_fact(unsigned number, enum fact_name fact)
{
    static const struct fact states[] = {
        {.since = 0}, {.since = 5}, {.refused = 6, .code = {.number = 550}}, {.cleared = 7}};
    struct fact f = states[number % 4];
    f.doubtful = number / 4 % 2;
    if (fact == FACT_CHUNKS) { /* it stands for a chunk that failed, and that was refused */
        f.refused = f.since ? 6 : f.refused;
        f.cleared = 0;
    }
    return f;
}

/* All facts as `number` says: three bits for each. */
static struct order random_order(void)
{
    struct order order = {.hole = 0};
    for (int f = 0; f < FACT_COUNT; f++)
        order.facts[f] = state_of_fact((unsigned)rand(), (enum fact_name)f);
    return order;
}

static const int codes[] = {220, 235, 250, 334, 354, 421, 451, 500, 501, 503, 504, 550};

/* What the rows announce, one after the other; `order` is moved row by row only as far as the
 * conditions of later rows can see. */
static void announce(const struct order *before, const struct order_command *c, int code,
                     enum verdict_kind verdict, const struct left *out[FACT_COUNT],
                     bool forgotten[FACT_COUNT])
{
    size_t count;
    const struct effect *effects = order_effects(&count);
    struct order order = *before;
    enum reply_class class = reply_class(c, code);
    for (size_t i = 0; i < count; i++) {
        const struct effect *e = &effects[i];
        if (!effect_concerns(e, c, class, verdict) || !effect_given(e, &order))
            continue;
        const struct left *left = left_by(e->kind);
        struct fact *fact = &order.facts[e->fact];
        bool held = fact->since, doubtful = fact->doubtful;
        if (!left->as_before) {
            *fact = (struct fact){.since = left->since,
                                  .refused = left->refused,
                                  .doubtful = left->refused && !left->since && doubtful};
            fact->cleared = left->cleared && (held || e->fact != FACT_MAIL);
            out[e->fact] = left;
            forgotten[e->fact] = false;
        }
        for (int f = 0; f < FACT_COUNT; f++)
            if (effect_forgets(e) >> f & 1) {
                order.facts[f] = (struct fact){.since = 0};
                out[f] = NULL;
                forgotten[f] = true;
            }
    }
}

static void compare(const struct order *before, const struct order *after,
                    const struct left *left[FACT_COUNT], const bool forgotten[FACT_COUNT],
                    const struct order_command *c, int code, enum verdict_kind verdict)
{
    for (int f = 0; f < FACT_COUNT; f++) {
        const struct fact *was = &before->facts[f], *is = &after->facts[f];
        const char *verb = verb_name(c->verb), *label = fact_label((enum fact_name)f);
        if (forgotten[f]) {
            cr_assert(!is->since && !is->refused && !is->cleared && !is->doubtful,
                      "%s %d (%d): %s is not forgotten", verb, code, verdict, label);
        } else if (!left[f]) {
            cr_assert(is->since == was->since && is->refused == was->refused &&
                          is->cleared == was->cleared && is->doubtful == was->doubtful &&
                          is->code.number == was->code.number,
                      "%s %d (%d): %s has changed, and no row says so", verb, code, verdict, label);
        } else {
            /* A transaction that was not open is not cleared. */
            bool cleared = left[f]->cleared && (f != FACT_MAIL || was->since || was->cleared);
            /* What came between the chunks was a DATA: nothing but RSET helps. */
            bool disturbed = strcmp(left[f]->label, "disturbed") == 0 && c->verb == VERB_DATA;
            bool since = left[f]->since || disturbed;
            cr_assert_eq(is->since != 0, since, "%s %d (%d): %s, %s", verb, code, verdict, label,
                         left[f]->label);
            cr_assert_eq(is->refused != 0, left[f]->refused, "%s %d (%d): %s, %s", verb, code,
                         verdict, label, left[f]->label);
            if (f != FACT_MAIL || !was->doubtful)
                cr_assert_eq(is->cleared != 0, cleared, "%s %d (%d): %s, %s", verb, code, verdict,
                             label, left[f]->label);
        }
    }
}

Test(order_effects, what_is_announced_comes_about_and_nothing_else_does)
{
    srand(1);
    for (int round = 0; round < 400; round++)
        for (int v = 0; v < VERB_COUNT; v++)
            for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
                struct order before = random_order(), after = before;
                struct order_command c = {.seq = COMMAND,
                                          .verb = (enum verb)v,
                                          .well_formed = rand() % 4,
                                          .content = v == VERB_DATA && rand() % 2,
                                          .binarymime = v == VERB_MAIL && rand() % 2,
                                          .chunk_last = rand() % 2};
                struct verdict verdict = {.kind = (enum verdict_kind)(rand() % 3)};
                const struct left *left[FACT_COUNT] = {NULL};
                bool forgotten[FACT_COUNT] = {false};
                announce(&before, &c, codes[i], verdict.kind, left, forgotten);
                struct order_reply reply = {.seq = REPLY, .code = {.number = codes[i]}};
                order_settle(&after, &c, &verdict, &reply);
                compare(&before, &after, left, forgotten, &c, codes[i], verdict.kind);
            }
}

Test(order_effects, every_row_has_its_turn)
{
    size_t count;
    const struct effect *effects = order_effects(&count);
    bool used[128] = {false};
    cr_assert_lt(count, sizeof used);
    srand(2);
    for (int round = 0; round < 400; round++)
        for (int v = 0; v < VERB_COUNT; v++)
            for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
                struct order order = random_order();
                struct order_command c = {.verb = (enum verb)v,
                                          .well_formed = true,
                                          .content = rand() % 2,
                                          .binarymime = rand() % 2,
                                          .chunk_last = rand() % 2};
                for (size_t e = 0; e < count; e++)
                    used[e] |= effect_given(&effects[e], &order) &&
                               effect_concerns(&effects[e], &c, reply_class(&c, codes[i]),
                                               (enum verdict_kind)(rand() % 3));
            }
    for (size_t e = 0; e < count; e++)
        if (effects[e].verbs != GREETING_ROW)
            cr_expect(used[e], "row %zu (%s %s) never applies", e, fact_label(effects[e].fact),
                      effect_label(effects[e].kind));
}

Test(order_effects, the_greeting_is_a_row_too)
{
    static const struct {
        int code;
        bool since, refused;
    } rows[] = {{220, true, false}, {554, false, true}, {521, false, true}, {421, false, true}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct order order = {.hole = 0};
        order_greeting(&order, &(struct order_reply){.seq = 1, .code = {.number = rows[i].code}});
        cr_expect_eq(order.facts[FACT_GREETING].since != 0, rows[i].since, "%d", rows[i].code);
        cr_expect_eq(order.facts[FACT_GREETING].refused != 0, rows[i].refused, "%d", rows[i].code);
        cr_expect_eq(order.facts[FACT_QUIT].since, 0, "%d", rows[i].code);
    }
}

Test(order_effects, a_reply_that_was_not_seen_leaves_in_doubt_what_it_can_have_moved)
{
    static const struct {
        enum verb verb;
        unsigned facts;
    } rows[] = {
        {VERB_NOOP, 0},
        {VERB_VRFY, 0},
        {VERB_AUTH, 1u << FACT_AUTH},
        {VERB_QUIT, 1u << FACT_QUIT},
        {VERB_RCPT, 1u << FACT_RCPT},
        {VERB_RSET, 1u << FACT_MAIL | 1u << FACT_RCPT | 1u << FACT_BDAT | 1u << FACT_CHUNKS |
                        1u << FACT_BINARY},
        {VERB_EHLO, 1u << FACT_HELLO | 1u << FACT_MAIL | 1u << FACT_RCPT | 1u << FACT_BDAT |
                        1u << FACT_CHUNKS | 1u << FACT_BINARY},
        {VERB_UNKNOWN, ~0u},
        {VERB_STARTTLS, ~0u},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct order order = {.hole = 0};
        order_unanswered(&order, rows[i].verb);
        for (int f = 0; f < FACT_COUNT; f++)
            cr_expect_eq(order.facts[f].doubtful, (rows[i].facts >> f & 1) != 0, "%s: %s",
                         verb_name(rows[i].verb), fact_label((enum fact_name)f));
    }
}

Test(order_effects, between_chunks_any_lost_reply_may_have_ended_the_message)
{
    struct order order = {.hole = 0};
    order.facts[FACT_BDAT].since = 5;
    order_unanswered(&order, VERB_RCPT);
    cr_expect(order.facts[FACT_CHUNKS].doubtful);
}

Test(order_effects, every_row_says_where_it_is_written)
{
    size_t count;
    const struct effect *effects = order_effects(&count);
    for (size_t i = 0; i < count; i++) {
        cr_expect_gt(strlen(effects[i].section), 8, "row %zu", i);
        cr_expect_lt(effects[i].fact, FACT_COUNT);
        cr_expect_neq(effects[i].verbs, 0);
        cr_expect_neq(effects[i].replies, 0);
    }
}
