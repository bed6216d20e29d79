/* SPDX-License-Identifier: ISC */
/* What waits for replies, and which command a reply answers: strictly first in, first out (RFC 5321
 * section 4.3.1, RFC 2920 section 3.1); behind holes by acknowledgement numbers. */
#ifndef HELOSCOPE_SESSION_PENDING_H
#define HELOSCOPE_SESSION_PENDING_H

#include "heloscope/order/order.h"
#include "heloscope/span.h"
#include "heloscope/timeline.h"

struct session;

enum pending_kind {
    PENDING_COMMAND,
    PENDING_SASL,    /* a response to a 334 */
    PENDING_CONTENT, /* a message */
    PENDING_TLS,     /* a handshake in the place of a command */
    PENDING_HOLE,    /* an unknown number of commands that the capture lacks */
};

/* What waits for a reply. `path` lies in the chapter. */
struct pending {
    enum pending_kind kind;
    struct order_command command;
    uint64_t end;  /* client octets up to its last one */
    uint64_t seen; /* server octets that its sender had received */
    int64_t ts_us;
    event_no can_know, knew; /* the newest reply that its sender had the time to read: a process at
                                all, and this one, by its quickest reaction */
    event_no group;          /* the unanswered event behind which it was sent against RFC 2920; 0 */
    const char *group_rule;  /* then: the rule that this broke; static */
    uint16_t due;            /* replies due: LMTP sends one per recipient (RFC 2033 section 4.2) */
    bool pipelined;          /* sent before the reply to its predecessor was seen */
    bool early;              /* sent before the greeting was seen */
    bool doubtful;           /* a hole may have swallowed its reply */
    bool shaky;              /* paired by a guess, or in one group with a command that was */
    bool cancelled;          /* a SASL exchange was given up with "*" */
    bool content_line;       /* a line of a message, read as a command */
    bool bare_lf;            /* its line end was a bare LF */
    event_no content_of;     /* then: because of which event */
    bool content_after_data; /* that event is the message that a dot ended too early */
    bool unproved;           /* its acknowledgement may mean nothing, see receipt.h */
    const char *owed_rule;   /* then: what it broke if it means something; static */
    bool accused;            /* a violation has been noted */
    bool injected;           /* sent in clear text behind STARTTLS, executed inside TLS */
    bool unfinished;         /* a message whose end was not sent */
    int64_t idle_us;         /* how long nobody had spoken before it; unfinished: behind it */
    unsigned odd_form;       /* NOTE_UNBRACKETED, NOTE_COLON_SPACE */
    uint64_t chunk_size;
    struct bytes path, text;
};

/* What waits for replies, in the order in which it was sent; a ring. */
struct pending_ring {
    struct pending *at;
    uint32_t first, count, size;
};

/* Room at the end of the ring. At PENDING_LIMIT a hole is left instead, and NULL returned. The
 * pointer is good until the next call of this module. */
/* Makes room for `count` that wait. */
void pending_reserve(struct session *s, uint32_t count);

struct pending *pending_push(struct session *s, enum pending_kind kind);

/* The entry `index` places behind the oldest; NULL = none. */
struct pending *pending_at(struct session *s, uint32_t index);
void pending_pop(struct session *s);

/* Takes out the entry `index` places behind the oldest, which waits no longer. */
void pending_remove(struct session *s, uint32_t index);

/* What the reply that lies at [start, end) of the server's octets, sent when it had received
 * `seen` octets, answers; NULL = nothing that was seen. What was passed over is dropped.
 * `*doubtful` tells whether a hole stands between. */
struct pending *pending_match(struct session *s, int code, uint64_t start, uint64_t end,
                              uint64_t seen, bool *doubtful);

/* Whether the message that was answered last, by the words for an unknown command, is accepted by a
 * reply with `code` that is one too many: the first was for a line end that the server had misread.
 */
bool pending_accepts_late(const struct session *s, int code);

/* A client that waits for its replies sends something new, having received `seen` octets: what a
 * hole has left over was answered in it. */
void pending_resynchronise(struct session *s, uint64_t seen);

/* A hole in the octets of `side`: replies or commands may lie in it. */
void pending_hole(struct session *s, enum side side);

#endif
