/* SPDX-License-Identifier: ISC */
/* The tables of a fleet: what of a session goes out, under which name and type. */
#include "outbox.h"

#define NUMBER      "UInt64"
#define PORT        "UInt16"
#define TEXT        "String"
#define MAYBE(type) "Nullable(" type ")"

static const struct outbox_column sessions[] = {
    {"source", "s.source", TEXT, 1},
    {"community_id", "s.community_id", MAYBE(TEXT), 1},
    {"client_addr", "s.client_addr", TEXT, 1},
    {"client_port", "s.client_port", PORT, 1},
    {"server_addr", "s.server_addr", TEXT, 1},
    {"server_port", "s.server_port", PORT, 1},
    {"vlan", "s.vlan", MAYBE(PORT), 1},
    {"tunnel", "s.tunnel", MAYBE(TEXT), 1},
    {"tunnel_id", "s.tunnel_id", MAYBE(NUMBER), 1},
    {"proxied_addr", "s.proxied_addr", MAYBE(TEXT), 1},
    {"proxied_port", "s.proxied_port", MAYBE(PORT), 1},
    {"ended_us", "s.ended_us", "Int64", 1},
    {"protocol", "s.protocol", MAYBE(TEXT), 1},
    {"helo", "s.helo", MAYBE(TEXT), 1},
    {"server_name", "s.server_name", MAYBE(TEXT), 1},
    {"server_software", "s.server_software", MAYBE(TEXT), 1},
    {"server_evidence", "s.server_evidence", MAYBE(TEXT), 1},
    {"client_software", "s.client_software", MAYBE(TEXT), 1},
    {"client_evidence", "s.client_evidence", MAYBE(TEXT), 1},
    {"tls_version", "s.tls_version", MAYBE(TEXT), 1},
    {"tls_sni", "s.tls_sni", MAYBE(TEXT), 1},
    {"tls_records", "s.tls_records", NUMBER, 1},
    {"auth_mechanism", "s.auth_mechanism", MAYBE(TEXT), 1},
    {"auth_outcome", "s.auth_outcome", MAYBE(TEXT), 1},
    {"commands", "s.commands", NUMBER, 1},
    {"replies", "s.replies", NUMBER, 1},
    {"messages", "s.messages", NUMBER, 1},
    {"violations", "s.violations", NUMBER, 1},
    {"errors_503", "s.errors_503", NUMBER, 1},
    {"packets", "s.packets", NUMBER, 1},
    {"bytes_client", "s.bytes_client", NUMBER, 1},
    {"bytes_server", "s.bytes_server", NUMBER, 1},
    {"bytes_missing", "s.bytes_missing", NUMBER, 1},
    {"retransmitted", "s.retransmitted", NUMBER, 1},
    {"midstream", "s.midstream", "UInt8", 1},
    {"one_sided", "s.one_sided", "UInt8", 1},
    {"outcome", "s.outcome", TEXT, 1},
    {"tls_suite", "s.tls_suite", MAYBE(TEXT), 3},
    {"tls_group", "s.tls_group", MAYBE(TEXT), 3},
    {"tls_alpn", "s.tls_alpn", MAYBE(TEXT), 3},
    {"tls_handshake", "s.tls_handshake", MAYBE(TEXT), 3},
    {"tls_certificate", "s.tls_certificate", MAYBE(TEXT), 3},
    {"tls_alerts", "s.tls_alerts", MAYBE(TEXT), 3},
    {"tls_closed", "s.tls_closed", MAYBE(TEXT), 3},
    {"tls_failure", "s.tls_failure", MAYBE(TEXT), 3},
    {"tls_hidden", "s.tls_hidden", MAYBE(TEXT), 3},
    {"tls_records_client", "s.tls_records_client", MAYBE(NUMBER), 3},
    {"tls_octets_client", "s.tls_octets_client", MAYBE(NUMBER), 3},
    {"tls_octets_server", "s.tls_octets_server", MAYBE(NUMBER), 3},
    {"tls_idle_us", "s.tls_idle_us", MAYBE("Int64"), 3},
};

/* The mark of the timeline costs look-ups, and sessions in which nothing was wrong have none: ?2.
 */
static const struct outbox_column events[] = {
    {"seq", "r.seq", "UInt32", 1},
    {"ts_us", "r.ts_us", "Int64", 1},
    {"packet", "r.packet", NUMBER, 1},
    {"side", "r.side", TEXT, 1},
    {"kind", "r.kind", TEXT, 1},
    {"verb", "r.verb", MAYBE(TEXT), 1},
    {"code", "r.code", MAYBE(PORT), 1},
    {"enhanced", "r.enhanced", MAYBE(TEXT), 1},
    {"text", "r.text", MAYBE(TEXT), 1},
    {"bytes", "r.bytes", MAYBE(NUMBER), 1},
    {"answers", "r.answers", MAYBE("UInt32"), 1},
    {"saw", "r.saw", MAYBE("UInt32"), 1},
    {"note", "r.note", MAYBE(TEXT), 1},
    {"mark",
     "iif(?2, (SELECT nullif(t.mark, '') FROM timeline t WHERE t.session_id = ?1 "
     "AND t.seq = r.seq), NULL)",
     MAYBE(TEXT), 1},
};

#define EVENT(column) "(d.session_id << 24 | d." column ")"
#define LINE(column)  "(SELECT l.line FROM single_lines l WHERE l.id = " EVENT(column) ")"

/* A diagnosis with all that rankings ask of its session and its events, so that they need no join.
 */
static const struct outbox_column diagnoses[] = {
    {"reply_seq", "d.reply_seq", "UInt32", 1},
    {"ts_us", "r.ts_us", "Int64", 1},
    {"client", "coalesce(s.proxied_addr, s.client_addr)", TEXT, 1},
    {"server", "s.server_addr", TEXT, 1},
    {"port", "s.server_port", PORT, 1},
    {"helo", "s.helo", MAYBE(TEXT), 1},
    {"client_software", "s.client_software", MAYBE(TEXT), 1},
    {"server_software", "s.server_software", MAYBE(TEXT), 1},
    {"command_seq", "d.command_seq", MAYBE("UInt32"), 1},
    {"command", LINE("command_seq"), MAYBE(TEXT), 1},
    {"code", "d.code", PORT, 1},
    {"reply", LINE("reply_seq"), MAYBE(TEXT), 1},
    {"cause", "d.cause", TEXT, 1},
    {"fault", "d.fault", TEXT, 1},
    {"certainty", "d.certainty", TEXT, 1},
    {"origin_seq", "d.origin_seq", MAYBE("UInt32"), 1},
    {"origin", LINE("origin_seq"), MAYBE(TEXT), 1},
    {"server_says", "d.server_says", MAYBE(TEXT), 1},
    {"agrees", "d.agrees", MAYBE("UInt8"), 1},
    {"explanation", "d.explanation", MAYBE(TEXT), 1},
    {"advice", "d.advice", MAYBE(TEXT), 1},
    {"repeats", "d.repeats", NUMBER, 2},
    {"source", "s.source", TEXT, 1},
    {"verb",
     "(SELECT coalesce(c.verb, c.kind) FROM single_events c WHERE c.id = " EVENT("command_seq") ")",
     MAYBE(TEXT), 1},
    {"status", "coalesce(r.code || coalesce(' ' || r.enhanced, ''), r.kind)", MAYBE(TEXT), 1},
    {"origin_status",
     "(SELECT coalesce(o.verb, o.code || coalesce(' ' || o.enhanced, ''), o.kind) "
     "FROM single_events o WHERE o.id = " EVENT("origin_seq") ")",
     MAYBE(TEXT), 1},
};

static const struct outbox_column violations[] = {
    {"seq", "r.seq", "UInt32", 1},
    {"rule", "r.rule", TEXT, 1},
    {"tolerated", "r.tolerated", "UInt8", 1},
};

static const struct outbox_column related_events[] = {
    {"reply_seq", "r.reply_seq", "UInt32", 1},
    {"seq", "r.seq", "UInt32", 1},
    {"role", "r.role", TEXT, 1},
};

static const struct outbox_column transactions[] = {
    {"tx", "r.tx", "UInt32", 1},
    {"mail_seq", "r.mail_seq", MAYBE("UInt32"), 1},
    {"begun_us", "r.started_us", "Int64", 1},
    {"ended_us", "r.ended_us", "Int64", 1},
    {"mail_from", "r.mail_from", MAYBE(TEXT), 1},
    {"recipients", "r.recipients", "UInt32", 1},
    {"accepted", "r.accepted", "UInt32", 1},
    {"bytes", "r.bytes", NUMBER, 1},
    {"outcome", "r.outcome", TEXT, 1},
    {"code", "r.code", MAYBE(PORT), 1},
    {"queue_id", "r.queue_id", MAYBE(TEXT), 1},
    {"message_id", "r.message_id", MAYBE(TEXT), 1},
};

static const struct outbox_column recipients[] = {
    {"tx", "r.tx", "UInt32", 1},
    {"n", "r.n", "UInt32", 1},
    {"seq", "r.seq", MAYBE("UInt32"), 1},
    {"reply_seq", "r.reply_seq", MAYBE("UInt32"), 1},
    {"address", "r.address", MAYBE(TEXT), 1},
    {"code", "r.code", MAYBE(PORT), 1},
};

#define COUNTED(list) list, sizeof list / sizeof *list

/* The row of the session last: once it is there, all of it is. */
const struct outbox_table outbox_tables[OUTBOX_TABLES] = {
    {"events", ", seq", COUNTED(events), "FROM events r WHERE r.session_id = ?1", false},
    {"diagnoses", ", reply_seq", COUNTED(diagnoses),
     "FROM sessions s JOIN diagnoses d ON d.session_id = s.session_id LEFT JOIN single_events r "
     "ON r.id = " EVENT("reply_seq") " WHERE s.session_id = ?1",
     true},
    {"violations", ", seq, rule", COUNTED(violations), "FROM violations r WHERE r.session_id = ?1",
     true},
    {"related_events", ", reply_seq, seq, role", COUNTED(related_events),
     "FROM related_events r WHERE r.session_id = ?1", true},
    {"transactions", ", tx", COUNTED(transactions), "FROM transactions r WHERE r.session_id = ?1",
     false},
    {"recipients", ", tx, n", COUNTED(recipients), "FROM recipients r WHERE r.session_id = ?1",
     false},
    {"sessions", "", COUNTED(sessions), "FROM sessions s WHERE s.session_id = ?1", false},
};

static bool prepare(struct outbox *outbox, size_t table, struct failure *why)
{
    const struct outbox_table *of = &outbox_tables[table];
    sqlite3_str *sql = sqlite3_str_new(outbox->history->db);
    sqlite3_str_appendall(sql, "SELECT ");
    for (size_t i = 0; i < of->count; i++)
        sqlite3_str_appendf(sql, "%s%s", i ? ", " : "", of->columns[i].value);
    sqlite3_str_appendf(sql, " %s", of->from);
    char *text = sqlite3_str_finish(sql);
    outbox->tables[table] = reader_prepare(outbox->history, text, why);
    sqlite3_free(text);
    return outbox->tables[table] != NULL;
}

bool outbox_table_rows(struct outbox *outbox, size_t table, const struct outbox_session *session,
                       int64_t version, const char *sensor, outbox_row_fn *fn, void *context,
                       struct failure *why)
{
    if (outbox_tables[table].of_trouble && !session->troubled)
        return true;
    if (!outbox->tables[table] && !prepare(outbox, table, why))
        return false;
    sqlite3_stmt *statement = outbox->tables[table];
    sqlite3_bind_int64(statement, 1, session->session_id);
    sqlite3_bind_int(statement, 2, session->troubled);
    outbox_object_begin(&outbox->object, session, version, sensor);
    bool wanted = true;
    while (wanted && reader_row(statement)) {
        const struct bytes row =
            outbox_object(&outbox->object, statement, outbox_tables[table].columns);
        wanted = fn(context, &row, 1);
    }
    return sqlite3_reset(statement) == SQLITE_OK || outbox_failed(outbox, why);
}
