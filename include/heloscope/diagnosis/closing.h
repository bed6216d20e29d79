/* SPDX-License-Identifier: ISC */
/* What only the end of a connection shows. */
#ifndef HELOSCOPE_DIAGNOSIS_CLOSING_H
#define HELOSCOPE_DIAGNOSIS_CLOSING_H

#include "heloscope/session/session.h"

/* Says what went wrong when the connection, of which nothing is missing, has ended in event `close`
 * by side `by`, and no reply has said so before. The diagnosis is one of `close`, with code 0. */
void diagnose_close(struct session *s, event_no close, enum side by, int64_t now_us);

#endif
