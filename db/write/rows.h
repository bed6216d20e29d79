/* A chapter's structures, column by column. */
#ifndef DB_WRITE_ROWS_H
#define DB_WRITE_ROWS_H

#include "heloscope/base/limits.h"
#include "heloscope/timeline.h"
#include "statements.h"

/* An event's key is session_id << EVENT_BITS | seq. Events beyond EVENT_LAST are counted in the
 * session's row, but are not stored: their keys would be those of the next session. */
#define EVENT_BITS 24
#define EVENT_LAST SESSION_EVENTS

/* Writes the session's own row with `statement` (SESSION_INSERT or SESSION_UPDATE); `session_id` 0
 * leaves the choice of a number to SQLite. False with the error left in the connection. */
bool rows_session(const struct statements *to, enum statement statement, int64_t session_id,
                  const struct session_row *session);

/* Writes all that hangs on the sessions, of whole batches at the least cost. False with the error
 * left in the connection. */
bool rows_chapters(const struct statements *to, const struct fed *items, size_t count);
bool rows_chapter(const struct statements *to, int64_t session_id, const struct chapter *chapter);

#endif
