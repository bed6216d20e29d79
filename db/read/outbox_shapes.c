/* SPDX-License-Identifier: ISC */
/* The SQL of what is made of a session. Objects are made by SQLite's own JSON functions. */
#include "outbox.h"

/* Where the members of a relation's columns go into a text. */
#define SESSION_MEMBERS "@sessions@"
#define FINDING_MEMBERS "@diagnoses@"

/* A member behind others. Objects of many members are put together in this way, because a function
 * of SQL has no more than 127 arguments. */
#define MEMBER(name, value) " || ',\"" name "\":' || json_quote(" value ")"

#define LINE_OF(column)                                                                            \
    "(SELECT l.line FROM single_lines l WHERE l.id = (d.session_id << 24 | d." column "))"
#define TIME_OF_REPLY                                                                              \
    "(SELECT e.ts_us FROM single_events e WHERE e.id = (d.session_id << 24 | d.reply_seq))"
#define RELATED                                                                                    \
    " || ',\"related\":' || (SELECT json_group_array(json_object('seq', r.seq, 'role', r.role)) "  \
    "FROM related_events r WHERE r.session_id = d.session_id AND r.reply_seq = d.reply_seq)"

#define SESSION                                                                                    \
    "'{\"type\":\"session\"'" MEMBER("version", "?2") MEMBER("sensor", "?3") SESSION_MEMBERS       \
        " || '}'"

/* A finding, with the parties of its session and the lines of the events that it names. */
#define FINDING                                                                                    \
    "'{\"type\":\"finding\"'" MEMBER("version", "?2") MEMBER("sensor", "?3")                       \
        MEMBER("uid", "s.uid") MEMBER("client_addr", "s.client_addr")                              \
            MEMBER("client_port", "s.client_port") MEMBER("server_addr", "s.server_addr")          \
                MEMBER("server_port", "s.server_port") MEMBER("helo", "s.helo")                    \
                    MEMBER("ts_us", TIME_OF_REPLY)                                                 \
                        FINDING_MEMBERS MEMBER("origin", LINE_OF("origin_seq"))                    \
                            MEMBER("command", LINE_OF("command_seq"))                              \
                                MEMBER("reply", LINE_OF("reply_seq")) RELATED " || '}'"

static const char session_line[] = "SELECT " SESSION " FROM sessions s WHERE s.session_id = ?1";

static const char finding_line[] =
    "SELECT " FINDING " FROM diagnoses d JOIN sessions s ON s.session_id = d.session_id "
    "WHERE d.session_id = ?1 ORDER BY d.reply_seq";

/* Suricata writes an event for each transaction, and one for a session without any. Addresses of
 * mail have their brackets there, what is absent is left out (json_patch() does), and a flow's id
 * has 51 bits. */
#define BEGUN "coalesce(t.started_us, s.started_us)"
static const char eve_line[] =
    "SELECT json_patch('{}', json_object("
    "'timestamp', strftime('%Y-%m-%dT%H:%M:%S', " BEGUN " / 1000000, 'unixepoch') "
    "|| printf('.%06d+0000', " BEGUN " % 1000000), "
    "'flow_id', (s.started_us & 34359738367) << 16 | s.client_port, 'event_type', 'smtp', "
    "'vlan', iif(s.vlan IS NULL, NULL, json_array(s.vlan)), "
    "'src_ip', s.client_addr, 'src_port', s.client_port, 'dest_ip', s.server_addr, "
    "'dest_port', s.server_port, 'proto', 'TCP', 'tx_id', coalesce(t.tx, 1) - 1, "
    "'community_id', s.community_id, "
    "'smtp', json_object('helo', s.helo, 'mail_from', '<' || t.mail_from || '>', 'rcpt_to', "
    "(SELECT iif(count(*), json_group_array('<' || r.address || '>'), NULL) FROM recipients r "
    "WHERE r.session_id = s.session_id AND r.tx = t.tx AND r.address IS NOT NULL)), "
    "'heloscope', json_object('uid', s.uid, 'version', ?2, 'sensor', ?3, 'outcome', t.outcome, "
    "'code', t.code, 'queue_id', t.queue_id, 'message_id', t.message_id, "
    "'session', iif(coalesce(t.tx, 1) > 1, NULL, json(" SESSION ")), "
    "'findings', iif(coalesce(t.tx, 1) > 1, NULL, json((SELECT json_group_array(json(" FINDING ")) "
    "FROM diagnoses d WHERE d.session_id = s.session_id)))))) "
    "FROM sessions s LEFT JOIN transactions t ON t.session_id = s.session_id "
    "WHERE s.session_id = ?1 ORDER BY t.tx";

/* Zeek writes a line for each transaction, and for a session with STARTTLS and none. The depth
 * grows when a message was transferred. */
static const char zeek_row[] =
    "SELECT coalesce(t.started_us, s.started_us), s.uid, s.client_addr, s.client_port, "
    "s.server_addr, s.server_port, "
    "1 + (SELECT count(*) FROM transactions b WHERE b.session_id = s.session_id AND b.tx < t.tx "
    "AND (b.bytes > 0 OR b.outcome = 'accepted')), "
    "s.helo, t.mail_from, "
    "(SELECT group_concat(address, char(31)) FROM (SELECT DISTINCT r.address FROM recipients r "
    "WHERE r.session_id = t.session_id AND r.tx = t.tx)), "
    "t.message_id, "
    "(SELECT e.text FROM events e WHERE e.session_id = s.session_id AND e.kind = 'reply' "
    "AND e.ts_us <= coalesce(t.ended_us, s.ended_us) ORDER BY e.seq DESC LIMIT 1), "
    "s.tls_version IS NOT NULL "
    "FROM sessions s LEFT JOIN transactions t ON t.session_id = s.session_id "
    "WHERE s.session_id = ?1 AND ?2 IS NOT ?3 AND (t.tx IS NOT NULL OR s.tls_version IS NOT NULL) "
    "ORDER BY t.tx";

static const char *const texts[OUTBOX_SHAPES] = {
    [OUTBOX_SESSION_LINE] = session_line,
    [OUTBOX_FINDING_LINE] = finding_line,
    [OUTBOX_EVE_LINE] = eve_line,
    [OUTBOX_ZEEK_ROW] = zeek_row,
};

/* A member for each column of a relation but those that number rows of this history. */
static bool add_members(struct outbox *outbox, sqlite3_str *sql, const char *relation,
                        const char *alias, struct failure *why)
{
    static const char of[] = "SELECT name FROM pragma_table_info(?1) "
                             "WHERE name NOT IN ('session_id', 'capture_id', 'id') ORDER BY cid";
    sqlite3_stmt *names = reader_prepare(outbox->history, of, why);
    if (!names)
        return false;
    sqlite3_bind_text(names, 1, relation, -1, SQLITE_STATIC);
    while (reader_row(names))
        sqlite3_str_appendf(sql, " || ',\"%w\":' || json_quote(%s.\"%w\")", reader_text(names, 0),
                            alias, reader_text(names, 0));
    return reader_finish(outbox->history, names, why);
}

/* The text with the members in their places. */
static bool fill_in(struct outbox *outbox, sqlite3_str *sql, const char *text, struct failure *why)
{
    for (const char *at; (at = strchr(text, '@')) != NULL;) {
        const bool session = strncmp(at, SESSION_MEMBERS, sizeof SESSION_MEMBERS - 1) == 0;
        sqlite3_str_append(sql, text, (int)(at - text));
        if (!add_members(outbox, sql, session ? "sessions" : "diagnoses", session ? "s" : "d", why))
            return false;
        text = at + (session ? sizeof SESSION_MEMBERS : sizeof FINDING_MEMBERS) - 1;
    }
    sqlite3_str_appendall(sql, text);
    return true;
}

bool outbox_shape_prepare(struct outbox *outbox, enum outbox_shape shape, struct failure *why)
{
    sqlite3_str *sql = sqlite3_str_new(outbox->history->db);
    const bool filled = fill_in(outbox, sql, texts[shape], why);
    char *text = sqlite3_str_finish(sql);
    if (filled)
        outbox->shapes[shape] = reader_prepare(outbox->history, text, why);
    sqlite3_free(text);
    return outbox->shapes[shape] != NULL;
}
