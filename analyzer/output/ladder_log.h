/* SPDX-License-Identifier: ISC */
/* The lines of the server's log in a ladder. */
#ifndef ANALYZER_OUTPUT_LADDER_LOG_H
#define ANALYZER_OUTPUT_LADDER_LOG_H

#include "ladder_page.h"

/* Reads them. False with `why`. */
bool ladder_log_read(struct ladder_log **log, struct history *history, int64_t session_id,
                     struct failure *why);
void ladder_log_free(struct ladder_log *log); /* NULL is allowed */

/* Prints those that stand behind the event at hand. */
void ladder_log_print(struct page *page);

/* Prints those that are about a finding's refusals; of a server that logs none of them the line
 * that sums the session up. Nothing where no log was read. */
void ladder_log_print_finding(struct page *page, const struct cascade *cascade);

#endif
