/* SPDX-License-Identifier: ISC */
/* What the files that join share. */
#ifndef ANALYZER_LOGS_JOIN_PARTS_H
#define ANALYZER_LOGS_JOIN_PARTS_H

#include "join.h"

/* The sessions of a client, found by either of its addresses: from *first on *count of them. */
void join_range(const struct log_join *join, const struct address *client, size_t *first,
                size_t *count);

/* The session that a queue id of the visit names; SIZE_MAX = none, or several. */
size_t join_by_queue(const struct log_join *join, const struct visit *visit);

/* Whether nothing that both say of the client differs. */
bool join_agrees(const struct log_session *session, const struct visit *visit);

/* The middle of what a written time may mean. */
static inline int64_t join_middle(const struct log_time *time)
{
    return time->us + time->step_us / 2;
}

#endif
