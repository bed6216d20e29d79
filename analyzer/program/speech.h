/* SPDX-License-Identifier: ISC */
/* What a program that goes on says, on standard output and standard error: neither holds it up, and
 * what is left out is told. */
#ifndef ANALYZER_PROGRAM_SPEECH_H
#define ANALYZER_PROGRAM_SPEECH_H

#include "heloscope/output/outlet.h"
#include "heloscope/output/terminal.h"

struct speech {
    struct terminal *terminal;
    struct outlet *out, *err; /* the same when both streams lead to one place */
    bool end_told;            /* that nothing can be printed any more */
    uint64_t left_out;        /* findings, not told yet */
    int64_t told_us;          /* when such were told last */
};

/* Begins; from then on terminal_warn() goes through it too. False with `why`. */
bool speech_begin(struct speech *speech, struct terminal *terminal, struct failure *why);

/* One thing on standard output: print into what speech_open() returns, and close it by
 * speech_close(), which says no more than that it has been handed over. */
struct speaking {
    FILE *out;
    char *text;
    size_t length;
};
FILE *speech_open(struct speaking *speaking);
void speech_close(struct speech *speech, struct speaking *speaking);

/* Says what was left out, at once and then at most once a minute, and once that the reader of
 * standard output has gone. */
void speech_check(struct speech *speech);

/* Prints what waits, but not for ever, and ends. */
void speech_end(struct speech *speech);

#endif
