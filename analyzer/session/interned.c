/* SPDX-License-Identifier: ISC */
#include "heloscope/session/interned.h"

#include <stdlib.h>

#include "heloscope/base/hash.h"
#include "heloscope/base/limits.h"
#include "heloscope/base/memory.h"

enum {
    SLOTS = 2 * PHRASE_LIMIT /* a power of two */
};

/* Texts never move: another thread reads them. */
struct interned_texts {
    uint64_t seed;
    uint32_t count;
    struct bytes texts[PHRASE_LIMIT];
    uint32_t hashes[PHRASE_LIMIT];
    uint16_t slots[SLOTS]; /* open addressing: the number of a text, 0 = free */
    uint32_t seen[SLOTS];  /* hashes of texts that came once */
    struct arena arena;
};

struct interned_texts *interned_new(void)
{
    struct interned_texts *interned_texts = memory_get(sizeof *interned_texts);
    interned_texts->seed = hash_seed();
    return interned_texts;
}

void interned_free(struct interned_texts *interned_texts)
{
    if (!interned_texts)
        return;
    arena_free(&interned_texts->arena);
    free(interned_texts);
}

/* Takes a text in when it comes for the second time: most come once only. */
static uint32_t add(struct interned_texts *interned_texts, struct bytes text, uint32_t hash,
                    uint16_t *slot)
{
    uint32_t *seen = &interned_texts->seen[hash % SLOTS];
    if (*seen != hash || interned_texts->count == PHRASE_LIMIT) {
        *seen = hash;
        return 0;
    }
    interned_texts->texts[interned_texts->count] = arena_copy(&interned_texts->arena, text);
    interned_texts->hashes[interned_texts->count] = hash;
    *slot = (uint16_t)++interned_texts->count;
    return interned_texts->count;
}

uint32_t interned_number(struct interned_texts *interned_texts, struct bytes text)
{
    if (!text.at || text.len > PHRASE_LENGTH)
        return 0;
    const uint32_t hash = (uint32_t)(hash_octets(interned_texts->seed, text.at, text.len) >> 16);
    for (uint32_t i = hash;; i++) {
        uint16_t *slot = &interned_texts->slots[i % SLOTS];
        if (!*slot)
            return add(interned_texts, text, hash, slot);
        if (interned_texts->hashes[*slot - 1] == hash &&
            bytes_equal(interned_texts->texts[*slot - 1], text))
            return *slot;
    }
}

struct bytes interned_text(const struct interned_texts *interned_texts, uint32_t number)
{
    return interned_texts->texts[number - 1];
}
