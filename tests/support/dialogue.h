/* SPDX-License-Identifier: ISC */
/* Dialogues: sessions written as text, with what heloscope must say of them. The format is
 * described in tests/dialogues/README.md. */
#ifndef TESTS_SUPPORT_DIALOGUE_H
#define TESTS_SUPPORT_DIALOGUE_H

#include "heloscope/cause.h"
#include "heloscope/base/memory.h"
#include "heloscope/transport/stream.h"
#include "heloscope/timeline.h"

enum {
    DIALOGUE_LINE_US = 1000 /* a line takes so long, where a dialogue is played by itself */
};

/* Octets that one side sent, mostly a line. */
struct spoken {
    enum side side;
    bool joined;         /* in the segment of what was spoken before */
    bool blind;          /* its sender had received no more than when it last spoke */
    bool lost;           /* the capture lacks it */
    bool before;         /* the capture begins behind it */
    int64_t pause_us;    /* that had passed since the dialogue began, by stage directions */
    unsigned only_us;    /* behind what was spoken before, by one; 0 = as long as lines take */
    int number;          /* line of the file */
    struct bytes text;   /* as written, without the line end: what `at "..."` compares */
    struct bytes octets; /* as sent */
    uint64_t offset;     /* of its first octet, among those of its side that are captured */
    uint64_t seen;       /* the peer's octets that its sender had received, counted likewise */
};

/* A place in the session, as an expectation names it. */
struct spot {
    enum spot_kind {
        SPOT_NONE,
        SPOT_SPOKEN,  /* at "text" */
        SPOT_MESSAGE, /* the last data event */
        SPOT_CHUNK,
        SPOT_HOLE,
        SPOT_START, /* the open event */
        SPOT_TLS,
    } kind;
    size_t spoken; /* SPOT_SPOKEN: which */
};

enum {
    WANTED_RELATED = 4
};

/* What heloscope must say of what was spoken before it. */
struct wanted {
    enum wanted_kind {
        WANTED_DIAGNOSIS,
        WANTED_VIOLATION,
        WANTED_ANSWERS, /* the reply answers the event at `origin`; SPOT_NONE: none */
        WANTED_OCTETS,  /* the data, chunk or gap event (`origin`) has `octets` */
        WANTED_NOTE,    /* the event has the note `words` */
        WANTED_KIND,    /* the event is of the kind `words`: "command", "auth" ... */
    } kind;
    int number;    /* line of the file */
    size_t spoken; /* which it is about */
    struct spot origin;
    int code;
    enum cause cause, says; /* `says` CAUSE_NONE: not asked for */
    enum fault fault;
    enum certainty certainty;
    struct spot related[WANTED_RELATED];
    size_t related_count;
    struct bytes words; /* the rule, the note, the kind */
    struct bytes told;  /* what explanation or advice must hold; empty = not asked for */
    bool tolerated;
    bool at_close; /* a diagnosis of the end of the connection, not of what was spoken */
    uint64_t octets;
};

struct dialogue {
    const char *file; /* its name, without the folder */
    int number;       /* line of the title */
    char *title;
    char *open; /* why it is known to fail; NULL = it does not */
    uint16_t port;
    bool midstream;
    bool unheard[2]; /* by enum side: its packets are not captured */
    enum side ended_by;
    const char *how; /* as session_end() takes it */
    struct spoken *spoken;
    size_t spoken_count;
    int64_t pause_us; /* that pass in all, by stage directions */
    unsigned only_us; /* before what is spoken next */
    struct wanted *wanted;
    size_t wanted_count;
    char *problem; /* "file:line: what" when it cannot be understood; NULL = none */
};

/* The octets of `text` with its escapes undone, and a CR LF behind them unless it ends in a lone
 * backslash. False when an escape is none. */
bool dialogue_unescape(struct arena *arena, struct bytes text, struct bytes *out);

/* What stands behind "C*": "2000 octets", "TLS client hello" ... False when nothing is called so.
 */
bool dialogue_generate(struct arena *arena, struct bytes name, struct bytes *out);

/* Reads one expectation, behind its "= ", about what was spoken last. False when it is none; then
 * `*what` says why. `= no violation` adds nothing. */
bool dialogue_expect(struct dialogue *d, struct bytes text, int number, const char **what);

/* All dialogues of a folder's *.txt files, by file name and place. What they hold lives in `arena`.
 */
struct dialogues {
    struct arena arena;
    struct dialogue *at;
    size_t count;
};

/* The dialogues of this source tree: $srcdir/tests/dialogues. */
void dialogues_read(struct dialogues *all);

/* Those of one text, as if it were a file `name`. */
void dialogues_parse(struct dialogues *all, const char *name, struct bytes text);

void dialogues_free(struct dialogues *all);

#endif
