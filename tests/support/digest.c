/* SPDX-License-Identifier: ISC */
#include "digest.h"

#include "heloscope/base/hash.h"

static uint64_t mix_text(uint64_t d, struct bytes text)
{
    return text.at ? hash_octets(hash_mix(d, 1), text.at, text.len) : hash_mix(d, 2);
}

static uint64_t mix_string(uint64_t d, const char *text)
{
    return text ? mix_text(d, bytes_of_string(text)) : hash_mix(d, 0);
}

static uint64_t mix_numbers(uint64_t d, const uint64_t *numbers, size_t count)
{
    return hash_octets(d, numbers, count * sizeof *numbers);
}

#define MIX(d, ...)                                                                                \
    mix_numbers(d, (const uint64_t[]){__VA_ARGS__},                                                \
                sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

static uint64_t mix_event(uint64_t d, const struct event *e)
{
    d = MIX(d, e->seq, (uint64_t)e->ts_us, e->packet, e->side, e->kind, (uint64_t)e->code, e->bytes,
            e->has_bytes, e->answers, e->saw, e->notes);
    return mix_text(mix_text(mix_string(d, e->verb), e->enhanced), e->text);
}

static uint64_t mix_diagnosis(uint64_t d, const struct diagnosis *f)
{
    d = MIX(d, f->reply, f->command, f->origin, (uint64_t)f->code, f->cause, f->fault, f->certainty,
            f->server_says, (uint64_t)f->agrees);
    d = mix_text(mix_text(d, f->explanation), f->advice);
    for (const struct related *r = f->related; r; r = r->next)
        d = MIX(d, r->seq, r->role);
    return d;
}

static uint64_t mix_transaction(uint64_t d, const struct transaction *t)
{
    d = MIX(d, t->number, t->mail, (uint64_t)t->started_us, (uint64_t)t->ended_us, t->recipients,
            t->accepted, t->bytes, (uint64_t)t->code);
    d = mix_string(mix_text(d, t->mail_from), t->outcome);
    d = mix_text(mix_text(d, t->queue_id), t->message_id);
    for (const struct recipient *r = t->recipient_list; r; r = r->next)
        d = mix_text(MIX(d, r->command, r->reply, (uint64_t)r->code), r->address);
    return d;
}

static uint64_t mix_row(uint64_t d, const struct session_row *row)
{
    const struct bytes texts[] = {row->helo,
                                  row->server_name,
                                  row->server_software,
                                  row->server_evidence,
                                  row->client_software,
                                  row->client_evidence,
                                  row->tls_version,
                                  row->tls_sni,
                                  row->auth_mechanism,
                                  row->auth_outcome};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        d = mix_text(d, texts[i]);
    d = mix_string(mix_string(d, row->protocol), row->outcome);
    d = hash_octets(d, &row->proxied, sizeof row->proxied);
    return MIX(d, (uint64_t)row->started_us, (uint64_t)row->ended_us, row->proxied_port,
               row->tls_records, row->packets, row->bytes_client, row->bytes_server,
               row->bytes_missing, row->retransmitted, row->commands, row->replies, row->messages,
               row->violations, row->errors_503, row->midstream, row->one_sided);
}

uint64_t digest_chapter(uint64_t d, const struct chapter *chapter)
{
    d = MIX(d, chapter->first, chapter->last);
    for (const struct event *e = chapter->events; e; e = e->next)
        d = mix_event(d, e);
    for (const struct violation *v = chapter->violations; v; v = v->next)
        d = mix_string(MIX(d, v->seq, v->tolerated), v->rule);
    for (const struct diagnosis *f = chapter->diagnoses; f; f = f->next)
        d = mix_diagnosis(d, f);
    for (const struct transaction *t = chapter->transactions; t; t = t->next)
        d = mix_transaction(d, t);
    return mix_row(d, &chapter->session);
}
