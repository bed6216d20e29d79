/* SPDX-License-Identifier: ISC */
/* A session as a ladder: the client at the left, the server at the right, time downwards; in the
 * margin lines join what went wrong first to the refusals that it drew. */
#ifndef HELOSCOPE_OUTPUT_LADDER_H
#define HELOSCOPE_OUTPUT_LADDER_H

#include "heloscope/db/history.h"
#include "heloscope/output/terminal.h"

enum {
    LADDER_NARROW = 80, /* columns, of a terminal that is narrower or not known */
    LADDER_WIDE = 200
};

struct ladder {
    int width;    /* columns that may be used, LADDER_NARROW to LADDER_WIDE */
    bool unicode; /* lines are drawn with box drawing characters, else with ASCII alone */
    bool full;    /* nothing is cut or folded */
};

/* Prints the events of a session, each in a row or more, and below them each finding once: what the
 * server said, cause, fault, certainty, why, what to do. False with `why` when the history cannot
 * be read. */
bool ladder_print(FILE *out, const struct terminal *terminal, const struct ladder *ladder,
                  struct history *history, int64_t session_id, struct failure *why);

/* Prints side and text of what was said, and nothing that differs from one session to another like
 * it: "C: MAIL FROM:<a@example.org>". For diff(1). */
bool ladder_print_plain(FILE *out, struct history *history, int64_t session_id,
                        struct failure *why);

/* Prints it in the form of tests/dialogues, without expectations. */
bool ladder_print_dialogue(FILE *out, struct history *history, int64_t session_id,
                           struct failure *why);

#endif
