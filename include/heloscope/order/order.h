/* SPDX-License-Identifier: ISC */
/* The order of commands: a handful of facts that remember the events behind them, and a table of
 * what each verb needs and forbids. Nothing here reads octets or stores anything. */
#ifndef HELOSCOPE_ORDER_ORDER_H
#define HELOSCOPE_ORDER_ORDER_H

#include "heloscope/cause.h"
#include "heloscope/application/smtp_command.h"
#include "heloscope/application/smtp_reply.h"
#include "heloscope/timeline.h"

enum fact_name {
    FACT_GREETING, /* the server is willing to talk */
    FACT_HELLO,    /* HELO, EHLO or LHLO was accepted */
    FACT_TLS,
    FACT_AUTH,
    FACT_MAIL,   /* a transaction is open */
    FACT_RCPT,   /* it has an accepted recipient */
    FACT_BDAT,   /* a BDAT sequence has begun in it */
    FACT_CHUNKS, /* a chunk of it failed (refused), or LAST was refused (cleared) */
    FACT_BINARY, /* it was announced as BODY=BINARYMIME */
    FACT_QUIT,   /* QUIT was sent, or 421 received: the session is over */
    FACT_COUNT
};

/* Why a refusal came, when it was itself an order error: it is passed on to what follows from it.
 */
struct blame {
    enum cause cause; /* CAUSE_NONE: the refusal had reasons of its own */
    event_no origin;
    event_no refusal; /* behind it; 0 = the client's own error */
    bool vague;       /* likely, not certain */
};

enum {
    ENHANCED_ROOM = 12 /* "5.999.999" and its end */
};

struct reply_code {
    int number;                   /* 550 */
    char enhanced[ENHANCED_ROOM]; /* "5.1.1"; "" = the reply has none */
};

struct fact {
    event_no since;         /* the event that established it; 0 = does not hold */
    event_no refused;       /* the reply that refused it, as long as nothing newer happened */
    event_no again;         /* the newest refusal, when there were several */
    event_no cleared;       /* the event that took it away, likewise */
    bool doubtful;          /* a hole in the capture may have changed it */
    bool vague;             /* cleared while doubtful: whether it held before will not be known; or
                               taken away though no rule says so */
    struct blame blame;     /* of `refused` */
    struct reply_code code; /* of `refused` */
    bool of_order;          /* which says that something was missing before it */
};

struct order {
    struct fact facts[FACT_COUNT];
    enum verb hello_verb; /* of the accepted hello */
    bool hello_waived;    /* this server takes MAIL without a hello */
    unsigned shown;       /* enum extension: what was taken though it had not been offered */
    unsigned extensions;  /* enum extension, of the last EHLO reply */
    event_no offer;       /* that reply (or the HELO's) */
    struct before_undo {  /* the same before STARTTLS or XCLIENT took it away */
        struct fact hello;
        unsigned extensions;
        event_no offer;
    } before;
    event_no hole; /* the newest gap event, or the open event of a session begun midway */
    uint32_t accepted, refused,
        limited; /* recipients of the open transaction; limited: by 452/552 */
    uint32_t refused_temporary;
    event_no first_refusal; /* in the open transaction: of RCPT, DATA or BDAT */
    struct reply_code first_refusal_code;
    event_no last_refusal;
    event_no last_rcpt_refusal; /* in the open transaction */
    struct blame tolerated; /* a rule broken in the open transaction that the server did not mind */
    event_no auth_inside;   /* an AUTH that was accepted in the open transaction */
    event_no refused_inside; /* a STARTTLS, AUTH or hello that was refused in it */
    event_no first_error;    /* the first 5xx of the session, for error limits */
    event_no first_of_order; /* the origin of the first that an error of order had earned */
    uint32_t errors;
    event_no tls_wanted, auth_wanted; /* the first command refused for want of TLS, of AUTH */
};

/* One row of the table of rules. */
enum rule_kind {
    RULE_NEEDS,
    RULE_FORBIDS,
    RULE_OFFERED, /* needs an extension */
    RULE_WAITS,   /* for a reply; judged by what the client had seen, not by order_judge() */
};

struct rule {
    enum verb verb; /* VERB_COUNT: every verb but QUIT */
    enum rule_kind kind;
    enum fact_name fact; /* RULE_NEEDS, RULE_FORBIDS */
    unsigned extension;  /* RULE_OFFERED; RULE_WAITS: need not wait where it is offered */
    enum cause cause;    /* all but RULE_NEEDS, for which the fact's own table says */
    const char *name;    /* as in `violations.rule` */
    const char *section; /* "RFC 5321 4.1.4" */
};

/* The table; `*count` rows. Static storage. Rows of a verb are in protocol order: the first that is
 * broken counts. */
const struct rule *order_rules(size_t *count);

/* Names of rules that are judged by when a command came. */
extern const char rule_greeting[], rule_group_end[], rule_group_offer[], rule_content[];

const char *fact_label(enum fact_name fact); /* "hello" */

/* The fact that takes `fact` with it when it begins anew, is refused or cleared; FACT_COUNT = none.
 */
enum fact_name fact_part_of(enum fact_name fact);

/* What the lack of a fact is called where it is needed; CAUSE_NONE where it never is. */
struct lack {
    enum fact_name rests_on; /* is asked for first; FACT_COUNT = on nothing */
    enum cause never, refused, cleared;
};
struct lack fact_lack(enum fact_name fact);

enum {
    RULE_CAUSES = 3
};

/* What a breach of `rule` itself can be called, the usual one first; returns how many. What the
 * fact of a need rests on has causes of its own. */
size_t rule_causes(const struct rule *rule, enum cause out[RULE_CAUSES]);

/* A command as the validator needs it. */
struct order_command {
    event_no seq;
    event_no
        wrong; /* what to point at when it is wrong in itself, if not `seq`: a message's DATA */
    enum verb verb;
    event_no saw; /* the last server event that its sender had received */
    bool content; /* the end of a message (its DATA event), judged as DATA */
    bool well_formed;
    bool binarymime, chunk_last, has_parameters;
};

enum verdict_kind {
    VERDICT_LEGAL,
    VERDICT_BROKEN,
    VERDICT_DOUBTFUL, /* broken or legal as far as seen, but a hole may have changed that */
};

struct verdict {
    enum verdict_kind kind;
    const struct rule *rule; /* that is broken; NULL when legal, or when only some servers mind */
    enum cause cause;
    event_no origin;
    event_no related[4];
    enum role roles[4];
    bool vague; /* broken for certain, but how it came to that is not */
    int related_count;
    event_no refusal; /* the refusal behind it, 0 = the command is wrong in itself */
};

/* Judges `command` against the facts as they are now. Changes nothing. */
struct verdict order_judge(const struct order *order, const struct order_command *command);

/* Judges `command` against one row of the table, which is of its verb. */
struct verdict order_judge_rule(const struct order *order, const struct order_command *command,
                                const struct rule *rule);

/* Adds an event that belongs to the explanation, if there is room. */
void verdict_relate(struct verdict *v, event_no seq, enum role role);

/* A reply as the validator needs it. */
struct order_reply {
    event_no seq;
    struct reply_code code;
    unsigned extensions; /* of an accepted EHLO or LHLO */
    bool of_order;       /* a refusal that says, by code or text, that the command came too early */
};

/* Whether a reply accepts a command: 2xx. 221 accepts QUIT alone; to anything else it says that the
 * server closes, as 421 does (RFC 5321 section 4.2.3; Postfix answers what it forbids so). */
bool reply_accepts(int code, enum verb verb);

struct reply_code reply_code_of(int number, struct bytes enhanced);

/* The server answered `command` with `reply`: moves the facts. `verdict` is order_judge()'s for
 * this command. */
void order_settle(struct order *order, const struct order_command *command,
                  const struct verdict *verdict, const struct order_reply *reply);

/* The same when it is not certain that `reply` answered `command`, or all of the reply was not
 * seen: what it seems to say is taken, and stays doubtful. */
void order_settle_doubtfully(struct order *order, const struct order_command *command,
                             const struct verdict *verdict, const struct order_reply *reply);

/* The beginning was seen after all: nothing is doubtful. */
void order_begin_cleanly(struct order *order);

/* The server's first reply. */
void order_greeting(struct order *order, const struct order_reply *reply);

/* The server has closed the session with `reply`, whatever its code. */
void order_close(struct order *order, const struct order_reply *reply);

/* The server has shown that `by` took the open transaction away, though no rule says so. */
void order_transaction_lost(struct order *order, event_no by);

/* The TLS that STARTTLS had begun did not come about, as event `alert` shows: what the server knew
 * before it may hold still. */
void order_tls_failed(struct order *order, event_no alert);

/* TLS is on, as event `opening` shows, whatever began it: the STARTTLS was not captured, or none
 * was needed (RFC 8314 section 3.3). */
void order_tls_open(struct order *order, event_no opening);

/* A hole, event `gap`: what it may have changed is doubtful from now on. */
void order_hole(struct order *order, event_no gap);

/* A hole in the replies alone, event `gap`. It hides no command: what it makes doubtful is what the
 * replies that lie in it can have changed, told by order_unanswered() for each command. */
void order_replies_lost(struct order *order, event_no gap);

/* The reply to a command with this verb may have been lost. */
void order_unanswered(struct order *order, enum verb verb);

/* Whether anything the verdict of `verb` rests on is doubtful. */
bool order_doubtful(const struct order *order, enum verb verb);

static inline bool order_holds(const struct order *order, enum fact_name fact)
{
    return order->facts[fact].since != 0;
}

#endif
