/* SPDX-License-Identifier: ISC */
#include "backlog.h"

#include "heloscope/base/memory.h"

/* --- lists --- */

void backlog_clear(struct backlog *list)
{
    *list = (struct backlog){.tail = &list->first};
}

size_t draft_octets(const struct draft *draft)
{
    return sizeof *draft + draft->arena.total + draft->log.length;
}

void backlog_append(struct backlog *list, struct draft *draft)
{
    draft->next = NULL;
    if (!list->first)
        list->tail = &list->first;
    *list->tail = draft;
    list->tail = &draft->next;
    list->count++;
    list->octets += draft_octets(draft);
}

void backlog_append_all(struct backlog *list, struct backlog *from)
{
    if (!from->first)
        return;
    if (!list->first)
        list->tail = &list->first;
    *list->tail = from->first;
    list->tail = from->tail;
    list->count += from->count;
    list->octets += from->octets;
    backlog_clear(from);
}

void backlog_prepend_all(struct backlog *list, struct backlog *from)
{
    struct backlog behind;
    backlog_clear(&behind);
    backlog_append_all(&behind, list);
    backlog_append_all(list, from);
    backlog_append_all(list, &behind);
}

/* What a draft takes changes when it is unfolded, so that each is counted anew. */
struct backlog backlog_take(struct backlog *list, uint32_t count)
{
    struct draft *first = list->first, *at = first;
    struct backlog taken = {.first = first, .tail = NULL};
    for (; at && taken.count < count; at = at->next) {
        taken.count++;
        taken.octets += draft_octets(at);
        taken.tail = &at->next;
    }
    if (!taken.tail)
        return taken;
    list->first = at;
    list->count -= taken.count;
    list->octets -= taken.octets < list->octets ? taken.octets : list->octets;
    if (!at)
        backlog_clear(list);
    *taken.tail = NULL;
    return taken;
}

void backlog_free(struct backlog *list)
{
    for (struct draft *draft = list->first; draft;) {
        struct draft *next = draft->next;
        draft_free(draft);
        draft = next;
    }
    backlog_clear(list);
}

/* --- what is left out --- */

bool draft_is_troubled(struct draft *draft)
{
    draft_unfold(draft);
    return draft->chapter.diagnoses || draft->chapter.violations;
}

static uint64_t count_events(const struct chapter *chapter)
{
    uint64_t count = 0;
    for (const struct event *event = chapter->events; event; event = event->next)
        count++;
    return count;
}

static uint64_t count_findings(const struct chapter *chapter)
{
    uint64_t count = 0;
    for (const struct diagnosis *diagnosis = chapter->diagnoses; diagnosis;
         diagnosis = diagnosis->next)
        count++;
    return count;
}

/* How much of a chapter stays. */
enum rest {
    REST_TRANSACTIONS, /* the session's own row, its transactions and their recipients */
    REST_ROW,          /* the session's own row */
};

/* Every text of the row. */
static void copy_row(struct session_row *row, struct arena *arena)
{
    struct bytes *texts[] = {
        &row->uid,          &row->community_id,    &row->source,          &row->helo,
        &row->server_name,  &row->server_software, &row->client_software, &row->server_evidence,
        &row->tls_version,  &row->client_evidence, &row->tls_sni,         &row->auth_mechanism,
        &row->auth_outcome, &row->tls.suite,       &row->tls.group,       &row->tls.alpn,
        &row->tls.alerts,   &row->tls.failure,     &row->tls.hidden};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = arena_copy(arena, *texts[i]);
}

static struct transaction *copy_transaction(const struct transaction *from, struct arena *arena)
{
    struct transaction *copy = arena_get(arena, sizeof *copy);
    *copy = *from;
    copy->next = NULL;
    copy->mail_from = arena_copy(arena, from->mail_from);
    copy->queue_id = arena_copy(arena, from->queue_id);
    copy->message_id = arena_copy(arena, from->message_id);
    struct recipient **link = &copy->recipient_list;
    for (const struct recipient *r = from->recipient_list; r; r = r->next) {
        *link = arena_get(arena, sizeof **link);
        **link = *r;
        (*link)->address = arena_copy(arena, r->address);
        (*link)->next = NULL;
        link = &(*link)->next;
    }
    return copy;
}

/* A draft of its own, so that the memory of the other comes free. */
static struct draft *reduce(const struct draft *draft, enum rest rest)
{
    struct draft *less = memory_get(sizeof *less);
    struct chapter *chapter = &less->chapter;
    chapter->session = draft->chapter.session;
    chapter->first = draft->chapter.first;
    chapter->last = draft->chapter.last;
    copy_row(&chapter->session, &less->arena);
    struct transaction **link = &chapter->transactions;
    for (const struct transaction *t = rest == REST_ROW ? NULL : draft->chapter.transactions; t;
         t = t->next) {
        *link = copy_transaction(t, &less->arena);
        link = &(*link)->next;
    }
    less->reduced = true;
    less->bare = rest == REST_ROW;
    return less;
}

/* What must stay of a chapter that is left out: of a session that is partly written its end, so
 * that it does not stay open. NULL = nothing: what comes later brings the session's row up to date.
 */
static struct draft *what_stays(const struct draft *draft)
{
    return draft->chapter.last && !draft->chapter.first ? reduce(draft, REST_ROW) : NULL;
}

/* Puts `less` (NULL: nothing) in the place of the draft at `*link`; returns where the next is. */
static struct draft **replace(struct backlog *list, struct draft **link, struct draft *less)
{
    struct draft *old = *link, *next = old->next;
    const size_t before = draft_octets(old);
    list->octets -= before < list->octets ? before : list->octets;
    if (less) {
        less->next = next;
        list->octets += draft_octets(less);
        *link = less;
    } else {
        list->count--;
        *link = next;
    }
    struct draft **rest = less ? &less->next : link;
    if (!next)
        list->tail = rest;
    return rest;
}

static void shed_events(struct backlog *list, size_t limit, struct backlog_losses *losses)
{
    for (struct draft **link = &list->first; *link && list->octets > limit;) {
        struct draft *draft = *link;
        if (draft->reduced || draft_is_troubled(draft)) {
            link = &draft->next;
            continue;
        }
        losses->events += count_events(&draft->chapter);
        link = replace(list, link, reduce(draft, REST_TRANSACTIONS));
        draft_free(draft);
    }
}

static void shed_chapters(struct backlog *list, size_t limit, bool troubled,
                          struct backlog_losses *losses)
{
    for (struct draft **link = &list->first; *link && list->octets > limit;) {
        struct draft *draft = *link;
        if (draft->bare || draft_is_troubled(draft) != troubled) {
            link = &draft->next;
            continue;
        }
        losses->sessions += draft->chapter.first && draft->chapter.last && !troubled;
        losses->findings += count_findings(&draft->chapter);
        link = replace(list, link, what_stays(draft));
        draft_free(draft);
    }
}

static void shed_ends(struct backlog *list, size_t limit, struct backlog_losses *losses)
{
    for (struct draft **link = &list->first; *link && list->octets > limit;) {
        struct draft *draft = *link;
        if (!draft->bare) {
            link = &draft->next;
            continue;
        }
        losses->sessions++;
        link = replace(list, link, NULL);
        draft_free(draft);
    }
}

bool backlog_shed(struct backlog *list, size_t limit, bool findings, struct backlog_losses *losses)
{
    shed_events(list, limit, losses);
    shed_chapters(list, limit, false, losses);
    if (findings) {
        shed_chapters(list, limit, true, losses);
        shed_ends(list, limit, losses);
    }
    return list->octets <= limit;
}

struct backlog backlog_take_troubled(struct backlog *list)
{
    struct backlog taken;
    backlog_clear(&taken);
    for (struct draft **link = &list->first; *link;) {
        struct draft *draft = *link;
        if (draft->bare || !draft_is_troubled(draft)) {
            link = &draft->next;
            continue;
        }
        link = replace(list, link, what_stays(draft));
        backlog_append(&taken, draft);
    }
    return taken;
}
