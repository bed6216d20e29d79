/* SPDX-License-Identifier: ISC */
/* Every bound of the program, in one place: what a hostile capture can make it hold and do. Where
 * something is given up at a bound, a counter says how often. What is only a way to work (sizes of
 * buffers, of blocks of memory, of pauses) stays where it is used. */
#ifndef HELOSCOPE_BASE_LIMITS_H
#define HELOSCOPE_BASE_LIMITS_H

#include <stdint.h>
#include <stdio.h>

/* --- fleets --- */
enum {
    FLEET_ANSWER_LIMIT = 64 << 20 /* octets of an answer of a fleet's database */
};

/* --- capture files --- */
enum {
    KEPT_OPEN = 16, /* files that are opened only once; of more, each waits closed for its turn */
    FOLLOWED_LIMIT = 16, /* files of followed directories that are waited for at their ends; an
                          * older one that grows after all is a problem that is told */
    /* By how much the clocks of several differ is asked */
    CLOCKS_FILES = 16,       /* of so many files at most; those of more go as they are */
    CLOCKS_HEAD = 20 * 1000, /* TCP segments of each in which the same connections are sought */
    CLOCKS_PACKETS = 2 * 1000 * 1000, /* packets that are read of each for this */
    SIGHTED_FLOWS = 1024,             /* connections of each; of more a sample */
    SIGHTED_FIRST = 16,               /* segments of a connection: its first, */
    SIGHTED_LAST = 16,                /* and its last */
    /* What exceeds one of these is damage: the file ends there, and its problem says so. */
    FRAME_LIMIT = 262144,      /* octets of a frame: what tcpdump takes for "all" */
    BLOCK_LIMIT = 16 << 20,    /* octets of a block of pcapng */
    INTERFACE_LIMIT = 1 << 16, /* interfaces of a section of pcapng */
    XZ_MEMORY = 256 << 20,     /* xz -9 wants 65 MiB */
    DROPS_LIMIT = 1 << 30,     /* packets lost by one count; more is passed over */

    FILTER_PROGRAMS = 16, /* link types for which a filter is kept compiled; of more, the oldest is
                           * compiled anew when it is needed */
};

/* --- logs of mail servers --- */
enum {
    LOG_LINE_LIMIT = 8 * 1024,   /* octets of a line; syslog's own bound is below that */
    LOG_VISITS = 512 * 1024,     /* connections of a log that are held at once */
    LOG_VISIT_LINES = 256,       /* lines of one that are kept; of more the first */
    LOG_PAIRS = 2 * 1000 * 1000, /* comparisons that find by how much the clocks differ */
    LOG_CANDIDATES = 256,        /* sessions that a connection is compared with */
};

/* --- packets --- */
enum {
    LAYER_LIMIT = 32,     /* headers of a frame, more than any network nests; each IPv6 extension
                           * header counts */
    NESTED_FRAGMENTS = 4, /* tunnels in fragments that carry fragments */
    FRAGMENTS_KEPT = 64 * 1024, /* fragments of which is not known yet whose they are, when packets
                                 * are cut out */
    COPY_CHAIN = 64, /* segments with one hash that are looked at for a copy; nobody sends more */
};

/* --- connections --- */
enum {
    CONNECTION_LIMIT = 2000 * 1000, /* beyond this one that was silent longest is given up */
    CONNECTION_TWINS = 16,          /* with the same endpoints, in different VLANs or tunnels */
    KIN_LIMIT = 64,                 /* sessions of the same endpoints that one is compared with */
    CAPTURES_PASSED = 1024,         /* noted of one that goes through more */
    CLOSED_LIMIT = 16 * 1024,       /* remembered after their end */
    SILENT_LIMIT = 512 * 1024,      /* on a mail port, that have not carried an octet yet */
    THAWED_LIMIT = 256,             /* beyond this those that were silent longest rest */
    WATCHED_LIMIT = 16 * 1024,      /* on other ports, while it is not known what they carry */
    WATCH_LIMIT = 32 * 1024,        /* octets kept of one of these */
    FLOW_PATHS = 4,                 /* ways that a flow remembers; the oldest is forgotten */
    COPIES_REMEMBERED = 2048,       /* the newest segments, to know copies; a power of two */
};

/* How long a connection may be silent, by the capture's clock, before it ends: the outcome of its
 * session says so. SMTP's own limits are ten minutes at most (RFC 5321 section 4.5.3.2); pools keep
 * connections longer. */
#define SMTP_IDLE_US  (INT64_C(30) * 60 * 1000 * 1000)
#define OTHER_IDLE_US (INT64_C(2) * 60 * 1000 * 1000)
/* What was on its way when a connection was reset may be captured behind the RST. */
#define CLOSING_US (INT64_C(1000) * 1000)
/* A closed connection is remembered so long, that stray segments do not begin another. */
#define CLOSED_US (INT64_C(10) * 1000 * 1000)

/* What cannot be recognised as SMTP within these is something else: a verdict, no loss. */
enum {
    SPANS_LIMIT = 400,
    STRANGE_LINES = 4, /* of a server, before any that is a reply */
};

/* --- what waits to be put in order --- */
enum {
    STREAM_MAX_WAITING = 1 << 20, /* octets that may wait behind a hole of one stream */
    STREAM_MAX_PIECES = 1024,
    STREAM_MAX_AHEAD = 64 << 20, /* how far from the next octet one can be believed to lie */
    HELD_LIMIT = 256 << 20,      /* octets that wait in all connections together */
    FRAGMENTS_MEMORY = 8 << 20,  /* octets that all datagrams in fragments together may take */
    PROVISIONAL_ROOM = 1 << 20,  /* octets in front of a stream whose beginning was not seen: far
                                  * more than a capture reorders */
    RESET_WINDOW = 1 << 20,      /* octets: a reset further away from what was sent is stale or
                                  * forged (RFC 9293 section 3.10.7.4) */
    FLIGHT = 1 << 20,            /* octets that can be on their way: a segment further away is of
                                  * another connection */

    /* A capture that reorders does so by a few packets; one that lost a packet never brings it. */
    PATIENCE_PACKETS = 12,
    PATIENCE_US = 250 * 1000,
};

/* How far apart two copies of a packet can be captured. TCP waits at least twice as long before it
 * sends again what nothing was heard of. */
#define COPY_US (100 * 1000)

/* How long fragments wait for the rest; datagrams that lack a part are counted. As Linux waits; RFC
 * 791 section 3.2 suggests 15 s, RFC 8200 section 4.5 says 60 s. IPv4 numbers come round again
 * within seconds on a fast link (RFC 4963), so that longer is not better. */
#define FRAGMENTS_WAIT_US (INT64_C(30) * 1000 * 1000)
/* A mirror brings fragments twice: the copies of what is complete must not wait for the rest. */
#define FRAGMENTS_KNOWN_US (INT64_C(100) * 1000)

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
    FINDINGS_KEPT = 1000,      /* refusals of one kind stored of a session; more are counted */
    FINDING_KINDS = 512,       /* such kinds that are told apart */
    PATH_LIMIT = 512,          /* octets of an address of mail; RFC 5321 allows 256 */
    QUOTE_LIMIT = 160,         /* of a command that an explanation quotes */
};

/* What is looked at to recognise texts and software; they show it in less. */
enum {
    TEXT_LINE_READ = 512,      /* octets of a line: RFC 5321 section 4.5.3.1.5 */
    REFUSAL_LINES_READ = 8,    /* of a reply: what it is about stands at its beginning */
    REFUSAL_WHOLE_READ = 2048, /* octets of a reply of several lines */
    VOICE_LINES_READ = 4,      /* of a reply */
    REFUSALS_READ = 4,         /* in a session */
    SIGNATURE_SIZE = 512,      /* octets of the keywords of EHLO */
    FIELD_READ = 512,          /* octets of a field of a message's header, unfolded */
    PROGRAM_LIMIT = 80,        /* octets of a program's name */
    VERSION_LIMIT = 32,
    EVIDENCE_LIMIT = 500,
};

/* --- TLS that is read along --- */
enum {
    TLS_MESSAGE_LIMIT = 64 * 1024, /* octets of a handshake message that is held */
    TLS_TRANSCRIPT_LIMIT =
        256 * 1024,              /* octets of a handshake, where a premaster secret needs it */
    TLS_TRIALS = 256 * 1024,     /* records that are opened for trial in a session: sequence
                                  * numbers behind a hole, secrets of earlier sessions */
    TLS_LOST_RECORDS = 4096,     /* that one hole may have swallowed */
    TLS_WAIT_LIMIT = 256 * 1024, /* octets that wait for the other side, or for a key */
};

/* How long octets wait for a secret that may still be written. */
#define TLS_WAIT_US (INT64_C(2) * 1000 * 1000)

/* --- on the way to the history --- */
enum {
    PHRASE_LIMIT = 4096,           /* texts that many sessions share; a power of two */
    PHRASE_LENGTH = 512,           /* octets of one */
    CHAPTER_LIMIT = 256 * 1024,    /* a chapter that has grown to this is handed over */
    LOG_LIMIT = CHAPTER_LIMIT / 8, /* and so has the log of one that rested, which unpacked takes
                                    * several times as much */
    UNWRITTEN_LIMIT = 256 << 20, /* octets that sessions at rest have to write; then those that were
                                  * silent longest do */
    BATCH_CHAPTERS = 128,        /* handed over together: the lock and the wake-up cost once */
    UNFOLDED_CHAPTERS = 64,      /* of these, unpacked and written together */
    BATCH_OCTETS = 1024 * 1024,  /* or so much of their memory */
    QUEUE_OCTETS = 8 * 1024 * 1024, /* what may wait for the writer; then the analysis waits */
    COMMIT_MS = 500,                /* at least so often, while there is something to write */
    WRITER_PAUSE_US = 6000,         /* between two commits of one that goes on: for other writers */
    COMMIT_CHAPTERS = 4000,         /* written between two commits: a WAL of a few megabytes */
    BACKLOG_LIMIT = 64 << 20, /* octets that wait while the history cannot be written; then the
                               * least important is left out, and findings are put aside */
    FINDINGS_LIMIT = 2 * BACKLOG_LIMIT, /* with so much they are left out too ... */
    BACKLOG_ASIDE_MS = 4000,            /* ... if they could not be put aside so long */
    ASIDE_LIMIT = 64 << 20,             /* octets of the small history for findings meanwhile */
    ASIDE_CALM_S = 60,                 /* how long nothing was put aside, before it is taken back */
    BACKLOG_RETRY_MS = 200,            /* between two tries to write it */
    STEADY_STEP_US = 60 * 1000 * 1000, /* times of packets so far from the others are doubted ... */
    STEADY_PROOFS = 3,                 /* ... until so many in a row agree */
    MINUTES_KEPT = 4096,    /* rows of capture_stats and incidents that wait to be written */
    OUTLET_LIMIT = 4 << 20, /* octets that wait to be printed; what comes then is left out */
    OUTLET_END_MS = 1000,   /* how long the end of the program waits for a reader of them */
    BACKLOG_END_MS = 10000, /* how long the end of the program waits for it */
    HISTORY_PAGE = 16384,   /* octets of a page of a history */
    WAL_PASSIVE = 16 << 20, /* octets of a WAL that are moved into the file ... */
    WAL_SHORTEN = 40 << 20, /* ... from which it is shortened, which readers may hold up ... */
    WAL_LIMIT = 64 << 20,   /* ... and from which it is said that one does */
    WAL_WAIT_MS = 1000,     /* how long a commit waits for readers of old states to end ... */
    WAL_PAUSE_MS = 10000,   /* ... and for how long none does when they did not */
    ALIKE_PRINTED = 20,     /* findings of one kind that a monitor prints in a minute */
    ALIKE_KINDS = 1024,     /* such kinds that are counted at once */
    NEWS_LIMIT = 1000,      /* findings printed after one commit; how many more is told */
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
    COST_LAYERS,
    COST_NESTED,
    COST_PATHS,
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
