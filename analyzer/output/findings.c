/* SPDX-License-Identifier: ISC */
#include "heloscope/output/findings.h"

#include <stdlib.h>

#include "heloscope/base/memory.h"
#include "heloscope/base/text.h"
#include "heloscope/software/client_habits.h"

enum {
    LEAD = 2,      /* events shown in front of the first key event */
    TRAIL = 1,     /* and behind each */
    SMALL_GAP = 2, /* so few events are shown rather than left out */
    FIRST_ROOM = 64,
};

/* Where a finding is, by session, origin and cause: open addressing, never more than half full. */
struct findings_index {
    struct slot {
        int64_t session_id; /* 0 = free */
        event_no origin;
        enum cause cause;
        bool has_503;
        struct finding_list *list; /* NULL: beyond the limit */
        size_t at;
    } * slots;
    size_t room, used;
};

void findings_begin(struct findings *findings, size_t limit)
{
    *findings = (struct findings){.limit = limit};
    findings->index = memory_get(sizeof *findings->index);
    findings->index->room = FIRST_ROOM;
    findings->index->slots = memory_get(FIRST_ROOM * sizeof(struct slot));
}

static size_t hash(int64_t session_id, event_no origin, enum cause cause)
{
    uint64_t h = (uint64_t)session_id * 0x9e3779b97f4a7c15u;
    h ^= ((uint64_t)origin << 8 | (uint64_t)cause) * 0xc2b2ae3d27d4eb4fu;
    return (size_t)(h ^ h >> 29);
}

/* The slot of the key, or the free one where it belongs. */
static struct slot *probe(const struct findings_index *index, int64_t session_id, event_no origin,
                          enum cause cause)
{
    size_t i = hash(session_id, origin, cause) & (index->room - 1);
    for (;;) {
        struct slot *slot = &index->slots[i];
        if (!slot->session_id ||
            (slot->session_id == session_id && slot->origin == origin && slot->cause == cause))
            return slot;
        i = (i + 1) & (index->room - 1);
    }
}

static void grow(struct findings_index *index)
{
    struct findings_index larger = {.room = index->room * 2, .used = index->used};
    larger.slots = memory_get(larger.room * sizeof(struct slot));
    for (size_t i = 0; i < index->room; i++) {
        const struct slot *old = &index->slots[i];
        if (old->session_id)
            *probe(&larger, old->session_id, old->origin, old->cause) = *old;
    }
    free(index->slots);
    *index = larger;
}

static char *copy(const char *text)
{
    if (!text)
        return NULL;
    size_t size = strlen(text) + 1;
    return memcpy(memory_get(size), text, size);
}

static void add_key(struct finding *finding, event_no seq)
{
    size_t i = finding->key_count;
    for (size_t k = 0; k < finding->key_count; k++)
        if (finding->keys[k] == seq)
            return;
    if (!seq || i == FINDING_KEYS)
        return;
    finding->key_count++;
    for (; i > 0 && finding->keys[i - 1] > seq; i--)
        finding->keys[i] = finding->keys[i - 1];
    finding->keys[i] = seq;
}

static void keep_ruling(struct finding *finding, const struct history_diagnosis *d)
{
    char habit[HABIT_TEXT];
    const enum cause cause = cause_by_name(bytes_of_string(text_or(d->cause, "unknown")));
    const bool known = client_habit_tell(d->client_software, cause, habit);
    const char *const texts[FINDING_TEXTS] = {
        text_or(d->cause, "unknown"),
        text_or(d->fault, "unknown"),
        text_or(d->certainty, "unknown"),
        d->server_says,
        d->explanation,
        d->advice,
        known ? habit : NULL,
    };
    for (size_t i = 0; i < FINDING_TEXTS; i++)
        finding->texts[i] = copy(texts[i]);
    char **kept = finding->texts;
    finding->ruling =
        (struct ruling){kept[0], kept[1], kept[2], kept[3], kept[4], kept[5], kept[6], d->agrees};
}

/* A finding that was not seen before: kept if there is room for one of its kind. */
static void open_finding(struct findings *findings, struct slot *slot,
                         const struct history_diagnosis *d)
{
    struct finding_list *list = d->code == 503 ? &findings->with_503 : &findings->other;
    if (list->count == findings->limit)
        return;
    list->all = memory_resize(list->all, (list->count + 1) * sizeof *list->all);
    slot->list = list;
    slot->at = list->count++;
    struct finding *finding = &list->all[slot->at];
    *finding = (struct finding){
        .session_id = d->session_id,
        .origin = d->origin,
        .reply = d->reply,
        .command = d->command,
        .code = d->code,
        .ts_us = d->ts_us,
    };
    keep_ruling(finding, d);
    add_key(finding, d->origin);
}

static void count(struct findings *findings, struct slot *slot, bool is_new, bool is_503,
                  uint64_t times)
{
    findings->total_503 += is_503 ? times : 0;
    findings->total_other += is_503 ? 0 : times;
    findings->errors_503[slot->cause] += is_503 ? times : 0;
    findings->total_origins_other += is_new && !is_503;
    if (!is_503 || slot->has_503)
        return;
    slot->has_503 = true;
    findings->total_origins_503++;
    findings->origins_503[slot->cause]++;
    if (!is_new) /* so far it was one of the others */
        findings->total_origins_other--;
}

void findings_add(struct findings *findings, const struct history_diagnosis *d)
{
    enum cause cause = cause_by_name(bytes_of_string(text_or(d->cause, "")));
    struct slot *slot = probe(findings->index, d->session_id, d->origin, cause);
    bool is_new = !slot->session_id;
    if (is_new) {
        if (++findings->index->used * 2 > findings->index->room) {
            grow(findings->index);
            slot = probe(findings->index, d->session_id, d->origin, cause);
        }
        *slot = (struct slot){.session_id = d->session_id, .origin = d->origin, .cause = cause};
        open_finding(findings, slot, d);
    }
    count(findings, slot, is_new, d->code == 503, 1 + d->repeats);
    if (!slot->list)
        return;
    struct finding *finding = &slot->list->all[slot->at];
    finding->refusals += 1 + d->repeats;
    finding->untold += d->repeats;
    if (finding->key_count + 2 > FINDING_KEYS) {
        finding->untold++;
        return;
    }
    add_key(finding, d->command);
    add_key(finding, d->reply);
}

static void free_list(struct finding_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        for (size_t k = 0; k < FINDING_TEXTS; k++)
            free(list->all[i].texts[k]);
    free(list->all);
}

void findings_free(struct findings *findings)
{
    free_list(&findings->with_503);
    free_list(&findings->other);
    if (findings->index)
        free(findings->index->slots);
    free(findings->index);
    *findings = (struct findings){0};
}

bool finding_shows(const struct finding *finding, event_no seq)
{
    event_no before = 0, behind = 0; /* the key events next to `seq`; 0 = none */
    for (size_t i = 0; i < finding->key_count; i++) {
        if (finding->keys[i] <= seq)
            before = finding->keys[i];
        if (finding->keys[i] >= seq && !behind)
            behind = finding->keys[i];
    }
    if (!before)
        return behind && behind - seq <= LEAD;
    if (!behind)
        return seq - before <= TRAIL;
    return seq - before <= TRAIL || behind - seq <= TRAIL ||
           behind - before <= 2 * TRAIL + SMALL_GAP + 1;
}

void finding_span(const struct finding *finding, event_no *first, event_no *last)
{
    event_no low = finding->key_count ? finding->keys[0] : 1;
    event_no high = finding->key_count ? finding->keys[finding->key_count - 1] : 1;
    *first = low > LEAD ? low - LEAD : 1;
    *last = high < UINT32_MAX - TRAIL ? high + TRAIL : high;
}
