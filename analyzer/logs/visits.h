/* SPDX-License-Identifier: ISC */
/* The lines of a log put together to connections as the server knew them. */
#ifndef ANALYZER_LOGS_VISITS_H
#define ANALYZER_LOGS_VISITS_H

#include "saying.h"

enum {
    VISIT_QUEUES = 8 /* queue ids of a visit that are remembered */
};

struct visit_line {
    struct visit_line *next;
    struct log_time time;
    enum log_kind kind;
    struct bytes text, verb, command, queue, counts;
    int code;
    uint64_t line;
};

struct visit {
    enum log_server server;
    struct address client;       /* family 0 = not said */
    int client_port;             /* 0 = not said */
    struct log_time first, last; /* of the lines but those of deliveries */
    bool connected, ended;       /* its beginning and its end are in the log */
    bool closed;                 /* no further line belongs to it */
    struct bytes helo, counts;
    struct bytes queues[VISIT_QUEUES];
    size_t queue_count;
    struct visit_line *lines, **tail;
    size_t line_count;
    struct visit *older; /* of the same address */

    /* What they are joined with: see join.h. */
    size_t session; /* SIZE_MAX = none */
    const char *joined;
    bool unclear; /* it could be of several */
};

struct visits {
    struct arena arena; /* all texts, visits and lines */
    struct visit **all;
    size_t count, size;
    struct visit_key *keys; /* open addressing; hash 0 = free */
    size_t key_count, key_size;
    uint64_t seed;
    uint64_t stray; /* lines that belong to none */
};

/* Adds what a line says; copies what it keeps of it. */
void visits_add(struct visits *visits, const struct log_time *time, const struct saying *saying);
void visits_free(struct visits *visits);

#endif
