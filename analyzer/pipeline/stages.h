/* The stages of the pipeline and what they share. Internal to analyzer/pipeline*.c.
 *
 * A packet goes one way, and each stage hands on to the next:
 *
 *     pipeline.c           a packet; and what a caller sees of it all
 *     pipeline_segment.c   the connection that its segment belongs to, its octets put in order
 *     pipeline_observe.c   octets in order: of a session, or not known yet of what
 *     pipeline_session.c   the session that reads them, and its chapters to the writer
 *
 * What happens to connections, by a packet of theirs or behind one of another:
 *
 *     pipeline_end.c       how one ends
 *     pipeline_expire.c    which end because they were silent too long, or are too many
 *     pipeline_freeze.c      which need not be awake
 */
#ifndef ANALYZER_PIPELINE_STAGES_H
#define ANALYZER_PIPELINE_STAGES_H

#include "connections.h"
#include "heloscope/pipeline/pipeline.h"

/* Every connection is in one of these, by the time of its last packet. */
enum queue {
    QUEUE_SMTP,    /* with a session, awake */
    QUEUE_FROZEN,  /* at rest, with something to write */
    QUEUE_QUIET,   /* at rest, with nothing to write */
    QUEUE_SILENT,  /* no octets yet on a mail port */
    QUEUE_MUTE,    /* the same at rest */
    QUEUE_CLOSING, /* a RST was captured */
    QUEUE_CLOSED,
    QUEUE_OTHER,      /* something else than SMTP */
    QUEUE_CANDIDATES, /* not known what it carries */
    QUEUE_COUNT
};

struct pipeline {
    struct store *store;
    struct writer *writer;
    const struct pseudonyms *pseudonyms; /* NULL = names are stored as they are */
    uint8_t declared[65536 / 8];         /* ports, a bit each */
    struct classifier *classifier;
    struct memo *memo;
    struct intake *intake;
    struct flow_table table;
    struct flow_queue queue[QUEUE_COUNT];
    size_t thawed; /* how many with a session, and how many silent ones, need not rest */
    struct freezer *room;
    size_t unwritten; /* octets that those at rest still have to write */
    size_t held;      /* octets that wait in all connections */
    int64_t now_us;
    uint64_t handles; /* given to sessions so far */
    bool news, failed;
    struct failure failure;
    struct pipeline_totals totals;
    struct connection *current; /* whose octets pipeline_take_span() is given */
};

/* The connection that was silent longest; NULL = the queue is empty. */
static inline struct connection *oldest_in(const struct pipeline *p, enum queue queue)
{
    return (struct connection *)p->queue[queue].oldest;
}

/* Whether SMTP is spoken on the port, as far as the user has declared. */
static inline bool pipeline_declared(const struct pipeline *p, uint16_t port)
{
    return p->declared[port / 8] >> (port % 8) & 1;
}

/* --- pipeline_segment.c --- */

void pipeline_take_segment(struct pipeline *p, const struct packet_record *packet,
                           const struct segment *segment);

/* A copy says nothing new but that its connection comes by this way too: `path` is that of the
 * first one. */
void pipeline_take_copy(struct pipeline *p, const struct segment *copy, uint32_t path);

/* --- pipeline_observe.c --- */

/* Octets, or a hole, of p->current: a reassembly_sink. */
void pipeline_take_span(void *pipeline, enum side side, const struct span *span);

/* It is known what the connection carries: what was kept is read (CONNECTION_SMTP) or forgotten. */
void pipeline_stop_watching(struct pipeline *p, struct connection *c, enum connection_state state);

/* --- pipeline_session.c --- */

/* The session, awake; NULL = none yet. */
struct session *pipeline_session(struct pipeline *p, struct connection *c);

/* Octets of SMTP: the first begin a session. */
void pipeline_read(struct pipeline *p, struct connection *c, enum side side,
                   const struct span *span);

/* What waits in the session for an answer waits no longer. */
void pipeline_hurry(struct pipeline *p, struct connection *c);

/* Adds the findings of what is written so far to the totals. */
void pipeline_count_findings(struct pipeline *p, const struct draft *draft);

/* The chapter so far goes to the writer; with `last` the session is over. */
void pipeline_hand_over(struct pipeline *p, struct connection *c, bool last);

/* --- pipeline_end.c --- */

/* Nothing is made of the connection any more; its place in the table stays. */
void pipeline_end_decoding(struct pipeline *p, struct connection *c);

/* Ends what is being made of the connection; its place in the table stays. `how` as in
 * session_end(). */
void pipeline_close(struct pipeline *p, struct connection *c, const char *how);

/* The same, and its place in the table is free. */
void pipeline_forget(struct pipeline *p, struct connection *c, const char *how);

/* --- pipeline_expire.c --- */

/* Ends the connections that were silent too long, and those that are too many. */
void pipeline_expire(struct pipeline *p);

/* --- pipeline_freeze.c --- */

/* Puts those to rest that need not be awake, and bounds what those at rest have to write. */
void pipeline_freeze(struct pipeline *p);

/* What those at rest have to write is handed over; they rest on. */
void pipeline_write_frozen(struct pipeline *p);

#endif
