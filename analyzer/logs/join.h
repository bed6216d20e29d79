/* SPDX-License-Identifier: ISC */
/* The connections of a log joined with the sessions of a history. */
#ifndef ANALYZER_LOGS_JOIN_H
#define ANALYZER_LOGS_JOIN_H

#include "heloscope/db/history.h"
#include "visits.h"

/* What is known of a session that a connection of the log may be. */
struct log_session {
    int64_t session_id, started_us, ended_us;
    struct address client, proxied; /* family 0 = none */
    int client_port, proxied_port;
    char *helo;             /* owned; NULL = not known */
    bool hidden;            /* TLS hides a part of it */
    bool partial;           /* it was not captured whole */
    const struct visit *by; /* the visit that has it */
};

struct log_join {
    struct history *history;
    struct log_session *sessions; /* by client, and of each in the order in which they began */
    size_t count, size;
    struct log_queue *queues; /* by id */
    size_t queue_count, queue_size;
    bool has_clock;
    int64_t clock_us; /* by how much the log's clock is ahead of the captures' */
};

/* Reads the sessions of the history that began between two times, or are reached by them. False
 * with `why`. */
bool join_load(struct log_join *join, int64_t from_us, int64_t to_us, struct failure *why);

/* Finds by how much the clocks differ, from connections that are known by queue id or by address
 * and port, else from the difference at which most of them are there. */
void join_find_clock(struct log_join *join, const struct visits *visits);

/* Gives each visit its session, where it is clear which it is: by queue id, by address and port, by
 * address and time. */
void join_visits(struct log_join *join, struct visits *visits);

void join_free(struct log_join *join);

#endif
