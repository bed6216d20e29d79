/* SPDX-License-Identifier: ISC */
/* A finding, written down. */
#ifndef ANALYZER_DIAGNOSIS_FINDING_H
#define ANALYZER_DIAGNOSIS_FINDING_H

#include "heloscope/diagnosis/diagnosis.h"
#include "refusal_reason.h"

/* Writes the diagnosis of the reply `a` (with code 0: of the end of the connection) to `p`, NULL
 * when it answers nothing. `v` is the verdict on that command. */
void diagnosis_write(struct session *s, const struct pending *p, const struct answer *a,
                     const struct verdict *v, const struct refusal_reason *f);

#endif
