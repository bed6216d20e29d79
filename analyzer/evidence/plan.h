/* SPDX-License-Identifier: ISC */
/* What the history says of the packets that are to be cut out, before any is looked at. */
#ifndef ANALYZER_EVIDENCE_PLAN_H
#define ANALYZER_EVIDENCE_PLAN_H

#include "heloscope/base/memory.h"
#include "heloscope/db/evidence.h"
#include "heloscope/transport/flow.h"

struct plan_session {
    int64_t id, started_us, ended_us;
    struct flow_key key;
    bool twin; /* only packets of this VLAN and tunnel are its own */
    int vlan;
    const char *tunnel;
    int64_t tunnel_id;
    uint64_t packets; /* that were found */
};

struct plan_file {
    int64_t session_id; /* one that was read from it */
    const char *source, *path;
    int64_t started_us;
    uint64_t packets; /* that it had */
    bool beside;      /* its clock may have been corrected when it was read */
};

/* An event of a finding. The points of one finding lie together, its refusal first. */
struct plan_point {
    struct history_point is; /* its texts are in the arena; only those of a refusal are filled in */
    size_t lead;             /* the index of its finding's refusal */
    uint64_t frame;          /* its packet in the new file; 0 = not found yet */
};

struct plan {
    struct arena arena;
    struct plan_session *sessions; /* by endpoints and time */
    struct plan_file *files;
    struct plan_point *points;
    size_t session_count, file_count, point_count;
};

/* Reads what is known of these sessions. False with `why`, also when one was not read from a file.
 * The caller calls plan_free() in either case. */
bool plan_load(struct plan *plan, struct history *history, const int64_t *session_ids, size_t count,
               const char *captures, struct failure *why);
void plan_free(struct plan *plan);

/* The session that has this segment at this time; NULL = none of those asked for. What comes behind
 * its end is still its own for a while: acknowledgements of the end, and what was repeated. By
 * `slack_us` the time may be wrong. */
struct plan_session *plan_session_of(const struct plan *plan, const struct segment *segment,
                                     int64_t ts_us, int64_t slack_us);

#endif
