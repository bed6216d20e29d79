/* SPDX-License-Identifier: ISC */
/* Which findings are of this run: of the sessions that it writes, and of those that it finds
 * written. */
#include "heloscope/base/memory.h"
#include "parts.h"

static void note(struct store *store, const struct own_findings *own)
{
    if (store->own_count == store->own_size) {
        store->own_size = store->own_size ? 2 * store->own_size : 64;
        store->own = memory_resize(store->own, store->own_size * sizeof *store->own);
    }
    store->own[store->own_count++] = *own;
}

void own_note_written(struct store *store, int64_t session_id, const struct chapter *chapter)
{
    struct own_findings own = {session_id, UINT32_MAX, 0, INT64_MIN, INT64_MAX};
    for (const struct diagnosis *d = chapter->diagnoses; d; d = d->next) {
        own.first = d->reply < own.first ? d->reply : own.first;
        own.last = d->reply > own.last ? d->reply : own.last;
    }
    for (const struct violation *v = chapter->violations; v; v = v->next) {
        own.first = v->seq < own.first ? v->seq : own.first;
        own.last = v->seq > own.last ? v->seq : own.last;
    }
    if (own.last && !store->joining)
        note(store, &own);
}

void own_note_range(struct store *store, int64_t session_id, event_no first, event_no last)
{
    if (!store->joining)
        note(store, &(struct own_findings){session_id, first, last, INT64_MIN, INT64_MAX});
}

void own_note_part(struct store *store, int64_t session_id, event_no after,
                   const struct session_row *part)
{
    if (!store->joining)
        note(store, &(struct own_findings){
                        .session_id = session_id,
                        .first = after + 1,
                        .last = UINT32_MAX,
                        .from_us = part && part->midstream ? part->started_us : INT64_MIN,
                        .to_us = part && part->cut ? part->ended_us : INT64_MAX,
                    });
}

static void rename_in(struct own_findings *own, size_t count, int64_t from, int64_t to)
{
    for (size_t i = 0; i < count; i++)
        if (own[i].session_id == from) {
            own[i].session_id = to;
            own[i].first = 1; /* its events have other numbers there */
            own[i].last = UINT32_MAX;
        }
}

void own_rename(struct store *store, int64_t from, int64_t to)
{
    if (from == to)
        return;
    rename_in(store->own, store->own_count, from, to);
    pthread_mutex_lock(&store->desk);
    rename_in(store->own_done, store->own_done_count, from, to);
    pthread_mutex_unlock(&store->desk);
}
