/* SPDX-License-Identifier: ISC */
/* The lines of mail servers' logs that were joined with a session. */
#include "columns.h"
#include "heloscope/db/logbook.h"

static const char select_log[] = "SELECT session_id, ts_us, clock_us, seq, server, kind, joined, "
                                 "text, code, alone, answer, line FROM "
                                 "log_lines WHERE session_id = ?1 ORDER BY seq, log_id, line";

bool history_log(struct history *history, int64_t session_id, history_log_fn *fn, void *context,
                 struct failure *why)
{
    sqlite3_stmt *statement = reader_prepare(history, select_log, why);
    bool more = true;
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, session_id);
    while (more && reader_row(statement)) {
        struct columns c = {statement, 0};
        struct log_line line = {0};
        line.session_id = number(&c);
        line.ts_us = number(&c);
        line.clock_us = number(&c);
        line.seq = (event_no)number(&c);
        line.server = text(&c);
        line.kind = text(&c);
        line.joined = text(&c);
        const char *words = text(&c);
        line.text = bytes_of_string(words ? words : "");
        line.code = (int)number(&c);
        line.alone = number(&c) != 0;
        line.answer = number(&c) != 0;
        line.line = number(&c);
        more = fn(context, &line);
    }
    return reader_finish(history, statement, why);
}
