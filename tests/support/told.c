/* SPDX-License-Identifier: ISC */
#include "heloscope/smtp/decoder.h"
#include "told.h"

#undef NDEBUG
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

void told_begin(struct told *told, bool midstream)
{
    *told = (struct told){.packet = 1};
    struct session_begin begin = {
        .client = {.family = 4, .octets = {127, 0, 0, 1}},
        .server = {.family = 4, .octets = {127, 0, 0, 2}},
        .client_port = 40000,
        .server_port = 25,
        .source = "test",
        .midstream = midstream,
        .server_unknown = midstream,
        .mark = {.ts_us = 1, .packet = 1},
        .handle = 1,
    };
    told->session = session_new(&begin);
}

static void give(struct told *told, enum side side, struct bytes octets, uint64_t gap,
                 uint64_t seen)
{
    told->packet++;
    struct span span = {
        .offset = told->sent[side],
        .data = octets,
        .gap = gap,
        .mark = {.ts_us = (int64_t)told->packet * 1000, .packet = told->packet, .seen = seen},
    };
    told->sent[side] += gap ? gap : octets.len;
    session_span(told->session, side, &span);
}

void told_blindly(struct told *told, enum side side, struct bytes octets, uint64_t seen)
{
    if (octets.len)
        give(told, side, octets, 0, seen);
}

void told_octets(struct told *told, enum side side, struct bytes octets)
{
    told->seen[side] = told->sent[!side];
    told_blindly(told, side, octets, told->sent[!side]);
}

void told_gap(struct told *told, enum side side, uint64_t octets)
{
    give(told, side, bytes_of(NULL, 0), octets, told->sent[!side]);
}

void told_lines(struct told *told, const char *const *lines)
{
    for (; *lines; lines++) {
        const char *text = *lines;
        assert(strlen(text) > 2 && (text[1] == ':' || text[1] == '+') && text[2] == ' ');
        if (text[0] == 'G') {
            told_gap(told, text[3] == 'C' ? SIDE_CLIENT : SIDE_SERVER,
                     strtoull(text + 5, NULL, 10));
            continue;
        }
        enum side side = text[0] == 'C' ? SIDE_CLIENT : SIDE_SERVER;
        char *line;
        int n = asprintf(&line, "%s\r\n", text + 3);
        assert(n > 0);
        if (text[1] == ':')
            told->seen[side] = told->sent[!side];
        told_blindly(told, side, bytes_of(line, (size_t)n), told->seen[side]);
        free(line); /* octets are on loan only while they are handed over */
    }
}

void told_chapter(struct told *told, bool last)
{
    assert(told->chapters < TALK_CHAPTERS);
    told->drafts[told->chapters] = session_detach(told->session, last);
    draft_unfold(told->drafts[told->chapters++]);
}

void told_end(struct told *told)
{
    struct mark mark = {.ts_us = (int64_t)told->packet * 1000 + 1, .packet = told->packet + 1};
    session_end(told->session, &mark, SIDE_CLIENT, NULL);
    told_chapter(told, true);
    session_free(told->session);
    told->session = NULL;
}

void told_free(struct told *told)
{
    session_free(told->session);
    for (size_t i = 0; i < told->chapters; i++)
        draft_free(told->drafts[i]);
}

/* The chapters that were handed over, then the one that is being written. */
static const struct chapter *chapter_of(const struct told *told, size_t chapter)
{
    if (chapter < told->chapters)
        return &told->drafts[chapter]->chapter;
    return told->session && told->session->draft ? &told->session->draft->chapter : NULL;
}

static const struct event *first_of(const struct told *told, size_t chapter)
{
    const struct chapter *c = chapter_of(told, chapter);
    return c ? c->events : NULL;
}

const struct event *told_event(const struct told *told, event_no seq)
{
    for (size_t i = 0; i <= told->chapters; i++)
        for (const struct event *e = first_of(told, i); e; e = e->next)
            if (e->seq == seq)
                return e;
    return NULL;
}

const struct diagnosis *told_diagnosis(const struct told *told, event_no reply)
{
    for (size_t i = 0; i <= told->chapters; i++) {
        const struct chapter *c = chapter_of(told, i);
        for (const struct diagnosis *d = c ? c->diagnoses : NULL; d; d = d->next)
            if (d->reply == reply)
                return d;
    }
    return NULL;
}

const struct violation *told_violation(const struct told *told, event_no command)
{
    for (size_t i = 0; i <= told->chapters; i++) {
        const struct chapter *c = chapter_of(told, i);
        for (const struct violation *v = c ? c->violations : NULL; v; v = v->next)
            if (v->seq == command)
                return v;
    }
    return NULL;
}

event_no told_text(const struct told *told, const char *text)
{
    const struct event *e;
    for (event_no seq = 1; (e = told_event(told, seq)); seq++)
        if (e->text.at && bytes_start_nocase(e->text, text))
            return seq;
    return 0;
}

event_no told_find(const struct told *told, enum side side, enum event_kind kind, event_no after)
{
    for (event_no seq = after + 1;; seq++) {
        const struct event *e = told_event(told, seq);
        if (!e || (e->side == side && e->kind == kind))
            return e ? seq : 0;
    }
}

static int print_event(char *out, size_t room, const struct event *e)
{
    char side = e->side == SIDE_CLIENT ? 'C' : 'S';
    switch (e->kind) {
    case EVENT_COMMAND:
        return snprintf(out, room, " %c %s", side, e->verb ? e->verb : "?");
    case EVENT_REPLY:
        return e->answers ? snprintf(out, room, " %c %d>%u", side, e->code, e->answers)
                          : snprintf(out, room, " %c %d>-", side, e->code);
    case EVENT_GREETING:
        return snprintf(out, room, " %c greeting %d", side, e->code);
    case EVENT_DATA:
    case EVENT_CHUNK:
    case EVENT_GAP:
        return snprintf(out, room, " %c %s:%llu", side, event_kind_name(e->kind),
                        (unsigned long long)e->bytes);
    default:
        return snprintf(out, room, " %c %s", side, event_kind_name(e->kind));
    }
}

const char *told_shape(const struct told *told)
{
    static char out[8192];
    size_t n = 0;
    out[0] = '\0';
    for (size_t i = 0; i <= told->chapters; i++)
        for (const struct event *e = first_of(told, i); e; e = e->next) {
            int more = print_event(out + n, sizeof out - n, e);
            assert(more > 0 && (size_t)more < sizeof out - n);
            n += (size_t)more;
        }
    return out + (n > 0);
}
