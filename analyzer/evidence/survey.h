/* SPDX-License-Identifier: ISC */
/* Which packets of the captures are those of the sessions. */
#ifndef ANALYZER_EVIDENCE_SURVEY_H
#define ANALYZER_EVIDENCE_SURVEY_H

#include "heloscope/capture/capture.h"
#include "plan.h"

struct survey_packet {
    uint64_t order;  /* in the reading of all captures, from 1 */
    uint64_t number; /* in its capture */
    int64_t ts_us;
    int64_t shift_us; /* by which its capture's clock had been corrected, roughly; 0 = not */
    struct plan_session *session;
};

enum {
    SURVEY_RANDOM = 32
};

struct survey {
    struct survey_packet *packets; /* in the order of reading: number i becomes frame i + 1 */
    size_t count;
    uint8_t (*randoms)[SURVEY_RANDOM]; /* of the clients' hellos: by these key logs name secrets */
    size_t random_count;
    struct failure warning; /* of a capture that could not be read to its end */
};

/* Opens the captures of `plan` as one, in the order of time. NULL with `why` when one cannot be
 * opened. `keylog` takes the secrets in them; may be NULL. */
struct capture *survey_open(const struct plan *plan, struct keylog *keylog, struct failure *why);

/* Finds the packets, and the frames of the points of `plan`. False with `why` when what the history
 * speaks of is not there. The caller calls survey_free() in either case. */
bool survey_run(struct survey *survey, struct plan *plan, struct keylog *keylog,
                struct failure *why);
void survey_free(struct survey *survey);

#endif
