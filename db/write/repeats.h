/* SPDX-License-Identifier: ISC */
/* Very many refusals of one kind in one session: the first are kept, the rest is counted. */
#ifndef DB_WRITE_REPEATS_H
#define DB_WRITE_REPEATS_H

#include "statements.h"

/* Refusals of one kind: the same cause, code, fault and certainty. */
struct repeats_kind {
    enum cause cause;
    enum fault fault;
    enum certainty certainty;
    int code;
    uint32_t kept;  /* in the history, or about to be */
    event_no last;  /* the newest of these */
    uint32_t added; /* of this chapter, counted only */
};

struct repeats {
    struct repeats_kind *kinds;
    size_t count;
};

/* Whether repeats_find() could leave anything of the chapter out. */
bool repeats_possible(const struct chapter *chapter);

/* Marks what of the chapter is not kept (`left_out`): diagnoses beyond the first FINDINGS_KEPT of
 * their kind in the session, the refusals and commands that they are about, unless something that
 * is kept refers to them, and the violations of these commands. What the session has in the history
 * already is asked of `to`. False with the error left in the connection. */
bool repeats_find(struct repeats *repeats, const struct statements *to, int64_t session_id,
                  const struct chapter *chapter);

/* Adds the counts to the newest rows that are kept, and frees them. Called when the chapter's rows
 * are written. False with the error left in the connection. */
bool repeats_count(struct repeats *repeats, const struct statements *to, int64_t session_id);

#endif
