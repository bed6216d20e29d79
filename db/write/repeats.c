/* SPDX-License-Identifier: ISC */
#include "repeats.h"

#include <stdlib.h>

#include "heloscope/base/limits.h"
#include "heloscope/base/memory.h"

/* --- kinds --- */

static struct repeats_kind *find_kind(struct repeats *repeats, const struct repeats_kind *wanted)
{
    for (size_t i = 0; i < repeats->count; i++) {
        struct repeats_kind *kind = &repeats->kinds[i];
        if (kind->cause == wanted->cause && kind->code == wanted->code &&
            kind->fault == wanted->fault && kind->certainty == wanted->certainty)
            return kind;
    }
    if (repeats->count == FINDING_KINDS)
        return NULL;
    repeats->kinds = memory_resize(repeats->kinds, (repeats->count + 1) * sizeof *repeats->kinds);
    repeats->kinds[repeats->count] = *wanted;
    return &repeats->kinds[repeats->count++];
}

static const char *word(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    return text ? text : "";
}

/* What earlier chapters have left in the history. */
static bool ask(struct repeats *repeats, const struct statements *to, int64_t session_id)
{
    sqlite3_stmt *row = to->of[KINDS_SELECT];
    bind_number(row, 1, (uint64_t)session_id);
    while (sqlite3_step(row) == SQLITE_ROW) {
        struct repeats_kind *kind =
            find_kind(repeats, &(struct repeats_kind){
                                   .cause = cause_by_name(bytes_of_string(word(row, 0))),
                                   .code = sqlite3_column_int(row, 1),
                                   .fault = fault_by_name(word(row, 2)),
                                   .certainty = certainty_by_name(word(row, 3)),
                               });
        if (!kind)
            break;
        kind->kept = (uint32_t)sqlite3_column_int(row, 4);
        kind->last = (event_no)sqlite3_column_int64(row, 5);
    }
    return sqlite3_reset(row) == SQLITE_OK;
}

/* --- a chapter --- */

struct numbers {
    event_no *of;
    size_t count, size;
};

static void add(struct numbers *list, event_no seq)
{
    if (!seq)
        return;
    if (list->count == list->size) {
        list->size = list->size ? 2 * list->size : 64;
        list->of = memory_resize(list->of, list->size * sizeof *list->of);
    }
    list->of[list->count++] = seq;
}

static int ascending(const void *one, const void *other)
{
    const event_no a = *(const event_no *)one, b = *(const event_no *)other;
    return a < b ? -1 : a > b;
}

static void sort(struct numbers *list)
{
    if (list->count)
        qsort(list->of, list->count, sizeof *list->of, ascending);
}

static bool holds(const struct numbers *list, event_no seq)
{
    return list->count && bsearch(&seq, list->of, list->count, sizeof seq, ascending);
}

static void add_transactions(struct numbers *kept, const struct chapter *chapter)
{
    for (const struct transaction *t = chapter->transactions; t; t = t->next) {
        add(kept, t->mail);
        for (const struct recipient *r = t->recipient_list; r; r = r->next) {
            add(kept, r->command);
            add(kept, r->reply);
        }
    }
}

static void add_finding(struct numbers *kept, const struct diagnosis *d)
{
    add(kept, d->reply);
    add(kept, d->command);
    add(kept, d->origin);
    for (const struct related *r = d->related; r; r = r->next)
        add(kept, r->seq);
}

/* Marks the diagnoses, and notes the events of those that are kept and of those that are not. */
static void mark_findings(struct repeats *repeats, const struct chapter *chapter,
                          struct numbers *kept, struct numbers *others)
{
    for (struct diagnosis *d = chapter->diagnoses; d; d = d->next) {
        struct repeats_kind *kind = find_kind(
            repeats,
            &(struct repeats_kind){
                .cause = d->cause, .code = d->code, .fault = d->fault, .certainty = d->certainty});
        d->left_out = kind && kind->kept >= FINDINGS_KEPT && kind->last;
        if (d->left_out) {
            kind->added++;
            add(others, d->reply);
            add(others, d->command);
            continue;
        }
        if (kind) {
            kind->kept++;
            kind->last = d->reply > kind->last ? d->reply : kind->last;
        }
        add_finding(kept, d);
    }
}

static void mark_events(const struct chapter *chapter, const struct numbers *kept,
                        const struct numbers *others)
{
    for (struct event *event = chapter->events; event; event = event->next)
        event->left_out = holds(others, event->seq) && !holds(kept, event->seq);
    for (struct violation *v = chapter->violations; v; v = v->next)
        v->left_out = holds(others, v->seq) && !holds(kept, v->seq);
}

bool repeats_possible(const struct chapter *chapter)
{
    size_t count = 0;
    for (const struct diagnosis *d = chapter->diagnoses; d && count <= FINDINGS_KEPT; d = d->next)
        count++;
    return count > (chapter->first ? FINDINGS_KEPT : 0);
}

bool repeats_find(struct repeats *repeats, const struct statements *to, int64_t session_id,
                  const struct chapter *chapter)
{
    struct numbers kept = {0}, others = {0};
    *repeats = (struct repeats){0};
    if (!chapter->first && !ask(repeats, to, session_id)) {
        free(repeats->kinds);
        return false;
    }
    mark_findings(repeats, chapter, &kept, &others);
    if (others.count)
        add_transactions(&kept, chapter);
    sort(&kept);
    sort(&others);
    mark_events(chapter, &kept, &others);
    free(kept.of);
    free(others.of);
    return true;
}

bool repeats_count(struct repeats *repeats, const struct statements *to, int64_t session_id)
{
    bool done = true;
    for (size_t i = 0; done && i < repeats->count; i++) {
        const struct repeats_kind *kind = &repeats->kinds[i];
        if (!kind->added)
            continue;
        struct binder row = {to->of[REPEATS_ADD], 0};
        next_number(&row, (uint64_t)session_id);
        next_number(&row, kind->last);
        next_number(&row, kind->added);
        done = statement_run(row.statement);
    }
    free(repeats->kinds);
    *repeats = (struct repeats){0};
    return done;
}
