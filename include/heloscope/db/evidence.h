/* SPDX-License-Identifier: ISC */
/* What a history knows of the packets behind a session: the captures that hold them, and the events
 * that the findings speak of. */
#ifndef HELOSCOPE_DB_EVIDENCE_H
#define HELOSCOPE_DB_EVIDENCE_H

#include "heloscope/db/history.h"

/* An event that a finding names, once for each finding and part that it has in it. */
struct history_point {
    int64_t session_id;
    event_no seq;     /* the event */
    int64_t ts_us;    /* of the packet that held its first octet */
    uint64_t packet;  /* that packet's number in its capture */
    const char *part; /* "reply", "origin", "command", or the role of a related event */
    event_no reply;   /* the refusal of the finding: event, time, packet */
    int64_t reply_us; /* these two are those of `seq` where the part is "reply" */
    uint64_t reply_packet;
    event_no origin; /* 0 = none; its packet is that of the point with that `seq` */
    int64_t origin_us;
    uint64_t origin_packet;
    int code;
    const char *cause, *title, *fault, *certainty, *explanation, *advice;
};
typedef bool history_point_fn(void *context, const struct history_point *row);

/* The points of a session: finding by finding, the refusal first, then the origin, then the others
 * by their numbers. */
bool history_points(struct history *history, int64_t session_id, history_point_fn *fn,
                    void *context, struct failure *why);

/* How a session's packets are told from others with the same endpoints. */
struct history_path {
    int vlan;           /* 0 = none */
    const char *tunnel; /* NULL = none */
    int64_t tunnel_id;  /* -1 = none */
    bool twin;          /* another session had the same endpoints at that time, elsewhere */
};
typedef bool history_path_fn(void *context, const struct history_path *row);
bool history_path(struct history *history, int64_t session_id, history_path_fn *fn, void *context,
                  struct failure *why);

/* A capture that holds packets of a session. */
struct history_capture {
    const char *source; /* as it was named */
    bool beside;        /* other files have the same time: its clock may have been corrected */
    const char *path;   /* of a file: where it lay, if that is known, else as it was named */
    bool is_file;       /* else it was an interface */
    int64_t started_us; /* of its first packet */
    uint64_t packets;   /* that were read of it */
};
typedef bool history_capture_fn(void *context, const struct history_capture *row);

/* The captures of a session, by the time of their first packets. */
bool history_captures(struct history *history, int64_t session_id, history_capture_fn *fn,
                      void *context, struct failure *why);

#endif
