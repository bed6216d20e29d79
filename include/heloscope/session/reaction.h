/* SPDX-License-Identifier: ISC */
/* Whether a client had read a reply when it went on. An acknowledgement proves what its host had
 * received, not what its program knew: msmtp writes RCPT and DATA without a look at the reply to
 * MAIL, which may lie in the receive buffer by then, and be acknowledged with them. */
#ifndef HELOSCOPE_SESSION_REACTION_H
#define HELOSCOPE_SESSION_REACTION_H

#include "heloscope/timeline.h"

struct session;
struct pending;
struct verdict;

enum {
    REACTION_REPLIES = 16, /* the newest replies whose times are kept */
};

/* When replies were complete, and how quickly the client has been seen to react to one. */
struct reactions {
    struct reaction_reply {
        event_no seq;
        bool waited_for; /* the command must be the last of its group (RFC 2920 section 3.1) */
        int64_t ts_us;
    } replies[REACTION_REPLIES];
    uint32_t count; /* of all so far */
    int64_t
        quickest_us; /* the quickest reaction to a reply that had to be waited for; 0 = none seen */
    bool hasty; /* it has gone on sooner than it has been seen to react: it may write blindly, and
                   what it seemed to wait for proves nothing */
    bool rough; /* the times come from clocks that cannot be compared so closely */
    int64_t complete_us; /* when the last line of the newest reply came */
};

/* Notes a reply, which answers a command that must (`waited_for`) or need not be waited for. */
void reaction_note_reply(struct session *s, event_no seq, bool waited_for);

/* Notes `p`, the newest command: what it tells of the client's quickness, and in it, up to which
 * reply its sender can have read, and had read, when it was sent. */
void reaction_note_command(struct session *s, struct pending *p);

/* Whether a client had read a reply that its host had received. */
enum reaction {
    REACTION_UNREAD, /* it had not, or had not the time to */
    REACTION_LIKELY,
    REACTION_PROVED,
};

/* Whether the sender of `p` had read the reply `refusal`, and ignored it. It had when it had to
 * wait for it; or when it took as long as it has been seen to take, which no process can do in less
 * than a few microseconds. For a client that has only sent one command at a time the latter alone
 * makes it likely. REACTION_UNREAD also when the reply had not even arrived. */
enum reaction reaction_knew(const struct session *s, const struct pending *p, event_no refusal);

/* The same of the refusal that stands behind a broken rule. What is never allowed there, whatever
 * was answered, shows by itself that its sender had given up what was refused: a second MAIL. */
enum reaction reaction_to(const struct session *s, const struct pending *p,
                          const struct verdict *v);

#endif
