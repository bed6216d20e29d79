/* SPDX-License-Identifier: ISC */
#include "page_texts.h"

#include <stdlib.h>

#include "heloscope/base/hash.h"

static uint32_t *slot_of(const struct page_texts *texts, const char *text)
{
    size_t i = hash_octets(texts->seed, text, strlen(text)) & (texts->size - 1);
    while (texts->slots[i] && strcmp(texts->all[texts->slots[i] - 1], text) != 0)
        i = (i + 1) & (texts->size - 1);
    return &texts->slots[i];
}

/* At most half of the slots are taken. */
static void grow(struct page_texts *texts)
{
    if (!texts->size)
        texts->seed = hash_seed();
    texts->size = texts->size ? 2 * texts->size : 1024;
    free(texts->slots);
    texts->slots = memory_get(texts->size * sizeof *texts->slots);
    texts->all = memory_resize(texts->all, texts->size / 2 * sizeof *texts->all);
    for (size_t i = 0; i < texts->count; i++)
        *slot_of(texts, texts->all[i]) = (uint32_t)i + 1;
}

uint32_t page_texts_number(struct page_texts *texts, const char *text)
{
    if (!text)
        return 0;
    if (texts->count == texts->size / 2)
        grow(texts);
    uint32_t *slot = slot_of(texts, text);
    if (!*slot) {
        texts->all[texts->count++] = (const char *)arena_print(&texts->arena, "%s", text).at;
        *slot = (uint32_t)texts->count;
    }
    return *slot;
}

void page_texts_free(struct page_texts *texts)
{
    arena_free(&texts->arena);
    free(texts->all);
    free(texts->slots);
}
