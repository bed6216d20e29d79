/* SPDX-License-Identifier: ISC */
/* A capture on its way into the history: what `analyze` and `monitor` share. */
#ifndef ANALYZER_PROGRAM_RECORDING_H
#define ANALYZER_PROGRAM_RECORDING_H

#include "options.h"
#include "heloscope/pipeline/pipeline.h"

struct recording {
    struct capture *capture; /* borrowed */
    struct terminal *terminal;
    struct store *store;
    struct pipeline *pipeline;
    struct pseudonyms pseudonyms;
    struct keylog *keylog; /* borrowed; NULL = none */
    bool incomplete;       /* something could not be read */
};

/* The secrets of --keylog, and room for those in the captures. `growing`: the files may grow, or
 * come later. NULL with `why` when one cannot be read. The caller frees it, behind all that reads
 * with it. */
struct keylog *recording_keylog(const struct options *options, bool growing, struct failure *why);

/* Says on standard error which lines of a key log held nothing, by file and line. */
void recording_warn_keylog(struct keylog *keylog);

/* Opens the history for writing and the pipeline into it; `persistence`: what is done while it
 * cannot be written. */
bool recording_open(struct recording *recording, const struct options *options,
                    enum persistence persistence, struct capture *capture,
                    struct terminal *terminal, struct keylog *keylog, struct failure *why);

/* One line on standard error for each thing that the store has to say. */
void recording_say(struct recording *recording);

/* Takes one packet in; notes its source in the history when it is the first of it. */
bool recording_packet(struct recording *recording, const struct packet_record *packet,
                      struct failure *why);

/* Notes the totals so far of the sources that have got packets since. */
bool recording_totals(struct recording *recording, struct failure *why);

/* Ends the sessions and notes all sources, also those without packets. */
bool recording_finish(struct recording *recording, struct failure *why);

/* Closes the history. Also after a failure; `why` then keeps what it says. */
bool recording_close(struct recording *recording, struct failure *why);

/* One line on standard error for each source that could not be read to its end; how many. Before
 * them what there is to note of directories, which does not count. */
size_t recording_warn(struct capture *capture, struct terminal *terminal);

/* From now on SIGINT and SIGTERM stop `capture`; a second one ends the program at once. NULL: as
 * before. */
void interrupt_watch(struct capture *capture);

/* Whether a signal came. */
bool interrupt_came(void);

#endif
