/* SPDX-License-Identifier: ISC */
/* Diagnoses put together by where they began: three 503s that one refusal brought about are one
 * finding. */
#ifndef HELOSCOPE_OUTPUT_FINDINGS_H
#define HELOSCOPE_OUTPUT_FINDINGS_H

#include "heloscope/db/history.h"
#include "heloscope/output/timeline_print.h"

enum {
    FINDING_KEYS = 16,
    FINDING_TEXTS = 7
};

/* Refusals of one session with the same origin and cause. */
struct finding {
    int64_t session_id;
    event_no origin, reply, command; /* the latter two of the first refusal */
    int code;
    int64_t ts_us;
    uint64_t refusals;
    char *texts[FINDING_TEXTS]; /* what `ruling` points to */
    struct ruling ruling;
    event_no keys[FINDING_KEYS]; /* the events that tell the story, ascending */
    size_t key_count;
    uint64_t untold; /* refusals whose events found no room among the keys */
};

struct finding_list {
    struct finding *all;
    size_t count;
};

struct findings {
    /* All that were added, by cause; `origins` counts the findings with at least one 503. */
    uint64_t errors_503[CAUSE_COUNT], origins_503[CAUSE_COUNT];
    uint64_t total_503, total_origins_503, total_other, total_origins_other;
    /* The first `limit` of each kind, in the order in which they were added. */
    struct finding_list with_503, other;
    size_t limit;
    struct findings_index *index;
};

void findings_begin(struct findings *findings, size_t limit);
void findings_add(struct findings *findings, const struct history_diagnosis *diagnosis);
void findings_free(struct findings *findings);

/* Whether an excerpt of the timeline shows event `seq`: the key events, their neighbours, and what
 * would be too little to leave out. */
bool finding_shows(const struct finding *finding, event_no seq);

/* The first and the last event of the excerpt. */
void finding_span(const struct finding *finding, event_no *first, event_no *last);

#endif
