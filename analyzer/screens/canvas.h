/* SPDX-License-Identifier: ISC */
/* The terminal as a canvas of characters, and its keys. ncurses lives behind this header. */
#ifndef ANALYZER_SCREENS_CANVAS_H
#define ANALYZER_SCREENS_CANVAS_H

#include "heloscope/failure.h"

/* Colour only repeats what words and marks say. */
enum canvas_style {
    CANVAS_PLAIN,
    CANVAS_TITLE,
    CANVAS_CHOSEN,
    CANVAS_ORIGIN,
    CANVAS_REFUSED,
    CANVAS_CLIENT,
    CANVAS_FAINT,
    CANVAS_STYLES
};

enum canvas_key {
    CANVAS_NOTHING = -1, /* no key within the time */
    CANVAS_UP = 0x110000,
    CANVAS_DOWN,
    CANVAS_LEFT,
    CANVAS_RIGHT,
    CANVAS_PAGE_UP,
    CANVAS_PAGE_DOWN,
    CANVAS_HOME,
    CANVAS_END,
    CANVAS_ENTER,
    CANVAS_ESCAPE,
    CANVAS_ERASE,
    CANVAS_RESIZED,
    CANVAS_HELP,
    CANVAS_OTHER,
};

bool canvas_open(struct failure *why);
void canvas_close(void);

int canvas_rows(void);
int canvas_columns(void);
void canvas_clear(void);

/* Writes `text` (UTF-8, made harmless: text_print()) into `width` columns, filled up with blanks,
 * and cut with a mark when it is longer. Outside of the terminal nothing happens. */
void canvas_put(int row, int column, int width, enum canvas_style style, const char *text);

/* Brings it all to the terminal; the cursor stands at `row`, or is hidden when that is -1. */
void canvas_show(int row, int column);

/* A key, or a character as its code point; CANVAS_NOTHING after so many milliseconds. */
int canvas_key(int milliseconds);

#endif
