/* SPDX-License-Identifier: ISC */
#include "telling.h"

#include <inttypes.h>
#include <stdlib.h>

#include "heloscope/base/text.h"

struct reading {
    struct telling *telling;
    int64_t start_us;
};

static const char *harmless(struct telling *telling, struct bytes text)
{
    char *out = NULL;
    size_t length = 0;
    FILE *memory = open_memstream(&out, &length);
    if (!memory)
        return "";
    text_print(memory, text);
    fclose(memory);
    const char *kept = (const char *)arena_print(&telling->arena, "%s", out).at;
    free(out);
    return kept;
}

static const char *keep(struct telling *telling, const char *text)
{
    return harmless(telling, bytes_of_string(text_or(text, "")));
}

static bool take_head(void *context, const struct history_session *row)
{
    struct reading *reading = context;
    struct telling *telling = reading->telling;
    reading->start_us = row->started_us;
    telling->title =
        (const char *)arena_print(&telling->arena, "Session %" PRId64 ": %s:%d -> %s:%d  %s",
                                  row->session_id, keep(telling, row->client_addr),
                                  row->client_port, keep(telling, row->server_addr),
                                  row->server_port, keep(telling, row->source))
            .at;
    return true;
}

/* Lines behind the first go into the arena with LF between them. */
static void split_text(struct telling *telling, struct told_event *told, const char *text)
{
    struct bytes rest = bytes_of_string(text);
    const uint8_t *lf = rest.len ? memchr(rest.at, '\n', rest.len) : NULL;
    told->more = "";
    told->line = harmless(telling, lf ? bytes_of(rest.at, (size_t)(lf - rest.at)) : rest);
    while (lf) {
        rest = bytes_from(rest, (size_t)(lf - rest.at) + 1);
        lf = rest.len ? memchr(rest.at, '\n', rest.len) : NULL;
        const struct bytes line = lf ? bytes_of(rest.at, (size_t)(lf - rest.at)) : rest;
        told->more = (const char *)arena_print(&telling->arena, "%s%s%s", told->more,
                                               *told->more ? "\n" : "", harmless(telling, line))
                         .at;
    }
}

static bool is_fact(const char *kind)
{
    static const char *const kinds[] = {"open", "close", "gap", "tls"};
    for (size_t i = 0; kind && i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kind, kinds[i]) == 0)
            return true;
    return false;
}

static bool take_event(void *context, const struct history_event *row)
{
    struct reading *reading = context;
    struct telling *telling = reading->telling;
    if (telling->count == telling->room) {
        telling->room = telling->room ? 2 * telling->room : 64;
        telling->events = memory_resize(telling->events, telling->room * sizeof *telling->events);
    }
    struct told_event *told = &telling->events[telling->count++];
    *told = (struct told_event){
        .seq = row->seq,
        .origin = row->cause ? row->origin : 0,
        .us = row->ts_us - reading->start_us,
        .packet = row->packet,
        .client = row->side == 'C',
        .fact = is_fact(row->kind),
        .is_origin = row->is_origin,
        .is_refusal = row->cause != NULL,
        .note = keep(telling, row->note),
        .cause = keep(telling, row->cause),
    };
    if (row->text && *row->text) {
        split_text(telling, told, row->text);
        return true;
    }
    told->more = "";
    told->line = (const char *)arena_print(&telling->arena,
                                           row->bytes >= 0 ? "(%s, %" PRId64 " octets)" : "(%s)",
                                           keep(telling, row->kind), row->bytes)
                     .at;
    return true;
}

static bool take_finding(void *context, const struct history_diagnosis *row)
{
    struct telling *telling = ((struct reading *)context)->telling;
    char code[TEXT_CODE];
    if (telling->finding_count == telling->finding_room) {
        telling->finding_room = telling->finding_room ? 2 * telling->finding_room : 16;
        telling->findings =
            memory_resize(telling->findings, telling->finding_room * sizeof *telling->findings);
    }
    telling->findings[telling->finding_count++] = (struct told_finding){
        .reply = row->reply,
        .origin = row->origin,
        .head = (const char *)arena_print(
                    &telling->arena, "%s at #%" PRIu32 ", origin #%" PRIu32 ": %s  fault: %s (%s)",
                    text_code(row->code, code), row->reply, row->origin, keep(telling, row->cause),
                    keep(telling, row->fault), keep(telling, row->certainty))
                    .at,
        .explanation = keep(telling, row->explanation),
        .advice = keep(telling, row->advice),
    };
    return true;
}

bool telling_read(struct telling *telling, struct history *history, int64_t session_id,
                  struct failure *why)
{
    *telling = (struct telling){.session_id = session_id, .title = ""};
    struct reading reading = {telling, 0};
    return history_session(history, session_id, take_head, &reading, why) &&
           history_events(history, session_id, 1, UINT32_MAX, take_event, &reading, why) &&
           history_session_diagnoses(history, session_id, take_finding, &reading, why);
}

void telling_free(struct telling *telling)
{
    arena_free(&telling->arena);
    free(telling->events);
    free(telling->findings);
    *telling = (struct telling){.title = ""};
}

/* --- from the one to the other --- */

static size_t row_of(const struct telling *telling, event_no seq, size_t otherwise)
{
    for (size_t i = 0; i < telling->count; i++)
        if (telling->events[i].seq == seq)
            return i;
    return otherwise;
}

/* The first refusal from row `first` on that goes back to event `origin`; `end` = none. */
static size_t refusal_of(const struct telling *telling, event_no origin, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++)
        if (telling->events[i].is_refusal && telling->events[i].origin == origin &&
            telling->events[i].seq != origin)
            return i;
    return end;
}

size_t telling_partner(const struct telling *telling, size_t from)
{
    if (from >= telling->count)
        return from;
    const struct told_event *event = &telling->events[from];
    if (event->is_refusal && event->origin && event->origin != event->seq)
        return row_of(telling, event->origin, from);
    if (!event->is_origin)
        return from;
    const size_t found = refusal_of(telling, event->seq, 0, telling->count);
    return found < telling->count ? found : from;
}

size_t telling_next_refusal(const struct telling *telling, size_t from)
{
    if (from >= telling->count)
        return from;
    const struct told_event *event = &telling->events[from];
    const event_no origin = event->is_refusal ? event->origin : event->is_origin ? event->seq : 0;
    if (!origin)
        return from;
    size_t found = refusal_of(telling, origin, from + 1, telling->count);
    if (found == telling->count)
        found = refusal_of(telling, origin, 0, from);
    return found < telling->count ? found : from;
}

const struct told_finding *telling_finding(const struct telling *telling, event_no seq)
{
    for (size_t i = 0; i < telling->finding_count; i++)
        if (telling->findings[i].reply == seq)
            return &telling->findings[i];
    for (size_t i = 0; i < telling->finding_count; i++)
        if (telling->findings[i].origin == seq)
            return &telling->findings[i];
    return NULL;
}

/* The origin that is drawn: that of the chosen row, else of the first refusal. */
static event_no drawn_origin(const struct telling *telling, size_t chosen)
{
    if (chosen < telling->count && telling->events[chosen].is_refusal)
        return telling->events[chosen].origin;
    if (chosen < telling->count && telling->events[chosen].is_origin)
        return telling->events[chosen].seq;
    return telling->finding_count ? telling->findings[0].origin : 0;
}

char telling_margin(const struct telling *telling, size_t row, size_t chosen)
{
    const event_no origin = drawn_origin(telling, chosen);
    if (!origin)
        return ' ';
    const struct told_event *event = &telling->events[row];
    if (event->seq == origin)
        return '*';
    if (event->is_refusal && event->origin == origin)
        return '>';
    event_no first = origin, last = origin;
    for (size_t i = 0; i < telling->finding_count; i++)
        if (telling->findings[i].origin == origin) {
            if (telling->findings[i].reply < first)
                first = telling->findings[i].reply;
            if (telling->findings[i].reply > last)
                last = telling->findings[i].reply;
        }
    return event->seq > first && event->seq < last ? '|' : ' ';
}
