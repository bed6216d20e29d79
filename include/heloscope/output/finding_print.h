/* SPDX-License-Identifier: ISC */
/* A finding on the screen: which session, the excerpt of its timeline, the verdict. */
#ifndef HELOSCOPE_OUTPUT_FINDING_PRINT_H
#define HELOSCOPE_OUTPUT_FINDING_PRINT_H

#include "heloscope/output/findings.h"

/* In full, for `analyze`. */
bool finding_print(FILE *out, const struct terminal *terminal, struct history *history,
                   const struct finding *finding, struct failure *why);

/* Only the key events, for `monitor`. */
bool finding_print_brief(FILE *out, const struct terminal *terminal, struct history *history,
                         const struct finding *finding, struct failure *why);

/* As an object: the verdict and the events of the excerpt. */
bool finding_json(struct json *json, struct history *history, const struct finding *finding,
                  struct failure *why);

/* Between whom a session was and where it was captured, into the object that is open. */
void finding_json_parties(struct json *json, const struct history_session *session);

#endif
