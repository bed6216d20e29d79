/* SPDX-License-Identifier: ISC */
/* What the stages of the pipeline share. Internal to analyzer/pipeline/. */
#ifndef ANALYZER_PIPELINE_STAGES_H
#define ANALYZER_PIPELINE_STAGES_H

#include "connections.h"
#include "heloscope/pipeline/pipeline.h"
#include "steady_clock.h"

struct pipeline {
    struct store *store;
    struct writer *writer;
    const struct pseudonyms *pseudonyms; /* NULL = names are stored as they are */
    struct port_set declared;
    const uint32_t *only; /* as in the options */
    size_t only_count;
    struct classifier *classifier;
    struct memo *memo;
    struct keylog *keylog;
    struct intake *intake;
    struct flow_table table;
    struct flow_queue queue[QUEUE_COUNT];
    size_t thawed; /* how many with a session, and how many silent ones, need not rest */
    struct freezer *room;
    size_t unwritten; /* octets that those at rest still have to write */
    size_t held;      /* octets that wait in all connections */
    struct steady_clock clock;
    uint64_t handles; /* given to sessions so far */
    bool news, failed;
    struct failure failure;
    struct pipeline_totals totals;
};

/* The connection that was silent longest; NULL = the queue is empty. */
static inline struct connection *oldest_in(const struct pipeline *p, enum queue queue)
{
    return (struct connection *)p->queue[queue].oldest;
}

/* --- what pipeline.c has for the lifecycle of the whole --- */

/* False, with the failure in `why`, when the store has failed. */
bool pipeline_result(struct pipeline *p, struct failure *why);

/* Hands the chapter so far to the writer; with `last` the session is over. After a failure nothing
 * more is written. */
void pipeline_hand_over(struct pipeline *p, struct connection *c, bool last);

/* Ends the connection, and its place in the table is free. `how` as in session_end(). */
void pipeline_forget(struct pipeline *p, struct connection *c, const char *how);

/* Ends the connections that were silent too long, or are too many. */
void pipeline_expire(struct pipeline *p);

/* Writes what a frozen connection has to write; it stays frozen. */
void pipeline_write_frozen(struct pipeline *p, struct connection *c);

#endif
