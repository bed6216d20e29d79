/* SPDX-License-Identifier: ISC */
#include "heloscope/session/draft.h"

#include <stdlib.h>

void draft_empty(struct draft *draft)
{
    draft->chapter = (struct chapter){0};
    draft->events_tail = &draft->chapter.events;
    draft->violations_tail = &draft->chapter.violations;
    draft->diagnoses_tail = &draft->chapter.diagnoses;
    draft->transactions_tail = &draft->chapter.transactions;
}

struct draft *draft_new(void)
{
    struct draft *draft = memory_get(sizeof *draft);
    draft_empty(draft);
    return draft;
}

void draft_free(struct draft *draft)
{
    if (!draft)
        return;
    chapter_log_free(&draft->log);
    arena_free(&draft->arena);
    free(draft);
}

void draft_unfold(struct draft *draft)
{
    if (!draft->log.length)
        return;
    const struct bytes log = chapter_log_join(&draft->log, &draft->arena);
    chapter_log_free(&draft->log);
    chapter_unpack(log, &draft->chapter, &draft->arena, draft->interned_texts);
}
