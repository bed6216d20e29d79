/* SPDX-License-Identifier: ISC */
/* The history's reading half: what reports and `show` print comes from here and from nowhere else.
 */
#ifndef HELOSCOPE_DB_HISTORY_H
#define HELOSCOPE_DB_HISTORY_H

#include <stdio.h>

#include "heloscope/failure.h"
#include "heloscope/db/own.h"

struct history;

/* Opens `path` for reading only; it may be written to at the same time. NULL with `why` when it is
 * missing, no heloscope database, or newer than this program. */
struct history *history_open(const char *path, struct failure *why);
void history_close(struct history *history);

/* A row handed to a callback; pointers are valid until it returns. Return false to stop. */
struct history_session {
    int64_t session_id, started_us, ended_us;
    const char *source, *uid, *community_id, *client_addr, *server_addr, *helo, *server_software,
        *client_software, *protocol, *tls_version, *tls_sni, *outcome;
    const char *proxied_addr; /* the real client, by a load balancer; NULL = none was named */
    int client_port, server_port, proxied_port;
    int64_t packets, commands, replies, messages, violations, errors_503, bytes_missing;
    int64_t errors_other; /* the same faults under other codes */
    bool midstream;
};
typedef bool history_session_fn(void *context, const struct history_session *row);

/* What is known of TLS in a session; NULL = not known. The columns tls_... of its row. */
struct history_tls {
    const char *version, *name, *suite, *group, *alpn, *handshake, *certificate, *alerts, *closed,
        *failure, *hidden;
    int64_t records, records_client, octets_client, octets_server, idle_us;
};
typedef bool history_tls_fn(void *context, const struct history_tls *row);

struct history_event {
    event_no seq, answers, saw;
    int64_t ts_us, packet, bytes;                     /* bytes -1 = none */
    char side;                                        /* 'C' or 'S' */
    const char *kind, *verb, *enhanced, *text, *note; /* NULL = none */
    int code;                                         /* 0 = none */
    /* What the timeline marks. */
    bool is_origin;        /* some diagnosis has its origin here */
    const char *cause;     /* of the diagnosis of this reply, or NULL */
    event_no origin;       /* of that diagnosis */
    const char *violation; /* rule broken by this command, or NULL */
};
typedef bool history_event_fn(void *context, const struct history_event *row);

struct history_diagnosis {
    int64_t id; /* grows with the order of storing */
    int64_t session_id;
    event_no reply, command, origin;
    int code;
    int64_t ts_us; /* of the reply */
    const char *cause, *fault, *certainty, *server_says, *explanation, *advice;
    int agrees;       /* 1, 0, -1 */
    uint64_t repeats; /* further refusals of its kind, counted and not kept */
    const char *client_addr, *server_addr, *helo, *source;
    int client_port, server_port;
    const char *client_software;
};
typedef bool history_diagnosis_fn(void *context, const struct history_diagnosis *row);

/* One session; false in the result (no callback) when there is none. */
bool history_session(struct history *history, int64_t session_id, history_session_fn *fn,
                     void *context, struct failure *why);

/* All sessions by start time, `only_errors`: those with an error of order, under whichever code. */
bool history_sessions(struct history *history, bool only_errors, history_session_fn *fn,
                      void *context, struct failure *why);

/* What is known of TLS in a session; `fn` is not called when there was none. */
bool history_tls(struct history *history, int64_t session_id, history_tls_fn *fn, void *context,
                 struct failure *why);

/* Events of a session with first <= seq <= last, in order. */
bool history_events(struct history *history, int64_t session_id, event_no first, event_no last,
                    history_event_fn *fn, void *context, struct failure *why);

/* Diagnoses with id > after, in the order of storing; `only_503`: those of replies 503. */
bool history_diagnoses(struct history *history, int64_t after, bool only_503,
                       history_diagnosis_fn *fn, void *context, struct failure *why);

/* Those that `own` names, in the order of storing, each once. */
bool history_diagnoses_of(struct history *history, const struct own_findings *own, size_t count,
                          history_diagnosis_fn *fn, void *context, struct failure *why);

/* A command out of order, by the rule that it breaks. */
struct history_violation {
    int64_t session_id;
    event_no seq;
    const char *rule;
    bool tolerated; /* the server accepted it all the same */
};
typedef bool history_violation_fn(void *context, const struct history_violation *row);

/* Those that `own` names, each once. */
bool history_violations_of(struct history *history, const struct own_findings *own, size_t count,
                           history_violation_fn *fn, void *context, struct failure *why);

/* Those of one session, in the order of its replies. */
bool history_session_diagnoses(struct history *history, int64_t session_id,
                               history_diagnosis_fn *fn, void *context, struct failure *why);

/* The largest diagnosis id, 0 when there is none. */
int64_t history_last_diagnosis(struct history *history);

/* The number of the last change of a session, 0 when there is none. */
int64_t history_last_change(struct history *history);

/* Sessions that are over and were written after change `after`, in that order. */
typedef bool history_change_fn(void *context, int64_t change, int64_t session_id);
bool history_ended(struct history *history, int64_t after, history_change_fn *fn, void *context,
                   struct failure *why);

/* Ready-made rankings for `report`: "cause", "client", "server", "software", "day".
 * Calls `fn` once with the column names (row 0) and then with each row's cells as text. */
typedef bool history_table_fn(void *context, int columns, const char *const *cells, bool header);
bool history_report(struct history *history, const char *by, history_table_fn *fn, void *context,
                    struct failure *why);

/* The same content as JSON, one document, made by SQLite's own JSON functions: a session with its
 * events and diagnoses; the 503s; a ranking. Written to `out`. */
bool history_json_session(struct history *history, int64_t session_id, FILE *out,
                          struct failure *why);
bool history_json_errors(struct history *history, FILE *out, struct failure *why);
bool history_json_report(struct history *history, const char *by, FILE *out, struct failure *why);

#endif
