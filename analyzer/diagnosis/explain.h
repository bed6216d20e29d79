/* SPDX-License-Identifier: ISC */
/* Plain sentences about a finding, made from the session's own facts. */
#ifndef ANALYZER_DIAGNOSIS_EXPLAIN_H
#define ANALYZER_DIAGNOSIS_EXPLAIN_H

#include "wording.h"

/* Returns why it came to this, in the arena of `t`. */
struct bytes explain_diagnosis(const struct wording *t);

/* Returns what to change, and where: in the arena of `t`, or static. */
struct bytes advise_diagnosis(const struct wording *t);

#endif
