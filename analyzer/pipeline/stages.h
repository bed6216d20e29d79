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

#endif
