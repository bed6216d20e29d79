/* SPDX-License-Identifier: ISC */
/* What went through the pipeline so far, added up. */
#ifndef ANALYZER_PIPELINE_TOTALS_H
#define ANALYZER_PIPELINE_TOTALS_H

#include "heloscope/pipeline/pipeline.h"
#include "heloscope/session/session.h"

/* Adds the findings of a chapter. */
void totals_count_findings(struct pipeline_totals *totals, const struct draft *draft);

/* Adds a session that is over. */
void totals_count_session(struct pipeline_totals *totals, struct session *s);

#endif
