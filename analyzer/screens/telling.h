/* SPDX-License-Identifier: ISC */
/* A session as lines for a screen: as a ladder, and as what was said. */
#ifndef ANALYZER_SCREENS_TELLING_H
#define ANALYZER_SCREENS_TELLING_H

#include "canvas.h"
#include "heloscope/base/memory.h"
#include "heloscope/db/history.h"

/* An event; texts are made harmless, and lie in the arena. */
struct told_event {
    event_no seq, origin; /* origin of the finding of this refusal; 0 = none */
    int64_t us, packet;   /* behind the session's start */
    bool client, is_origin, is_refusal;
    bool fact; /* nobody said it: the connection begins or ends, octets are missing, TLS begins */
    const char *line; /* the first line of the text, or what happened */
    const char *more; /* the further lines, "" = none */
    const char *note;
    const char *cause;
};

struct told_finding {
    event_no reply, origin;
    const char *head, *explanation, *advice;
};

struct telling {
    struct arena arena;
    int64_t session_id;
    const char *title;
    struct told_event *events;
    struct told_finding *findings;
    size_t count, room, finding_count, finding_room;
};

/* Reads it; the caller calls telling_free() in either case. */
bool telling_read(struct telling *telling, struct history *history, int64_t session_id,
                  struct failure *why);
void telling_free(struct telling *telling);

/* The row that goes with row `from`: from a refusal to its origin; from an origin to its first
 * refusal, and from one that was reached so to the next. `from` when there is none. */
size_t telling_partner(const struct telling *telling, size_t from);

/* The refusal of the same origin behind row `from`, and after the last the first; `from` = none. */
size_t telling_next_refusal(const struct telling *telling, size_t from);

/* The finding that event `seq` is a refusal or the origin of; NULL = none. */
const struct told_finding *telling_finding(const struct telling *telling, event_no seq);

/* The mark in the margin for the cause of the chosen row: '*' origin, '>' refusal, '|' between. */
char telling_margin(const struct telling *telling, size_t row, size_t chosen);

#endif
