/* SPDX-License-Identifier: ISC */
/* What the screens share. Each runs until the user leaves it. */
#ifndef ANALYZER_SCREENS_SCREENS_H
#define ANALYZER_SCREENS_SCREENS_H

#include "canvas.h"
#include "heloscope/output/terminal.h"
#include "heloscope/screens/browse.h"
#include "listing.h"
#include "telling.h"

enum {
    REFRESH_MS = 500 /* how often the history is asked whether it has grown */
};

struct screens {
    struct history *history;
    const struct browse_job *job;
    struct terminal terminal; /* how times are shown */
    struct listing listing;
    size_t chosen, top; /* rows of the list */
    int64_t chosen_id;  /* keeps its place when rows come */
    int64_t marked;     /* a session to be compared; 0 = none */
    char message[256];  /* on the last line, until the next key */
    struct failure *why;
};

/* A list that scrolls: `chosen` and `top` after `key`, `count` rows of which `visible` fit. True
 * when the key was one that moves. */
bool scroll_by(int key, size_t count, int visible, size_t *chosen, size_t *top);

/* The last line: what there is to say, else the keys. */
void draw_footer(struct screens *screens, const char *keys);

/* Asks for a line on the last row, `text` being its beginning; false when the user gave it up. */
bool prompt_line(const char *question, char *text, size_t size);

/* Ask for a file and write the session to it, as text or as packets. */
void save_text(struct screens *screens, int64_t session_id);
void save_packets(struct screens *screens, int64_t session_id);

void help_screen(void);
void session_screen(struct screens *screens, int64_t session_id, bool raw);
void pair_screen(struct screens *screens, int64_t left, int64_t right);

/* What was said, a line each: "C: EHLO ...". `*out` is the caller's to free; texts lie in the
 * telling. */
struct said_line {
    bool client, first;
    const char *text; /* up to an LF */
    size_t length;
    const struct told_event *event;
};
size_t said_lines(const struct telling *telling, struct said_line **out);

#endif
