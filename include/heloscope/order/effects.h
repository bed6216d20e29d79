/* SPDX-License-Identifier: ISC */
/* What each reply does to the facts of order, as a table: order_settle() executes it, and
 * `heloscope explain --rules` prints it. */
#ifndef HELOSCOPE_ORDER_EFFECTS_H
#define HELOSCOPE_ORDER_EFFECTS_H

#include "heloscope/order/order.h"

/* A reply is of exactly one class. */
enum reply_class {
    REPLY_POSITIVE = 1 << 0,     /* 2xx */
    REPLY_INTERMEDIATE = 1 << 1, /* 3xx */
    REPLY_REFUSAL = 1 << 2,      /* 4xx, 5xx, but for the next two */
    REPLY_MISREAD = 1 << 3,      /* 500, 501, 504 to a command that is not well formed */
    REPLY_CLOSING = 1 << 4,      /* 421 */
};

/* What of a verb a row is about. */
enum part {
    PART_ANY,
    PART_COMMAND, /* DATA itself ... */
    PART_MESSAGE, /* ... and the message behind it */
    PART_BINARYMIME,
    PART_CHUNK, /* BDAT without LAST */
    PART_LAST,
};

/* How a fact stands. */
enum standing {
    STANDS_ANYHOW,
    STANDS_HOLDS,
    STANDS_LACKS,
    STANDS_REFUSED,
    STANDS_UNREFUSED,
    STANDS_DOUBTFUL,
};

/* What becomes of a fact. */
enum effect_kind {
    EFFECT_ESTABLISH,
    EFFECT_PROVE, /* it was doubtful, and this reply shows that it holds */
    EFFECT_REFUSE,
    EFFECT_AGAIN,     /* refused, and stays as it was */
    EFFECT_CLEAR,     /* as RSET does */
    EFFECT_UNDO,      /* gone with what the server had offered, whatever it was */
    EFFECT_FAIL,      /* chunks: the message has failed, with this one */
    EFFECT_FAIL_LAST, /* chunks: and its last one was this */
    EFFECT_MARK,      /* chunks: one was refused, for a reason that lies before it */
    EFFECT_DISTURB,   /* chunks: what came between them may have ended the message */
    EFFECT_BURDEN,    /* the transaction has a refusal in it that may make the client give it up */
    EFFECT_GO_ON,     /* it has not given up */
    EFFECT_INTRUDE,   /* an AUTH was accepted inside it */
    EFFECT_WAIVE,     /* this server does without */
    EFFECT_SHOW,      /* CHUNKING counts as offered */
    EFFECT_CLOSE,     /* the reply itself establishes it */
    EFFECT_COUNT
};

struct given {
    enum fact_name fact;
    enum standing is;
};

enum {
    EFFECT_CONDITIONS = 2
};

/* One row: to a command that is one of `verbs`, a reply of one of these classes does this to
 * `fact`. What a condition names is looked at when the row has its turn. */
struct effect {
    uint32_t verbs; /* 1u << enum verb; GREETING_ROW */
    enum part part;
    unsigned replies; /* of enum reply_class */
    enum effect_kind kind;
    enum fact_name fact;
    const char *section; /* where that is written, or whose habit it is */
    struct given given[EFFECT_CONDITIONS];
    unsigned verdicts; /* 1u << enum verdict_kind: how the command was judged; 0 = anyhow */
};

#define GREETING_ROW (1u << VERB_COUNT)       /* no verb's: the server's first reply */
#define EVERY_VERB   ((1u << VERB_COUNT) - 1) /* also unknown ones */

/* The table; `*count` rows, in the order in which they are executed. Static storage. */
const struct effect *order_effects(size_t *count);

/* The rows about `verb`, GREETING_ROW or 1u << enum verb: a bit each, the lowest is the first row.
 */
uint64_t order_effects_of(uint32_t verb);

/* What is said of an effect: "holds". Static storage. */
const char *effect_label(enum effect_kind kind);

/* Whether an effect can change how its fact stands, so that it is not known when the reply is not.
 */
bool effect_moves(enum effect_kind kind);

/* The facts that are forgotten with what `effect` does to its own: 1u << enum fact_name. */
uint32_t effect_forgets(const struct effect *effect);

enum reply_class reply_class(const struct order_command *command, int code);

/* Whether `order` is as the row's conditions want it. */
bool effect_given(const struct effect *effect, const struct order *order);

/* Whether the row is about a reply of this class to `command` (NULL = the greeting), judged
 * `verdict`. */
bool effect_concerns(const struct effect *effect, const struct order_command *command,
                     enum reply_class reply, enum verdict_kind verdict);

#endif
