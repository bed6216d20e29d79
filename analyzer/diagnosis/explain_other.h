/* SPDX-License-Identifier: ISC */
/* Plain sentences about refusals that have nothing to do with the order of commands. */
#ifndef ANALYZER_DIAGNOSIS_EXPLAIN_OTHER_H
#define ANALYZER_DIAGNOSIS_EXPLAIN_OTHER_H

#include "wording.h"

/* For every cause that explain.c has no sentence for; lives in the scene's arena, or is static. */
const char *explain_other(const struct wording *t);

#endif
