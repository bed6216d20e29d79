/* SPDX-License-Identifier: ISC */
/* Whether two sessions are of one connection, and which of them holds the other.
 *
 * A capture is cut by file borders, and a connection can be captured twice, by clocks that differ.
 * What stays the same are the endpoints and the sequence numbers: the octets of a side have the
 * same numbers in every capture (RFC 9293 section 3.4). Time bounds it, since numbers and ports
 * come back. */
#ifndef DB_WRITE_KIN_H
#define DB_WRITE_KIN_H

#include <sqlite3.h>

#include "heloscope/base/limits.h"
#include "heloscope/timeline.h"

/* Which part of a connection a session is. Of sides whose numbers are not known nothing is. */
struct extent {
    struct numbering numbering[2]; /* by enum side, as the next */
    uint64_t octets[2];
    uint64_t missing;
    int64_t started_us, ended_us;
    int64_t capture_id;
    bool midstream; /* begun before the capture */
    bool cut;       /* of the one that is asked for: its end was not captured */
};

struct extent extent_of(const struct session_row *session);

enum kinship {
    KIN_NONE,   /* another connection, or parts that nothing ties together */
    KIN_SAME,   /* as much of one connection */
    KIN_INSIDE, /* the first lies inside the second */
    KIN_AROUND, /* the second lies inside the first */
    KIN_BESIDE, /* of one connection, and each has what the other has not */
};

enum kinship extent_kinship(const struct extent *a, const struct extent *b);

/* SQL for "not known to its end", of the column with a session's outcome. For a list of values, IN
 * (...), SQLite would make a table of its own each time that a row is found. */
#define UNFINISHED(column)                                                                         \
    "(" column " = 'open' OR " column " = 'interrupted' OR " column " = 'continued')"

/* What decides which of two analyses of a session is kept. */
struct held {
    int64_t session_id;
    uint64_t packets, bytes; /* the latter without those that are missing */
    bool unfinished;         /* left by a run that was cut short, or by a capture that ended */
    int64_t capture_id;
    bool packed; /* its events are one row; only of one that was found by its name */
};

/* A session of the history, and how the one that is asked for is related to it. */
struct kin {
    enum kinship kinship;
    struct held held;
    struct extent extent;
};

struct kin_statements {
    sqlite3_stmt *find, *insert;
};

/* False with the error left in `db`. Finalizing what was not prepared does nothing. */
bool kin_prepare(struct kin_statements *statements, sqlite3 *db);
void kin_finalize(struct kin_statements *statements);

/* Writes down how the connection of the session is found again; a session of which no sequence
 * number is known has nothing to write. False with the error left in the connection. */
bool kin_write(const struct kin_statements *statements, int64_t session_id,
               const struct session_row *session);

/* Finds the sessions of the history, other than `session_id`, that are of the same connection:
 * `*count` of them, at most KIN_LIMIT. False with the error left in the connection. */
bool kin_find(const struct kin_statements *statements, int64_t session_id,
              const struct session_row *session, struct kin found[KIN_LIMIT], size_t *count);

#endif
