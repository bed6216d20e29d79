/* SPDX-License-Identifier: ISC */
#ifndef ANALYZER_DIAGNOSIS_EXPLAIN_SESSION_H
#define ANALYZER_DIAGNOSIS_EXPLAIN_SESSION_H

#include "wording.h"

/* The sentence about a cause that lies in the session as a whole, the dictionary's where there is
 * none. */
const char *explain_session(const struct wording *t);

#endif
