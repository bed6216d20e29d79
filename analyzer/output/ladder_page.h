/* SPDX-License-Identifier: ISC */
/* The page that a ladder is drawn on: how wide its columns are, and what stands in front of an
 * event's text. */
#ifndef ANALYZER_OUTPUT_LADDER_PAGE_H
#define ANALYZER_OUTPUT_LADDER_PAGE_H

#include <time.h>

#include "cascades.h"
#include "heloscope/output/ladder.h"

struct page {
    FILE *out;
    const struct terminal *terminal;
    const struct ladder *ladder;
    struct cascades cascades;
    struct ladder_log *log; /* of ladder_log.c */

    /* From the first look at all events. */
    uint8_t *groups; /* by event number */
    size_t event_count;
    event_no client_last, group_last;
    int number_width, packet_width, left, body, server_column;

    /* Of the row at hand. */
    const struct history_event *event;
    bool further, in_group;
    int64_t previous_us, day;
    event_no previous; /* the event above; 0 = none */
};

/* For history_events(): finds the groups of pipelined commands and the widest numbers. */
bool page_look_ahead(void *context, const struct history_event *event);
void page_lay_out(struct page *page);

/* For history_session(): the line above the first event. */
bool page_print_heading(void *context, const struct history_session *row);

/* A line with the date, where the event at hand is the first of its day. */
void page_print_day(struct page *page);

/* All that stands in front of a row's text; and its end. */
void page_begin_row(struct page *page);
void page_end_row(struct page *page);

/* The drawn form where there is UTF-8, else the plain one; and that so many times. */
const char *page_pick(const struct page *page, const char *drawn, const char *plain);
void page_fill(const struct page *page, int count, const char *drawn, const char *plain);

const char *page_style(const struct page *page, enum style style);

/* Text as text_print() has it; without UTF-8 what is not ASCII is made visible as well. And the
 * columns that this takes; and the octets, one at least, that fit into so many. */
void page_print_piece(const struct page *page, struct bytes text);
int page_columns_of(const struct page *page, struct bytes text);
size_t page_fitting(const struct page *page, struct bytes text, int columns);

bool page_has_note(const struct history_event *event, const char *words);

#endif
