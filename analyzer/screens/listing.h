/* SPDX-License-Identifier: ISC */
/* The sessions of the list, and those of them that fit what the user types. */
#ifndef ANALYZER_SCREENS_LISTING_H
#define ANALYZER_SCREENS_LISTING_H

#include "heloscope/base/memory.h"
#include "heloscope/db/selection.h"

enum {
    FILTER_SIZE = 64
};

struct listed {
    int64_t id, started_us, errors;
    const char *client, *server, *helo, *cause, *outcome; /* made harmless; in the arena */
    const char *hay; /* what is searched in, in small letters */
    int messages, errors_503, errors_other;
};

struct listing {
    struct history *history;
    const struct selection *selection;
    bool utc, only_errors;
    char filter[FILTER_SIZE]; /* words that must all be in a row */
    struct arena arena;
    struct listed *all;
    size_t count, room;
    size_t *shown; /* indices into `all`, in the order of time */
    size_t shown_count;
    int64_t version; /* of the history, when it was read */
};

/* Reads the sessions if the history was written since the last time; `*changed` tells. */
bool listing_read(struct listing *listing, bool *changed, struct failure *why);

/* Finds those that fit the filter. */
void listing_filter(struct listing *listing);

void listing_free(struct listing *listing);

#endif
