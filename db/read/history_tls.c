/* SPDX-License-Identifier: ISC */
/* The columns of TLS in a session's row. */
#include "query.h"

static const char select_tls[] =
    "SELECT tls_version, tls_sni, tls_suite, tls_group, tls_alpn, tls_handshake, tls_certificate, "
    "tls_alerts, tls_closed, tls_failure, tls_hidden, tls_records, tls_records_client, "
    "tls_octets_client, tls_octets_server, tls_idle_us "
    "FROM sessions WHERE session_id = ?1 AND (tls_records OR tls_version IS NOT NULL)";

static bool give_tls(sqlite3_stmt *statement, history_tls_fn *fn, void *context)
{
    struct history_tls row = {0};
    const char **texts[] = {&row.version, &row.name,      &row.suite,       &row.group,
                            &row.alpn,    &row.handshake, &row.certificate, &row.alerts,
                            &row.closed,  &row.failure,   &row.hidden};
    int64_t *numbers[] = {&row.records, &row.records_client, &row.octets_client, &row.octets_server,
                          &row.idle_us};
    int column = 0;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = reader_text(statement, column++);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        *numbers[i] = sqlite3_column_int64(statement, column++);
    return fn(context, &row);
}

bool history_tls(struct history *history, int64_t session_id, history_tls_fn *fn, void *context,
                 struct failure *why)
{
    sqlite3_stmt *statement = reader_prepare(history, select_tls, why);
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, session_id);
    if (reader_row(statement))
        give_tls(statement, fn, context);
    return reader_finish(history, statement, why);
}
