/* Every bound of the program, in one place: what a hostile capture can make it hold and do. Where
 * something is given up at a bound, a counter says how often. */
#ifndef HELOSCOPE_LIMITS_H
#define HELOSCOPE_LIMITS_H

#include <stdint.h>
#include <stdio.h>

/* --- capture files --- */
enum {
    KEPT_OPEN = 16, /* files that are opened only once; of more, each waits closed for its turn */
    FOLLOWED_LIMIT = 16, /* files of followed directories that are waited for at their ends */
};

/* --- connections --- */
enum {
    CONNECTION_LIMIT = 2000 * 1000, /* beyond this one that was silent longest is given up */
    CONNECTION_TWINS = 16,          /* with the same endpoints, in different VLANs or tunnels */
    CLOSED_LIMIT = 16 * 1024,       /* remembered after their end */
    SILENT_LIMIT = 64 * 1024,       /* on a mail port, that have not carried an octet yet */
    WATCHED_LIMIT = 16 * 1024,      /* on other ports, while it is not known what they carry */
    WATCH_LIMIT = 32 * 1024,        /* octets kept of one of these */
    FLOW_PATHS = 4,                 /* ways that a flow remembers; the oldest is forgotten */
    COPIES_REMEMBERED = 2048,       /* the newest segments, to know copies; a power of two */
};

/* --- what waits to be put in order --- */
enum {
    STREAM_MAX_WAITING = 1 << 20, /* octets that may wait behind a hole of one stream */
    STREAM_MAX_PIECES = 1024,
    STREAM_MAX_AHEAD = 64 << 20, /* how far from the next octet one can be believed to lie */
    HELD_LIMIT = 256 << 20,      /* octets that wait in all connections together */
    FRAGMENTS_MEMORY = 8 << 20,  /* octets that all datagrams in fragments together may take */
};

/* --- sessions --- */
enum {
    LINE_LIMIT = 16 * 1024,    /* RFC 4954 section 4: AUTH lines reach 12288 octets */
    TEXT_LIMIT = 2048,         /* octets of a command that are stored */
    UNKNOWN_TEXT_LIMIT = 80,   /* of a line without a known verb: it may be message content */
    REPLY_LIMIT = 16 * 1024,   /* octets of one reply that are stored */
    WAIT_LIMIT = 256 * 1024,   /* octets that wait for an answer */
    PENDING_LIMIT = 4096,      /* commands that wait for replies; events not acknowledged yet */
    RECIPIENT_LIMIT = 1000,    /* recipients stored per transaction; all are counted */
    HEADER_LIMIT = 8 * 1024,   /* of a message, looked at and dropped */
    SECRET_LIMIT = 96,         /* octets of a SASL response remembered, to mask echoes */
    SESSION_EVENTS = 16777215, /* stored of a session: its key in the history has 24 bits */
};

/* --- on the way to the history --- */
enum {
    CHAPTER_LIMIT = 256 * 1024,     /* a chapter that has grown to this is handed over */
    DRAFTS_LIMIT = 256 << 20,       /* octets of all that are being written; then the sessions that
                                     * are silent longest hand theirs over */
    BATCH_CHAPTERS = 128,           /* handed over together: the lock and the wake-up cost once */
    BATCH_OCTETS = 1024 * 1024,     /* or so much of their memory */
    QUEUE_OCTETS = 8 * 1024 * 1024, /* what may wait for the writer; then the analysis waits */
};

/* What bounds have cost. */
enum limit {
    COST_CONNECTIONS,
    COST_TWINS,
    COST_SILENT,
    COST_WATCHED,
    COST_HOLES,
    COST_HELD,
    COST_AHEAD,
    COST_FRAGMENTS,
    COST_LINES,
    COST_REPLIES,
    COST_WAITS,
    COST_PENDING,
    COST_RECEIPTS,
    COST_RECIPIENTS,
    COST_EVENTS,
    COST_COUNT
};

struct costs {
    uint64_t of[COST_COUNT];
};

void costs_add(struct costs *to, const struct costs *more);

/* One line for each that is not zero, behind `lead`: "12 connections given up at the limit of
 * 2,000,000". */
void costs_print(FILE *out, const char *lead, const struct costs *costs);

/* What a cost is called in JSON: "connections_given_up". */
const char *cost_name(enum limit limit);

#endif
