/* SPDX-License-Identifier: ISC */
/* A chapter's structures, column by column. */
#ifndef DB_WRITE_ROWS_H
#define DB_WRITE_ROWS_H

#include "db/event_key.h"
#include "heloscope/timeline.h"
#include "statements.h"

/* Writes the session's own row with `statement` (SESSION_INSERT or SESSION_UPDATE); `session_id` 0
 * leaves the choice of a number to SQLite. False with the error left in the connection. */
bool rows_session(const struct statements *to, enum statement statement, int64_t session_id,
                  const struct session_row *session);

/* Writes all that hangs on the sessions, of whole batches at the least cost. False with the error
 * left in the connection. */
bool rows_chapters(const struct statements *to, const struct fed *items, size_t count);
bool rows_chapter(const struct statements *to, int64_t session_id, const struct chapter *chapter);

#endif
