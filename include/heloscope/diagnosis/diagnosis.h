/* SPDX-License-Identifier: ISC */
/* From a refusal to a finding: cause, origin, fault, certainty. */
#ifndef HELOSCOPE_DIAGNOSIS_DIAGNOSIS_H
#define HELOSCOPE_DIAGNOSIS_DIAGNOSIS_H

#include "heloscope/session/session.h"

/* A reply as the diagnosis needs it. `text` is all lines without codes, `enhanced` "5.5.1" or
 * empty. */
struct answer {
    event_no seq;
    int code;
    struct bytes enhanced, text;
    bool cut;      /* the snap length has cut its text */
    bool doubtful; /* its pairing rests on a guess */
};

/* Judges the command that `answer` answers, writes violation and diagnosis. Returns the verdict. */
struct verdict diagnose(struct session *s, const struct pending *p, const struct answer *answer);

/* A reply that no command had asked for: one too many, or the server's last word, which it says
 * when nobody has said anything for `silence_us` microseconds. Returns whether it ends the session.
 */
bool diagnose_surplus(struct session *s, const struct answer *answer, int64_t silence_us);

/* A reply that cannot be the one to `p`: since two lines were answered as one, each reply belongs
 * to the command before. */
void diagnose_lag(struct session *s, const struct pending *p, const struct answer *answer);

/* A greeting that refuses. */
void diagnose_greeting(struct session *s, const struct answer *answer);

#endif
