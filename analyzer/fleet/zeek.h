/* SPDX-License-Identifier: ISC */
/* The form of Zeek's smtp.log. */
#ifndef ANALYZER_FLEET_ZEEK_H
#define ANALYZER_FLEET_ZEEK_H

#include "sink.h"

/* The lines at the head of a file; `room` for them. */
void zeek_header(char *out, size_t room, long long now_s);

/* Puts the line of a row of OUTBOX_ZEEK_ROW. */
void zeek_line(struct sink *sink, const struct bytes *cells);

#endif
