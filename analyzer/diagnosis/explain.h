/* Plain sentences about a finding, made from the session's own facts. */
#ifndef ANALYZER_DIAGNOSIS_EXPLAIN_H
#define ANALYZER_DIAGNOSIS_EXPLAIN_H

#include "heloscope/session/session.h"

/* Why it came to this, and what to change: in `arena`. `p` may be NULL. */
struct bytes explain_diagnosis(struct session *s, struct arena *arena, const struct diagnosis *d,
                               const struct pending *p, const struct verdict *v);
struct bytes advise_diagnosis(const struct session *s, struct arena *arena,
                              const struct diagnosis *d);

#endif
