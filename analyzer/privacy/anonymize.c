/* SPDX-License-Identifier: ISC */
#include "heloscope/privacy/anonymize.h"

#include "heloscope/session/identity.h"
#include "scrub.h"

/* A chapter, with what its names are replaced by. */
struct anonymizer {
    const struct pseudonyms *pseudonyms;
    struct arena *arena;
};

static void replace(const struct anonymizer *a, struct bytes *text, enum manner manner)
{
    *text = scrub_text(a->pseudonyms, a->arena, *text, manner);
}

static void replace_mailbox(const struct anonymizer *a, struct bytes *mailbox)
{
    *mailbox = scrub_mailbox(a->pseudonyms, a->arena, *mailbox);
}

/* --- the session --- */

/* The two ids are hashes of the addresses, which anybody could find by trying all. Of the
 * pseudonyms they still join the rows of histories with the same key. */
static void replace_ids(const struct anonymizer *a, struct session_row *row)
{
    char id[IDENTITY_SIZE];
    session_uid(&row->client, row->client_port, &row->server, row->server_port, row->started_us,
                id);
    row->uid = arena_copy(a->arena, bytes_of_string(id));
    community_id(&row->client, row->client_port, &row->server, row->server_port, id);
    row->community_id = arena_copy(a->arena, bytes_of_string(id));
    row->endpoints = endpoints_hash(&row->client, row->client_port, &row->server, row->server_port);
}

static void replace_session(const struct anonymizer *a, struct session_row *row)
{
    row->client = pseudonym_address(a->pseudonyms, &row->client);
    row->server = pseudonym_address(a->pseudonyms, &row->server);
    row->proxied = pseudonym_address(a->pseudonyms, &row->proxied);
    replace_ids(a, row);
    const struct {
        struct bytes *text;
        enum manner manner;
    } texts[] = {
        {&row->helo, SCRUB_ALL},
        {&row->server_name, SCRUB_ALL},
        {&row->tls_sni, SCRUB_ALL},
        {&row->tls.alpn, SCRUB_TEXT},
        {&row->auth_mechanism, SCRUB_TEXT},
        {&row->server_software, SCRUB_TEXT},
        {&row->client_software, SCRUB_TEXT},
        {&row->server_evidence, SCRUB_TEXT},
        {&row->client_evidence, SCRUB_TEXT},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        replace(a, texts[i].text, texts[i].manner);
}

/* --- what happened in it --- */

/* A sentence of ours that names something behind `before`, up to `behind` (NULL: to its end). That
 * it is a name does not show by itself: "mail" and "12345678" can be names. */
static void replace_naming(const struct anonymizer *a, struct bytes *text, const char *before,
                           const char *behind)
{
    if (!text->at)
        return;
    const size_t at = bytes_find(*text, bytes_of_string(before));
    struct bytes head = at == SIZE_MAX ? *text : bytes_first(*text, at + strlen(before));
    struct bytes name = bytes_from(*text, head.len), tail = bytes_of(NULL, 0);
    const size_t end = behind ? bytes_find(name, bytes_of_string(behind)) : SIZE_MAX;
    if (end != SIZE_MAX) {
        tail = bytes_from(name, end);
        name = bytes_first(name, end);
    }
    replace(a, &head, SCRUB_OURS);
    replace(a, &name, SCRUB_ALL);
    replace(a, &tail, SCRUB_OURS);
    *text = arena_print(a->arena, "%.*s%.*s%.*s", (int)head.len, (const char *)head.at,
                        (int)name.len, name.len ? (const char *)name.at : "", (int)tail.len,
                        tail.len ? (const char *)tail.at : "");
}

static void replace_event(const struct anonymizer *a, struct event *event)
{
    switch (event->kind) {
    case EVENT_COMMAND:
        event->text = scrub_command(a->pseudonyms, a->arena, event->text, event->verb,
                                    event->notes & NOTE_CONTENT);
        break;
    case EVENT_OPEN: /* "..., through SOCKS 5 to mx.example.org port 25" */
        replace_naming(a, &event->text, " to ", " port ");
        break;
    case EVENT_TLS: /* "ClientHello: ..., server name mx.example.org" */
        replace_naming(a, &event->text, "server name ", NULL);
        break;
    case EVENT_CLOSE:
        replace(a, &event->text, SCRUB_OURS);
        break;
    default:
        replace(a, &event->text, event->side == SIDE_SERVER ? SCRUB_TEXT : SCRUB_ALL);
        break;
    }
}

static void replace_transaction(const struct anonymizer *a, struct transaction *transaction)
{
    replace_mailbox(a, &transaction->mail_from);
    replace_mailbox(a, &transaction->message_id);
    replace(a, &transaction->queue_id, SCRUB_TEXT);
    for (struct recipient *r = transaction->recipient_list; r; r = r->next)
        replace_mailbox(a, &r->address);
}

void anonymize_chapter(const struct pseudonyms *pseudonyms, struct chapter *chapter,
                       struct arena *arena)
{
    const struct anonymizer a = {pseudonyms, arena};
    replace_session(&a, &chapter->session);
    for (struct event *e = chapter->events; e; e = e->next)
        replace_event(&a, e);
    for (struct diagnosis *d = chapter->diagnoses; d; d = d->next)
        replace(&a, &d->explanation, SCRUB_OURS); /* advice is the same for everybody */
    for (struct transaction *t = chapter->transactions; t; t = t->next)
        replace_transaction(&a, t);
}
