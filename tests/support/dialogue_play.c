/* SPDX-License-Identifier: ISC */
#include "heloscope/smtp/decoder.h"
#include "dialogue_play.h"

#include <stdio.h>
#include <stdlib.h>

#include "heloscope/session/frozen.h"

static const int64_t START_US = INT64_C(1700000000000000);

/* --- octets in -------------------------------------------------------------------------------- */

struct player {
    const struct dialogue *dialogue;
    enum cut cut;
    uint32_t random;
    struct session *session;
    struct played *out;
};

static uint32_t next_random(struct player *p)
{
    p->random = p->random * 1664525 + 1013904223; /* any will do; the same everywhere */
    return p->random >> 8;
}

static void keep_draft(struct played *out, struct draft *draft)
{
    draft_unfold(draft);
    out->drafts = memory_resize(out->drafts, (out->count + 1) * sizeof *out->drafts);
    out->drafts[out->count++] = draft;
}

/* What is in one segment was captured at one time. */
static struct mark mark_of(const struct dialogue *d, size_t spoken)
{
    size_t first = spoken;
    while (first && d->spoken[first].joined)
        first--;
    return (struct mark){.ts_us = START_US + (int64_t)first * DIALOGUE_LINE_US +
                                  d->spoken[first].pause_us,
                         .packet = spoken + 1,
                         .seen = d->spoken[spoken].seen};
}

/* Puts the session to rest and wakes it. */
static void rest(struct player *p)
{
    const uint64_t beside = 1;
    struct freezer *room = p->out->room;
    p->session = frozen_thaw(room, frozen_make(room, &beside, sizeof beside, p->session, NULL));
}

/* Hands over a piece. It is copied, so that a sanitizer notices who reads past its end, or later
 * than allowed. */
static void hand_over(struct player *p, size_t spoken, uint64_t offset, const uint8_t *octets,
                      size_t length, bool lost)
{
    struct span span = {.offset = offset, .mark = mark_of(p->dialogue, spoken)};
    uint8_t *copy = NULL;
    if (lost) {
        span.gap = length;
    } else {
        copy = memory_get(length);
        memcpy(copy, octets, length);
        span.data = bytes_of(copy, length);
    }
    session_span(p->session, p->dialogue->spoken[spoken].side, &span);
    free(copy);
    if (p->cut == CUT_CHAPTERS)
        keep_draft(p->out, session_detach(p->session, false));
    if (p->cut == CUT_RESTS)
        rest(p);
}

/* Whether what is spoken at `i` can come in one piece with what is spoken before it. */
static bool belongs(const struct player *p, size_t i)
{
    const struct spoken *a = &p->dialogue->spoken[i - 1], *b = a + 1;
    if (a->before != b->before || a->side != b->side || a->seen != b->seen || a->lost != b->lost ||
        a->pause_us != b->pause_us)
        return false;
    return a->lost || p->cut == CUT_RANDOM || (p->cut == CUT_SEGMENTS && b->joined);
}

static size_t piece_length(struct player *p, size_t left)
{
    if (p->cut == CUT_OCTETS || p->cut == CUT_RESTS)
        return 1;
    if (p->cut != CUT_RANDOM)
        return left;
    size_t most = 1u << next_random(p) % 8;
    size_t length = 1 + next_random(p) % most;
    return length < left ? length : left;
}

/* What is spoken from `first` on to `end`, as octets without a break. */
static void play_run(struct player *p, size_t first, size_t end)
{
    const struct spoken *s = p->dialogue->spoken;
    uint64_t start = s[first].offset, length = 0;
    for (size_t i = first; i < end; i++)
        length += s[i].octets.len;
    if (s[first].lost) {
        hand_over(p, first, start, NULL, length, true);
        return;
    }
    uint8_t *octets = memory_get(length);
    for (size_t i = first; i < end; i++)
        memcpy(octets + (s[i].offset - start), s[i].octets.at, s[i].octets.len);
    size_t line = first;
    for (size_t at = 0, n; at < length; at += n) {
        while (s[line].offset + s[line].octets.len <= start + at)
            line++;
        n = piece_length(p, length - at);
        hand_over(p, line, start + at, octets + at, n, false);
    }
    free(octets);
}

static struct session *open_session(const struct dialogue *d, const struct mark *mark)
{
    struct session_begin begin = {
        .client = {.family = 4, .octets = {127, 0, 0, 1}},
        .server = {.family = 4, .octets = {127, 0, 0, 2}},
        .client_port = 40000,
        .server_port = d->port,
        .source = d->file,
        .capture_id = 1,
        .midstream = d->midstream,
        .mark = *mark,
        .handle = 1,
    };
    return session_new(&begin);
}

void dialogue_play(const struct dialogue *d, enum cut cut, unsigned seed, struct played *out)
{
    struct player p = {.dialogue = d, .cut = cut, .random = seed, .out = out};
    struct mark open = {.ts_us = START_US};
    struct mark close = {.ts_us =
                             START_US + (int64_t)d->spoken_count * DIALOGUE_LINE_US + d->pause_us,
                         .packet = d->spoken_count + 1};
    *out = (struct played){.room = freezer_new(NULL)};
    p.session = open_session(d, &open);
    for (size_t first = 0, end; first < d->spoken_count; first = end) {
        for (end = first + 1; end < d->spoken_count && belongs(&p, end);)
            end++;
        if (!d->spoken[first].before)
            play_run(&p, first, end);
    }
    session_end(p.session, &close, d->ended_by, d->how);
    keep_draft(out, session_detach(p.session, true));
    session_free(p.session);
}

void played_free(struct played *played)
{
    for (size_t i = 0; i < played->count; i++)
        draft_free(played->drafts[i]);
    free(played->drafts);
    freezer_free(played->room);
}

/* --- timeline out ----------------------------------------------------------------------------- */

const struct event *played_next(const struct played *played, const struct event *e)
{
    bool found = !e;
    for (size_t i = 0; i < played->count; i++) {
        for (const struct event *x = played->drafts[i]->chapter.events; x; x = x->next) {
            if (found)
                return x;
            found = x == e;
        }
    }
    return NULL;
}

const struct event *played_event(const struct played *played, event_no seq)
{
    for (size_t i = 0; i < played->count; i++)
        for (const struct event *e = played->drafts[i]->chapter.events; e; e = e->next)
            if (e->seq == seq)
                return e;
    return NULL;
}

static void print_bytes(FILE *out, const char *name, struct bytes b)
{
    if (b.at)
        fprintf(out, " %s=<%.*s>", name, (int)b.len, (const char *)b.at);
}

static void print_event(FILE *out, const struct event *e)
{
    char notes[256];
    fprintf(out, "event %u %c %s %s %d", e->seq, e->side == SIDE_CLIENT ? 'C' : 'S',
            event_kind_name(e->kind), e->verb ? e->verb : "-", e->code);
    print_bytes(out, "enhanced", e->enhanced);
    print_bytes(out, "text", e->text);
    if (e->has_bytes)
        fprintf(out, " bytes=%llu", (unsigned long long)e->bytes);
    fprintf(out, " answers=%u saw=%u notes=<%s>\n", e->answers, e->saw,
            notes_print(e->notes, notes, sizeof notes));
}

static void print_diagnosis(FILE *out, const struct diagnosis *d)
{
    fprintf(out, "diagnosis reply=%u command=%u origin=%u code=%d %s %s %s says=%s agrees=%d",
            d->reply, d->command, d->origin, d->code, cause_entry(d->cause)->name,
            fault_name(d->fault), certainty_name(d->certainty), cause_entry(d->server_says)->name,
            d->agrees);
    for (const struct related *r = d->related; r; r = r->next)
        fprintf(out, " %s=%u", role_name(r->role), r->seq);
    print_bytes(out, "explanation", d->explanation);
    print_bytes(out, "advice", d->advice);
    fputc('\n', out);
}

static void print_transaction(FILE *out, const struct transaction *t)
{
    fprintf(out, "transaction %u mail=%u", t->number, t->mail);
    print_bytes(out, "from", t->mail_from);
    fprintf(out, " recipients=%u accepted=%u bytes=%llu %s %d", t->recipients, t->accepted,
            (unsigned long long)t->bytes, t->outcome, t->code);
    print_bytes(out, "queue", t->queue_id);
    print_bytes(out, "id", t->message_id);
    for (const struct recipient *r = t->recipient_list; r; r = r->next) {
        print_bytes(out, "to", r->address);
        fprintf(out, " %u/%u %d", r->command, r->reply, r->code);
    }
    fputc('\n', out);
}

static void print_session(FILE *out, const struct session_row *row)
{
    fprintf(out, "session %s outcome=%s commands=%u replies=%u messages=%u violations=%u 503=%u",
            row->protocol, row->outcome, row->commands, row->replies, row->messages,
            row->violations, row->errors_503);
    fprintf(out, " missing=%llu records=%llu", (unsigned long long)row->bytes_missing,
            (unsigned long long)row->tls_records);
    print_bytes(out, "helo", row->helo);
    print_bytes(out, "server", row->server_name);
    print_bytes(out, "software", row->server_software);
    print_bytes(out, "tls", row->tls_version);
    print_bytes(out, "sni", row->tls_sni);
    print_bytes(out, "auth", row->auth_mechanism);
    print_bytes(out, "auth_outcome", row->auth_outcome);
    fputc('\n', out);
}

char *played_print(const struct played *played)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    for (size_t i = 0; i < played->count; i++)
        for (const struct event *e = played->drafts[i]->chapter.events; e; e = e->next)
            print_event(out, e);
    for (size_t i = 0; i < played->count; i++)
        for (const struct violation *v = played->drafts[i]->chapter.violations; v; v = v->next)
            fprintf(out, "violation %u %s%s\n", v->seq, v->rule, v->tolerated ? ", tolerated" : "");
    for (size_t i = 0; i < played->count; i++)
        for (const struct diagnosis *d = played->drafts[i]->chapter.diagnoses; d; d = d->next)
            print_diagnosis(out, d);
    for (size_t i = 0; i < played->count; i++)
        for (const struct transaction *t = played->drafts[i]->chapter.transactions; t; t = t->next)
            print_transaction(out, t);
    print_session(out, &played->drafts[played->count - 1]->chapter.session);
    fclose(out);
    return text;
}
