/* Commands that are sent without waiting for the reply to the one before: RFC 2920. */
#ifndef ANALYZER_SMTP_PIPELINING_H
#define ANALYZER_SMTP_PIPELINING_H

#include "heloscope/session/session.h"

/* Whether more may follow a command before its reply is there. */
enum following {
    FOLLOWING_NONE,        /* it must be the last of its group */
    FOLLOWING_ANY,         /* it may stand anywhere */
    FOLLOWING_IF_COMPLETE, /* AUTH with its initial response needs no more */
};

struct group_rule {
    enum verb verb; /* VERB_COUNT: every verb that has no row of its own */
    enum following following;
    bool barrier; /* the rest of its group stays at fault when its reply has been sent */
    const char *section;
};

/* The table; `*count` rows. Static storage. */
const struct group_rule *pipelining_rules(size_t *count);
const struct group_rule *pipelining_rule_of(enum verb verb);

/* Fills in what the place of `p`, the newest command, among its neighbours tells: was it sent
 * before its predecessor's reply was seen, and was that allowed? */
void pipelining_place(struct session *s, struct pending *p);

/* The reply to `p` ends at `end` of the server's octets: what commands that were sent before it was
 * seen must know of `p`. */
void pipelining_note_answered(struct session *s, const struct pending *p, uint64_t end);

#endif
