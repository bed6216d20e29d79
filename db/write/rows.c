/* SPDX-License-Identifier: ISC */
#include "rows.h"

#include "repeats.h"

/* Addresses as text, until they are written. */
struct peers {
    char client[46], server[46], proxied[46];
};

static void bind_peers(struct binder *row, const struct session_row *session, struct peers *peers)
{
    next_word(row, address_print(&session->client, peers->client));
    next_number(row, session->client_port);
    next_word(row, address_print(&session->server, peers->server));
    next_number(row, session->server_port);
    next_present(row, session->vlan);
    next_word(row, tunnel_name((enum tunnel_kind)session->tunnel.kind));
    if (session->tunnel.numbered)
        next_number(row, session->tunnel.id);
    else
        next_present(row, 0);
    next_word(row,
              session->proxied.family ? address_print(&session->proxied, peers->proxied) : NULL);
    next_present(row, session->proxied_port);
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

static void bind_tls(struct binder *row, const struct tls_row *tls)
{
    next_text(row, tls->suite);
    next_text(row, tls->group);
    next_text(row, tls->alpn);
    next_word(row, tls->handshake);
    next_word(row, tls->certificate);
    next_text(row, tls->alerts);
    next_word(row, tls->closed);
    next_text(row, tls->failure);
    next_text(row, tls->hidden);
    const uint64_t numbers[] = {tls->records_client, tls->octets_client, tls->octets_server,
                                (uint64_t)tls->idle_us};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (tls->seen)
            next_number(row, numbers[i]);
        else
            next_present(row, 0);
}

bool rows_session(const struct statements *to, enum statement statement, int64_t session_id,
                  const struct session_row *session)
{
    struct peers peers;
    struct binder row = {to->of[statement], 0};
    next_present(&row, (uint64_t)session_id);
    next_number(&row, (uint64_t)session->capture_id);
    next_text(&row, session->source);
    next_text(&row, session->uid);
    next_text(&row, session->community_id);
    bind_peers(&row, session, &peers);
    next_number(&row, (uint64_t)session->started_us);
    next_number(&row, (uint64_t)session->ended_us);
    bind_names(&row, session);
    bind_counts(&row, session);
    next_number(&row, session->midstream);
    next_number(&row, session->one_sided);
    next_word(&row, session->outcome);
    bind_tls(&row, &session->tls);
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

/* What few chapters have, a row at a time. */
static bool write_rare(const struct statements *to, const struct fed *fed)
{
    for (const struct violation *v = fed->chapter->violations; v; v = v->next)
        if (!v->left_out && !write_violation(to, fed->session_id, v))
            return false;
    for (const struct diagnosis *d = fed->chapter->diagnoses; d; d = d->next)
        if (!d->left_out && !write_diagnosis(to, fed->session_id, d))
            return false;
    return true;
}

/* All of it but the counts of what is left out. */
static bool write_kept(const struct statements *to, const struct fed *items, size_t count)
{
    *to->feed = (struct feed){items, count};
    for (enum statement i = TIMELINES_INSERT; i <= RECIPIENTS_INSERT; i++)
        if (!statement_run(to->of[i]))
            return false;
    for (size_t i = 0; i < count; i++)
        if (!write_rare(to, &items[i]))
            return false;
    return true;
}

/* A chapter that may have more findings of a kind than are kept. */
static bool write_counted(const struct statements *to, const struct fed *fed)
{
    struct repeats repeats;
    if (!repeats_find(&repeats, to, fed->session_id, fed->chapter))
        return false;
    const bool done = write_kept(to, fed, 1);
    return repeats_count(&repeats, to, fed->session_id) && done;
}

bool rows_chapters(const struct statements *to, const struct fed *items, size_t count)
{
    size_t first = 0;
    for (size_t i = 0; i < count; i++) {
        if (!repeats_possible(items[i].chapter))
            continue;
        if (!write_kept(to, items + first, i - first) || !write_counted(to, &items[i]))
            return false;
        first = i + 1;
    }
    return write_kept(to, items + first, count - first);
}

bool rows_chapter(const struct statements *to, int64_t session_id, const struct chapter *chapter)
{
    const struct fed one = {chapter, session_id, false, false};
    return rows_chapters(to, &one, 1);
}
