/* SPDX-License-Identifier: ISC */
/* Sequences of commands judged against the facts; sequence.h says how they are written. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "tests/support/sequence.h"

static const struct order_reply greeting = {.seq = 1, .code = {.number = 220}};

static struct verdict judge(const char *sequence)
{
    return sequence_judge(sequence, 220);
}

/* --- legal sequences --- */

Test(order, legal)
{
    static const char *const rows[] = {
        "EHLO",
        "RSET",
        "NOOP",
        "HELP",
        "VRFY",
        "EXPN",
        "QUIT",
        "EHLO=250 MAIL=250 RCPT=250 DATA=354 .=250 QUIT",
        "EHLO=250 MAIL=250 RCPT=250 DATA=354 .=250 MAIL=250 RCPT=250 DATA=354 .",
        "EHLO=250 MAIL=250 RCPT=250 DATA=354 .=554 MAIL", /* the end of data empties all buffers */
        "HELO=250 MAIL=250 RCPT=250 DATA",
        "LHLO=250 MAIL=250 RCPT=250 DATA=354 .",
        "EHLO=250 EHLO=250 MAIL",
        "EHLO=500 HELO=250 MAIL", /* RFC 5321 section 3.2 */
        "EHLO=250 EHLO=501 MAIL", /* a refused hello takes nothing away, section 4.1.4 */
        "EHLO=250 MAIL=550 MAIL",
        "EHLO=250 MAIL=250 RSET=250 MAIL",
        "EHLO=250 MAIL=250 EHLO=250 MAIL",
        "EHLO=250 MAIL=250 RCPT=550 RCPT=250 DATA",
        "EHLO=250 MAIL=250 RCPT=250 RCPT=550 DATA", /* one is enough */
        "EHLO=250 MAIL=250 RCPT=252 DATA",
        "EHLO=250 MAIL=250 RCPT=250 DATA=451 DATA", /* the transaction is still open */
        "EHLO=250 MAIL=250 RCPT=250 DATA=451 RSET=250 MAIL",
        "EHLO=250 MAIL=250 QUIT",
        "EHLO=250 MAIL=250 RCPT=250 NOOP=250 VRFY=252 HELP=214 ?=500 DATA",
        "EHLO=250 MAIL=250 RCPT=250 BDAT=250 BDAT=250 BDAT:l=250 MAIL",
        "EHLO=250 MAIL=250 RCPT=250 BDAT:l",
        "EHLO=250 MAIL:b=250 RCPT=250 BDAT:l",
        "EHLO=250 MAIL=250 RCPT=250 BDAT=250 RSET=250 MAIL=250 RCPT=250 DATA",
        "EHLO=250 MAIL=250 RCPT=250 BDAT=451 RSET=250 MAIL=250 RCPT=250 BDAT:l",
        "EHLO=250 MAIL=250 RCPT=250 BDAT:l=554 MAIL",
        "EHLO=250 MAIL=250 RCPT=250 BURL:l",
        "EHLO=250 AUTH=535 AUTH",
        "EHLO=250 AUTH=235 MAIL",
        "EHLO=250 STARTTLS=454 STARTTLS",
        "EHLO=250 ETRN=250 MAIL",
        "EHLO=250 XFORWARD=250 XFORWARD=250 MAIL",
        "EHLO=250 XCLIENT=220 EHLO=250 MAIL",
        "XXXX",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct verdict v = judge(rows[i]);
        cr_expect_eq(v.kind, VERDICT_LEGAL, "%s: %s", rows[i], v.rule ? v.rule->name : "");
        cr_expect_eq(v.cause, CAUSE_NONE, "%s", rows[i]);
        cr_expect_null(v.rule, "%s", rows[i]);
    }
}

/* --- broken ones: cause, origin, and the refusal behind it --- */

struct broken {
    const char *sequence;
    enum cause cause;
    event_no origin, refusal;
};

static void expect_broken(const struct broken *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct verdict v = judge(rows[i].sequence);
        cr_expect_eq(v.kind, VERDICT_BROKEN, "%s", rows[i].sequence);
        cr_expect_eq(v.cause, rows[i].cause, "%s: %s", rows[i].sequence,
                     cause_entry(v.cause)->name);
        cr_expect_eq(v.origin, rows[i].origin, "%s: origin %u", rows[i].sequence, v.origin);
        cr_expect_eq(v.refusal, rows[i].refusal, "%s: refusal %u", rows[i].sequence, v.refusal);
        cr_expect_not_null(v.rule, "%s", rows[i].sequence);
    }
}
#define EXPECT_BROKEN(rows) expect_broken(rows, sizeof rows / sizeof *rows)

/* DESIGN: 1. the command is wrong in itself. */
Test(order, wrong_in_itself)
{
    static const struct broken rows[] = {
        {"MAIL", CAUSE_HELLO_MISSING, 10, 0},
        {"AUTH", CAUSE_HELLO_MISSING, 10, 0},
        {"STARTTLS", CAUSE_HELLO_MISSING, 10, 0},
        {"ETRN", CAUSE_HELLO_MISSING, 10, 0},
        {"BDAT", CAUSE_HELLO_MISSING, 10, 0},
        {"EHLO=250 RCPT", CAUSE_MAIL_MISSING, 20, 0},
        {"EHLO=250 DATA", CAUSE_MAIL_MISSING, 20, 0},
        {"EHLO=250 BDAT:l", CAUSE_MAIL_MISSING, 20, 0},
        {"EHLO=250 BURL:l", CAUSE_MAIL_MISSING, 20, 0},
        {"EHLO=250 MAIL=250 DATA", CAUSE_RCPT_MISSING, 30, 0},
        {"EHLO=250 MAIL=250 BDAT:l", CAUSE_RCPT_MISSING, 30, 0},
        {"EHLO=250 MAIL=250 BURL:l", CAUSE_RCPT_MISSING, 30, 0},
        {"EHLO=250 MAIL=250 MAIL", CAUSE_NESTED_MAIL, 30, 0},
        {"EHLO=250 MAIL=250 RCPT=250 MAIL", CAUSE_NESTED_MAIL, 40, 0},
        {"EHLO=250 MAIL=250 AUTH", CAUSE_AUTH_IN_TRANSACTION, 30, 0},
        {"EHLO=250 AUTH=235 AUTH", CAUSE_AUTH_REPEATED, 30, 0},
        {"EHLO:-=250 AUTH", CAUSE_AUTH_NOT_OFFERED, 20, 0},
        {"HELO=250 AUTH", CAUSE_AUTH_NOT_OFFERED, 20, 0},
        {"EHLO=250 HELO=250 AUTH", CAUSE_AUTH_NOT_OFFERED, 30, 0}, /* HELO empties the offer */
        {"EHLO=250 MAIL=250 STARTTLS", CAUSE_STARTTLS_IN_TRANSACTION, 30, 0},
        {"EHLO:-=250 STARTTLS", CAUSE_STARTTLS_NOT_OFFERED, 20, 0},
        {"EHLO=250 MAIL=250 ETRN", CAUSE_COMMAND_IN_TRANSACTION, 30, 0},
        {"EHLO=250 MAIL=250 XCLIENT", CAUSE_COMMAND_IN_TRANSACTION, 30, 0},
        {"EHLO=250 MAIL=250 XFORWARD", CAUSE_COMMAND_IN_TRANSACTION, 30, 0},
        {"EHLO=250 MAIL=250 ATRN", CAUSE_COMMAND_IN_TRANSACTION, 30, 0},
        {"EHLO:-=250 MAIL=250 RCPT=250 BDAT", CAUSE_BDAT_NOT_OFFERED, 40, 0},
        {"EHLO=250 MAIL:b=250 RCPT=250 DATA", CAUSE_BINARYMIME_DATA, 40, 0},
        {"EHLO=250 MAIL=250 RCPT=250 BDAT=250 DATA", CAUSE_BDAT_DATA_MIX, 50, 0},
        {"EHLO=250 MAIL=250 RCPT=250 BDAT=250 RCPT", CAUSE_BDAT_DATA_MIX, 50, 0},
        {"EHLO:-=250 BURL:l", CAUSE_COMMAND_NOT_OFFERED, 20, 0},
    };
    EXPECT_BROKEN(rows);
}

/* 2. It follows from an earlier refusal: the first that is responsible. */
Test(order, after_a_refusal)
{
    static const struct broken rows[] = {
        {"EHLO=550 MAIL", CAUSE_HELLO_REJECTED, 11, 11},
        {"EHLO=500 HELO=501 MAIL", CAUSE_HELLO_REJECTED, 11, 11},
        {"EHLO=250 MAIL=550 RCPT", CAUSE_MAIL_REJECTED, 21, 21},
        {"EHLO=250 MAIL=550 DATA", CAUSE_MAIL_REJECTED, 21, 21},
        {"EHLO=250 MAIL=451 BDAT:l", CAUSE_MAIL_REJECTED, 21, 21},
        {"EHLO=250 MAIL=250 RCPT=550 DATA", CAUSE_ALL_RCPT_REJECTED, 31, 31},
        /* It began with the first; that there was none left, the last one told. */
        {"EHLO=250 MAIL=250 RCPT=550 RCPT=451 RCPT=550 DATA", CAUSE_ALL_RCPT_REJECTED, 31, 51},
        {"EHLO=250 MAIL=250 RCPT=550 BDAT:l", CAUSE_ALL_RCPT_REJECTED, 31, 31},
        {"EHLO=250 MAIL=250 RCPT=250 BDAT=451 BDAT", CAUSE_BDAT_AFTER_FAILURE, 41, 41},
        {"EHLO=250 MAIL=250 RCPT=250 BDAT=250 BDAT=451 BDAT:l", CAUSE_BDAT_AFTER_FAILURE, 51, 51},
        {"EHLO=250 MAIL=250 RCPT=550 MAIL", CAUSE_TRANSACTION_ABANDONED, 31, 31},
        {"EHLO=250 MAIL=250 RCPT=550 RCPT=550 MAIL", CAUSE_TRANSACTION_ABANDONED, 31, 31},
        {"EHLO=250 MAIL=250 RCPT=250 DATA=451 MAIL", CAUSE_TRANSACTION_ABANDONED, 41, 41},
    };
    EXPECT_BROKEN(rows);
}

/* A refusal that was not read yet was no reason to give up. */
Test(order, nobody_gives_up_for_a_refusal_that_he_has_not_seen)
{
    static const struct broken rows[] = {
        {"EHLO=250 MAIL=250 RCPT=550 +MAIL", CAUSE_NESTED_MAIL, 40, 0},
        {"EHLO=250 MAIL=250 RCPT=550 RCPT=250 MAIL", CAUSE_NESTED_MAIL, 50, 0}, /* he went on */
    };
    EXPECT_BROKEN(rows);
}

/* 3. It follows from a reset: the command that cleared what was there. */
Test(order, after_a_reset)
{
    static const struct broken rows[] = {
        {"EHLO=250 MAIL=250 RSET=250 RCPT", CAUSE_TRANSACTION_RESET, 30, 0},
        {"EHLO=250 MAIL=250 RCPT=250 RSET=250 DATA", CAUSE_TRANSACTION_RESET, 40, 0},
        {"EHLO=250 MAIL=250 EHLO=250 RCPT", CAUSE_TRANSACTION_RESET, 30, 0},
        {"EHLO=250 MAIL=250 HELO=250 RCPT", CAUSE_TRANSACTION_RESET, 30, 0},
        {"EHLO=250 MAIL=250 RCPT=250 DATA=354 .=250 RCPT", CAUSE_TRANSACTION_RESET, 50, 0},
        {"EHLO=250 MAIL=250 RCPT=250 DATA=354 .=554 RCPT", CAUSE_TRANSACTION_RESET, 50, 0},
        {"EHLO=250 MAIL=250 RCPT=250 DATA=354 .=250 DATA", CAUSE_TRANSACTION_RESET, 50, 0},
        {"EHLO=250 XCLIENT=220 MAIL", CAUSE_HELLO_RESET, 20, 0},
    };
    EXPECT_BROKEN(rows);
}

/* A RSET that had nothing to clear is not what went wrong, and it ends what hung over. */
Test(order, an_idle_reset_is_not_to_blame)
{
    static const struct broken rows[] = {
        {"EHLO=250 RSET=250 RCPT", CAUSE_MAIL_MISSING, 30, 0},
        {"EHLO=250 MAIL=550 RSET=250 RCPT", CAUSE_MAIL_MISSING, 40, 0},
        {"EHLO=250 MAIL=250 RSET=250 RSET=250 RCPT", CAUSE_TRANSACTION_RESET, 30, 0},
        {"EHLO=250 MAIL=250 RSET=502 MAIL", CAUSE_NESTED_MAIL, 40, 0}, /* it reset nothing */
    };
    EXPECT_BROKEN(rows);
}

/* 4. A cascade keeps one cause and one origin. */
Test(order, cascades)
{
    static const struct broken rows[] = {
        {"EHLO=250 MAIL=550 RCPT=503 DATA", CAUSE_MAIL_REJECTED, 21, 21},
        {"EHLO=250 MAIL=550 RCPT=503 RCPT=503 RCPT=503 BDAT:l", CAUSE_MAIL_REJECTED, 21, 21},
        {"MAIL=503 RCPT", CAUSE_HELLO_MISSING, 10, 0},
        {"MAIL=503 RCPT=503 DATA", CAUSE_HELLO_MISSING, 10, 0},
        {"EHLO=250 RCPT=503 DATA", CAUSE_MAIL_MISSING, 20, 0},
        {"EHLO=550 MAIL=503 RCPT=503 DATA", CAUSE_HELLO_REJECTED, 11, 11},
        {"EHLO=250 MAIL=250 RSET=250 RCPT=503 DATA", CAUSE_TRANSACTION_RESET, 30, 0},
    };
    EXPECT_BROKEN(rows);
}

/* What was refused as an order error is no reason for what comes after a new beginning. */
Test(order, a_new_beginning_ends_a_cascade)
{
    static const struct broken rows[] = {
        {"MAIL=503 EHLO=250 RCPT", CAUSE_MAIL_MISSING, 30, 0},
        {"MAIL=503 EHLO=250 MAIL=250 DATA", CAUSE_RCPT_MISSING, 40, 0},
        {"EHLO=250 MAIL=550 RCPT=503 MAIL=250 DATA", CAUSE_RCPT_MISSING, 50, 0},
        {"EHLO=250 MAIL=250 RCPT=550 RSET=250 MAIL=250 DATA", CAUSE_RCPT_MISSING, 60, 0},
    };
    EXPECT_BROKEN(rows);
}

/* 5. Of several that are missing the first in protocol order counts. */
Test(order, the_first_missing_counts)
{
    static const struct broken rows[] = {
        {"RCPT", CAUSE_HELLO_MISSING, 10, 0},
        {"DATA", CAUSE_HELLO_MISSING, 10, 0},
        {"EHLO=250 DATA", CAUSE_MAIL_MISSING, 20, 0},
    };
    EXPECT_BROKEN(rows);
}

/* A server that takes MAIL without a hello is not told that one is missing. */
Test(order, a_hello_that_the_server_does_without)
{
    cr_expect_eq(judge("MAIL=250 RCPT").kind, VERDICT_LEGAL);
    cr_expect_eq(judge("MAIL=250 RCPT=250 DATA").kind, VERDICT_LEGAL);
    static const struct broken rows[] = {
        {"MAIL=250 DATA", CAUSE_RCPT_MISSING, 20, 0},
        {"MAIL=250 RCPT=250 DATA=354 .=250 RCPT", CAUSE_TRANSACTION_RESET, 40, 0},
    };
    EXPECT_BROKEN(rows);
}

/* --- the ends
 * --- */

Test(order, after_the_end)
{
    static const struct broken rows[] = {
        {"EHLO=250 QUIT=221 MAIL", CAUSE_SESSION_OVER, 20, 0},
        {"EHLO=250 MAIL=421 RCPT", CAUSE_SESSION_OVER, 21, 0},
    };
    EXPECT_BROKEN(rows);
    cr_expect_eq(judge("EHLO=250 QUIT=221 QUIT").kind, VERDICT_LEGAL);
    cr_expect_eq(judge("EHLO=250 QUIT=501 MAIL").kind, VERDICT_LEGAL, "it is not over yet");
    cr_expect_neq(judge("EHLO=250 MAIL=421 +RCPT").cause, CAUSE_SESSION_OVER,
                  "the 421 was still on its way");
}

Test(order, before_the_beginning)
{
    struct verdict v = sequence_judge("MAIL", 0);
    cr_expect_eq(v.cause, CAUSE_EARLY_TALKER);
    cr_expect_eq(v.origin, 10);
    v = sequence_judge("EHLO", 0);
    cr_expect_eq(v.cause, CAUSE_EARLY_TALKER);
    cr_expect_eq(sequence_judge("QUIT", 0).kind, VERDICT_LEGAL);
}

/* RFC 5321 section 3.1: a server that greets with 554 answers all but QUIT with 503. */
Test(order, a_greeting_that_refuses)
{
    static const int codes[] = {554, 521, 421, 450};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        struct verdict v = sequence_judge("EHLO", codes[i]);
        cr_expect_eq(v.kind, VERDICT_BROKEN);
        cr_expect_eq(v.cause, CAUSE_SESSION_REFUSED, "%d", codes[i]);
        cr_expect_eq(v.origin, 1);
        cr_expect_eq(v.refusal, 1);
        v = sequence_judge("EHLO=503 MAIL=503 RCPT", codes[i]);
        cr_expect_eq(v.cause, CAUSE_SESSION_REFUSED, "the cascade");
        cr_expect_eq(v.origin, 1);
        cr_expect_eq(sequence_judge("QUIT", codes[i]).kind, VERDICT_LEGAL);
    }
}

/* --- related events
 * --- */

static void expect_related(const char *sequence, event_no seq, enum role role)
{
    struct verdict v = judge(sequence);
    for (int i = 0; i < v.related_count; i++) {
        if (v.related[i] == seq) {
            cr_expect_eq(v.roles[i], role, "%s: %s", sequence, role_name(v.roles[i]));
            return;
        }
    }
    cr_expect_fail("%s: event %u is not among the related", sequence, seq);
}

Test(order, what_belongs_to_the_explanation)
{
    expect_related("EHLO=250 MAIL=250 MAIL", 20, ROLE_OPENED);
    expect_related("EHLO=250 MAIL=250 RCPT=550 MAIL", 20, ROLE_OPENED);
    expect_related("EHLO=250 MAIL=250 AUTH", 20, ROLE_OPENED);
    expect_related("EHLO=250 AUTH=235 AUTH", 20, ROLE_OPENED);
    expect_related("EHLO=250 MAIL=250 RCPT=250 BDAT=250 DATA", 40, ROLE_OPENED);
    expect_related("EHLO=250 MAIL=250 RCPT=550 RCPT=550 DATA", 41, ROLE_REFUSAL);
    expect_related("EHLO:-=250 AUTH", 11, ROLE_OFFER);
    expect_related("MAIL=503 RCPT", 11, ROLE_CASCADE);
}

/* --- holes
 * --- */

Test(order, behind_a_hole_nothing_is_certain_that_it_may_have_changed)
{
    static const char *const doubtful[] = {
        "EHLO=250 hole RCPT",
        "EHLO=250 MAIL=250 hole MAIL",
        "hole MAIL",
        "EHLO=250 MAIL=250 hole AUTH",
        "EHLO=250 MAIL=550 hole RCPT",
        "EHLO=250 MAIL=250 RCPT=550 hole DATA",
    };
    for (size_t i = 0; i < sizeof doubtful / sizeof *doubtful; i++)
        cr_expect_neq(judge(doubtful[i]).kind, VERDICT_BROKEN, "%s", doubtful[i]);
}

/* What lasts for the rest of a session, and what was seen after the hole, is as certain as ever. */
Test(order, what_is_seen_behind_a_hole_counts)
{
    static const struct broken rows[] = {
        {"EHLO=250 hole MAIL=250 MAIL", CAUSE_NESTED_MAIL, 40, 0},
        {"EHLO=250 hole RSET=250 MAIL=550 RCPT", CAUSE_MAIL_REJECTED, 41, 41},
        {"EHLO=250 AUTH=235 hole AUTH", CAUSE_AUTH_REPEATED, 40, 0},
        {"EHLO=250 hole MAIL=250 RCPT=550 DATA", CAUSE_ALL_RCPT_REJECTED, 41, 41},
    };
    EXPECT_BROKEN(rows);
    cr_expect_eq(judge("EHLO=250 hole MAIL=250 RCPT=250 DATA").kind, VERDICT_LEGAL);
}

/* A hello may lie in the hole; what was refused for a reason of its own, or taken away, does not
 * need it to be explained. */
Test(order, what_was_seen_counts_more_than_what_may_lie_in_a_hole)
{
    static const struct {
        const char *sequence;
        enum verdict_kind kind;
        enum cause cause;
        event_no origin;
    } rows[] = {
        {"hole MAIL=550 RCPT", VERDICT_DOUBTFUL, CAUSE_MAIL_REJECTED, 21},
        {"hole RCPT=550 DATA", VERDICT_DOUBTFUL, CAUSE_ALL_RCPT_REJECTED, 21},
        {"hole DATA=354 .=250 RCPT", VERDICT_BROKEN, CAUSE_TRANSACTION_RESET, 30},
        {"hole MAIL=503 RCPT", VERDICT_DOUBTFUL, CAUSE_HELLO_MISSING, 30},
        {"hole RCPT=503 DATA", VERDICT_DOUBTFUL, CAUSE_HELLO_MISSING, 30},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct verdict v = judge(rows[i].sequence);
        cr_expect_eq(v.kind, rows[i].kind, "%s", rows[i].sequence);
        cr_expect_eq(v.cause, rows[i].cause, "%s: %s", rows[i].sequence,
                     cause_entry(v.cause)->name);
        cr_expect_eq(v.origin, rows[i].origin, "%s: %u", rows[i].sequence, v.origin);
    }
}

/* RFC 3207 section 4.2 resets the session when TLS is up, not before. */
Test(order, a_handshake_that_fails_takes_nothing_away)
{
    struct order order = {.hole = 0};
    order_greeting(&order, &greeting);
    sequence_play(&order, "EHLO=250 STARTTLS=220");
    cr_expect_not(order_holds(&order, FACT_HELLO));
    order_tls_failed(&order, 25);
    cr_expect(order_holds(&order, FACT_HELLO));
    cr_expect(order.extensions & EXT_CHUNKING);
    cr_expect_eq(order.facts[FACT_TLS].refused, 25);
    cr_expect_eq(sequence_play(&order, "STARTTLS").kind, VERDICT_LEGAL);
}

Test(order, doubt_is_told_verb_by_verb)
{
    struct order order = {.hole = 0};
    order_greeting(&order, &greeting);
    sequence_play(&order, "EHLO=250");
    cr_expect_not(order_doubtful(&order, VERB_MAIL));
    sequence_play(&order, "EHLO=250 hole");
    cr_expect_eq(order.hole, 20);
    cr_expect(order_doubtful(&order, VERB_MAIL));
    cr_expect(order_doubtful(&order, VERB_RCPT));
    cr_expect_not(order_doubtful(&order, VERB_NOOP), "it needs nothing");
}

/* --- facts
 * --- */

Test(order, judging_changes_nothing)
{
    struct order order = {.hole = 0}, before;
    order_greeting(&order, &greeting);
    sequence_play(&order, "EHLO=250 MAIL=250 RCPT=550");
    before = order;
    for (int v = 0; v < VERB_COUNT; v++) {
        struct order_command c = {.seq = 100, .verb = (enum verb)v, .saw = 31};
        order_judge(&order, &c);
    }
    cr_expect_eq(memcmp(&order, &before, sizeof order), 0);
}

Test(order, recipients_are_counted)
{
    struct order order = {.hole = 0};
    order_greeting(&order, &greeting);
    sequence_play(&order, "EHLO=250 MAIL=250 RCPT=250 RCPT=550 RCPT=452 RCPT=250 RCPT=450");
    cr_expect_eq(order.accepted, 2);
    cr_expect_eq(order.refused, 3);
    cr_expect_eq(order.limited, 1);
    cr_expect_eq(order.refused_temporary, 2);
    cr_expect_eq(order.first_refusal, 41);
    cr_expect_eq(order.first_refusal_code.number, 550);
    cr_expect_eq(order.first_error, 41);
    cr_expect_eq(order.errors, 1);
}

Test(order, whatever_comes_the_facts_keep_their_shape)
{
    static const int codes[] = {220, 221, 235, 250, 252, 334, 354, 421, 450, 451, 503, 550, 554};
    struct order order = {.hole = 0};
    srandom(9);
    for (event_no seq = 10; seq < 2000 * 1000; seq += 10) {
        struct order_command c = {
            .seq = seq,
            .verb = (enum verb)(random() % VERB_COUNT),
            .saw = seq - 9,
            .content = random() % 8 == 0,
            .well_formed = true,
            .binarymime = random() % 2,
            .chunk_last = random() % 2,
        };
        if (random() % 500 == 0)
            order_hole(&order, seq);
        if (random() % 500 == 0)
            order = (struct order){.hole = 0};
        struct verdict v = order_judge(&order, &c);
        cr_assert_leq(v.origin, seq);
        cr_assert_lt(v.refusal, seq);
        cr_assert_eq(v.kind == VERDICT_LEGAL, v.cause == CAUSE_NONE);
        cr_assert_eq(v.kind == VERDICT_LEGAL, v.origin == 0);
        for (int i = 0; i < v.related_count; i++)
            cr_assert_lt(v.related[i], seq);
        struct order_reply reply = {.seq = seq + 1,
                                    .code = {.number = codes[random() % 13]},
                                    .extensions = (unsigned)random()};
        order_settle(&order, &c, &v, &reply);
        for (int f = 0; f < FACT_COUNT; f++) {
            cr_assert_leq(order.facts[f].since, seq + 1);
            cr_assert_leq(order.facts[f].refused, seq + 1);
            cr_assert_leq(order.facts[f].cleared, seq + 1);
        }
    }
}
