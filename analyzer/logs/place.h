/* SPDX-License-Identifier: ISC */
/* Where in a session the lines of its log stand. */
#ifndef ANALYZER_LOGS_PLACE_H
#define ANALYZER_LOGS_PLACE_H

#include "heloscope/db/logbook.h"
#include "join.h"

/* How far what the lines tell is what the session shows: more with each refusal that is in both,
 * less with each that only the log has, where the session was read whole. False with `why`. */
bool place_agreement(const struct log_join *join, const struct visit *visit,
                     const struct log_session *session, int *agreement, struct failure *why);

/* Hands over each line of the visit to `book`: behind the reply that it is about where that can be
 * told, else by time. False with `why`. */
bool place_lines(struct logbook *book, const struct log_join *join, const struct visit *visit,
                 struct failure *why);

#endif
