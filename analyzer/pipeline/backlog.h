/* SPDX-License-Identifier: ISC */
/* Drafts that wait for the history, oldest first, and what is left out of them when they are too
 * much. */
#ifndef ANALYZER_PIPELINE_BACKLOG_H
#define ANALYZER_PIPELINE_BACKLOG_H

#include "heloscope/session/session.h"

struct backlog {
    struct draft *first, **tail; /* the latter means something when there is a first */
    uint32_t count;
    size_t octets;
};

/* What was left out so far. */
struct backlog_losses {
    uint64_t events;   /* of sessions in which nothing was wrong */
    uint64_t sessions; /* in which nothing was wrong */
    uint64_t findings;
};

void backlog_clear(struct backlog *list);
void backlog_append(struct backlog *list, struct draft *draft);

/* Moves all of `from` behind, or before, what is in `list`. */
void backlog_append_all(struct backlog *list, struct backlog *from);
void backlog_prepend_all(struct backlog *list, struct backlog *from);

/* Takes the oldest `count` drafts, or all when there are fewer. */
struct backlog backlog_take(struct backlog *list, uint32_t count);

/* Frees all drafts. */
void backlog_free(struct backlog *list);

/* Octets of memory that the draft takes. */
size_t draft_octets(const struct draft *draft);

/* Whether something went wrong in the chapter: it has a finding, or a command out of order. */
bool draft_is_troubled(struct draft *draft);

/* Leaves out the least important until `limit` octets are left, oldest first: the events of
 * chapters in which nothing was wrong, then such chapters as a whole, and with `findings` also
 * those in which something was. Of a session that is partly written the end stays as long as it
 * can. Returns whether that was enough. */
bool backlog_shed(struct backlog *list, size_t limit, bool findings, struct backlog_losses *losses);

/* Takes the chapters out in which something was wrong. */
struct backlog backlog_take_troubled(struct backlog *list);

#endif
