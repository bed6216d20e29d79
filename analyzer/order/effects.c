/* SPDX-License-Identifier: ISC */
#include "heloscope/order/effects.h"

#include <pthread.h>

#define V(verb) (1u << VERB_##verb)

enum {
    NOT_POSITIVE = REPLY_INTERMEDIATE | REPLY_REFUSAL | REPLY_MISREAD | REPLY_CLOSING,
    ANY_REPLY = REPLY_POSITIVE | NOT_POSITIVE,
    ANY_REFUSAL = REPLY_REFUSAL | REPLY_MISREAD | REPLY_CLOSING,
    /* An argument that was not understood changes nothing. */
    NOT_TAKEN = REPLY_INTERMEDIATE | REPLY_REFUSAL | REPLY_CLOSING,

    BROKEN = 1 << VERDICT_BROKEN,
    NOT_BROKEN = 1 << VERDICT_LEGAL | 1 << VERDICT_DOUBTFUL,
    NOT_DOUBTFUL = 1 << VERDICT_LEGAL | 1 << VERDICT_BROKEN,
};

#define HELLOS    (V(HELO) | V(EHLO) | V(LHLO))
#define CHUNKS_OF (V(BDAT) | V(BURL))
/* None of these is accepted in a session that was refused at its greeting (RFC 5321 section 3.1).
 */
#define WELCOMED (HELLOS | V(MAIL) | V(RCPT) | V(DATA) | V(BDAT) | V(AUTH))

#define WHERE(fact, standing)                                                                      \
    {                                                                                              \
        {                                                                                          \
            FACT_##fact, STANDS_##standing                                                         \
        }                                                                                          \
    }
#define WHERE_BOTH(fact, standing, fact2, standing2)                                               \
    {                                                                                              \
        {FACT_##fact, STANDS_##standing},                                                          \
        {                                                                                          \
            FACT_##fact2, STANDS_##standing2                                                       \
        }                                                                                          \
    }
#define ALWAYS                                                                                     \
    {                                                                                              \
        {                                                                                          \
            FACT_COUNT, STANDS_ANYHOW                                                              \
        }                                                                                          \
    }

static const struct effect effects[] = {
#define ROW(verbs, part, replies, kind, fact, section, ...)                                        \
    {                                                                                              \
        verbs, PART_##part, replies, EFFECT_##kind, FACT_##fact, section, __VA_ARGS__              \
    }

    ROW(GREETING_ROW, ANY, REPLY_POSITIVE, ESTABLISH, GREETING, "RFC 5321 3.1", ALWAYS, 0),
    ROW(GREETING_ROW, ANY, NOT_POSITIVE, REFUSE, GREETING, "RFC 5321 3.1, RFC 7504 3", ALWAYS, 0),
    ROW(WELCOMED, ANY, REPLY_POSITIVE | REPLY_INTERMEDIATE, PROVE, GREETING, "RFC 5321 3.1",
        WHERE(GREETING, DOUBTFUL), 0),

    ROW(HELLOS, ANY, REPLY_POSITIVE, ESTABLISH, HELLO, "RFC 5321 3.2, 4.1.1.1", ALWAYS, 0),
    ROW(HELLOS, ANY, REPLY_POSITIVE, CLEAR, MAIL, "RFC 5321 4.1.4", ALWAYS, 0),
    ROW(HELLOS, ANY, NOT_POSITIVE, AGAIN, HELLO, "RFC 5321 4.1.4", WHERE(HELLO, HOLDS), 0),
    /* Of several refused attempts the first is what went wrong. */
    ROW(HELLOS, ANY, NOT_POSITIVE, AGAIN, HELLO, "RFC 5321 3.2",
        WHERE_BOTH(HELLO, LACKS, HELLO, REFUSED), 0),
    ROW(HELLOS, ANY, NOT_POSITIVE, REFUSE, HELLO, "RFC 5321 3.2",
        WHERE_BOTH(HELLO, LACKS, HELLO, UNREFUSED), 0),

    /* In the place of a hello it is one, overwritten on the way. */
    ROW(V(MASKED), ANY, REPLY_POSITIVE, CLEAR, MAIL, "Cisco ESMTP inspection", WHERE(HELLO, LACKS),
        0),
    ROW(V(MASKED), ANY, REPLY_POSITIVE, ESTABLISH, HELLO, "Cisco ESMTP inspection",
        WHERE(HELLO, LACKS), 0),
    ROW(V(MASKED), ANY, NOT_POSITIVE, AGAIN, HELLO, "Cisco ESMTP inspection",
        WHERE_BOTH(HELLO, LACKS, HELLO, REFUSED), 0),
    ROW(V(MASKED), ANY, NOT_POSITIVE, REFUSE, HELLO, "Cisco ESMTP inspection",
        WHERE_BOTH(HELLO, LACKS, HELLO, UNREFUSED), 0),

    ROW(V(MAIL), ANY, REPLY_POSITIVE, WAIVE, HELLO, "RFC 5321 4.1.4 wants it; many servers do not",
        WHERE(HELLO, LACKS), 0),
    ROW(V(MAIL), ANY, REPLY_POSITIVE, ESTABLISH, MAIL, "RFC 5321 3.3", ALWAYS, 0),
    ROW(V(MAIL), BINARYMIME, REPLY_POSITIVE, ESTABLISH, BINARY, "RFC 3030 3", ALWAYS, 0),
    ROW(V(MAIL), ANY, NOT_POSITIVE, AGAIN, MAIL, "RFC 5321 4.1.4", WHERE(MAIL, HOLDS), 0),
    ROW(V(MAIL), ANY, NOT_POSITIVE, REFUSE, MAIL, "RFC 5321 3.3, 4.1.4", WHERE(MAIL, LACKS), 0),

    /* Behind a hole an accepted recipient shows that there was a MAIL. 252 is acceptance too. */
    ROW(V(RCPT), ANY, REPLY_POSITIVE, PROVE, MAIL, "RFC 5321 3.3", WHERE(MAIL, DOUBTFUL), 0),
    ROW(V(RCPT), ANY, REPLY_POSITIVE, ESTABLISH, RCPT, "RFC 5321 3.3, 3.5.3", WHERE(RCPT, LACKS),
        0),
    ROW(V(RCPT), ANY, REPLY_POSITIVE, GO_ON, MAIL, "RFC 5321 3.3", ALWAYS, 0),
    ROW(V(RCPT), ANY, NOT_POSITIVE, AGAIN, RCPT, "RFC 5321 3.3",
        WHERE_BOTH(RCPT, LACKS, RCPT, REFUSED), 0),
    ROW(V(RCPT), ANY, NOT_POSITIVE, REFUSE, RCPT, "RFC 5321 3.3",
        WHERE_BOTH(RCPT, LACKS, RCPT, UNREFUSED), 0),
    ROW(V(RCPT), ANY, NOT_POSITIVE, BURDEN, MAIL, "RFC 5321 3.3", WHERE(MAIL, HOLDS), 0),

    /* 354 proves both. */
    ROW(V(DATA), COMMAND, REPLY_INTERMEDIATE, PROVE, MAIL, "RFC 5321 3.3, 4.1.4",
        WHERE(MAIL, DOUBTFUL), 0),
    ROW(V(DATA), COMMAND, REPLY_INTERMEDIATE, PROVE, RCPT, "RFC 5321 3.3, 4.1.4",
        WHERE(RCPT, DOUBTFUL), 0),
    ROW(V(DATA), COMMAND, REPLY_POSITIVE | ANY_REFUSAL, BURDEN, MAIL, "RFC 5321 4.1.4",
        WHERE(MAIL, HOLDS), 0),
    ROW(V(DATA), MESSAGE, ANY_REPLY, CLEAR, MAIL, "RFC 5321 4.1.1.4", ALWAYS, 0),

    ROW(CHUNKS_OF, ANY, REPLY_POSITIVE, SHOW, HELLO, "RFC 3030 2", ALWAYS, 0),
    ROW(CHUNKS_OF, LAST, REPLY_POSITIVE, CLEAR, MAIL, "RFC 3030 2", ALWAYS, 0),
    ROW(CHUNKS_OF, CHUNK, REPLY_POSITIVE, ESTABLISH, BDAT, "RFC 3030 2", WHERE(BDAT, LACKS), 0),
    ROW(CHUNKS_OF, CHUNK, REPLY_POSITIVE, GO_ON, MAIL, "RFC 3030 2", ALWAYS, 0),
    ROW(CHUNKS_OF, ANY, NOT_TAKEN, BURDEN, MAIL, "RFC 3030 2", WHERE(MAIL, HOLDS), 0),
    ROW(CHUNKS_OF, ANY, NOT_TAKEN, MARK, CHUNKS, "RFC 3030 2", WHERE(CHUNKS, UNREFUSED), BROKEN),
    /* Servers that took a failed message's LAST for its end start anew with it. */
    ROW(CHUNKS_OF, LAST, NOT_TAKEN, CLEAR, MAIL, "RFC 3030 2 leaves it open; servers do",
        WHERE(CHUNKS, HOLDS), BROKEN),
    ROW(CHUNKS_OF, LAST, NOT_TAKEN, CLEAR, MAIL, "RFC 3030 2 leaves it open; servers do", ALWAYS,
        NOT_BROKEN),
    ROW(CHUNKS_OF, LAST, NOT_TAKEN, FAIL_LAST, CHUNKS, "RFC 3030 2", ALWAYS, NOT_BROKEN),
    ROW(CHUNKS_OF, CHUNK, NOT_TAKEN, FAIL, CHUNKS, "RFC 3030 2", ALWAYS, NOT_BROKEN),

    ROW(V(RSET), ANY, REPLY_POSITIVE, CLEAR, MAIL, "RFC 5321 4.1.1.5", ALWAYS, 0),

    ROW(V(AUTH), ANY, REPLY_POSITIVE, ESTABLISH, AUTH, "RFC 4954 4", ALWAYS, 0),
    /* nginx in front of a backend takes it there, and drops the transaction. */
    ROW(V(AUTH), ANY, REPLY_POSITIVE, INTRUDE, MAIL, "RFC 4954 4", WHERE(MAIL, HOLDS), 0),
    ROW(V(AUTH), ANY, ANY_REFUSAL, REFUSE, AUTH, "RFC 4954 4, 6", WHERE(AUTH, LACKS), 0),

    ROW(V(STARTTLS), ANY, REPLY_POSITIVE, ESTABLISH, TLS, "RFC 3207 4", ALWAYS, 0),
    ROW(V(STARTTLS), ANY, REPLY_POSITIVE, CLEAR, MAIL, "RFC 3207 4.2", ALWAYS, 0),
    ROW(V(STARTTLS), ANY, REPLY_POSITIVE, UNDO, HELLO, "RFC 3207 4.2", ALWAYS, 0),
    ROW(V(STARTTLS), ANY, NOT_POSITIVE, REFUSE, TLS, "RFC 3207 4", ALWAYS, 0),

    /* Its 220 is a new greeting: the session starts again. */
    ROW(V(XCLIENT), ANY, REPLY_POSITIVE, CLEAR, MAIL, "Postfix XCLIENT", ALWAYS, 0),
    ROW(V(XCLIENT), ANY, REPLY_POSITIVE, UNDO, HELLO, "Postfix XCLIENT", ALWAYS, 0),

    ROW(V(QUIT), ANY, REPLY_POSITIVE, ESTABLISH, QUIT, "RFC 5321 4.1.1.10", ALWAYS, 0),

    /* Between chunks any refused command leaves a message that not every server goes on with: Exim
     * then takes RSET only. After DATA the state is undefined until RSET. */
    ROW(EVERY_VERB & ~V(BDAT), ANY, ANY_REFUSAL, DISTURB, CHUNKS, "RFC 3030 2; Exim",
        WHERE_BOTH(BDAT, HOLDS, CHUNKS, UNREFUSED), NOT_DOUBTFUL),
    /* The service closes, whatever was asked. */
    ROW(EVERY_VERB, ANY, REPLY_CLOSING, CLOSE, QUIT, "RFC 5321 3.8", ALWAYS, 0),
#undef ROW
};

enum {
    ROW_COUNT = sizeof effects / sizeof *effects
};

const struct effect *order_effects(size_t *count)
{
    *count = ROW_COUNT;
    return effects;
}

/* By bit of `verbs`: a reply is about a few rows out of many. */
static uint64_t rows_of[VERB_COUNT + 1];
static pthread_once_t rows_known = PTHREAD_ONCE_INIT;

_Static_assert(ROW_COUNT <= 64, "a row is a bit");

static void find_rows(void)
{
    for (unsigned bit = 0; bit <= VERB_COUNT; bit++)
        for (size_t i = 0; i < ROW_COUNT; i++)
            if (effects[i].verbs & 1u << bit)
                rows_of[bit] |= UINT64_C(1) << i;
}

uint64_t order_effects_of(uint32_t verb)
{
    pthread_once(&rows_known, find_rows);
    return rows_of[__builtin_ctz(verb)];
}

static const struct {
    const char *label;
    bool moves;
} kinds[EFFECT_COUNT] = {
    [EFFECT_ESTABLISH] = {"holds", true},
    [EFFECT_PROVE] = {"shown to hold", false},
    [EFFECT_REFUSE] = {"refused", true},
    [EFFECT_AGAIN] = {"refused, stays as it was", false},
    [EFFECT_CLEAR] = {"cleared", true},
    [EFFECT_UNDO] = {"cleared, with what was offered", true},
    [EFFECT_FAIL] = {"failed", true},
    [EFFECT_FAIL_LAST] = {"failed with the last one", true},
    [EFFECT_MARK] = {"refused for what lies before", true},
    [EFFECT_DISTURB] = {"disturbed", true},
    [EFFECT_BURDEN] = {"has a refusal in it", false},
    [EFFECT_GO_ON] = {"goes on", false},
    [EFFECT_INTRUDE] = {"has an AUTH in it", false},
    [EFFECT_WAIVE] = {"not asked for from now on", false},
    [EFFECT_SHOW] = {"CHUNKING counts as offered", false},
    [EFFECT_CLOSE] = {"holds, from the reply on", false}, /* a session that went on had none */
};

const char *effect_label(enum effect_kind kind)
{
    return kinds[kind].label;
}

bool effect_moves(enum effect_kind kind)
{
    return kinds[kind].moves;
}

uint32_t effect_forgets(const struct effect *effect)
{
    uint32_t parts = 0;
    if (effect_moves(effect->kind))
        for (int f = 0; f < FACT_COUNT; f++)
            if (fact_part_of((enum fact_name)f) == effect->fact)
                parts |= 1u << f;
    return parts;
}

bool reply_accepts(int code, enum verb verb)
{
    return code / 100 == 2 && (code != 221 || verb == VERB_QUIT);
}

enum reply_class reply_class(const struct order_command *command, int code)
{
    if (reply_accepts(code, command ? command->verb : VERB_UNKNOWN))
        return REPLY_POSITIVE;
    if (code / 100 == 3)
        return REPLY_INTERMEDIATE;
    if (code == 421 || code == 221)
        return REPLY_CLOSING;
    bool syntax = code == 500 || code == 501 || code == 504;
    return syntax && command && !command->well_formed ? REPLY_MISREAD : REPLY_REFUSAL;
}

static bool stands(const struct fact *fact, enum standing standing)
{
    switch (standing) {
    case STANDS_HOLDS:
        return fact->since;
    case STANDS_LACKS:
        return !fact->since;
    case STANDS_REFUSED:
        return fact->refused;
    case STANDS_UNREFUSED:
        return !fact->refused;
    case STANDS_DOUBTFUL:
        return fact->doubtful;
    default:
        return true;
    }
}

bool effect_given(const struct effect *effect, const struct order *order)
{
    for (int i = 0; i < EFFECT_CONDITIONS; i++) {
        const struct given *given = &effect->given[i];
        if (given->is != STANDS_ANYHOW && !stands(&order->facts[given->fact], given->is))
            return false;
    }
    return true;
}

static bool is_part(const struct order_command *command, enum part part)
{
    switch (part) {
    case PART_COMMAND:
        return !command->content;
    case PART_MESSAGE:
        return command->content;
    case PART_BINARYMIME:
        return command->binarymime;
    case PART_CHUNK:
        return !command->chunk_last;
    case PART_LAST:
        return command->chunk_last;
    default:
        return true;
    }
}

bool effect_concerns(const struct effect *effect, const struct order_command *command,
                     enum reply_class reply, enum verdict_kind verdict)
{
    if (!(effect->verbs & (command ? 1u << command->verb : GREETING_ROW)))
        return false;
    return effect->replies & reply && (!command || is_part(command, effect->part)) &&
           (!effect->verdicts || effect->verdicts & 1u << verdict);
}
