#include "rows.h"

/* Room for all words of notes_print() together. */
#define NOTES_ROOM 256

static void bind_peers(struct binder *row, const struct session_row *session, char client[46],
                       char server[46])
{
    next_word(row, address_print(&session->client, client));
    next_number(row, session->client_port);
    next_word(row, address_print(&session->server, server));
    next_number(row, session->server_port);
    next_present(row, session->vlan);
}

static void bind_names(struct binder *row, const struct session_row *session)
{
    next_word(row, session->protocol);
    next_text(row, session->helo);
    next_text(row, session->server_name);
    next_text(row, session->server_software);
    next_text(row, session->server_evidence);
    next_text(row, session->client_software);
    next_text(row, session->client_evidence);
    next_text(row, session->tls_version);
    next_text(row, session->tls_sni);
    next_number(row, session->tls_records);
    next_text(row, session->auth_mechanism);
    next_text(row, session->auth_outcome);
}

static void bind_counts(struct binder *row, const struct session_row *session)
{
    next_number(row, session->commands);
    next_number(row, session->replies);
    next_number(row, session->messages);
    next_number(row, session->violations);
    next_number(row, session->errors_503);
    next_number(row, session->packets);
    next_number(row, session->bytes_client);
    next_number(row, session->bytes_server);
    next_number(row, session->bytes_missing);
    next_number(row, session->retransmitted);
}

bool rows_session(const struct statements *to, enum statement statement, int64_t session_id,
                  const struct session_row *session)
{
    char client[46], server[46];
    struct binder row = {to->of[statement], 0};
    next_present(&row, (uint64_t)session_id);
    next_number(&row, (uint64_t)session->capture_id);
    next_text(&row, session->source);
    next_text(&row, session->uid);
    next_text(&row, session->community_id);
    bind_peers(&row, session, client, server);
    next_number(&row, (uint64_t)session->started_us);
    next_number(&row, (uint64_t)session->ended_us);
    bind_names(&row, session);
    bind_counts(&row, session);
    next_number(&row, session->midstream);
    next_number(&row, session->one_sided);
    next_word(&row, session->outcome);
    return statement_run(row.statement);
}

static bool write_event(const struct statements *to, int64_t session_id, const struct event *event)
{
    char notes[NOTES_ROOM];
    struct binder row = {to->of[EVENT_INSERT], 0};
    next_number(&row, (uint64_t)session_id << EVENT_BITS | event->seq);
    next_number(&row, (uint64_t)event->ts_us);
    next_number(&row, event->packet);
    next_word(&row, event->side == SIDE_CLIENT ? "C" : "S");
    next_word(&row, event_kind_name(event->kind));
    next_word(&row, event->verb);
    next_present(&row, (uint64_t)event->code);
    next_text(&row, event->enhanced.len ? event->enhanced : bytes_of(NULL, 0));
    next_text(&row, event->text);
    if (event->has_bytes)
        next_number(&row, event->bytes);
    else
        next_present(&row, 0);
    next_present(&row, event->answers);
    next_present(&row, event->saw);
    next_word(&row, event->notes ? notes_print(event->notes, notes, sizeof notes) : NULL);
    return statement_run(row.statement);
}

static bool write_violation(const struct statements *to, int64_t session_id,
                            const struct violation *violation)
{
    struct binder row = {to->of[VIOLATION_INSERT], 0};
    next_number(&row, (uint64_t)session_id);
    next_number(&row, violation->seq);
    next_word(&row, violation->rule);
    next_number(&row, violation->tolerated);
    return statement_run(row.statement);
}

static bool write_related(const struct statements *to, int64_t session_id, event_no reply,
                          const struct related *related)
{
    struct binder row = {to->of[RELATED_INSERT], 0};
    next_number(&row, (uint64_t)session_id);
    next_number(&row, reply);
    next_number(&row, related->seq);
    next_word(&row, role_name(related->role));
    return statement_run(row.statement);
}

static bool write_diagnosis(const struct statements *to, int64_t session_id,
                            const struct diagnosis *diagnosis)
{
    struct binder row = {to->of[DIAGNOSIS_INSERT], 0};
    next_number(&row, (uint64_t)session_id);
    next_number(&row, diagnosis->reply);
    next_present(&row, diagnosis->command);
    next_present(&row, diagnosis->origin);
    next_number(&row, (uint64_t)diagnosis->code);
    next_word(&row, cause_entry(diagnosis->cause)->name);
    next_word(&row, fault_name(diagnosis->fault));
    next_word(&row, certainty_name(diagnosis->certainty));
    next_word(&row, diagnosis->server_says ? cause_entry(diagnosis->server_says)->name : NULL);
    if (diagnosis->agrees >= 0)
        next_number(&row, (uint64_t)diagnosis->agrees);
    else
        next_present(&row, 0);
    next_text(&row, diagnosis->explanation);
    next_text(&row, diagnosis->advice);
    if (!statement_run(row.statement))
        return false;
    for (const struct related *r = diagnosis->related; r; r = r->next)
        if (!write_related(to, session_id, diagnosis->reply, r))
            return false;
    return true;
}

static bool write_recipient(const struct statements *to, int64_t session_id, uint32_t tx,
                            uint32_t n, const struct recipient *recipient)
{
    struct binder row = {to->of[RECIPIENT_INSERT], 0};
    next_number(&row, (uint64_t)session_id);
    next_number(&row, tx);
    next_number(&row, n);
    next_present(&row, recipient->command);
    next_present(&row, recipient->reply);
    next_text(&row, recipient->address);
    next_present(&row, (uint64_t)recipient->code);
    return statement_run(row.statement);
}

static bool write_transaction(const struct statements *to, int64_t session_id,
                              const struct transaction *transaction)
{
    struct binder row = {to->of[TRANSACTION_INSERT], 0};
    next_number(&row, (uint64_t)session_id);
    next_number(&row, transaction->number);
    next_present(&row, transaction->mail);
    next_number(&row, (uint64_t)transaction->started_us);
    next_number(&row, (uint64_t)transaction->ended_us);
    next_text(&row, transaction->mail_from);
    next_number(&row, transaction->recipients);
    next_number(&row, transaction->accepted);
    next_number(&row, transaction->bytes);
    next_word(&row, transaction->outcome);
    next_present(&row, (uint64_t)transaction->code);
    next_text(&row, transaction->queue_id);
    next_text(&row, transaction->message_id);
    if (!statement_run(row.statement))
        return false;
    uint32_t n = 0;
    for (const struct recipient *r = transaction->recipient_list; r; r = r->next)
        if (!write_recipient(to, session_id, transaction->number, ++n, r))
            return false;
    return true;
}

bool rows_chapter(const struct statements *to, int64_t session_id, const struct chapter *chapter)
{
    for (const struct event *e = chapter->events; e; e = e->next)
        if (e->seq <= EVENT_LAST && !write_event(to, session_id, e))
            return false;
    for (const struct violation *v = chapter->violations; v; v = v->next)
        if (!write_violation(to, session_id, v))
            return false;
    for (const struct diagnosis *d = chapter->diagnoses; d; d = d->next)
        if (!write_diagnosis(to, session_id, d))
            return false;
    for (const struct transaction *t = chapter->transactions; t; t = t->next)
        if (!write_transaction(to, session_id, t))
            return false;
    return true;
}
