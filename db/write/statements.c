/* SPDX-License-Identifier: ISC */
#include "statements.h"

/* In the order in which rows.c binds them; the session's id is ?1. */
#define SESSION_COLUMNS                                                                            \
    "capture_id, source, uid, community_id, client_addr, client_port, server_addr, server_port, "  \
    "vlan, tunnel, tunnel_id, proxied_addr, proxied_port, started_us, ended_us, protocol, helo, "  \
    "server_name, server_software, server_evidence, "                                              \
    "client_software, client_evidence, tls_version, tls_sni, tls_records, auth_mechanism, "        \
    "auth_outcome, commands, replies, messages, violations, errors_503, packets, bytes_client, "   \
    "bytes_server, bytes_missing, retransmitted, midstream, one_sided, outcome, "                  \
    "tls_suite, tls_group, tls_alpn, tls_handshake, tls_certificate, tls_alerts, tls_closed, "     \
    "tls_failure, tls_hidden, tls_records_client, tls_octets_client, tls_octets_server, "          \
    "tls_idle_us"
#define SESSION_VALUES                                                                             \
    "?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, " \
    "?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36, ?37, ?38, ?39, "   \
    "?40, ?41, ?42, ?43, ?44, ?45, ?46, ?47, ?48, ?49, ?50, ?51, ?52, ?53, ?54"

/* %s is the database. OR FAIL: an error leaves the rows before it in the transaction, which the
 * store rolls back as a whole; without it SQLite would keep a journal of each statement of many
 * rows. */
static const char *const texts[STATEMENT_COUNT] = {
    /* Another process may have stored a fuller record of a session that is open here, with the same
     * numbers for the same events: what is there already stays. */
    [SESSION_INSERT] = "INSERT INTO %s.sessions (session_id, " SESSION_COLUMNS ") "
                       "VALUES (?1, " SESSION_VALUES ") ON CONFLICT (uid) DO NOTHING",
    [SESSION_UPDATE] = "UPDATE %s.sessions SET (" SESSION_COLUMNS ") = (" SESSION_VALUES ") "
                       "WHERE session_id = ?1",
    [TIMELINES_INSERT] = "INSERT OR IGNORE INTO %s.timelines (session_id, events) "
                         "SELECT * FROM chapter_timelines",
    [EVENTS_INSERT] =
        "INSERT OR IGNORE INTO %s.single_events (id, ts_us, packet, side, kind, verb, code, "
        "enhanced, text, bytes, answers, saw, note) SELECT * FROM chapter_events",
    [TRANSACTIONS_INSERT] =
        "INSERT OR IGNORE INTO %s.transactions (session_id, tx, mail_seq, started_us, "
        "ended_us, mail_from, recipients, accepted, bytes, outcome, code, "
        "queue_id, message_id) SELECT * FROM chapter_transactions",
    [RECIPIENTS_INSERT] =
        "INSERT OR IGNORE INTO %s.recipients (session_id, tx, n, seq, reply_seq, address, "
        "code) SELECT * FROM chapter_recipients",
    [VIOLATION_INSERT] = "INSERT OR REPLACE INTO %s.violations (session_id, seq, rule, tolerated) "
                         "VALUES (?, ?, ?, ?)",
    [DIAGNOSIS_INSERT] = "INSERT OR IGNORE INTO %s.diagnoses (session_id, reply_seq, command_seq, "
                         "origin_seq, code, cause, fault, certainty, server_says, agrees, "
                         "explanation, advice) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [CAPTURE_INSERT] = "INSERT OR IGNORE INTO %s.session_captures (session_id, capture_id) "
                       "VALUES (?, ?)",
    [RELATED_INSERT] = "INSERT OR REPLACE INTO %s.related_events (session_id, reply_seq, seq, "
                       "role) VALUES (?, ?, ?, ?)",
    [KINDS_SELECT] = "SELECT cause, code, fault, certainty, count(*), max(reply_seq) FROM "
                     "%s.diagnoses WHERE session_id = ?1 GROUP BY cause, code, fault, certainty",
    [REPEATS_ADD] = "UPDATE %s.diagnoses SET repeats = repeats + ?3 WHERE session_id = ?1 AND "
                    "reply_seq = ?2",
};

bool statements_prepare(struct statements *statements, sqlite3 *db, const char *database,
                        struct feed *feed)
{
    *statements = (struct statements){.db = db, .feed = feed};
    for (int i = 0; i < STATEMENT_COUNT; i++) {
        char *sql = sqlite3_mprintf(texts[i], database);
        const int result = sql ? sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT,
                                                    &statements->of[i], NULL)
                               : SQLITE_NOMEM;
        sqlite3_free(sql);
        if (result != SQLITE_OK)
            return false;
    }
    return true;
}

/* Finalizing NULL does nothing: also for a set that was not or only partly prepared. */
void statements_finalize(struct statements *statements)
{
    for (int i = 0; i < STATEMENT_COUNT; i++) {
        sqlite3_finalize(statements->of[i]);
        statements->of[i] = NULL;
    }
}

bool statement_run(sqlite3_stmt *statement)
{
    sqlite3_step(statement);
    return sqlite3_reset(statement) == SQLITE_OK;
}

void bind_text(sqlite3_stmt *statement, int column, struct bytes text)
{
    if (text.at)
        sqlite3_bind_text64(statement, column, (const char *)text.at, text.len, SQLITE_STATIC,
                            SQLITE_UTF8);
    else
        sqlite3_bind_null(statement, column);
}

void bind_word(sqlite3_stmt *statement, int column, const char *word)
{
    if (word)
        sqlite3_bind_text(statement, column, word, -1, SQLITE_STATIC);
    else
        sqlite3_bind_null(statement, column);
}

void bind_number(sqlite3_stmt *statement, int column, uint64_t number)
{
    sqlite3_bind_int64(statement, column, (sqlite3_int64)number);
}

void bind_present(sqlite3_stmt *statement, int column, uint64_t number)
{
    if (number)
        bind_number(statement, column, number);
    else
        sqlite3_bind_null(statement, column);
}
