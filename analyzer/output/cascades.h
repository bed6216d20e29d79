/* SPDX-License-Identifier: ISC */
/* The findings of one session, each with all refusals that it drew, and the lines that join them in
 * the margin of a ladder. */
#ifndef ANALYZER_OUTPUT_CASCADES_H
#define ANALYZER_OUTPUT_CASCADES_H

#include "heloscope/db/history.h"
#include "heloscope/output/timeline_print.h"

enum {
    CASCADE_LANES = 3, /* lines side by side; what finds no room is told in words alone */
    CASCADE_TEXTS = 7
};

struct cascade {
    event_no origin; /* 0 = not captured */
    event_no first;  /* rows that its line spans */
    event_no last;
    event_no *replies; /* ascending */
    size_t reply_count;
    uint64_t repeats; /* further refusals of the kind, counted and not kept */
    int lane;         /* -1 = none */
    int code;         /* of the first refusal; 0 = the end of the connection */
    struct ruling ruling;
    char *texts[CASCADE_TEXTS]; /* what `ruling` points to */
    char *said;                 /* the first refusal's text; NULL = not kept yet, or none */
};

struct cascades {
    struct cascade *all; /* by their first rows */
    size_t count;
    int lanes;                     /* that are used */
    size_t current[CASCADE_LANES]; /* where the margin is */
};

/* Reads them; false with `why`. To be freed in any case. */
bool cascades_read(struct cascades *cascades, struct history *history, int64_t session_id,
                   struct failure *why);
void cascades_free(struct cascades *cascades);

/* Keeps the text of event `seq` where it is the first refusal of a cascade. */
void cascades_keep_said(struct cascades *cascades, event_no seq, const char *text);

/* What stands in the margin beside a row of event `seq`, two columns a lane; `further` = not the
 * event's first row. Rows are asked for in their order. */
void cascades_margin(struct cascades *cascades, event_no seq, bool further, bool unicode,
                     FILE *out);

#endif
