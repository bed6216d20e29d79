/* SPDX-License-Identifier: ISC */
/* Plays a dialogue to the analysis, in segments of one's choice, and keeps what it made of it. */
#ifndef TESTS_SUPPORT_DIALOGUE_PLAY_H
#define TESTS_SUPPORT_DIALOGUE_PLAY_H

#include "dialogue.h"
#include "heloscope/session/session.h"

/* How the octets come. The acknowledgements behind them are always those of the dialogue. */
enum cut {
    CUT_LINES,    /* each line by itself; an event's `packet` is then its place among `spoken`,
                   * counted from 1 */
    CUT_SEGMENTS, /* as written */
    CUT_OCTETS,   /* one by one */
    CUT_RANDOM,   /* at random places, lines of one side that stand together in one piece or more */
    CUT_CHAPTERS, /* each line by itself, the timeline handed over after each */
    CUT_RESTS,    /* octet by octet, the session put to rest after each */
};

struct played {
    struct freezer *room;  /* whose phrases the chapters refer to */
    struct draft **drafts; /* the chapters, in order */
    size_t count;
};

/* `seed` is for CUT_RANDOM. */
void dialogue_play(const struct dialogue *d, enum cut cut, unsigned seed, struct played *out);
void played_free(struct played *played);

/* All that was made of it but times and packets, a line for each event, violation, diagnosis and
 * transaction. To be freed. */
char *played_print(const struct played *played);

/* NULL when there is none. */
const struct event *played_event(const struct played *played, event_no seq);

/* The next in order behind `e`, across chapters; the first for NULL. */
const struct event *played_next(const struct played *played, const struct event *e);

/* Whether a dialogue that was played in CUT_LINES has led to what it asks for, and to nothing else.
 * What is wrong is told in the words of the dialogue, a line each; "" when nothing is. To be freed.
 */
char *dialogue_judge(const struct dialogue *d, const struct played *played);

#endif
