#include "talk.h"

#undef NDEBUG
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

void talk_begin(struct talk *talk, bool midstream)
{
    *talk = (struct talk){.packet = 1};
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
    talk->session = session_new(&begin);
}

static void give(struct talk *talk, enum side side, struct bytes octets, uint64_t gap,
                 uint64_t seen)
{
    talk->packet++;
    struct span span = {
        .offset = talk->sent[side],
        .data = octets,
        .gap = gap,
        .mark = {.ts_us = (int64_t)talk->packet * 1000, .packet = talk->packet, .seen = seen},
    };
    talk->sent[side] += gap ? gap : octets.len;
    session_span(talk->session, side, &span);
}

void talk_blindly(struct talk *talk, enum side side, struct bytes octets, uint64_t seen)
{
    if (octets.len)
        give(talk, side, octets, 0, seen);
}

void talk_octets(struct talk *talk, enum side side, struct bytes octets)
{
    talk->seen[side] = talk->sent[!side];
    talk_blindly(talk, side, octets, talk->sent[!side]);
}

void talk_gap(struct talk *talk, enum side side, uint64_t octets)
{
    give(talk, side, bytes_of(NULL, 0), octets, talk->sent[!side]);
}

void talk_lines(struct talk *talk, const char *const *lines)
{
    for (; *lines; lines++) {
        const char *text = *lines;
        assert(strlen(text) > 2 && (text[1] == ':' || text[1] == '+') && text[2] == ' ');
        if (text[0] == 'G') {
            talk_gap(talk, text[3] == 'C' ? SIDE_CLIENT : SIDE_SERVER,
                     strtoull(text + 5, NULL, 10));
            continue;
        }
        enum side side = text[0] == 'C' ? SIDE_CLIENT : SIDE_SERVER;
        char *line;
        int n = asprintf(&line, "%s\r\n", text + 3);
        assert(n > 0);
        if (text[1] == ':')
            talk->seen[side] = talk->sent[!side];
        talk_blindly(talk, side, bytes_of(line, (size_t)n), talk->seen[side]);
        free(line); /* octets are on loan only while they are handed over */
    }
}

void talk_chapter(struct talk *talk, bool last)
{
    assert(talk->chapters < TALK_CHAPTERS);
    talk->drafts[talk->chapters] = session_detach(talk->session, last);
    draft_unfold(talk->drafts[talk->chapters++]);
}

void talk_end(struct talk *talk)
{
    struct mark mark = {.ts_us = (int64_t)talk->packet * 1000 + 1, .packet = talk->packet + 1};
    session_end(talk->session, &mark, SIDE_CLIENT, NULL);
    talk_chapter(talk, true);
    session_free(talk->session);
    talk->session = NULL;
}

void talk_free(struct talk *talk)
{
    session_free(talk->session);
    for (size_t i = 0; i < talk->chapters; i++)
        draft_free(talk->drafts[i]);
}

/* The chapters that were handed over, then the one that is being written. */
static const struct chapter *chapter_of(const struct talk *talk, size_t chapter)
{
    if (chapter < talk->chapters)
        return &talk->drafts[chapter]->chapter;
    return talk->session && talk->session->draft ? &talk->session->draft->chapter : NULL;
}

static const struct event *first_of(const struct talk *talk, size_t chapter)
{
    const struct chapter *c = chapter_of(talk, chapter);
    return c ? c->events : NULL;
}

const struct event *talk_event(const struct talk *talk, event_no seq)
{
    for (size_t i = 0; i <= talk->chapters; i++)
        for (const struct event *e = first_of(talk, i); e; e = e->next)
            if (e->seq == seq)
                return e;
    return NULL;
}

const struct diagnosis *talk_diagnosis(const struct talk *talk, event_no reply)
{
    for (size_t i = 0; i <= talk->chapters; i++) {
        const struct chapter *c = chapter_of(talk, i);
        for (const struct diagnosis *d = c ? c->diagnoses : NULL; d; d = d->next)
            if (d->reply == reply)
                return d;
    }
    return NULL;
}

const struct violation *talk_violation(const struct talk *talk, event_no command)
{
    for (size_t i = 0; i <= talk->chapters; i++) {
        const struct chapter *c = chapter_of(talk, i);
        for (const struct violation *v = c ? c->violations : NULL; v; v = v->next)
            if (v->seq == command)
                return v;
    }
    return NULL;
}

event_no talk_text(const struct talk *talk, const char *text)
{
    const struct event *e;
    for (event_no seq = 1; (e = talk_event(talk, seq)); seq++)
        if (e->text.at && bytes_start_nocase(e->text, text))
            return seq;
    return 0;
}

event_no talk_find(const struct talk *talk, enum side side, enum event_kind kind, event_no after)
{
    for (event_no seq = after + 1;; seq++) {
        const struct event *e = talk_event(talk, seq);
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

const char *talk_shape(const struct talk *talk)
{
    static char out[8192];
    size_t n = 0;
    out[0] = '\0';
    for (size_t i = 0; i <= talk->chapters; i++)
        for (const struct event *e = first_of(talk, i); e; e = e->next) {
            int more = print_event(out + n, sizeof out - n, e);
            assert(more > 0 && (size_t)more < sizeof out - n);
            n += (size_t)more;
        }
    return out + (n > 0);
}
