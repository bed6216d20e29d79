/* SPDX-License-Identifier: ISC */
#include "sequence.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    ALL = EXT_PIPELINING | EXT_AUTH | EXT_STARTTLS | EXT_CHUNKING | EXT_BINARYMIME | EXT_XCLIENT |
          EXT_XFORWARD | EXT_ETRN | EXT_BURL
};

struct step {
    struct order_command command;
    int code; /* 0 = to be judged only */
    unsigned extensions;
    bool hole;
};

static enum verb verb_of(const char *name)
{
    for (int v = VERB_UNKNOWN + 1; v < VERB_COUNT; v++)
        if (strcmp(verb_name((enum verb)v), name) == 0)
            return (enum verb)v;
    cr_assert_str_eq(name, "?", "no verb %s", name);
    return VERB_UNKNOWN;
}

static struct step read_step(char *word, event_no seq, event_no saw_before)
{
    struct step step = {.extensions = ALL};
    struct order_command *c = &step.command;
    bool blind = *word == '+';
    word += blind;
    char *code = strchr(word, '='), *flags;
    if (code) {
        *code = '\0';
        step.code = atoi(code + 1);
    }
    if ((flags = strchr(word, ':')))
        *flags++ = '\0';
    for (; flags && *flags; flags++) {
        c->chunk_last |= *flags == 'l';
        c->binarymime |= *flags == 'b';
        step.extensions = *flags == '-' ? 0 : step.extensions;
    }
    c->seq = seq;
    c->saw = blind ? saw_before : seq > 10 ? seq - 9 : 1;
    c->well_formed = true;
    c->content = strcmp(word, ".") == 0;
    step.hole = strcmp(word, "hole") == 0;
    if (!step.hole)
        c->verb = c->content ? VERB_DATA : verb_of(word);
    return step;
}

struct verdict sequence_play(struct order *order, const char *sequence)
{
    char text[256], *next;
    struct verdict verdict = {.kind = VERDICT_LEGAL};
    event_no seq = 0, saw = 1;
    snprintf(text, sizeof text, "%s", sequence);
    for (char *word = strtok_r(text, " ", &next); word; word = strtok_r(NULL, " ", &next)) {
        struct step step = read_step(word, seq += 10, saw);
        saw = step.command.saw;
        if (step.hole) {
            order_hole(order, seq);
            continue;
        }
        verdict = order_judge(order, &step.command);
        struct order_reply reply = {.seq = seq + 1,
                                    .code = {.number = step.code},
                                    .extensions = step.extensions,
                                    .of_order = step.code == 503};
        if (step.code)
            order_settle(order, &step.command, &verdict, &reply);
    }
    return verdict;
}

struct verdict sequence_judge(const char *sequence, int greeting)
{
    struct order order = {.hole = 0};
    if (greeting)
        order_greeting(&order, &(struct order_reply){.seq = 1, .code = {.number = greeting}});
    return sequence_play(&order, sequence);
}
