/* SPDX-License-Identifier: ISC */
/* What a dialogue asks for against what was made of it. */
#include "dialogue_play.h"

#include <stdio.h>
#include <stdlib.h>

struct judging {
    const struct dialogue *dialogue;
    const struct played *played;
    FILE *out;
    bool *met; /* by wanted */
};

/* --- places and events ------------------------------------------------------------------------ */

static bool is_spoken(const struct event *e, enum side side)
{
    if (side == SIDE_SERVER)
        return e->side == SIDE_SERVER &&
               (e->kind == EVENT_GREETING || e->kind == EVENT_REPLY || e->kind == EVENT_TLS);
    return e->side == SIDE_CLIENT &&
           (e->kind == EVENT_COMMAND || e->kind == EVENT_AUTH || e->kind == EVENT_DATA ||
            e->kind == EVENT_CHUNK || e->kind == EVENT_TLS);
}

/* The event that line `spoken` belongs to: the last of its side that began no later. */
static event_no event_spoken(const struct judging *j, size_t spoken)
{
    const struct event *found = NULL;
    for (const struct event *e = NULL; (e = played_next(j->played, e));)
        if (is_spoken(e, j->dialogue->spoken[spoken].side) && e->packet <= spoken + 1 &&
            (!found || e->packet > found->packet))
            found = e;
    return found ? found->seq : 0;
}

static event_no event_of_kind(const struct judging *j, enum event_kind kind, size_t spoken)
{
    const struct event *found = NULL;
    for (const struct event *e = NULL; (e = played_next(j->played, e));)
        if (e->kind == kind && e->packet <= spoken + 1 && (!found || e->packet >= found->packet))
            found = e;
    return found ? found->seq : 0;
}

static event_no event_at(const struct judging *j, const struct spot *spot, size_t spoken)
{
    switch (spot->kind) {
    case SPOT_SPOKEN:
        return event_spoken(j, spot->spoken);
    case SPOT_MESSAGE:
        return event_of_kind(j, EVENT_DATA, spoken);
    case SPOT_CHUNK:
        return event_of_kind(j, EVENT_CHUNK, spoken);
    case SPOT_HOLE:
        return event_of_kind(j, EVENT_GAP, spoken);
    case SPOT_START:
        return event_of_kind(j, EVENT_OPEN, spoken);
    case SPOT_TLS:
        return event_of_kind(j, EVENT_TLS, spoken);
    case SPOT_NONE:
        break;
    }
    return 0;
}

/* --- in the words of the dialogue ------------------------------------------------------------- */

static void name_event(struct judging *j, event_no seq)
{
    const struct event *e = played_event(j->played, seq);
    if (!e) {
        fputs("nothing", j->out);
    } else if (e->kind == EVENT_COMMAND || e->kind == EVENT_REPLY || e->kind == EVENT_GREETING) {
        const char *text = (const char *)e->text.at;
        const char *lf = e->text.len ? memchr(text, '\n', e->text.len) : NULL;
        fprintf(j->out, "\"%.*s\"", (int)(lf ? lf - text : (long)e->text.len), text ? text : "");
    } else {
        fprintf(j->out, "the %s", event_kind_name(e->kind));
    }
}

static void at_line(struct judging *j, const char *what, size_t spoken)
{
    fprintf(j->out, "%s:%d: %s ", j->dialogue->file, j->dialogue->spoken[spoken].number, what);
}

static void print_wanted(struct judging *j, const struct wanted *w, event_no origin)
{
    at_line(j, "wanted", w->spoken);
    switch (w->kind) {
    case WANTED_DIAGNOSIS:
        fprintf(j->out, "= %d %s at ", w->code, cause_entry(w->cause)->name);
        name_event(j, origin);
        fprintf(j->out, " (%s, %s)", fault_name(w->fault), certainty_name(w->certainty));
        if (w->says)
            fprintf(j->out, ", says %s", cause_entry(w->says)->name);
        if (w->told.len)
            fprintf(j->out, ", tells \"%.*s\"", (int)w->told.len, (const char *)w->told.at);
        if (w->related_count)
            fprintf(j->out, ", and what is related (line %d)", w->number);
        break;
    case WANTED_VIOLATION:
        fprintf(j->out, "= violation %.*s%s", (int)w->words.len, (const char *)w->words.at,
                w->tolerated ? ", tolerated" : "");
        break;
    default:
        fprintf(j->out, "what line %d asks for", w->number);
        break;
    }
    fputc('\n', j->out);
}

static void print_got(struct judging *j, const struct diagnosis *d)
{
    const struct event *reply = played_event(j->played, d->reply);
    size_t spoken = reply && reply->packet ? (size_t)reply->packet - 1 : 0;
    if (spoken >= j->dialogue->spoken_count) /* the end of the connection */
        spoken = j->dialogue->spoken_count - 1;
    at_line(j, "got   ", spoken);
    fprintf(j->out, "= %d %s at ", d->code, cause_entry(d->cause)->name);
    name_event(j, d->origin);
    fprintf(j->out, " (%s, %s)", fault_name(d->fault), certainty_name(d->certainty));
    if (d->server_says)
        fprintf(j->out, ", says %s", cause_entry(d->server_says)->name);
    for (const struct related *r = d->related; r; r = r->next) {
        fputs(", with ", j->out);
        name_event(j, r->seq);
    }
    fprintf(j->out, "\n    %.*s / %.*s\n", (int)d->explanation.len, (const char *)d->explanation.at,
            (int)d->advice.len, (const char *)d->advice.at);
}

/* --- one against the other -------------------------------------------------------------------- */

static bool has_related(const struct diagnosis *d, event_no seq)
{
    for (const struct related *r = d->related; r; r = r->next)
        if (r->seq == seq)
            return true;
    return false;
}

/* The end of the connection, for what is said of it. */
static event_no event_about(const struct judging *j, const struct wanted *w)
{
    return w->at_close ? event_of_kind(j, EVENT_CLOSE, SIZE_MAX - 1) : event_spoken(j, w->spoken);
}

static bool holds(struct bytes text, struct bytes words)
{
    return !words.len || (text.len && memmem(text.at, text.len, words.at, words.len));
}

static bool is_wanted(const struct judging *j, const struct wanted *w, const struct diagnosis *d)
{
    if (w->kind != WANTED_DIAGNOSIS || event_about(j, w) != d->reply || w->code != d->code ||
        w->cause != d->cause || w->fault != d->fault || w->certainty != d->certainty ||
        event_at(j, &w->origin, w->spoken) != d->origin || (w->says && w->says != d->server_says) ||
        !(holds(d->explanation, w->told) || holds(d->advice, w->told)))
        return false;
    for (size_t i = 0; i < w->related_count; i++)
        if (!has_related(d, event_at(j, &w->related[i], w->spoken)))
            return false;
    return true;
}

static void judge_diagnosis(struct judging *j, const struct diagnosis *d)
{
    for (size_t i = 0; i < j->dialogue->wanted_count; i++)
        if (!j->met[i] && is_wanted(j, &j->dialogue->wanted[i], d)) {
            j->met[i] = true;
            return;
        }
    print_got(j, d);
}

static bool breaks(const struct judging *j, const struct wanted *w, const struct violation *v)
{
    return w->kind == WANTED_VIOLATION && event_spoken(j, w->spoken) == v->seq &&
           bytes_equal(w->words, bytes_of_string(v->rule)) && w->tolerated == v->tolerated;
}

static void judge_violation(struct judging *j, const struct violation *v)
{
    for (size_t i = 0; i < j->dialogue->wanted_count; i++)
        if (!j->met[i] && breaks(j, &j->dialogue->wanted[i], v)) {
            j->met[i] = true;
            return;
        }
    const struct event *e = played_event(j->played, v->seq);
    at_line(j, "got   ", e && e->packet ? (size_t)e->packet - 1 : 0);
    fprintf(j->out, "= violation %s%s\n", v->rule, v->tolerated ? ", tolerated" : "");
}

/* Expectations of the events themselves. */
static bool event_is_as(const struct judging *j, const struct wanted *w)
{
    const struct event *e = played_event(j->played, event_spoken(j, w->spoken));
    const struct event *sized;
    char notes[256];
    switch (w->kind) {
    case WANTED_ANSWERS:
        return e && e->answers == event_at(j, &w->origin, w->spoken);
    case WANTED_OCTETS:
        sized = played_event(j->played, event_at(j, &w->origin, w->spoken));
        return sized && sized->has_bytes && sized->bytes == w->octets;
    case WANTED_NOTE:
        notes_print(e ? e->notes : 0, notes, sizeof notes);
        return memmem(notes, strlen(notes), w->words.at, w->words.len) != NULL;
    case WANTED_KIND:
        return e && e->packet == w->spoken + 1 &&
               bytes_equal(w->words, bytes_of_string(event_kind_name(e->kind)));
    default:
        return false;
    }
}

char *dialogue_judge(const struct dialogue *d, const struct played *played)
{
    char *text = NULL;
    size_t size;
    struct judging j = {.dialogue = d, .played = played, .out = open_memstream(&text, &size)};
    j.met = memory_get(d->wanted_count * sizeof *j.met);
    for (size_t c = 0; c < played->count; c++) {
        const struct chapter *chapter = &played->drafts[c]->chapter;
        for (const struct diagnosis *x = chapter->diagnoses; x; x = x->next)
            judge_diagnosis(&j, x);
        for (const struct violation *x = chapter->violations; x; x = x->next)
            judge_violation(&j, x);
    }
    for (size_t i = 0; i < d->wanted_count; i++) {
        const struct wanted *w = &d->wanted[i];
        if (!j.met[i] && !event_is_as(&j, w))
            print_wanted(&j, w, event_at(&j, &w->origin, w->spoken));
    }
    fclose(j.out);
    free(j.met);
    return text;
}
