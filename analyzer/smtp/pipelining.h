/* SPDX-License-Identifier: ISC */
/* Commands that are sent without waiting for the reply to the one before: RFC 2920. */
#ifndef ANALYZER_SMTP_PIPELINING_H
#define ANALYZER_SMTP_PIPELINING_H

#include "heloscope/order/pipelining_rules.h"
#include "heloscope/session/session.h"

/* Fills in what the place of `p`, the newest command, among its neighbours tells: was it sent
 * before its predecessor's reply was seen, and was that allowed? */
void pipelining_place(struct session *s, struct pending *p);

/* The reply to `p` ends at `end` of the server's octets: what commands that were sent before it was
 * seen must know of `p`. */
void pipelining_note_answered(struct session *s, const struct pending *p, uint64_t end);

#endif
