/* SPDX-License-Identifier: ISC */
#include "handles.h"

#include <stdlib.h>

#include "heloscope/base/memory.h"

/* Keys are counters of ours and not of the wire: nobody can choose them to collide. Fibonacci
 * hashing spreads them. */
static size_t home(const struct handles *handles, uint64_t key)
{
    return (size_t)(key * UINT64_C(0x9E3779B97F4A7C15) >> 32) & (handles->size - 1);
}

/* The slot of `key`, or the free one where it would go. There is always a free one. */
static struct handle *slot_of(const struct handles *handles, uint64_t key)
{
    size_t i = home(handles, key);
    while (handles->slots[i].used && handles->slots[i].key != key)
        i = (i + 1) & (handles->size - 1);
    return &handles->slots[i];
}

struct handle *handles_find(const struct handles *handles, uint64_t key)
{
    if (!handles->count)
        return NULL;
    struct handle *slot = slot_of(handles, key);
    return slot->used ? slot : NULL;
}

static void grow(struct handles *handles)
{
    struct handles bigger = {.size = handles->size ? handles->size * 2 : 64,
                             .count = handles->count};
    bigger.slots = memory_get(bigger.size * sizeof *bigger.slots);
    for (size_t i = 0; i < handles->size; i++)
        if (handles->slots[i].used)
            *slot_of(&bigger, handles->slots[i].key) = handles->slots[i];
    free(handles->slots);
    *handles = bigger;
}

void handles_add(struct handles *handles, const struct handle *entry)
{
    if (handles->count * 2 >= handles->size)
        grow(handles);
    struct handle *slot = slot_of(handles, entry->key);
    *slot = *entry;
    slot->used = true;
    handles->count++;
}

/* Fills the hole by moving back what was pushed past it, so that no tombstones gather. */
void handles_remove(struct handles *handles, uint64_t key)
{
    struct handle *found = handles_find(handles, key);
    if (!found)
        return;
    const size_t mask = handles->size - 1;
    size_t hole = (size_t)(found - handles->slots);
    for (size_t i = (hole + 1) & mask; handles->slots[i].used; i = (i + 1) & mask) {
        const size_t wanted = home(handles, handles->slots[i].key);
        if (((i - wanted) & mask) >= ((i - hole) & mask)) {
            handles->slots[hole] = handles->slots[i];
            hole = i;
        }
    }
    handles->slots[hole].used = false;
    handles->count--;
}

struct handles handles_copy(const struct handles *handles)
{
    struct handles copy = *handles;
    if (copy.slots)
        copy.slots = memcpy(memory_resize(NULL, copy.size * sizeof *copy.slots), handles->slots,
                            copy.size * sizeof *copy.slots);
    return copy;
}

void handles_free(struct handles *handles)
{
    free(handles->slots);
    *handles = (struct handles){0};
}
