/* SPDX-License-Identifier: ISC */
/* Between the connection and its session: how a session begins, and what the two streams add to its
 * row. */
#ifndef ANALYZER_PIPELINE_HANDOVER_H
#define ANALYZER_PIPELINE_HANDOVER_H

#include "stages.h"

/* Returns a new session for the connection, whose first octets are there. Owned by the caller. */
struct session *handover_begin(struct pipeline *p, const struct connection *c);

/* Writes what only the two streams know into the session's row. */
void handover_describe(struct session_row *row, const struct reassembly *reassembly);

/* Adds the captures that the connection has come to since the last chapter. */
void handover_captures(struct draft *draft, struct decoding *decoding);

#endif
