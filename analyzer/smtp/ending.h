/* SPDX-License-Identifier: ISC */
/* What the end of a connection tells of its session. */
#ifndef ANALYZER_SMTP_ENDING_H
#define ANALYZER_SMTP_ENDING_H

#include "heloscope/session/session.h"

/* All that was captured has been read: judges what was never answered, ends the transaction, writes
 * outcome and close event. Parameters as those of session_end(). */
void ending_tell(struct session *s, const struct mark *mark, int ended_by, const char *how);

#endif
