/* SPDX-License-Identifier: ISC */
/* Two sessions beside each other: where they part, and what of the way there differs. */
#ifndef ANALYZER_PROGRAM_COMPARE_H
#define ANALYZER_PROGRAM_COMPARE_H

#include "heloscope/db/history.h"

enum {
    COMPARE_EVENTS = 5000 /* of each session; the rest is not looked at */
};

struct compared_event {
    event_no seq, answers;
    char side;
    int code;
    int64_t ts_us;
    char *kind, *verb, *text; /* owned; never NULL */
    bool pipelined;
};

struct compared {
    int64_t session_id;
    struct compared_event *events;
    size_t count;
};

/* Reads the events of a session; false with `why`. To be freed in any case. */
bool compared_read(struct compared *out, struct history *history, int64_t session_id,
                   struct failure *why);
void compared_free(struct compared *compared);

/* The place in both lists of the first event that is another one there: another verb, another code,
 * or none. Addresses and texts may differ. As long as a list when one is the beginning of the
 * other. */
size_t compare_part(const struct compared *a, const struct compared *b);

/* Calls `fn` with each thing that differs in the first `part` events and may matter: what it is
 * about ("EHLO offers", "MAIL parameters", "time", ...) and a sentence of it. */
typedef void compare_fn(void *context, const char *about, const char *sentence);
void compare_before(const struct compared *a, const struct compared *b, size_t part, compare_fn *fn,
                    void *context);

#endif
