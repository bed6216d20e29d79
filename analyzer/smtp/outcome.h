/* SPDX-License-Identifier: ISC */
/* What a session keeps of a command that has its answer. */
#ifndef ANALYZER_SMTP_OUTCOME_H
#define ANALYZER_SMTP_OUTCOME_H

#include "heloscope/session/session.h"

/* The reply `e` has settled `p`, as `v` judges it: what is counted, what the session is known by,
 * what may explain the refusals that follow. */
void outcome_note(struct session *s, const struct pending *p, const struct event *e,
                  const struct verdict *v);

#endif
