/* SPDX-License-Identifier: ISC */
#include "heloscope/db/evidence.h"

#include "heloscope/base/text.h"
#include "query.h"

/* The parts of each finding, brought into one shape and joined with their events. An origin that is
 * the refusal itself is told once. */
static const char select_points[] =
    "WITH part (reply_seq, seq, rank, name) AS ("
    " SELECT reply_seq, reply_seq, 0, 'reply' FROM diagnoses WHERE session_id = ?1"
    " UNION ALL SELECT reply_seq, origin_seq, 1, 'origin' FROM diagnoses"
    "  WHERE session_id = ?1 AND origin_seq IS NOT NULL AND origin_seq <> reply_seq"
    " UNION ALL SELECT reply_seq, command_seq, 2, 'command' FROM diagnoses"
    "  WHERE session_id = ?1 AND command_seq IS NOT NULL AND command_seq IS NOT origin_seq"
    " UNION ALL SELECT reply_seq, seq, 3, role FROM related_events WHERE session_id = ?1) "
    "SELECT p.seq, e.ts_us, e.packet, p.name, d.reply_seq, r.ts_us, r.packet, d.origin_seq, "
    "o.ts_us, o.packet, d.code, d.cause, c.title, d.fault, d.certainty, d.explanation, d.advice "
    "FROM part p JOIN diagnoses d ON d.session_id = ?1 AND d.reply_seq = p.reply_seq "
    "JOIN single_events e ON e.id = (?1 << 24 | p.seq) "
    "JOIN single_events r ON r.id = (?1 << 24 | p.reply_seq) "
    "LEFT JOIN single_events o ON o.id = (?1 << 24 | d.origin_seq) "
    "LEFT JOIN causes c ON c.cause = d.cause ORDER BY p.reply_seq, p.rank, p.seq";

static bool give_point(sqlite3_stmt *row, int64_t session_id, history_point_fn *fn, void *context)
{
    const struct history_point point = {
        .session_id = session_id,
        .seq = (event_no)sqlite3_column_int64(row, 0),
        .ts_us = sqlite3_column_int64(row, 1),
        .packet = (uint64_t)sqlite3_column_int64(row, 2),
        .part = reader_text(row, 3),
        .reply = (event_no)sqlite3_column_int64(row, 4),
        .reply_us = sqlite3_column_int64(row, 5),
        .reply_packet = (uint64_t)sqlite3_column_int64(row, 6),
        .origin = (event_no)sqlite3_column_int64(row, 7),
        .origin_us = sqlite3_column_int64(row, 8),
        .origin_packet = (uint64_t)sqlite3_column_int64(row, 9),
        .code = sqlite3_column_int(row, 10),
        .cause = reader_text(row, 11),
        .title = reader_text(row, 12),
        .fault = reader_text(row, 13),
        .certainty = reader_text(row, 14),
        .explanation = reader_text(row, 15),
        .advice = reader_text(row, 16),
    };
    return fn(context, &point);
}

bool history_points(struct history *history, int64_t session_id, history_point_fn *fn,
                    void *context, struct failure *why)
{
    sqlite3_stmt *statement = reader_prepare(history, select_points, why);
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, session_id);
    while (reader_row(statement) && give_point(statement, session_id, fn, context))
        ;
    return reader_finish(history, statement, why);
}

static const char select_path[] =
    "SELECT s.vlan, s.tunnel, s.tunnel_id, EXISTS (SELECT 1 FROM sessions t "
    "WHERE t.client_addr = s.client_addr AND t.client_port = s.client_port "
    "AND t.server_addr = s.server_addr AND t.server_port = s.server_port "
    "AND t.session_id <> s.session_id AND t.started_us <= s.ended_us "
    "AND t.ended_us >= s.started_us AND (t.vlan, t.tunnel, t.tunnel_id) IS NOT "
    "(s.vlan, s.tunnel, s.tunnel_id)) FROM sessions s WHERE s.session_id = ?1";

bool history_path(struct history *history, int64_t session_id, history_path_fn *fn, void *context,
                  struct failure *why)
{
    sqlite3_stmt *statement = reader_prepare(history, select_path, why);
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, session_id);
    if (reader_row(statement)) {
        const bool numbered = sqlite3_column_type(statement, 2) != SQLITE_NULL;
        const struct history_path path = {
            .vlan = sqlite3_column_int(statement, 0),
            .tunnel = reader_text(statement, 1),
            .tunnel_id = numbered ? sqlite3_column_int64(statement, 2) : -1,
            .twin = sqlite3_column_int(statement, 3) != 0,
        };
        fn(context, &path);
    }
    return reader_finish(history, statement, why);
}

/* The first capture and those that the session goes through after it. */
static const char select_captures[] =
    "SELECT c.source, coalesce(f.path, c.source), c.kind = 'file', c.started_us, c.packets, "
    "EXISTS (SELECT 1 FROM captures o WHERE o.kind = 'file' AND o.capture_id <> c.capture_id "
    "AND o.started_us <= c.ended_us AND o.ended_us >= c.started_us) FROM captures c "
    "LEFT JOIN capture_files f ON f.capture_id = c.capture_id WHERE c.capture_id IN "
    "(SELECT capture_id FROM sessions WHERE session_id = ?1 "
    "UNION SELECT capture_id FROM session_captures WHERE session_id = ?1) "
    "ORDER BY c.started_us, c.capture_id";

bool history_captures(struct history *history, int64_t session_id, history_capture_fn *fn,
                      void *context, struct failure *why)
{
    sqlite3_stmt *statement = reader_prepare(history, select_captures, why);
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, session_id);
    bool wanted = true;
    while (wanted && reader_row(statement)) {
        const struct history_capture row = {
            .source = text_or(reader_text(statement, 0), ""),
            .path = text_or(reader_text(statement, 1), ""),
            .is_file = sqlite3_column_int(statement, 2) != 0,
            .started_us = sqlite3_column_int64(statement, 3),
            .packets = (uint64_t)sqlite3_column_int64(statement, 4),
            .beside = sqlite3_column_int(statement, 5) != 0,
        };
        wanted = fn(context, &row);
    }
    return reader_finish(history, statement, why);
}
