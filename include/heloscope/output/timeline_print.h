/* SPDX-License-Identifier: ISC */
/* Timelines on the screen: an event a line, origin and refusals marked in words. */
#ifndef HELOSCOPE_OUTPUT_TIMELINE_PRINT_H
#define HELOSCOPE_OUTPUT_TIMELINE_PRINT_H

#include "heloscope/db/history.h"
#include "heloscope/output/json.h"
#include "heloscope/output/terminal.h"

/* The line above the first event. */
void timeline_print_heading(FILE *out, const struct terminal *terminal);

/* One event; its time is printed as an offset to `start_us`. */
void timeline_print_event(FILE *out, const struct terminal *terminal,
                          const struct history_event *event, int64_t start_us);

/* "..." and how many events are left out. */
void timeline_print_elision(FILE *out, const struct terminal *terminal, event_no count);

enum {
    TIMELINE_WIDTH = 92 /* columns that excerpts and what is said of them may take */
};

/* A paragraph "LABEL: text", indented, wrapped to `width`; nothing when `text` is NULL or empty. */
void timeline_print_paragraph(FILE *out, const char *label, const char *text, int width);

/* What is known of a refusal beside its place: cause, fault, certainty, explanation, advice, and
 * where the reply's own text says something else. */
struct ruling {
    const char *cause, *fault, *certainty, *server_says, *explanation, *advice;
    const char *habit; /* what the client was measured to do there; NULL = not known */
    int agrees;        /* 1, 0, -1 */
};
void timeline_print_ruling(FILE *out, const struct ruling *ruling, int width);

/* The event as an object of an array. */
void timeline_json_event(struct json *json, const struct history_event *event);

#endif
