/* SPDX-License-Identifier: ISC */
/* An SMTP session as it is being read: two directions of octets, the commands that wait for
 * replies, the facts of order, and the chapter of the timeline that is being written. */
#ifndef HELOSCOPE_SESSION_SESSION_H
#define HELOSCOPE_SESSION_SESSION_H

#include "heloscope/session/chapter_log.h"
#include "heloscope/session/direction.h"
#include "heloscope/session/draft.h"
#include "heloscope/session/pending.h"
#include "heloscope/session/reaction.h"
#include "heloscope/session/receipt.h"
#include "heloscope/session/reply.h"
#include "heloscope/transport/reassembly.h"
#include "heloscope/software/identify.h"
#include "heloscope/base/limits.h"
#include "heloscope/base/memory.h"
#include "heloscope/order/order.h"
#include "heloscope/application/forward_proxy.h"
#include "heloscope/application/smtp_content.h"
#include "heloscope/timeline.h"

/* Where a peer's events ended, so that an acknowledgement can be turned into an event. */
struct landmarks {
    struct landmark {
        uint64_t end;
        event_no seq;
    } * at;
    uint32_t count, size;
};

/* What the last reply that was paired answered. */
struct answered {
    enum verb verb;
    event_no seq;          /* 0 = nothing that the client had to wait for */
    bool initial_response; /* it was an AUTH with one */
    bool message;          /* it was the end of a message */
    bool content_line;     /* it was a line of one that was read as a command */
    event_no group;
    event_no reply; /* and by which reply */
    int code;
    bool after_all; /* a reply too many came behind it that is no error */
};

/* What the client's first line that is no command shows. */
enum not_smtp_kind {
    NOT_SMTP_NONE,
    NOT_SMTP_PROTOCOL, /* a request of HTTP, telnet's negotiation, octets that are no text */
    NOT_SMTP_PROXY,    /* the header of a load balancer */
    NOT_SMTP_FIELD,    /* a header field of a message that no DATA had announced */
};

/* What is spoken, by what was seen. */
struct protocol_seen {
    event_no other_protocol; /* the first line that shows another protocol */
    enum not_smtp_kind kind; /* which */
    const char *name;        /* NOT_SMTP_PROTOCOL: "HTTP"; NULL = not known; static */
    event_no clear_in_tls;   /* the first line in clear where a handshake was expected */
    bool server_is_lmtp;     /* its greeting says so */
    const char *held;        /* what the client's first line is a request of; static */
    bool held_before;        /* it was held for the server's first line */
    bool server_is_smtp, client_is_smtp, not_smtp;
    uint8_t strange_lines; /* of the server, before its first reply */
};

/* The header of a load balancer. */
struct proxy_seen {
    bool none;       /* the client's first octets are none */
    event_no header; /* 0 = none */
    uint64_t end;    /* client octets up to its end */
    bool unexpected; /* the server has greeted without waiting for it */
    bool untouched;  /* no reply has come since */
    uint8_t due;     /* replies that it can still get, from a server that does not know it */
};

/* A server that waits for CR LF takes two lines with a bare LF between them for one (RFC 5321
 * section 2.3.8), and answers once. */
struct bare_lf {
    bool taken;      /* this server has been seen to take a bare LF for a line end */
    event_no line;   /* the first of two lines that one reply may have answered together */
    event_no last;   /* the last of them; 0 = none */
    event_no joined; /* the first of two that were answered together, by what the client did then */
    event_no
        misread; /* the reply to the two, when it complains of how they are written; 0 = none */
};

/* Replies that no command had asked for: from the first on one side may read each reply as the
 * answer to another command. */
struct surplus_replies {
    event_no ahead;     /* a DATA that was answered before what had been sent in front of it */
    bool ahead_of_turn; /* and that should have waited for that */
    event_no first, newest;
    bool pleasing;        /* the newest looks as if something had been accepted */
    uint32_t unasked;     /* all that nothing was seen to ask for: where the capture has holes, they
                             need not be too many */
    uint64_t unasked_end; /* server octets up to the end of the first of these */
    uint32_t count;
    bool doubtful; /* behind a hole there was one more than is known to have been asked for */
};

/* Behind a hole: what cannot be read, and is counted. */
struct unread {
    uint64_t octets, end;
    struct line first;
    struct direction kept;      /* lines behind it that may be commands; bounded in unread.c */
    enum verb first_verb, verb; /* of the first and of the last of them */
    uint64_t kept_end, seen; /* where it ends, and the server octets that its sender had received */
};

enum {
    INJECTED_KEPT = 4
};

struct handshake {
    uint64_t starttls_end; /* server octets up to the 220 to STARTTLS */
    event_no hello;        /* the client's */
    event_no opening;      /* that shows that TLS is on; 0 = what it holds cannot be read */
    event_no alert;        /* by which the handshake behind STARTTLS failed */
    bool answered;         /* by a server in clear */
    bool from_start;       /* TLS comes first, before any greeting */
    struct tls *layer;     /* its records; NULL = there are none yet */
    bool open[2];          /* by enum side: what its records hold is being read */
    bool missed[2];        /* that it cannot be read has been noted, where the other side is */
    event_no gap[2];       /* by enum side: the newest hole in what was not read yet */
    uint8_t verdict;       /* enum tls_verdict */
    struct direction waiting[2]; /* octets of records that wait for the other side */
    /* Commands in clear text behind STARTTLS, and which of them the server executes next if it has
     * not thrown them away. */
    struct order_command injected[INJECTED_KEPT];
    uint8_t injected_count, injected_next;
};

/* The answer that decides how to go on reading (READ_WAIT). */
struct waiting {
    event_no command; /* whose answer it is */
    enum verb verb;
    bool guess; /* it will not be seen: decide at the next octets */
    bool last;  /* and no more will come */
};

/* The octets behind a BDAT (READ_CHUNK). */
struct chunk_reading {
    uint64_t size, left;
    bool doubt;       /* a BDAT was refused: is its chunk skipped, or read as commands? */
    event_no refusal; /* the reply that refused the newest BDAT; its lines point to it */
    uint64_t refusal_end;
    int refusal_code;
    bool taken; /* that chunk was read as one before the refusal came: replies too many are to its
                   lines */
};

/* The DATA that a message follows: what holds of that command holds of its end (struct pending). */
struct content_command {
    event_no seq, saw, can_know, knew, group;
    const char *group_rule;
};

/* A message (READ_CONTENT). */
struct content_reading {
    struct content_scan scan;
    struct mark mark;
    struct content_command command;
    bool hole;
    bool started;
    bool asked;                 /* its 354 was seen */
    bool behind_dropped;        /* what came behind a dot between bare LFs is not kept (any more) */
    bool pipelined;             /* its beginning was sent before the 354 was seen */
    struct order_reply refusal; /* the newest that refused a DATA or BDAT */
};

/* The beginning of a message, until its empty line. */
struct header_reading {
    char *text;
    uint32_t length;
    bool done;
};

/* Lines of a message read as commands. A candidate until a line proves it. */
struct content_as_commands {
    event_no because; /* a refused DATA's or BDAT's reply, or the message that a dot ended too
                       * early; 0 = there is none */
    bool sure, after_data;
    bool weak; /* a hole may have made a command look like content */
    uint32_t lines;
    bool mail;      /* its first line is a MAIL as it should be */
    uint64_t limit; /* client octets up to the end of the refused chunk; 0 = no limit */
};

/* The last MAIL or RCPT that was refused and whose form is not the grammar's. */
struct odd_form {
    event_no command, reply;
    unsigned notes; /* NOTE_UNBRACKETED, NOTE_COLON_SPACE */
};

/* A cause that is passed on to what follows from it: whose fault it was. */
struct passed_fault {
    event_no origin;
    enum fault fault;
};

/* EHLO to a server of LMTP, or LHLO to one of SMTP: the first that was refused. */
struct wrong_hello {
    event_no command;
    enum verb verb;
};

/* What is never stored, and masked where it is said again. */
struct secrets {
    event_no auth_command; /* whose exchange goes on */
    uint8_t octets[2][SECRET_LIMIT];
    uint8_t length[2];
    bool mask_lines; /* an AUTH was refused; its responses may follow all the same */
};

enum {
    FOUND_KEPT = 16
};

/* The newest replies that have a finding of their own; a ring. */
struct found {
    event_no reply[FOUND_KEPT];
    uint32_t count; /* of all so far */
};

struct session {
    struct keylog *keylog;  /* NULL = none */
    struct session_row row; /* its text lives in `own` */
    struct arena own;
    struct draft *draft;                         /* NULL as long as there is nothing to write */
    struct chapter_log log;                      /* that is not handed over yet either */
    const struct interned_texts *interned_texts; /* that it refers to */
    struct log_place log_place;
    event_no last_seq;
    bool written; /* a chapter was handed over before */
    bool news;    /* a diagnosis was made since the last chapter */

    /* What is being read. */
    struct direction direction[2]; /* by enum side */
    struct landmarks ends[2];
    struct reply_building reply;
    struct waiting waiting;
    struct content_reading content;
    struct header_reading header;
    struct chunk_reading chunk;
    struct content_as_commands content_as_commands;
    struct unread unread;
    struct secrets secrets;

    /* What answers what. */
    struct pending_ring ring;
    struct answered answered;
    uint64_t greeting_end;    /* server octets up to the end of the greeting */
    uint64_t last_reply_end;  /* server octets up to the end of the last reply */
    uint64_t shaky_end;       /* server octets up to the last reply that was paired by a guess */
    uint64_t server_hole_end; /* server octets up to the end of the last hole in them */
    bool acks_prove;  /* acknowledgement numbers have been seen to cover what was answered */
    bool client_gone; /* it left before it received what is being read */
    uint64_t unheard; /* client octets up to the end of the first that came when the server had
                         closed already; 0 = none */
    bool pipelines;   /* the client has sent without waiting, seen for certain */
    struct surplus_replies surplus;
    struct bare_lf bare_lf;
    uint32_t skipped; /* commands that were given up when a later one was answered first */
    struct reactions reactions;
    struct receipts receipts;
    struct passed_fault passed;
    struct wrong_hello wrong_hello;
    struct odd_form odd_form;
    int64_t waited_us;      /* for an answer that never came */
    event_no header_wanted; /* the reply that asks for a PROXY header which nobody sent */
    event_no auth_given_up; /* the "*" by which the client gave up the newest AUTH */
    event_no first_early;   /* the first command that was sent before the greeting was seen */
    int64_t last_octets_us; /* when either side last sent something */
    int64_t idle_us;        /* how long nobody had spoken when the client last did */
    int64_t silence_us;     /* how long it was silent when the server gave up */

    /* What it is. */
    struct protocol_seen protocol;
    struct proxy_seen proxy;
    struct handshake tls;
    struct identify identify; /* who is speaking */
    bool lmtp, greeted, quit, hole, over;
    bool half_closed;                 /* one side at least has ended its direction */
    bool over_and_seen;               /* the connection has ended, and nothing of it is missing */
    bool layer_possible;              /* AUTH has just succeeded: a SASL security layer may begin */
    bool masked_hello, masked_banner; /* X and asterisks where a middlebox overwrote text */

    /* What is in order. */
    struct order order;
    event_no offender;    /* the last command that was sent before it was allowed to */
    event_no barrier;     /* the last command that must end its group (RFC 2920 section 3.1) ... */
    uint64_t barrier_end; /* ... and server octets up to the end of its reply */
    struct found found;

    struct transaction *transaction; /* the open one */
    uint32_t transaction_count;
    bool transaction_sent; /* the one that ended last ended with its message */
    struct recipient **recipients_tail;
    uint32_t recipients_kept;
    struct costs costs; /* what was given up at a limit */
};

struct session_begin {
    struct address client, server;
    uint16_t client_port, server_port, vlan;
    struct tunnel tunnel;
    const char *source; /* lives as long as the process */
    int64_t capture_id;
    bool rough_clock;    /* of struct capture_source */
    bool midstream;      /* no SYN was captured */
    bool server_unknown; /* where the server's octets begin was not captured */
    struct mark mark;
    const struct forward_proxy *forward_proxy; /* the proxy that it goes through; NULL = none */
    uint64_t handle;
    struct memo *memo;     /* of what software says; outlives the session; NULL = none */
    struct keylog *keylog; /* outlives the session; NULL = none */
};

/* A session at its open event. Owned by the caller; never NULL. */
struct session *session_new(const struct session_begin *begin);

/* The chapter so far; the session goes on in a new one (or, with `last`, not at all). The caller
 * owns it and frees it with draft_free(). Before the whole chapter can be read, draft_unfold(). */
struct draft *session_detach(struct session *s, bool last);

/* An idle session has no draft: it begins with what there is to write. */
void session_open_draft(struct session *s);

/* Whether the chapter so far has grown so much that it is to be detached. */
bool session_chapter_is_full(const struct session *s);

/* What stands in the chapter's lists is written down elsewhere: they begin anew. What is alive of
 * it stays. */
void session_empty_draft(struct session *s);

void session_free(struct session *s);

/* Appends an event; `text` is copied as printable text (NULL `at` = none). */
struct event *session_event(struct session *s, enum event_kind kind, enum side side,
                            const struct mark *mark, struct bytes text);

/* The event of `side` that ended at or before `offset` of that side's octets; 0 = none. `offset`
 * may not fall from call to call: what lies before it is forgotten. */
event_no session_seen(struct session *s, enum side side, uint64_t offset);

/* Remembers that the octets of `side` up to `end` belong to event `seq`. */
void session_landmark(struct session *s, enum side side, uint64_t end, event_no seq);

#endif
